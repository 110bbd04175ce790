"""Why a view must not hold what a query gives; and what has to be said of one that may."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import psycopg

from dbwright.model.catalog import Catalog, TableKind
from dbwright.sql.explainable import function_names
from dbwright.sql.parse import Node, walk
from dbwright.tune.indexes.immutable import STABLE_TYPES
from dbwright.tune.views.normal import columns_of
from dbwright.tune.views.shape import Shape

__all__ = ["GUESSED", "depends_on_session", "hindrance"]

GUESSED = "groups by or sums up by constants that are not known"

WORDS = frozenset(("now", "today", "tomorrow", "yesterday"))
"""Texts that a cast makes a time of, another one each day."""
FUNCTIONS = """
SELECT p.proname, bool_or(p.provolatile = 'v' AND p.prokind <> 'a'),
       bool_or(p.provolatile <> 'i' AND p.pronargs = 0 AND p.prokind <> 'a'),
       bool_or(p.provolatile <> 'i')
FROM pg_proc p WHERE p.proname = ANY (%s) GROUP BY p.proname
"""


def hindrance(shape: Shape, catalog: Catalog, connection: psycopg.Connection[Any]) -> str | None:
    """As the rest of a sentence about the query; None where nothing speaks against a view."""
    if shape.guessed:
        return GUESSED
    for name in shape.tables:
        table = catalog.find_table(name)
        if table is None or table.persistence == "temporary":
            return f"reads {name}, which is no table that stays"
        if table.row_security:
            return f"reads {table.qualified}, whose row level security a view would get round"
        if table.kind is TableKind.FOREIGN:
            return f"reads the foreign table {table.qualified}, whose changes are not counted"
    for node in _held(shape):
        for kind, fields in walk({"_": node}):
            if kind == "SQLValueFunction":
                return "groups by or sums up the present time or user"
            if kind == "A_Const" and fields.get("sval", {}).get("sval", "").lower() in WORDS:
                return "groups by or sums up the present day"
    own = {function.name: function for function in catalog.functions}
    for name, volatile, bare, _ in _functions(shape, connection):
        if volatile or bare or name == "age":
            return f"calls {name}, which gives another value each time"
        if name in own and own[name].volatility != "immutable":
            return f"calls {name}, whose result depends on more than its arguments"
    return None


def depends_on_session(shape: Shape, connection: psycopg.Connection[Any]) -> bool:
    """Does what the view would hold depend on settings such as TimeZone?"""
    if any(stable for *_, stable in _functions(shape, connection)):
        return any(
            named.column.base_type in STABLE_TYPES
            for node in _held(shape)
            for named in columns_of(shape.level, node)
        )
    return any(
        named.column.base_type in STABLE_TYPES
        for node in _held(shape)
        if any(kind == "TypeCast" for kind, _ in walk({"_": node}))
        for named in columns_of(shape.level, node)
    )


def _held(shape: Shape) -> Iterator[Node]:
    yield from shape.groups.values()
    yield from shape.lifted.values()
    yield from shape.needed.values()
    yield from shape.kept.values()


def _functions(shape: Shape, connection: psycopg.Connection[Any]) -> Iterable[tuple[Any, ...]]:
    names = sorted({name for node in _held(shape) for name in function_names({"_": node})})
    return connection.execute(FUNCTIONS, (names,)).fetchall()
