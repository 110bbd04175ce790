"""The noun: who hands what to whom."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from dbwright.agent.handoff import payloads
from dbwright.agent.handoff.parts import Part
from dbwright.trees.tree import Path, Tree, path_text

__all__ = ["ENVELOPE", "Handoff", "kinds", "payload_of", "read_handoff"]

KIND_NAMES = ("handoff", "type", "task")
"""Fields that say the kind; the first is how dbwright writes it."""

ENVELOPE = ("from", "to", "ticket_id")


@dataclass(frozen=True, slots=True)
class Handoff:
    """A file that was read and found right."""

    kind: str
    sender: str
    receiver: str
    ticket_id: str
    payload: Part
    tree: Tree
    """All that the file holds, as it was written."""

    def document(self) -> dict[str, Any]:
        """All of it, in dbwright's order: what was known, and every field that was not."""
        whole = self.tree.value
        known = {"handoff": self.kind}
        known |= {name: whole[name] for name in ENVELOPE if name in whole}
        others = {name: value for name, value in whole.items() if name not in (*known, *KIND_NAMES)}
        extra = {
            name: whole[name] for name in KIND_NAMES if name in whole and whole[name] != self.kind
        }
        others.pop("payload", None)
        if "payload" not in whole:
            return {**known, **extra, **others}
        return {**known, **extra, **others, "payload": whole["payload"]}


@lru_cache(maxsize=1)
def kinds() -> tuple[str, ...]:
    """The names of all handoffs."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(payloads.__path__)))


def payload_of(kind: str) -> type[Part]:
    """The class of a kind's payload."""
    found: type[Part] = importlib.import_module(f"{payloads.__name__}.{kind}").PAYLOAD
    return found


def read_handoff(tree: Tree) -> Handoff:
    """What the file hands over. The payload stands under `payload`, or beside the envelope.

    Raises BadDocument with the path and line of the first thing that is wrong.
    """
    whole = tree.value
    if not isinstance(whole, dict):
        raise tree.wrong((), f"{_kind(whole)}, where a handoff is a mapping", _step())
    kind = _kind_of(tree, whole)
    envelope = {name: _envelope(tree, whole, name) for name in ENVELOPE}
    above: Path = ("payload",) if "payload" in whole else ()
    content = whole["payload"] if above else _beside(whole)
    if not isinstance(content, dict):
        raise tree.wrong(above, f"is {_kind(content)}", "write the payload's fields there")
    try:
        payload = payload_of(kind).model_validate(content)
    except ValidationError as problem:
        place, said, others = _worst(problem, content)
        fields = ", ".join(payload_of(kind).model_fields)
        step = f"{kind} reads: {fields}"
        if others:
            step = f"wrong as well: {', '.join(path_text((*above, *one)) for one in others)}"
        raise tree.wrong((*above, *place), said, step) from None
    return Handoff(kind, envelope["from"], envelope["to"], envelope["ticket_id"], payload, tree)


def _kind_of(tree: Tree, whole: Mapping[str, Any]) -> str:
    for name in KIND_NAMES:
        if whole.get(name) in kinds():
            return str(whole[name])
    name = next((name for name in KIND_NAMES if name in whole), "")
    if not name:
        raise tree.wrong((), "says nowhere which handoff it is", _step())
    value = whole[name]
    said = f"{value[:60]!r}" if isinstance(value, str) else _kind(value)
    raise tree.wrong((name,), f"there is no handoff {said}", _step())


def _step() -> str:
    return f"write handoff: {' | '.join(kinds())}"


def _envelope(tree: Tree, whole: Mapping[str, Any], name: str) -> str:
    value = whole.get(name)
    if name == "ticket_id" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if value is not None and not isinstance(value, str):
        raise tree.wrong((name,), f"is {_kind(value)}", "write a text there")
    return value or ""


def _beside(whole: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in whole.items() if name not in (*KIND_NAMES, *ENVELOPE)}


def _worst(problem: ValidationError, content: Any) -> tuple[Path, str, list[Path]]:
    """The place in the file, what is wrong there, and other places. Where a value may be of several
    kinds, what the kind says that comes closest."""
    found = []
    for error in problem.errors(include_url=False):
        place, value = _place(error["loc"], content)
        found.append((place, value, error))
    # Deepest first: a list's item says more than that the whole is no text.
    deepest = max(found, key=lambda each: (len(each[0]), _is_shape(each[2]["type"])))
    place, value, error = deepest
    same = [one for at, _, one in found if at == place]
    others = [at for at in dict.fromkeys(at for at, _, _ in found) if at[: len(place)] != place]
    # Of what may be of several kinds, the whole is told as wrong where a part of it is.
    others = [
        at
        for at in others
        if not any(at == one[: len(at)] and at != one for one in (*others, place))
    ]
    return place, _said(error["type"], same, value), others[:MOST_OTHERS]


def _is_shape(type_: str) -> bool:
    return type_ == "missing" or type_ == "value_error"


def _place(location: tuple[int | str, ...], content: Any) -> tuple[Path, Any]:
    """pydantic's place, without the names of the kinds that it tried."""
    place: list[str | int] = []
    for number, part in enumerate(location):
        items = content if isinstance(content, dict) else {}
        if isinstance(content, list):
            items = dict(enumerate(content))
        if part in items:
            content = items[part]
        elif number == len(location) - 1 and isinstance(content, dict) and isinstance(part, str):
            # The name of a field that is missing, or of a kind that was tried.
            if part.isidentifier() and part.islower() and part not in TRIED:
                place.append(part)
            break
        else:
            continue
        place.append(part)
    return tuple(place), content


MOST_OTHERS = 10
TRIED = frozenset({"str", "int", "float", "bool"})


def _said(type_: str, errors: list[Any], value: Any) -> str:
    if type_ == "missing":
        return "is missing"
    own = next((one for one in errors if one["type"] == "value_error"), None)
    if own is not None:
        return str(own["ctx"]["error"])
    limit = next((one for one in errors if one["type"] in LIMITS), None)
    if limit is not None:
        return (
            f"is {value}, and has to be {LIMITS[limit['type']]} {next(iter(limit['ctx'].values()))}"
        )
    literal = next((one for one in errors if one["type"] == "literal_error"), None)
    if literal is not None:
        shown = f"{value[:60]!r}" if isinstance(value, str) else _kind(value)
        return f"is {shown}, and may be {literal['ctx']['expected']}"
    wanted = sorted({WANTED[one["type"]] for one in errors if one["type"] in WANTED})
    if "a number" in wanted and "a whole number" in wanted:
        wanted.remove("a whole number")
    if wanted:
        return f"is {_kind(value)}, and has to be {' or '.join(wanted)}"
    return str(errors[0]["msg"][0].lower() + errors[0]["msg"][1:])


LIMITS = {"greater_than_equal": "at least", "less_than_equal": "at most"}

WANTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    kinds_ = {dict: "a mapping", list: "a list", str: "a text", type(None): "empty"}
    return kinds_.get(type(value), "a number")
