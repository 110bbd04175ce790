from __future__ import annotations

import psycopg
import pytest

from dbwright.model.effects import Effects
from dbwright.model.finding import LockMode
from dbwright.sandbox.judge.alone import alone
from dbwright.sandbox.judge.relations import relations
from servers.postgresql import OUTER_MAJORS, Database

pytestmark = pytest.mark.parametrize("any_postgresql", OUTER_MAJORS, indirect=True)

AX, SUX = LockMode.ACCESS_EXCLUSIVE, LockMode.SHARE_UPDATE_EXCLUSIVE

# More, of tables alone, are proven by the lock table's tests.
CASES = [
    ("CREATE INDEX CONCURRENTLY i ON users (born)", {"users": SUX}, (), ("i",), True),
    ("VACUUM FULL ages", {"ages": AX}, ("ages",), ("ages_age",), False),
]
DETACH = (
    "ALTER TABLE events DETACH PARTITION events_2024 CONCURRENTLY",
    {"events": SUX, "events_2024": AX},
    (),
    (),
    True,
)


def seen(effects: Effects) -> tuple[object, ...]:
    kinds = ("table", "materialized view")
    locks = {
        lock.object.name.removeprefix("shop."): lock.mode
        for lock in effects.locks
        if lock.object.kind in kinds
    }
    rewritten = tuple(one.name.removeprefix("shop.") for one in effects.rewritten)
    built = tuple(one.index.name.removeprefix("shop.") for one in effects.built)
    return locks, rewritten, built, effects.waits_for_transactions


def test_what_statements_do_outside_of_transactions(shop: Database) -> None:
    with psycopg.connect(shop.url) as connection:
        before = relations(connection)
    newer = shop.server.major >= 14
    for statement, *expected in [*CASES, *([DETACH] if newer else [])]:
        effects = alone(shop.server, shop.name, statement)
        assert (effects.refusal, effects.transactional) == (None, False), statement
        assert seen(effects) == tuple(expected), statement
    with psycopg.connect(shop.url) as connection:
        assert relations(connection) == before
    # No copy is left behind.
    databases = Database(shop.server, "", shop.server.url()).execute(
        "SELECT datname FROM pg_database WHERE datname LIKE '%judge\\_%'"
    )
    assert databases == []


def test_what_is_refused(shop: Database) -> None:
    wrong = alone(shop.server, shop.name, "CREATE INDEX CONCURRENTLY i ON users (nowhere)")
    server = alone(shop.server, shop.name, "ALTER SYSTEM SET work_mem = '1GB'")
    database = alone(shop.server, shop.name, "DROP DATABASE judged")
    syntax = alone(shop.server, shop.name, "VACUUM (")
    assert wrong.refusal is not None and wrong.refusal.sqlstate == "42703"
    assert server.refusal is not None and "ALTER SYSTEM" in server.refusal.message
    assert database.refusal is not None and "is not tried" in database.refusal.message
    assert syntax.refusal is not None and syntax.refusal.sqlstate == "42601"
