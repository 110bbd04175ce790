"""Are two CREATE INDEX statements for the same index? As far as their trees tell."""

from __future__ import annotations

from collections.abc import Iterable

from dbwright.sql.parse import Node

__all__ = ["may_be_same_index"]

Key = tuple[str | None, bool, bool]


def may_be_same_index(one: Node, other: Node) -> bool:
    """False where the trees (of `IndexStmt`) surely make different indexes of one table.

    Compared are the access method, uniqueness, key columns with their order, included columns, and
    whether there is a predicate. Expressions and predicates can be written in many ways, operator
    classes and collations be those that are taken anyway: they are not compared.
    """
    return _facts(one) == _facts(other)


def _facts(node: Node) -> tuple[object, ...]:
    return (
        node.get("accessMethod", "btree"),
        bool(node.get("unique")),
        bool(node.get("nulls_not_distinct")),
        tuple(_keys(node.get("indexParams", ()))),
        tuple(key[0] for key in _keys(node.get("indexIncludingParams", ()))),
        "whereClause" in node,
    )


def _keys(items: Iterable[Node]) -> Iterable[Key]:
    """Column (None for an expression), descending?, nulls first?"""
    for item in items:
        element = item["IndexElem"]
        descending = element.get("ordering") == "SORTBY_DESC"
        nulls = element.get("nulls_ordering", "SORTBY_NULLS_DEFAULT")
        first = descending if nulls == "SORTBY_NULLS_DEFAULT" else nulls == "SORTBY_NULLS_FIRST"
        yield element.get("name"), descending, first
