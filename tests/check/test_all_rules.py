"""All rules at once: none breaks, on any version, whatever the database holds and whoever looks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dbwright.check.engine import RuleRun, run_rules
from dbwright.check.registry import all_rules
from dbwright.engines.postgresql.ask import asker
from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.sandbox import Server
from servers.standby import standby_of

FEATURES = Path(__file__).parents[1] / "engines/postgresql/features.sql"


@pytest.fixture(scope="module")
def everything(any_postgresql: Server) -> Iterator[Server]:
    """A server whose database `everything` has every kind of object, and a role without rights."""
    any_postgresql.create_database("everything")
    with psycopg.connect(any_postgresql.url("everything"), autocommit=True) as connection:
        connection.execute(FEATURES.read_bytes())
        connection.execute("CREATE ROLE stranger LOGIN")
    yield any_postgresql
    with psycopg.connect(any_postgresql.url(), autocommit=True) as connection:
        connection.execute("DROP DATABASE everything")
        connection.execute("DROP ROLE stranger")


def run_all(url: str) -> RuleRun:
    with Session.open(url, 60) as session:
        snapshot = read(session, workload=True)
        run = run_rules(snapshot, all_rules(), ask=asker(session))
    broken = [part for part in run.skipped if "broke" in part.reason]
    assert broken == []
    return run


def test_a_superuser(everything: Server) -> None:
    run = run_all(everything.url("everything"))
    assert run.rules_run > 0.9 * len(all_rules())
    assert "keys/no-primary-key" in {finding.rule for finding in run.findings}


def test_a_stranger(everything: Server) -> None:
    """Who may read hardly anything gets what may be read, and nothing that is not so."""
    full = {finding.key for finding in run_all(everything.url("everything")).findings}
    little = run_all(everything.url("everything", user="stranger"))
    assert little.rules_run > 0.6 * len(all_rules())
    own = {finding.key for finding in little.findings}
    unsure = {key for key in own - full if not key.startswith(("activity/", "maintenance/"))}
    assert unsure == set(), "found with few rights, and not with all"


def test_a_standby(postgresql: Server) -> None:
    """In recovery: counters, sequences and locks are those of a server that only reads."""
    postgresql.create_database("replayed")
    with psycopg.connect(postgresql.url("replayed"), autocommit=True) as connection:
        connection.execute(FEATURES.read_bytes())
    try:
        with standby_of(postgresql) as standby:
            run = run_all(standby.url("replayed"))
    finally:
        with psycopg.connect(postgresql.url(), autocommit=True) as connection:
            connection.execute("DROP DATABASE replayed WITH (FORCE)")
    assert "keys/no-primary-key" in {finding.rule for finding in run.findings}
    assert run.rules_run > 0.9 * len(all_rules())
