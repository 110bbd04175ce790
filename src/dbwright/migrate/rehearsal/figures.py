"""What a run took, in the nouns of the report."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import psycopg

from dbwright.migrate.rehearsal.changes import Change
from dbwright.migrate.rehearsal.load import Load
from dbwright.migrate.rehearsal.observed import Observed
from dbwright.migrate.rehearsal.runs import Outcome
from dbwright.migrate.runner.secrets import told
from dbwright.model.catalog import Catalog, Table
from dbwright.model.finding import LockMode
from dbwright.model.partitions import partition_root
from dbwright.model.rehearsal import RehearsedRun, RehearsedStatement, RehearsedTable

__all__ = ["clients", "described", "sizes", "touched"]

LONGEST = 120
"""Characters of a statement that are kept."""
MOST_SIZES = 30
"""Tables whose sizes are told."""
SIZE = """
SELECT sum(pg_table_size(t::regclass))::int8, sum(pg_indexes_size(t::regclass))::int8
FROM unnest(%s::text[]) AS t
"""
HELD = ("table", "materialized view", "view")
"""Kinds of relations whose locks are told: those of their indexes go with them."""
WEAK = (LockMode.ACCESS_SHARE, LockMode.ROW_SHARE)
"""Locks that keep nobody from reading or writing."""


def described(direction: str, outcome: Outcome) -> RehearsedRun:
    """A run without clients."""
    return RehearsedRun(
        direction=direction,
        seconds=outcome.seconds,
        wal_bytes=outcome.wal_bytes,
        statements=tuple(_statement(one) for one in outcome.statements),
    )


def clients(tried: RehearsedRun, outcome: Outcome, load: Load) -> RehearsedRun:
    """The same, with what clients saw of it."""
    return replace(tried, loaded_seconds=outcome.seconds, waits=load.waits(), errors=load.errors())


def touched(
    outcome: Outcome, catalog: Catalog, changes: Iterable[Change], left_out: str
) -> list[str]:
    """The tables that a run locks or changes, strongest lock first; a partitioned table stands for
    its partitions."""
    found: dict[str, int] = {}
    order = list(LockMode)
    for observed in outcome.statements:
        for lock in observed.effects.locks:
            if lock.mode in WEAK or lock.object.kind != "table":
                continue
            name = _whole(catalog, lock.object.name)
            if name is not None and name != left_out:
                found[name] = max(found.get(name, 0), order.index(lock.mode))
    for change in changes:
        found.setdefault(change.table, 0)
    names = sorted(found, key=lambda name: (-found[name], name))
    return [name for name in names if catalog.find_table(name) is not None]


def sizes(
    old: str, new: str, before: Catalog, after: Catalog, names: Sequence[str]
) -> tuple[RehearsedTable, ...]:
    """What tables take, before and after."""
    with (
        psycopg.connect(old, autocommit=True) as first,
        psycopg.connect(new, autocommit=True) as second,
    ):
        return tuple(_sizes(first, second, before, after, name) for name in names[:MOST_SIZES])


def _statement(observed: Observed) -> RehearsedStatement:
    text = " ".join(told(observed.statement.text[: 4 * LONGEST]).split())
    effects = observed.effects
    return RehearsedStatement(
        line=observed.statement.line,
        text=text if len(text) <= LONGEST else f"{text[:LONGEST]}…",
        seconds=observed.seconds,
        wal_bytes=observed.wal_bytes,
        locks=tuple(
            (lock.object.name, lock.mode) for lock in effects.locks if lock.object.kind in HELD
        ),
        rewritten=tuple(one.name for one in effects.rewritten),
        scanned=tuple(one.name for one in effects.scanned),
    )


def _whole(catalog: Catalog, name: str) -> str | None:
    table = catalog.find_table(name)
    return None if table is None else partition_root(catalog, table).qualified


def _sizes(
    first: psycopg.Connection[Any],
    second: psycopg.Connection[Any],
    before: Catalog,
    after: Catalog,
    name: str,
) -> RehearsedTable:
    old = before.table(name)
    new = next((table for table in after.tables if table.oid == old.oid), None)
    was = _size(first, list(_parts(before, old)))
    now = (None, None) if new is None else _size(second, list(_parts(after, new)))
    return RehearsedTable(name, was[0], now[0], was[1], now[1])


def _parts(catalog: Catalog, table: Table) -> Iterator[str]:
    yield table.qualified
    for child in catalog.children(table):
        if child.is_partition:
            yield from _parts(catalog, child)


def _size(
    connection: psycopg.Connection[Any], names: Collection[str]
) -> tuple[int | None, int | None]:
    row = connection.execute(SIZE, (list(names),)).fetchone()
    return (None, None) if row is None else (row[0], row[1])
