"""What people say of dependencies: a file that is proposed, filled in, and read again.

relations:
  order_lines:
    key: [order_id, line_no]
    tables: {order_line_items: order_items}
    dependencies:
      - dependency: product_id -> unit_price
        verdict: asked          # accepted or rejected
        why: may unit_price change …?
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dbwright.design.normalize.forms.theory import read_dependencies
from dbwright.design.normalize.ranking.judged import Judgement, Verdict
from dbwright.errors import BadData, FileUnreadable, MissingExtra

__all__ = ["Said", "SaidOf", "proposal", "read_said"]

KEYS = ("key", "tables", "dependencies")
OF_DEPENDENCY = ("dependency", "verdict", "why")


@dataclass(frozen=True, slots=True)
class SaidOf:
    """Of one relation."""

    key: tuple[str, ...] = ()
    tables: dict[str, str] = field(default_factory=dict)
    dependencies: tuple[tuple[tuple[str, ...], str, Verdict], ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """A file."""

    relations: dict[str, SaidOf] = field(default_factory=dict)

    def of(self, name: str) -> SaidOf:
        return self.relations.get(name, SaidOf())


def proposal(judgements: Sequence[Judgement], path: Path) -> str:
    """The text of a file that asks: what is asked first, then what was accepted."""
    relations: dict[str, Any] = {}
    for one in judgements:
        told = [
            {
                "dependency": str(judged.dependency),
                "verdict": str(judged.verdict),
                "why": judged.why,
            }
            for verdict in (Verdict.ASKED, Verdict.ACCEPTED, Verdict.REJECTED)
            for judged in one.of(verdict)
        ]
        relations[one.relation.name] = {"key": list(one.key), "dependencies": told}
    value = {"relations": relations}
    if path.suffix.lower() == ".json":
        return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    head = (
        "# Set each verdict to accepted or rejected, and give this file to --confirm.\n"
        "# `key` may be another one; `tables: {made: wanted}` renames tables.\n"
    )
    text = _yaml().safe_dump(value, sort_keys=False, allow_unicode=True, width=100)
    return head + str(text)


def _yaml() -> Any:
    try:
        import yaml
    except ModuleNotFoundError as problem:
        raise MissingExtra.of("design", problem) from None
    return yaml


def read_said(path: Path, names: Sequence[str]) -> Said:
    """`names`: of the relations. Raises BadData with the place, FileUnreadable, MissingExtra."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise FileUnreadable(f"can't read {path}: {problem}", "check the path") from None
    value = _loaded(path, text)
    reading = _Reading(path, text)
    relations = reading.mapping(value, ("relations",), "the file").get("relations", {})
    found = {}
    for name, of in reading.mapping(relations, None, "relations").items():
        if name not in names:
            raise reading.bad(str(name), f"there is no relation {name!r} among the sources")
        found[str(name)] = reading.of(of, str(name))
    return Said(found)


def _loaded(path: Path, text: str) -> Any:
    if path.suffix.lower() == ".json":
        try:
            return json.loads(text)
        except json.JSONDecodeError as problem:
            raise BadData(
                f"{path}:{problem.lineno}:{problem.colno}: no JSON: {problem.msg}", "mend it"
            ) from None
    yaml = _yaml()
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        said = getattr(problem, "problem", None) or "no YAML"
        raise BadData(f"{path}:{line}:{column}: no YAML: {said}", "mend it") from None


class _Reading:
    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.lines = text.splitlines()

    def bad(self, near: str, said: str, step: str = "") -> BadData:
        """With the first place at which `near` stands."""
        for number, line in enumerate(self.lines, 1):
            if near and near in line:
                place = f"{self.path}:{number}:{line.index(near) + 1}"
                break
        else:
            place = f"{self.path}:1:1"
        return BadData(f"{place}: {said}", step or "--propose writes a file to begin with")

    def mapping(self, value: Any, known: Sequence[str] | None, what: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.bad(what, f"{what} is no mapping")
        for name in value:
            if known is not None and name not in known:
                raise self.bad(str(name), f"{name!r} is not known here: {', '.join(known)} are")
        return value

    def of(self, value: Any, name: str) -> SaidOf:
        told = self.mapping(value, KEYS, name)
        key = told.get("key") or []
        if not isinstance(key, list) or not all(isinstance(one, str) for one in key):
            raise self.bad("key", "key is no list of columns")
        tables = self.mapping(told.get("tables") or {}, None, "tables")
        if not all(isinstance(one, str) and one for pair in tables.items() for one in pair):
            raise self.bad("tables", "tables are names of tables")
        dependencies = told.get("dependencies") or []
        if not isinstance(dependencies, list):
            raise self.bad("dependencies", "dependencies is no list")
        return SaidOf(tuple(key), dict(tables), tuple(self.dependency(one) for one in dependencies))

    def dependency(self, value: Any) -> tuple[tuple[str, ...], str, Verdict]:
        told = self.mapping(value, OF_DEPENDENCY, "a dependency")
        text = told.get("dependency")
        if not isinstance(text, str):
            raise self.bad("dependencies", "a dependency is written as: a, b -> c")
        try:
            (one,) = read_dependencies(text)
            (right,) = one.right
        except (BadData, ValueError):
            raise self.bad(text, f"{text!r} is not one dependency", "write: a, b -> c") from None
        verdict = told.get("verdict")
        if verdict not in [str(known) for known in Verdict]:
            raise self.bad(text, f"the verdict of {text!r} is none", "accepted or rejected")
        return tuple(sorted(one.left)), right, Verdict(verdict)
