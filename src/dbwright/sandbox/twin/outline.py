"""The schema of a catalog, as far as the planner looks at it, as DDL.

Left out is what no plan depends on: defaults, triggers, privileges, comments. Materialized views
and foreign tables become tables: they have rows of their own, and the planner takes them so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from dbwright.model.catalog import (
    Catalog,
    Check,
    Column,
    ExtendedStatistics,
    Index,
    Key,
    MaterializedView,
    Table,
    TableKind,
    View,
)
from dbwright.model.finding import ObjectRef
from dbwright.model.names import literal, qualify, quote
from dbwright.sandbox.twin.types import Declaration
from dbwright.sql.ddl import check_definition, foreign_key_definition, index_definition

__all__ = ["after_rows", "relations", "tables"]

PLANNED_OPTIONS = frozenset({"fillfactor", "parallel_workers"})
"""Storage parameters of tables that the planner reads."""
STATISTICS_KINDS = ("ndistinct", "dependencies", "mcv")
GAP = "dbwright_gap_"
"""Names of columns that are dropped at once: they keep the numbers of those that follow."""


def relations(catalog: Catalog, replaced: Mapping[str, str]) -> Iterator[Declaration]:
    """Tables, then keys and indexes, then what hangs them together, then views.

    `replaced`: names of types that the server does not have, and the type to take instead.
    """
    yield from tables(catalog, replaced)
    yield from after_rows(catalog)


def tables(
    catalog: Catalog, replaced: Mapping[str, str], *, checks: bool = True
) -> Iterator[Declaration]:
    """Tables with their columns and checks, and what they inherit: all that rows need."""
    for table in catalog.tables:
        yield _table(table if checks else replace(table, checks=()), replaced)
    for view in catalog.materialized_views:
        columns = ", ".join(_column(column, replaced) for column in view.columns)
        yield Declaration(view.ref, f"CREATE TABLE {view.qualified} ({columns})")
    for table in catalog.tables:
        yield from _parents(table)


def after_rows(catalog: Catalog, *, checks: bool = False) -> Iterator[Declaration]:
    """Keys and indexes (which are made faster of rows that are there), foreign keys, statistics,
    views; and checks, where the tables were made without."""
    for table in catalog.tables:
        if checks:
            yield from _checks(table)
        yield from _keys(table)
        for index in _plain_indexes(table):
            yield _index(index, table)
    for view in catalog.materialized_views:
        for index in _plain_indexes(view):
            yield _index(index, view)
    for table in catalog.tables:
        for index in table.indexes:
            if index.parent is not None and index.valid:
                attach = f"ALTER INDEX {index.parent} ATTACH PARTITION {index.qualified}"
                yield Declaration(index.ref, attach)
    for table in catalog.tables:
        yield from _foreign_keys(table)
    for statistics in catalog.extended_statistics:
        sql = _extended_statistics(statistics)
        yield Declaration(ObjectRef("statistics", statistics.qualified), sql)
    for shown in catalog.views:
        if shown.definition is not None:
            yield Declaration(shown.ref, _view(shown))


def _table(table: Table, replaced: Mapping[str, str]) -> Declaration:
    columns = _columns(table, replaced)
    checks = [_check(check) for check in _known_checks(table)]
    tail = ""
    if table.partition_key is not None and table.partition_key.definition is not None:
        tail = f" PARTITION BY {table.partition_key.definition}"
    options = [f"{n}={literal(v)}" for n, v in table.options if n in PLANNED_OPTIONS]
    if options and table.kind is TableKind.TABLE:
        tail += f" WITH ({', '.join(options)})"
    head = f"CREATE TABLE {table.qualified} ("
    gaps = [
        f"DROP COLUMN {column.partition(' ')[0]}" for column in columns if column.startswith(GAP)
    ]
    after = f"; ALTER TABLE {table.qualified} {', '.join(gaps)}" if gaps else ""
    plain = ", ".join(_columns(replace(table, columns=_ungenerated(table)), replaced))
    return Declaration(
        table.ref,
        f"{head}{', '.join(columns + checks)}){tail}{after}",
        f"{head}{plain}){tail}{after}",
    )


def _known_checks(table: Table) -> Iterator[Check]:
    return (c for c in table.checks if c.expression is not None and c.enforced)


def _check(check: Check) -> str:
    return f"CONSTRAINT {quote(check.name)} {check_definition(replace(check, validated=True))}"


def _checks(table: Table) -> Iterator[Declaration]:
    for check in _known_checks(table):
        if not check.inherited:  # else the parent's brings it
            sql = f"ALTER TABLE {table.qualified} ADD {_check(check)}"
            yield Declaration(table.constraint_ref(check.name), sql)


def _columns(table: Table, replaced: Mapping[str, str]) -> list[str]:
    """Declarations in the order of their numbers, gaps of dropped columns filled."""
    found: list[str] = []
    for column in table.columns:
        while len(found) + 1 < column.position:
            found.append(f"{GAP}{len(found) + 1} integer")
        found.append(_column(column, replaced))
    return found


def _ungenerated(table: Table) -> tuple[Column, ...]:
    return tuple(replace(column, generated=None) for column in table.columns)


def _column(column: Column, replaced: Mapping[str, str]) -> str:
    words = [quote(column.name), replaced.get(column.type, column.type)]
    if column.collation is not None and column.type not in replaced:
        words.append(f"COLLATE {column.collation}")
    if column.generated is not None and column.default is not None:
        words.append(f"GENERATED ALWAYS AS ({column.default}) {column.generated.upper()}")
    if column.not_null:
        words.append("NOT NULL")
    return " ".join(words)


def _parents(table: Table) -> Iterator[Declaration]:
    for parent in table.inherits:
        if table.is_partition and table.partition_bound is not None:
            attach = f"ATTACH PARTITION {table.qualified} {table.partition_bound}"
            yield Declaration(table.ref, f"ALTER TABLE {parent} {attach}")
        elif not table.is_partition:
            yield Declaration(table.ref, f"ALTER TABLE {table.qualified} INHERIT {parent}")


def _keys(table: Table) -> Iterator[Declaration]:
    included = {index.name: index.include for index in table.indexes}
    for key in table.keys:
        text = _key(key, key is table.primary_key, included.get(key.index, ()))
        # ONLY: the keys of partitions have names of their own, and are attached.
        sql = f"ALTER TABLE ONLY {table.qualified} ADD CONSTRAINT {quote(key.name)} {text}"
        yield Declaration(table.constraint_ref(key.name), sql)


def _key(key: Key, primary: bool, include: tuple[str, ...]) -> str:
    words = ["PRIMARY KEY" if primary else "UNIQUE"]
    if key.nulls_not_distinct:
        words.append("NULLS NOT DISTINCT")
    columns = ", ".join(map(quote, key.columns))
    words.append(f"({columns}{' WITHOUT OVERLAPS' if key.without_overlaps else ''})")
    if include:
        words.append(f"INCLUDE ({', '.join(map(quote, include))})")
    if key.deferrable:
        words.append("DEFERRABLE")
    return " ".join(words)


def _plain_indexes(relation: Table | MaterializedView) -> Iterator[Index]:
    """Those that the planner would use and no key brings, and whose text is known."""
    keys = {key.index for key in relation.keys} if isinstance(relation, Table) else set()
    for index in relation.indexes:
        readable = not index.partial or index.predicate is not None
        written = all(key.column or key.expression for key in index.keys)
        if index.valid and index.name not in keys and readable and written:
            yield index


def _index(index: Index, relation: Table | MaterializedView) -> Declaration:
    only = "ONLY " if index.partitioned else ""
    plain = replace(index, tablespace=None)
    return Declaration(index.ref, index_definition(plain, f"{only}{relation.qualified}"))


def _foreign_keys(table: Table) -> Iterator[Declaration]:
    for key in table.foreign_keys:
        if not key.inherited and key.enforced:
            text = foreign_key_definition(replace(key, validated=True))
            sql = f"ALTER TABLE {table.qualified} ADD CONSTRAINT {quote(key.name)} {text}"
            yield Declaration(table.constraint_ref(key.name), sql)


def _extended_statistics(statistics: ExtendedStatistics) -> str:
    kinds = [kind for kind in statistics.kinds if kind in STATISTICS_KINDS]
    words = [f"CREATE STATISTICS {statistics.qualified}"]
    words += [f"({', '.join(kinds)})"] if kinds else []
    parts = [quote(column) for column in statistics.columns]
    parts += [statistics.expressions] if statistics.expressions else []
    return " ".join([*words, f"ON {', '.join(parts)} FROM {statistics.table}"])


def _view(view: View) -> str:
    names = ", ".join(quote(column.name) for column in view.columns)
    options = ", ".join(f"{name}={literal(value)}" for name, value in view.options)
    tail = f" WITH ({options})" if options else ""
    return f"CREATE VIEW {qualify(view.schema, view.name)} ({names}){tail} AS {view.definition}"
