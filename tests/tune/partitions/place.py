"""A database with events in the order of time, and what may be partitioned in it."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
from tests.tune.rewrites.place import execute, snapshot_of

from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.model.workload import Query
from dbwright.sandbox.twin.twin import Twin
from dbwright.tune.advisors.advisor import Advice
from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.partitions.advise import advise_partitions
from dbwright.tune.partitions.candidates import Candidate, Limits, candidates
from dbwright.tune.workload.weighted import Weighted, weighted

__all__ = [
    "EVENTS",
    "LIMITS",
    "RECENT",
    "advised",
    "candidate_in",
    "execute",
    "snapshot_of",
    "statements_in",
]

LIMITS = Limits(rows=1000, bytes=1e15, updated_share=0.2)
EVENTS = """
CREATE SCHEMA log;
CREATE TABLE log.users (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE log.events (
    id bigint GENERATED ALWAYS AS IDENTITY, code serial, at timestamptz NOT NULL DEFAULT now(),
    user_id int NOT NULL REFERENCES log.users, kind text NOT NULL CHECK (kind <> ''),
    "Note" varchar(200) DEFAULT 'none', long int GENERATED ALWAYS AS (length(kind)) STORED,
    CONSTRAINT events_pkey PRIMARY KEY (id),
    CONSTRAINT once UNIQUE (user_id, at, code)
);
CREATE INDEX events_kind_idx ON log.events (kind, at DESC) WHERE kind <> 'noise';
CREATE INDEX ON log.events (lower("Note"));
CREATE STATISTICS log.kinds (dependencies) ON user_id, kind FROM log.events;
COMMENT ON TABLE log.events IS 'what happened';
COMMENT ON COLUMN log.events."Note" IS 'in words';
INSERT INTO log.users SELECT n, 'user ' || n FROM generate_series(1, 50) n;
INSERT INTO log.events (at, user_id, kind, "Note")
    SELECT date_trunc('minute', now()) - (5000 - n) * interval '3 hours', 1 + n % 50,
           'kind ' || n % 7, repeat('x', n % 90)
    FROM generate_series(1, 5000) n;
VACUUM ANALYZE;
"""
RECENT = "SELECT count(*) FROM log.events WHERE at > now() - interval '7 days'"


def statements_in(url: str, snapshot: Snapshot, queries: Sequence[str]) -> list[Weighted]:
    known = [Query(query, calls=10, example=query) for query in queries]
    with psycopg.connect(url, autocommit=True) as connection:
        found, left = weighted(known, snapshot, connection)
    assert left == []
    return found


def candidate_in(url: str, snapshot: Snapshot, *queries: str) -> Candidate:
    """The one that the queries make."""
    statements = statements_in(url, snapshot, queries or (RECENT,))
    (found,) = candidates(snapshot, statements, LIMITS)
    return found


def advised(
    url: str, snapshot: Snapshot, twin: Twin, *queries: str, limits: Limits = LIMITS
) -> tuple[list[Advice], list[Skipped]]:
    """What is said of these queries, each called ten times."""
    bench = Workbench(snapshot, tuple(statements_in(url, snapshot, queries)), twin)
    told = list(advise_partitions(bench, limits, 2.0**35))
    return (
        [one for one in told if isinstance(one, Advice)],
        [one for one in told if isinstance(one, Skipped)],
    )
