"""What has to be known of a table before its first batch; and whether it can have batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from dbwright.errors import MigrationRefused
from dbwright.migrate.backfill.key import Key, keys_of
from dbwright.migrate.backfill.pressure import DeadRows
from dbwright.model.names import qualify
from dbwright.sql.qualified_columns import qualified_columns
from dbwright.sql.ranges import RangedStatement

__all__ = ["BatchedTable", "Part", "batched_table"]

TABLE = """
SELECT c.oid, n.nspname::text, c.relname::text, c.relkind::text,
       c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass(%s)
"""
READS = """
WITH RECURSIVE reads (name, oid) AS (
  SELECT name, to_regclass(name)::oid FROM unnest(%(names)s::text[]) name
  UNION
  SELECT r.name, d.refobjid
  FROM reads r
  JOIN pg_rewrite w ON w.ev_class = r.oid
  JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
    AND d.refclassid = 'pg_class'::regclass
)
SELECT name FROM reads WHERE oid = %(table)s
  OR oid IN (SELECT relid FROM pg_partition_tree(%(table)s))
  OR oid IN (SELECT relid FROM pg_partition_ancestors(%(table)s))
ORDER BY name LIMIT 1
"""
"""What is read behind views, too."""
DEAD_ROWS = """
SELECT array_agg(c.oid), sum(greatest(c.reltuples, 0)), sum(c.relpages::bigint),
  sum(coalesce((o.options ->> 'autovacuum_vacuum_threshold')::float8,
       current_setting('autovacuum_vacuum_threshold')::float8)
    + coalesce((o.options ->> 'autovacuum_vacuum_scale_factor')::float8,
       current_setting('autovacuum_vacuum_scale_factor')::float8) * greatest(c.reltuples, 0)),
  bool_and(coalesce((o.options ->> 'autovacuum_enabled')::boolean, true)
    AND current_setting('autovacuum')::boolean AND current_setting('track_counts')::boolean)
FROM pg_class c
CROSS JOIN LATERAL (SELECT coalesce(jsonb_object_agg(option_name, option_value), '{}') AS options
  FROM pg_options_to_table(c.reloptions)) o
WHERE c.relkind = 'r' AND (c.oid = %(table)s
  OR c.oid IN (SELECT relid FROM pg_partition_tree(%(table)s)))
"""
PARTS = """
SELECT t.relid::oid, t.relid::text, pg_get_partition_constraintdef(t.relid)
FROM pg_partition_tree(%(table)s) t
-- What hashing has spread can't be told apart by the planner: then all are gone over as one.
WHERE t.isleaf AND NOT EXISTS (
  SELECT FROM pg_partition_tree(%(table)s) h JOIN pg_partitioned_table p ON p.partrelid = h.relid
  WHERE p.partstrat = 'h')
ORDER BY t.relid::oid
"""
PAGE = 8192


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that are gone over by themselves: those of a partition, or all."""

    oid: int = 0
    """0 for all."""
    name: str = ""
    """As SQL; empty for all."""
    constraint: str = ""
    """What holds for its rows, and for those of no other partition; empty for no condition.

    Rows are reached by the partitioned table's own name: who may change them by it may have no
    rights on the partition, whose columns can be in another order, and whose triggers differ.
    """

    def condition(self, alias: str) -> list[str]:
        """As SQL, of a table with that alias."""
        return [qualified_columns(self.constraint, alias)] if self.constraint else []


@dataclass(frozen=True, slots=True)
class BatchedTable:
    """A table whose rows are gone over in batches."""

    oid: int
    name: str
    """Qualified, as SQL."""
    key: Key
    dead: DeadRows | None
    """None where autovacuum is off for it."""
    relations: tuple[int, ...]
    """oids of what has its rows: its partitions, or itself."""
    parts: tuple[Part, ...]
    """In the order in which they are gone over."""

    @property
    def is_by_parts(self) -> bool:
        return self.parts != (Part(),)


def batched_table(
    connection: psycopg.Connection[Any],
    statement: RangedStatement,
    named: str,
    place: str,
    columns: tuple[str, ...] = (),
) -> BatchedTable:
    """The table of the statement. `named`: by the file's option, as SQL. `columns`: of the key that
    earlier batches followed; none for the first one.

    Raises MigrationRefused where it can't have batches, psycopg.Error.
    """
    row = connection.execute(TABLE, (named,)).fetchone()
    if row is None:
        raise MigrationRefused(f"{place}: there is no table {named}", "name it with its schema")
    oid, schema, table, kind, has_children = row
    name = qualify(schema, table)
    own = qualify(*(part for part in statement.relation if part is not None))
    found = connection.execute(TABLE, (own,)).fetchone()
    if found is None or found[0] != oid:
        raise MigrationRefused(
            f"{place}: {own} is not the table {name} of the file's option `batches:`",
            "name both with their schema",
        )
    if kind not in ("r", "p"):
        raise MigrationRefused(
            f"{place}: {name} is no table, and has no key that batches could follow",
            "name the table whose rows it shows",
        )
    _require_rows_of_its_own(statement, name, kind, has_children, place)
    _require_reads_elsewhere(connection, statement, oid, name, place)
    key = _key(connection, statement, oid, name, place, columns)
    relations, dead = _dead_rows(connection, oid)
    return BatchedTable(oid, name, key, dead, relations, _parts(connection, oid, kind))


def _require_rows_of_its_own(
    statement: RangedStatement, name: str, kind: str, has_children: bool, place: str
) -> None:
    if has_children and not statement.only:
        raise MigrationRefused(
            f"{place}: other tables inherit from {name}, and its key is not theirs",
            f"write ONLY {name}, and a file for each of the others",
        )
    if kind == "p" and statement.only:
        raise MigrationRefused(
            f"{place}: ONLY {name} has no rows: they are in its partitions", "leave ONLY out"
        )


def _require_reads_elsewhere(
    connection: psycopg.Connection[Any], statement: RangedStatement, oid: int, name: str, place: str
) -> None:
    others = [qualify(*filter(None, other)) for other in sorted(statement.others, key=str)]
    row = connection.execute(READS, {"names": others, "table": oid}).fetchone()
    if row is not None:
        raise MigrationRefused(
            f"{place}: it reads {name} a second time, by {row[0]}, and would find there what "
            "earlier batches have changed",
            "put what it reads there into a table of its own first",
        )


def _key(
    connection: psycopg.Connection[Any],
    statement: RangedStatement,
    oid: int,
    name: str,
    place: str,
    columns: tuple[str, ...],
) -> Key:
    keys = keys_of(connection, oid)
    still = [key for key in keys if not key.is_moved_by(statement.changes)]
    if keys and not still:
        raise MigrationRefused(
            f"{place}: it changes {keys[0].names}, the key that batches over {name} follow: rows "
            "would be met twice",
            "add a unique index over other columns that are NOT NULL, or leave `batches:` out",
        )
    if not keys:
        raise MigrationRefused(
            f"{place}: {name} has no primary key, and no unique index over columns that are all "
            "NOT NULL: batches have nothing to follow",
            "add one first, or leave `batches:` out",
        )
    if not columns:
        return still[0]
    for key in still:
        if key.columns == columns:
            return key
    raise MigrationRefused(
        f"{place}: its first batches followed the key ({', '.join(columns)}) of {name}, which is "
        "no unique key any more",
        "put it back, or begin with the first row again: --cut-off again",
    )


def _parts(connection: psycopg.Connection[Any], table: int, kind: str) -> tuple[Part, ...]:
    rows = connection.execute(PARTS, {"table": table}).fetchall() if kind == "p" else []
    return tuple(Part(oid, name, text or "") for oid, name, text in rows) or (Part(),)


def _dead_rows(
    connection: psycopg.Connection[Any], oid: int
) -> tuple[tuple[int, ...], DeadRows | None]:
    row = connection.execute(DEAD_ROWS, {"table": oid}).fetchone()
    assert row is not None
    relations, rows, pages, trigger, cleared = row
    if not relations:
        return (), None
    found = DeadRows(tuple(relations), trigger, int(pages) * PAGE / max(rows, 1.0))
    return found.relations, found if cleared else None
