"""Examples of hazards, judged by a real server: many of them in one database, one after another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from dbwright.migrate.files.script import script
from dbwright.migrate.lint.engine import HazardRun, run_hazards
from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import Hazard
from dbwright.migrate.replay.base import base
from dbwright.migrate.replay.replay import Replay, replaying
from dbwright.model.judged import JudgedRun
from dbwright.model.migration import Migration, ReadMigration
from dbwright.model.statistics import Statistics, TableStatistics
from dbwright.sandbox import Server

__all__ = ["Bench", "bench", "linted", "read", "with_sizes"]

ROW = 100
"""Bytes of a row of an example's table."""
CLEAN = """
DO $$
DECLARE command text;
BEGIN
  FOR command IN SELECT unnest(array_agg(c)) FROM (
    SELECT format('DROP SCHEMA %I CASCADE', nspname) FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname NOT IN ('public', 'information_schema')
    UNION ALL
    SELECT format('DROP %s IF EXISTS %s CASCADE',
      CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END,
      oid::regclass)
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
    AND NOT relispartition
    UNION ALL
    SELECT format('DROP TYPE IF EXISTS %s CASCADE', oid::regtype) FROM pg_type
    WHERE typnamespace = 'public'::regnamespace AND typtype IN ('d', 'e')
    UNION ALL
    SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', oid::regprocedure) FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT format('DROP SEQUENCE IF EXISTS %s CASCADE', oid::regclass) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'
  ) AS commands (c)
  LOOP
    EXECUTE command;
  END LOOP;
END $$;
"""


class Bench:
    """A database that is empty before each example. Made by `bench`."""

    def __init__(self, replay: Replay, major: int) -> None:
        self._replay = replay
        self._major = major

    def judged(self, example: MigrationExample) -> JudgedRun:
        """The example's migration, and what the server did for it."""
        clean, before = read(CLEAN, "0", "clean"), read(example.before, "0", "before")
        self._replay.run(clean.migration, clean.script)
        self._replay.run(before.migration, before.script)
        refused = [(one.text, said.message) for _, one, said in self._replay.told.refused]
        assert not refused
        asked = read(example.sql, "1", "example")
        judged = self._replay.judge(asked.migration, asked.script)
        return with_sizes(JudgedRun((judged,), self._major), example.sizes)


@contextmanager
def bench(server: Server) -> Iterator[Bench]:
    with base(server=server) as found, replaying(found.server) as replay:
        yield Bench(replay, server.major)


def read(text: str, version: str, name: str) -> ReadMigration:
    path = f"{version}_{name}.sql"
    return ReadMigration(Migration(version, name, path, ""), script(text, path))


def with_sizes(run: JudgedRun, sizes: Mapping[str, int]) -> JudgedRun:
    """As if a target had tables of these sizes: what the file found is its catalog."""
    if not sizes:
        return run
    start = run.migrations[0].before
    known = {one.qualified: one.oid for one in start.tables}
    known |= {one.qualified: one.oid for one in start.materialized_views}
    tables = tuple(
        TableStatistics(
            known[name],
            rows=size / ROW,
            heap_bytes=size * 3 // 4,
            index_bytes=size // 4,
            total_bytes=size,
        )
        for name, size in sizes.items()
    )
    statistics = Statistics(since=None, captured_at=start.captured_at, tables=tables)
    return replace(run, statistics=statistics, start=start)


def linted(example: MigrationExample, hazard: Hazard, run: JudgedRun) -> HazardRun:
    return run_hazards(run, [hazard], thresholds={hazard.id: example.options})
