"""Each fact of these statements was measured on servers of all majors before this was written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import psycopg
import pytest

from dbwright.model.effects import Effects
from dbwright.model.finding import LockMode, ObjectRef
from dbwright.sandbox.judge.relations import relations
from dbwright.sandbox.judge.trial import trial
from servers.postgresql import OUTER_MAJORS, Database

AX, SRX, SHARE = LockMode.ACCESS_EXCLUSIVE, LockMode.SHARE_ROW_EXCLUSIVE, LockMode.SHARE
SUX, RX, RS = LockMode.SHARE_UPDATE_EXCLUSIVE, LockMode.ROW_EXCLUSIVE, LockMode.ROW_SHARE
X, AS = LockMode.EXCLUSIVE, LockMode.ACCESS_SHARE

pytestmark = pytest.mark.parametrize("any_postgresql", OUTER_MAJORS, indirect=True)

UTC = {"TimeZone": "UTC"}


class Case(NamedTuple):
    statement: str
    locks: dict[str, LockMode]
    """On tables and materialized views, all of them."""
    rewritten: tuple[str, ...] = ()
    scanned: tuple[str, ...] = ()
    built: tuple[str, ...] = ()
    since: int = 12
    before: int = 99


ALL_INDEXES = ("users_age", "users_email", "users_lower", "users_pkey")
USERS = ("users",)

CASES = [
    # Columns.
    Case("ALTER TABLE users ADD a integer", {"users": AX}),
    Case("ALTER TABLE users ADD a jsonb NOT NULL DEFAULT '{}'", {"users": AX}),
    Case("ALTER TABLE users ADD a timestamptz DEFAULT now()", {"users": AX}),
    Case(
        "ALTER TABLE users ADD a timestamptz DEFAULT clock_timestamp()",
        {"users": AX},
        USERS,
        USERS,
        ALL_INDEXES,
    ),
    Case("ALTER TABLE users ADD a integer DEFAULT constant()", {"users": AX}),
    Case(
        "ALTER TABLE users ADD a integer DEFAULT changing()",
        {"users": AX},
        USERS,
        USERS,
        ALL_INDEXES,
    ),
    Case("ALTER TABLE users ADD a integer DEFAULT inlined()", {"users": AX}),
    Case("ALTER TABLE users ADD a bigserial", {"users": AX}, USERS, USERS, ALL_INDEXES),
    Case(
        "ALTER TABLE users ADD a integer GENERATED ALWAYS AS (age + 1) STORED",
        {"users": AX},
        USERS,
        USERS,
        ALL_INDEXES,
    ),
    Case(
        "ALTER TABLE users ADD a integer GENERATED ALWAYS AS (age + 1) VIRTUAL",
        {"users": AX},
        since=18,
    ),
    Case("ALTER TABLE users ADD a free", {"users": AX}),
    Case("ALTER TABLE users ADD a positive", {"users": AX}, USERS, USERS, ALL_INDEXES),
    Case("ALTER TABLE users ADD a integer CHECK (a > 0)", {"users": AX}, scanned=USERS),
    Case("ALTER TABLE orders ADD a integer REFERENCES users", {"orders": AX, "users": SRX}),
    Case("ALTER TABLE users DROP rank", {"users": AX}),
    Case("ALTER TABLE users ALTER email SET DEFAULT 'x'", {"users": AX}),
    Case("ALTER TABLE users ALTER email SET NOT NULL", {"users": AX}, scanned=USERS),
    Case("ALTER TABLE users ALTER proven SET NOT NULL", {"users": AX}),
    Case("ALTER TABLE users ALTER hoped SET NOT NULL", {"users": AX}, scanned=USERS),
    Case("ALTER TABLE users ALTER email SET STATISTICS 500", {"users": SUX}),
    # Types.
    Case("ALTER TABLE users ALTER email TYPE varchar(80)", {"users": AX}),
    Case("ALTER TABLE users ALTER email TYPE text", {"users": AX}),
    Case(
        "ALTER TABLE users ALTER email TYPE varchar(20)", {"users": AX}, USERS, USERS, ALL_INDEXES
    ),
    Case(
        "ALTER TABLE users ALTER nickname TYPE text",
        {"users": AX},
        scanned=USERS,
        built=("users_lower",),
    ),
    Case(
        "ALTER TABLE orders ALTER at TYPE timestamp",
        {"orders": AX},
        ("orders",),
        ("orders",),
        ("orders_pkey",),
    ),
    Case("ALTER TABLE users ALTER price TYPE numeric(12, 2)", {"users": AX}),
    Case(
        "ALTER TABLE users ALTER price TYPE numeric(12, 3)",
        {"users": AX},
        USERS,
        USERS,
        ALL_INDEXES,
    ),
    Case("ALTER TABLE users ALTER born TYPE timestamptz", {"users": AX}),
    Case("ALTER TABLE users ALTER born TYPE date", {"users": AX}, USERS, USERS, ALL_INDEXES),
    # Constraints.
    Case("ALTER TABLE users ADD CHECK (age > 0)", {"users": AX}, scanned=USERS),
    Case("ALTER TABLE users ADD CHECK (age > 0) NOT VALID", {"users": AX}),
    Case("ALTER TABLE users VALIDATE CONSTRAINT hoped_is_there", {"users": SUX}, scanned=USERS),
    Case(
        "ALTER TABLE orders ADD FOREIGN KEY (id) REFERENCES users",
        {"orders": SRX, "users": SRX},
        scanned=("orders",),
    ),
    Case(
        "ALTER TABLE orders ADD FOREIGN KEY (id) REFERENCES users NOT VALID",
        {"orders": SRX, "users": SRX},
    ),
    Case(
        "ALTER TABLE orders VALIDATE CONSTRAINT orders_hoped",
        {"orders": SUX, "users": RS},
        scanned=("orders",),
    ),
    Case("ALTER TABLE orders DROP CONSTRAINT orders_hoped", {"orders": AX, "users": AX}),
    Case(
        "ALTER TABLE users ADD UNIQUE (email)",
        {"users": AX},
        scanned=USERS,
        built=("users_email_key",),
    ),
    Case("ALTER TABLE users ADD UNIQUE USING INDEX users_age", {"users": AX}),
    Case("ALTER TABLE users ADD CONSTRAINT n NOT NULL age NOT VALID", {"users": AX}, since=18),
    Case(
        "ALTER TABLE orders ADD FOREIGN KEY (id) REFERENCES users NOT ENFORCED",
        {"orders": SRX, "users": SRX},
        since=18,
    ),
    # Indexes.
    Case("CREATE INDEX i ON orders (at)", {"orders": SHARE}, scanned=("orders",), built=("i",)),
    Case("CREATE INDEX IF NOT EXISTS users_email ON users (email)", {"users": SHARE}),
    Case("DROP INDEX users_email", {"users": AX}),
    Case("REINDEX TABLE orders", {"orders": SHARE}, scanned=("orders",), built=("orders_pkey",)),
    Case("ALTER INDEX users_email RENAME TO other", {}),
    # Tables.
    Case("ALTER TABLE users RENAME TO people", {"users": AX}),
    Case("ALTER TABLE users SET (fillfactor = 80)", {"users": SUX}),
    Case(
        "ALTER TABLE orders SET UNLOGGED",
        {"orders": AX},
        ("orders",),
        ("orders",),
        ("orders_pkey",),
    ),
    Case("CLUSTER users USING users_pkey", {"users": AX}, USERS, USERS, ALL_INDEXES),
    Case(
        "CREATE TRIGGER t BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        {"users": SRX},
    ),
    Case("LOCK TABLE users IN SHARE MODE", {"users": SHARE}),
    Case("ANALYZE users", {"users": SUX}),
    Case("DROP TABLE orders CASCADE", {"orders": AX, "users": AX}),
    Case("DO 'BEGIN ALTER TABLE users ADD a integer; END'", {"users": AX}),
    # Partitions.
    Case("ALTER TABLE events ADD a integer", {"events": AX, "events_2024": AX}),
    Case(
        "CREATE TABLE e PARTITION OF events FOR VALUES FROM ('2030-01-01') TO ('2031-01-01')",
        {"events": AX},
    ),
    Case(
        "ALTER TABLE events ATTACH PARTITION events_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')",
        {"events": SUX, "events_2025": AX},
        scanned=("events_2025",),
        built=("events_2025_at_idx",),
    ),
    Case(
        "ALTER TABLE events DETACH PARTITION events_2024",
        {"events": AX, "events_2024": AX},
        since=14,
    ),
    Case(
        "ALTER TABLE events DETACH PARTITION events_2024",
        {"events": AX, "events_2024": SUX},
        before=14,
    ),
    Case(
        "CREATE INDEX i ON events (id)",
        {"events": SHARE, "events_2024": SHARE},
        scanned=("events_2024",),
        built=("events_2024_id_idx",),
    ),
    # Types, views, sequences, rows.
    Case("ALTER DOMAIN positive ADD CHECK (VALUE < 99)", {"users": SHARE}, scanned=USERS),
    Case("ALTER DOMAIN positive ADD CHECK (VALUE < 99) NOT VALID", {}),
    Case(
        "REFRESH MATERIALIZED VIEW ages",
        {"ages": AX, "users": AS},
        ("ages",),
        ("ages", "users"),
        ("ages_age",),
    ),
    Case("UPDATE users SET age = 1", {"users": RX}, scanned=USERS),
    Case("SELECT FROM users FOR UPDATE", {"users": RS}, scanned=USERS),
    Case("SELECT nextval('numbers')", {}),
]


def tables(effects: Effects) -> dict[str, LockMode]:
    return {
        lock.object.name.removeprefix("shop."): lock.mode
        for lock in effects.locks
        if lock.object.kind in ("table", "materialized view")
    }


def test_what_statements_do(shop: Database) -> None:
    major = shop.server.major
    with psycopg.connect(shop.url) as connection:
        before = relations(connection)
    wrong = []
    with trial(shop.url, settings=UTC) as here:
        for case in CASES:
            if not case.since <= major < case.before:
                continue
            here.take_back()
            effects = here.run(case.statement)
            found = (
                effects.refusal,
                tables(effects),
                names(effects.rewritten),
                names(effects.scanned),
                names(built.index for built in effects.built),
            )
            expected = (None, case.locks, case.rewritten, case.scanned, case.built)
            if found != expected:
                wrong.append((case.statement, found))
    assert not wrong
    with psycopg.connect(shop.url) as connection:
        assert relations(connection) == before


def names(objects: Iterable[ObjectRef]) -> tuple[str, ...]:
    return tuple(one.name.removeprefix("shop.") for one in objects)


def test_statements_after_one_another(shop: Database) -> None:
    with trial(shop.url) as here:
        here.run("CREATE TABLE fresh (a integer)")
        first = here.run("ALTER TABLE users ADD CONSTRAINT c CHECK (age IS NOT NULL) NOT VALID")
        second = here.run("ALTER TABLE fresh ALTER a TYPE bigint")
        here.run("ALTER TABLE users VALIDATE CONSTRAINT c")
        third = here.run("ALTER TABLE users ALTER age SET NOT NULL")
        built = here.run("CREATE INDEX i ON users (born)")
        again = here.run("DROP INDEX i")
    assert tables(first) == {"users": AX}
    # Nobody else sees the new table, and the other lock is held already.
    assert (second.locks, second.rewritten, second.built) == ((), (), ())
    assert (third.locks, third.scanned) == ((), ())
    assert "sufficient to prove" in third.proofs[0]
    assert names(one.index for one in built.built) == ("i",)
    assert again.built == ()
    assert names(built.created) == names(again.dropped) == ("i",)


def test_a_type_of_time_depends_on_the_time_zone(shop: Database) -> None:
    statement = "ALTER TABLE users ALTER born TYPE timestamptz"
    with trial(shop.url, settings={"TimeZone": "Europe/Vienna"}) as here:
        assert names(here.run(statement).rewritten) == ("users",)


def test_what_is_refused_leaves_the_rest_as_it_was(shop: Database) -> None:
    with trial(shop.url) as here:
        kept = here.run("ALTER TABLE users ADD a integer")
        wrong = here.run("ALTER TABLE nowhere ADD a integer")
        ended = here.run("COMMIT")
        several = here.run("SELECT 1; COMMIT")
        alone = here.run("CREATE INDEX CONCURRENTLY i ON users (a)")
        after = here.run("ALTER TABLE users ALTER a SET NOT NULL")
    assert wrong.refusal is not None and wrong.refusal.sqlstate == "42P01"
    assert ended.refusal is not None and "ends a transaction" in ended.refusal.message
    assert several.refusal is not None and several.refusal.sqlstate == "42601"
    assert (alone.transactional, alone.refusal) == (False, None)
    assert kept.strongest is AX and after.refusal is None


def test_sequences_have_no_rows(shop: Database) -> None:
    with trial(shop.url) as here:
        altered = here.run("ALTER SEQUENCE numbers RESTART WITH 10")
        here.run("ALTER SEQUENCE numbers OWNED BY users.id")
        here.take_back()
        again = here.run("ALTER SEQUENCE numbers RESTART WITH 10")
        here.run("ALTER SEQUENCE numbers OWNED BY users.id")
        emptied = here.run("TRUNCATE users, orders RESTART IDENTITY")
    assert altered.strongest is SRX and altered.rewritten == ()
    assert again == altered
    assert names(emptied.emptied) == ("orders", "users")


def test_truncate_empties(shop: Database) -> None:
    with trial(shop.url) as here:
        effects = here.run("TRUNCATE users CASCADE")
    assert names(effects.emptied) == ("orders", "users")
    assert (effects.rewritten, effects.scanned, effects.built) == ((), (), ())


def test_foreign_keys_that_are_checked(shop: Database) -> None:
    with trial(shop.url) as here:
        effects = here.run("ALTER TABLE orders VALIDATE CONSTRAINT orders_hoped")
    assert effects.validated == ("orders_hoped",)
