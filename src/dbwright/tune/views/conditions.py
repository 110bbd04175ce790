"""Which conditions the readers of a view can make themselves, its columns being groups of the view.

Not where two equal values of a column are told apart by a condition: then they are in one group.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dbwright.model.catalog import Catalog, TypeKind
from dbwright.sql.parse import Node, walk
from dbwright.tune.indexes.immutable import DATES, FUNCTIONS
from dbwright.tune.partitions.frozen import CLOCKS
from dbwright.tune.rewrites.source import Level, Named
from dbwright.tune.rewrites.trees import any_node, call_name, operator
from dbwright.tune.views.normal import columns_of, text_of

__all__ = ["is_equality", "lifted"]

PLAIN_TYPES = frozenset(
    (
        *("smallint", "integer", "bigint", "numeric", "boolean", "uuid", "date", "text"),
        *("character varying", "timestamp without time zone", "timestamp with time zone"),
    )
)
"""Equal values of them are the same, to every condition."""
EXACT = frozenset(
    "int2 int4 int8 numeric bool uuid date text varchar timestamp timestamptz".split()
)


def lifted(level: Level, node: Node, catalog: Catalog) -> dict[str, Node] | None:
    """The columns, and times cut to dates, of a condition that a reader of groups can make, by
    their texts; None where it can't."""
    if any_node(node, ("SubLink", "ParamRef")) or not _calls_are_plain(node):
        return None
    found: dict[str, Node] = {}
    for atom in _atoms(node):
        text = text_of(atom)
        if text is None or not all(_is_plain(named, catalog) for named in columns_of(level, atom)):
            return None
        found[text] = atom
    written = any_node(node, ("TypeCast", "FuncCall"))
    if written and any(named.column.base_type == "numeric" for named in columns_of(level, node)):
        return None  # 1.0 and 1.00 are equal, and written differently
    return found or None


def _atoms(node: Any) -> Iterator[Node]:
    """What the condition knows of a row."""
    if isinstance(node, list):
        for child in node:
            yield from _atoms(child)
    elif isinstance(node, Mapping):
        if "ColumnRef" in node or _is_cut(node):
            yield node
        else:
            for child in node.values():
                yield from _atoms(child)


def _is_cut(node: Node) -> bool:
    """Is it date_trunc('day', column), extract(… FROM column) or column::date?"""
    call, cast = node.get("FuncCall"), node.get("TypeCast")
    if call is not None and call_name(call) in DATES:
        unit, *rest = call.get("args", [{}])
        return "A_Const" in unit and len(rest) == 1 and "ColumnRef" in rest[0]
    if cast is not None and "ColumnRef" in cast["arg"]:
        return bool(cast["typeName"]["names"][-1]["String"]["sval"] == "date")
    return False


def _is_plain(named: Named, catalog: Catalog) -> bool:
    column = named.column
    enums = {type_.qualified for type_ in catalog.types if type_.kind is TypeKind.ENUM}
    known = column.base_type in PLAIN_TYPES or column.base_type in enums
    return known and not column.is_array and column.collation is None and column.domain is None


def _calls_are_plain(node: Node) -> bool:
    known = FUNCTIONS | DATES | CLOCKS
    return all(
        call_name(fields) in known for kind, fields in walk({"_": node}) if kind == "FuncCall"
    )


def is_equality(node: Node) -> bool:
    """A column and a constant, equal: one value of the column meets it."""
    fields = node.get("A_Expr")
    if fields is None or operator(fields) != "=":
        return False
    sides = [fields["lexpr"], fields["rexpr"]]
    columns = [side for side in sides if "ColumnRef" in side]
    return len(columns) == 1 and any(map(_is_constant, sides))


def _is_constant(node: Node) -> bool:
    """Of a type to which the column's values are brought without two of them becoming one."""
    cast = node.get("TypeCast")
    if cast is None:
        return "A_Const" in node
    name = cast["typeName"]["names"][-1]["String"]["sval"]
    return name in EXACT and "A_Const" in cast["arg"]
