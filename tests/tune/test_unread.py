"""What a role may not see is told as that, with what lets it."""

from __future__ import annotations

from pathlib import Path

import psycopg

from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.workload import Query
from dbwright.sandbox.twin.twin import twin
from dbwright.tune.unread import unread
from dbwright.tune.workload.weighted import weighted
from servers.postgresql import Database

TABLES = """
CREATE TABLE seen (id int); INSERT INTO seen SELECT generate_series(1, 1000);
CREATE TABLE never (id int) WITH (autovacuum_enabled = off);
INSERT INTO never SELECT generate_series(1, 1000);
ANALYZE seen;
"""
TEXT = "SELECT * FROM seen JOIN never USING (id)"
ROLE = "unread_poor"


def told(url: str) -> dict[str, tuple[tuple[str, ...], str]]:
    with Session.open(url, 60) as session:
        snapshot = read(session, values=None)
    with twin(snapshot) as here, here.connect() as connection:
        statements, _ = weighted([Query(TEXT, "x")], snapshot, connection)
    parts = list(unread(snapshot, statements))
    return {part.reason: (part.objects, part.remedy) for part in parts}


def test_hidden_statistics_are_no_missing_ones(database: Database, tmp_path: Path) -> None:
    database.execute(TABLES)
    own = told(database.url)
    never = next(part for reason, part in own.items() if "never analyzed" in reason)
    assert never == (("public.never",), "ANALYZE public.never;")
    assert not any("may not see" in reason for reason in own)

    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {ROLE} LOGIN")
        try:
            user = connection.info.user
            hidden = told(database.url.replace(f"//{user}@", f"//{ROLE}@"))
        finally:
            connection.execute(f"DROP ROLE {ROLE}")
    (part,) = (part for reason, part in hidden.items() if "may not see" in reason)
    assert part[0] == ("public.never", "public.seen")
    assert part[1].startswith("GRANT ") and ROLE in part[1]
    assert not any("never analyzed" in reason for reason in hidden)
