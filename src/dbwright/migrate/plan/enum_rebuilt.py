"""An enum that is made anew under its name, and the column that takes it: as one change.

`ALTER TYPE e RENAME TO e_old; CREATE TYPE e …; ALTER TABLE … TYPE e; DROP TYPE e_old` leaves the
column with a type that the application calls otherwise, until its own type has changed. So the new
type is made under another name, and both types are renamed in the moment in which the columns
change places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dbwright.migrate.plan.move import Sequence as Safe
from dbwright.migrate.plan.naming import free_name_in
from dbwright.migrate.plan.situation import Situation
from dbwright.model.migration import ReadMigration
from dbwright.sql.parse import SyntaxProblem, parse
from dbwright.sql.scope.canonical import deparse

__all__ = ["is_type_renamed", "rebuilt", "with_types"]

Found = tuple[Situation, Safe | None]


@dataclass(frozen=True, slots=True)
class _Rebuild:
    """Where its statements are, and the names of both types."""

    schema: str
    name: str
    old: str
    renamed: int
    created: int
    last: int
    """The last statement that speaks of the new type."""


def rebuilt(
    parts: Sequence[ReadMigration], found: Sequence[Found]
) -> tuple[ReadMigration, ...] | None:
    """The same file in an order in which it can be one change; None where there is no such enum,
    or it can't."""
    rebuild = _rebuild([situation for situation, _ in found], found)
    if rebuild is None:
        return None
    new = _free(found[rebuild.renamed][0], rebuild)
    names = {rebuild.name: new, rebuild.old: rebuild.name}
    created = _created(found[rebuild.created][0], rebuild, new)
    between = range(rebuild.created + 1, rebuild.last + 1)
    texts = [with_types(_text(parts[n]), names, rebuild.schema) for n in between]
    renames = [
        _rename(rebuild.schema, rebuild.name, rebuild.old),
        _rename(rebuild.schema, new, rebuild.name),
    ]
    if created is None or None in texts or None in renames:
        return None
    changed = [
        _with(parts[n], text) for n, text in zip(between, texts, strict=True) if text is not None
    ]
    return (
        *parts[: rebuild.renamed],
        _with(parts[rebuild.created], created),
        *changed,
        *(_with(parts[rebuild.last], text) for text in renames if text is not None),
        *parts[rebuild.last + 1 :],
    )


def is_type_renamed(situation: Situation) -> bool:
    """Is it ALTER TYPE … RENAME TO?"""
    return situation.kind == "RenameStmt" and situation.node.get("renameType") == "OBJECT_TYPE"


def with_types(text: str, names: Mapping[str, str], schema: str) -> str | None:
    """The statement with types of other names; itself where it has none of them, None where it
    can't be written."""
    try:
        (statement,) = parse(text).statements
    except (SyntaxProblem, ValueError):
        return None
    node = _renamed(statement.node, names, schema)
    return text if node == statement.node else deparse(statement.kind, node)


def _rebuild(situations: Sequence[Situation], found: Sequence[Found]) -> _Rebuild | None:
    for place, one in enumerate(situations[:-2]):
        created = situations[place + 1]
        if not is_type_renamed(one) or created.kind != "CreateEnumStmt":
            continue
        names = _names(one.node["object"]["List"]["items"])
        enums = [kind for kind in one.before.types if kind.name == names[-1]]
        enums = [kind for kind in enums if kind.schema in names[:-1] or len(names) == 1]
        if len(enums) != 1 or _names(created.node["typeName"])[-1] != names[-1]:
            continue
        last, exchanged = _altered(found, place + 2, names[-1])
        if exchanged == 1:
            old = one.node["newname"]
            return _Rebuild(enums[0].schema, names[-1], old, place, place + 1, last)
    return None


def _altered(found: Sequence[Found], first: int, name: str) -> tuple[int, int]:
    """The last of the ALTER TABLEs that follow, and how many columns take the new type in an
    exchange; none where another one takes it too."""
    last, exchanged, others = first - 1, 0, 0
    for place in range(first, len(found)):
        situation, sequence = found[place]
        if situation.kind != "AlterTableStmt":
            break
        last = place
        command = situation.command("AT_AlterColumnType")
        if command is None:
            continue
        takes = _names(command["def"]["ColumnDef"]["typeName"]["names"])[-1] == name
        words = [] if sequence is None else [move.words for move in sequence.moves]
        exchanged += takes and any(text.startswith("exchange ") for text in words)
        others += not takes or not any(text.startswith("exchange ") for text in words)
    return last, 0 if others else exchanged


def _names(items: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(item["String"]["sval"]) for item in items]


def _free(situation: Situation, rebuild: _Rebuild) -> str:
    ends = (situation.run.migrations[0].before, situation.run.migrations[-1].after)
    taken = {one.name for end in ends for one in end.types}
    taken |= {one.name for end in ends for one in end.tables}
    return free_name_in(rebuild.name, "_new", {*taken, rebuild.old})


def _created(situation: Situation, rebuild: _Rebuild, new: str) -> str | None:
    items = [{"String": {"sval": part}} for part in (rebuild.schema, new)]
    return deparse("CreateEnumStmt", {**situation.node, "typeName": items})


def _rename(schema: str, name: str, to: str) -> str | None:
    items = [{"String": {"sval": part}} for part in (schema, name)]
    node = {"renameType": "OBJECT_TYPE", "object": {"List": {"items": items}}, "newname": to}
    return deparse("RenameStmt", {**node, "behavior": "DROP_RESTRICT"})


def _text(part: ReadMigration) -> str:
    return part.script.up[-1].text


def _with(part: ReadMigration, text: str) -> ReadMigration:
    """The same settings before it."""
    *settings, last = part.script.up
    return replace(part, script=replace(part.script, up=(*settings, replace(last, text=text))))


def _renamed(node: Any, names: Mapping[str, str], schema: str) -> Any:
    if isinstance(node, list):
        return [_renamed(child, names, schema) for child in node]
    if not isinstance(node, Mapping):
        return node
    found: dict[str, Any] = dict(_children(node, names, schema))
    if "names" in found and "typemod" in found:
        *before, last = found["names"]
        name = last.get("String", {}).get("sval")
        if name in names and (not before or before[-1]["String"]["sval"] == schema):
            found["names"] = [*before, {"String": {"sval": names[name]}}]
    return found


def _children(
    node: Mapping[str, Any], names: Mapping[str, str], schema: str
) -> Iterator[tuple[str, Any]]:
    for name, child in node.items():
        yield name, _renamed(child, names, schema)
