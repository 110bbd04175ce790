"""`context.json` of a workspace: what the others say of the job."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dbwright.errors import BadWorkspace

__all__ = ["Context", "read_context"]

MOST_BYTES = 16_000_000


@dataclass(frozen=True, slots=True)
class Context:
    """The parts that dbwright reads, empty where they are left out; `document` is all of it."""

    job_id: str = ""
    ticket_id: str = ""
    title: str = ""
    description: str = ""
    requirements: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()
    """What other agents wrote, as they name it."""
    document: Mapping[str, Any] = field(default_factory=dict)


def read_context(path: Path) -> Context:
    """The file's content; an empty Context where there is none. Fields that dbwright doesn't know
    stay in `document`.

    Raises BadWorkspace with the place of what is wrong.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise _bad(path, f"has more than {MOST_BYTES:,} bytes", "is it the right file?")
        document = json.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        return Context()
    except OSError as problem:
        raise _bad(path, problem.strerror or "can't be read", "see who may read it") from None
    except json.JSONDecodeError as problem:
        place = f"line {problem.lineno}, column {problem.colno}"
        raise _bad(path, f"no JSON at {place}: {problem.msg}", "mend it") from None
    except (ValueError, RecursionError):
        raise _bad(path, "is no JSON in UTF-8", "mend it") from None
    if not isinstance(document, dict):
        raise _bad(path, f"is {_kind(document)}", "write an object there")
    return Context(
        job_id=_text(path, document, "job_id"),
        ticket_id=_text(path, document, "ticket_id"),
        title=_text(path, document, "title"),
        description=_text(path, document, "description"),
        requirements=_list(path, document, "requirements"),
        constraints=_list(path, document, "constraints"),
        artifacts=_list(path, document, "artifacts"),
        document=document,
    )


def _text(path: Path, document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and name.endswith("_id"):
        return str(value)
    if value is not None and not isinstance(value, str):
        raise _bad(path, f"{name} is {_kind(value)}", "write a text there")
    return value or ""


def _list(path: Path, document: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Texts; a text alone is one. An object in it is what its `description`, `path` or `name`
    says."""
    value = document.get(name)
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list):
        raise _bad(path, f"{name} is {_kind(value)}", "write a list of texts there")
    found = []
    for number, item in enumerate(value):
        said = item
        if isinstance(item, dict):
            said = next((item[k] for k in ("description", "path", "name") if k in item), None)
        if not isinstance(said, str):
            raise _bad(path, f"{name}[{number}] is {_kind(item)}", "write a text there")
        found.append(said)
    return tuple(found)


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    kinds = {dict: "an object", list: "a list", str: "a text", type(None): "null"}
    return kinds.get(type(value), "a number")


def _bad(path: Path, what: str, step: str) -> BadWorkspace:
    return BadWorkspace(f"{path}: {what}", step)
