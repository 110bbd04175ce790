"""The tool `diagram`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from pydantic import Field

from dbwright.agent.tool.answer import Answer
from dbwright.agent.tool.context import Context
from dbwright.agent.tool.tool import TARGET, tool
from dbwright.errors import UsageError
from dbwright.model.catalog import Catalog, Column, ForeignKey, Table
from dbwright.operation import Effect

__all__ = ["diagram", "mermaid"]

NO_WORD = re.compile(r"\W+")


@tool(Effect.READS, when="somebody wants to see how tables hang together", title="Draw a diagram")
def diagram(
    context: Context,
    *,
    target: Annotated[str | None, TARGET] = None,
    around: Annotated[
        str | None, Field(description="Only this table (schema.name) and its neighbours.")
    ] = None,
    keys_only: Annotated[bool, Field(description="Only the columns of keys.")] = True,
) -> Answer[dict[str, Any]]:
    """Draw tables and their foreign keys as a Mermaid entity-relationship diagram.

    Partitions are left out. Above 40 tables it is hard to read: use `around`.
    """
    snapshot = context.readings.snapshot(context.opened(target), context.progress)
    catalog = snapshot.catalog
    tables = [table for table in catalog.tables if not table.is_partition]
    if around is not None:
        tables = _neighbours(catalog, tables, around)
    text = mermaid(catalog, tables, keys_only=keys_only)
    return Answer(f"{snapshot.target}: {len(tables)} tables.", details={"mermaid": text})


def mermaid(
    catalog: Catalog, tables: Iterable[Table] | None = None, *, keys_only: bool = True
) -> str:
    """An erDiagram of the tables (of all but partitions), with the foreign keys among them."""
    shown = [t for t in catalog.tables if not t.is_partition] if tables is None else list(tables)
    names = _entities(shown)
    lines = ["erDiagram"]
    for table in shown:
        lines.append(f"    {names[table.qualified]} {{")
        lines += [f"        {line}" for line in _attributes(table, keys_only)]
        lines.append("    }")
    for table in shown:
        for key in table.foreign_keys:
            if key.references in names:
                lines.append(f"    {_relation(table, key, names)}")
    return "\n".join(lines) + "\n"


def _neighbours(catalog: Catalog, tables: list[Table], name: str) -> list[Table]:
    table = catalog.find_table(name) or next((t for t in tables if t.name == name), None)
    if table is None:
        raise UsageError(f"there is no table {name!r}", "find it with `objects`")
    near = {table.qualified, *(key.references for key in table.foreign_keys)}
    near |= {other.qualified for other, _ in catalog.referencing(table)}
    return [one for one in tables if one.qualified in near]


def _entities(tables: Iterable[Table]) -> dict[str, str]:
    """Words that Mermaid takes, told apart by numbers where two names come to the same."""
    found: dict[str, str] = {}
    for table in tables:
        plain = table.name if table.schema == "public" else f"{table.schema}_{table.name}"
        word = NO_WORD.sub("_", plain) or "_"
        number, taken = 1, set(found.values())
        name = word
        while name in taken:
            number += 1
            name = f"{word}_{number}"
        found[table.qualified] = name
    return found


def _attributes(table: Table, keys_only: bool) -> Iterator[str]:
    primary = set(table.primary_key.columns) if table.primary_key else set()
    foreign = {column for key in table.foreign_keys for column in key.columns}
    unique = {key.columns[0] for key in table.unique_constraints if len(key.columns) == 1}
    for column in table.columns:
        marks = [
            mark
            for mark, columns in (("PK", primary), ("FK", foreign), ("UK", unique))
            if column.name in columns
        ]
        if marks or not keys_only:
            yield f"{_type(column)} {_word(column.name)} {', '.join(marks)}".rstrip()


def _type(column: Column) -> str:
    return _word(column.type.replace("[]", "_array"))


def _word(text: str) -> str:
    word = NO_WORD.sub("_", text).strip("_") or "_"
    return word if word[0].isalpha() else f"c_{word}"


def _relation(table: Table, key: ForeignKey, names: dict[str, str]) -> str:
    """Many of the table, or one where the columns are a key, to one or none of the other."""
    alone = any(set(one.columns) <= set(key.columns) for one in table.keys)
    optional = any(not table.column(name).not_null for name in key.columns)
    own = "|o" if alone else "}o"
    other = "o|" if optional else "||"
    label = NO_WORD.sub("_", ", ".join(key.columns))
    return f"{names[table.qualified]} {own}--{other} {names[key.references]} : {label}"
