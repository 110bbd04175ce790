"""Which names SQL does not take as they are, and why."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from dbwright.model.catalog import Catalog, Column, MaterializedView, Table, View
from dbwright.model.keywords import RESERVED

__all__ = ["Relation", "is_reserved", "is_silent", "own_columns", "relations", "spelled_oddly"]

Relation = Table | View | MaterializedView

FIRST = frozenset("abcdefghijklmnopqrstuvwxyz_")
REST = FIRST | frozenset("0123456789$")

FUNCTION_WORDS = frozenset(
    """
    authorization binary collation concurrently cross current_schema freeze full ilike inner is
    isnull join left like natural notnull outer overlaps right similar tablesample verbose
    """.split()
)
"""Reserved too, but for functions and types: pg_get_keywords() of 12 to 18, category T."""

VALUE_WORDS = frozenset(
    """
    current_catalog current_date current_role current_schema current_time current_timestamp
    current_user false localtime localtimestamp null session_user system_user true user
    """.split()
)
"""Without quotes they are no error: they are another value."""


def is_reserved(name: str) -> bool:
    """Is it refused, or taken for something else, as the name of a table or column?"""
    return name in RESERVED or name in FUNCTION_WORDS


def is_silent(name: str) -> bool:
    """Does the unquoted word mean something else without any error (SELECT user)?"""
    return name in VALUE_WORDS


@lru_cache(maxsize=65536)
def spelled_oddly(name: str) -> bool:
    """Do its letters need quotes? The server takes letters beyond ASCII as they are."""
    if REST.issuperset(name):
        return not name or name[0] not in FIRST
    plain = [letter for letter in name if letter.isascii()]
    return not REST.issuperset(plain) or (name[0].isascii() and name[0] not in FIRST)


def relations(catalog: Catalog) -> Iterator[Relation]:
    """Tables, views and materialized views, but no partition whose parent shows it already."""
    for relation in catalog.relations():
        if not (isinstance(relation, Table) and relation.is_partition):
            yield relation


def own_columns(relation: Relation) -> Iterator[Column]:
    """The columns of a table that it does not have from a parent; none of a view, which has
    them from its query."""
    if isinstance(relation, Table):
        yield from (column for column in relation.columns if not column.inherited)
