"""The lock table as a whole, and the sample schema on which its examples are proven."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from dbwright.migrate.locks import (
    add_column,
    add_column_constraints,
    attached,
    change_time_type,
    change_type,
    column,
    constraints,
    depended_on,
    foreign_keys,
    indexes,
    others,
    partitions,
    remove_table,
    tables,
)
from dbwright.model.lock_fact import LockFact

__all__ = ["TOPICS", "all_facts", "fact", "sample_schema"]

TOPICS: dict[str, tuple[LockFact, ...]] = {
    "Add a column": add_column.FACTS + add_column_constraints.FACTS,
    "Drop or alter a column": column.FACTS,
    "Change a column's type": change_type.FACTS + change_time_type.FACTS,
    "Change the type of a column that is used": depended_on.FACTS,
    "Constraints": constraints.FACTS,
    "Foreign keys": foreign_keys.FACTS,
    "Indexes": indexes.FACTS,
    "Tables": tables.FACTS + remove_table.FACTS,
    "Triggers, policies, rights, rows": attached.FACTS,
    "Partitions": partitions.FACTS,
    "Types, views, sequences, functions": others.FACTS,
}
"""In the order in which the documents have them."""


def all_facts() -> tuple[LockFact, ...]:
    """Every row, by id."""
    return tuple(sorted(_by_id().values(), key=lambda one: one.id))


def fact(id: str) -> LockFact:
    """The row of this id. Raises KeyError where there is none."""
    return _by_id()[id]


def sample_schema() -> str:
    """SQL that makes what the examples alter, in an empty database, as a superuser. Examples that
    move something need a tablespace `elsewhere` besides, which no SQL alone can make."""
    return Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")


@cache
def _by_id() -> dict[str, LockFact]:
    found: dict[str, LockFact] = {}
    for facts in TOPICS.values():
        for one in facts:
            if one.id in found:
                raise ValueError(f"two rows of the lock table are called {one.id}")
            found[one.id] = one
    return found
