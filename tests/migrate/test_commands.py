"""The commands of `dbwright migrate`, on a real server."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from servers.command_line import Done
from servers.postgresql import Database

ORDERS = """-- UP
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
INSERT INTO orders SELECT n, n % 100 FROM generate_series(1, 1000) n;
-- DOWN
DROP TABLE orders;
"""
INDEX = """-- no-transaction
-- UP
CREATE INDEX CONCURRENTLY orders_user ON orders (user_id);
ALTER TABLE orders ADD CHECK (user_id >= 0);
CREATE UNIQUE INDEX CONCURRENTLY orders_unique ON orders (user_id);
-- DOWN
DROP INDEX CONCURRENTLY orders_user;
"""
Run = Callable[..., Done]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two migrations, in the folder that commands look for; the second one fails at its end."""
    place = tmp_path / "migrations"
    place.mkdir()
    (place / "001_orders.sql").write_text(ORDERS)
    (place / "002_index.sql").write_text(INDEX)
    return place


def states(dbwright: Run, database: Database) -> dict[str, str]:
    done = dbwright("migrate", "status", database.url, "--format", "json")
    return {one["version"]: one["state"] for one in done.report["migrations"]}


def tables(database: Database) -> set[str]:
    rows = database.execute("SELECT relname FROM pg_class WHERE relname ~ '^orders' ORDER BY 1")
    return {row[0] for row in rows}


def test_up_and_down(dbwright: Run, database: Database, folder: Path) -> None:
    (folder / "002_index.sql").write_text(INDEX.replace("UNIQUE ", ""))
    assert states(dbwright, database) == {"001": "pending", "002": "pending"}
    assert database.execute("SELECT to_regclass('schema_migrations')") == [(None,)]
    first = dbwright("migrate", "up", database.url, "1", "--format", "json")
    assert (first.status, [one["version"] for one in first.report["ran"]]) == (0, ["001"])
    assert states(dbwright, database) == {"001": "applied", "002": "pending"}
    assert dbwright("migrate", "up", database.url).status == 0
    assert "nothing to run" in dbwright("migrate", "up", database.url).out
    assert tables(database) == {"orders", "orders_pkey", "orders_user", "orders_unique"}
    assert dbwright("migrate", "down", database.url).status == 0
    assert states(dbwright, database) == {"001": "applied", "002": "rolled back"}
    assert dbwright("migrate", "redo", database.url).status == 0
    assert dbwright("migrate", "down", database.url, "0").status == 0
    assert tables(database) == set()
    rows = database.execute(
        "SELECT version, rolled_back, rolled_back_at > executed_at, execution_time_ms >= 0 "
        "FROM schema_migrations ORDER BY 1"
    )
    assert rows == [("001", True, True, True), ("002", True, True, True)]


def test_a_failure_in_a_transaction_leaves_nothing(
    dbwright: Run, database: Database, folder: Path
) -> None:
    (folder / "001_orders.sql").write_text(ORDERS.replace("-- DOWN", "SELECT nowhere;\n-- DOWN"))
    done = dbwright("migrate", "up", database.url)
    assert done.status == 3
    assert 'line 4: column "nowhere" does not exist' in done.err
    assert tables(database) == set()
    assert states(dbwright, database) == {"001": "failed", "002": "pending"}
    assert 'column "nowhere"' in dbwright("migrate", "status", database.url).out
    (folder / "001_orders.sql").write_text(ORDERS)
    assert dbwright("migrate", "up", database.url, "1").status == 0


def test_a_failure_outside_of_transactions_is_gone_on_from(
    dbwright: Run, database: Database, folder: Path
) -> None:
    done = dbwright("migrate", "up", database.url)
    assert done.status == 4
    assert "line 5: could not create unique index" in done.err
    assert "2 of 3 statements are done" in done.err
    assert states(dbwright, database) == {"001": "applied", "002": "failed"}
    assert "orders_unique" not in tables(database)  # no invalid index is left
    back = dbwright("migrate", "down", database.url)
    assert (back.status, "applied in part" in back.err) == (2, True)
    (folder / "002_index.sql").write_text(INDEX.replace("orders_user ", "other "))
    changed = dbwright("migrate", "up", database.url)
    assert (changed.status, "have changed since" in changed.err) == (2, True)
    (folder / "002_index.sql").write_text(INDEX.replace("UNIQUE ", ""))
    again = dbwright("migrate", "up", database.url, "--format", "json")
    assert again.status == 0
    assert again.report["ran"][0]["resumed_at"] == 2
    assert states(dbwright, database) == {"001": "applied", "002": "applied"}


def test_files_that_do_not_fit_the_history(dbwright: Run, database: Database, folder: Path) -> None:
    (folder / "002_index.sql").unlink()
    dbwright("migrate", "up", database.url)
    (folder / "001_orders.sql").write_text(ORDERS + "-- changed\n")
    done = dbwright("migrate", "up", database.url)
    assert (done.status, "was changed after it was applied" in done.err) == (2, True)
    found = dbwright("migrate", "verify", database.url, "--format", "json")
    assert (found.status, found.rules) == (1, {"migrate/changed-file"})
    (folder / "001_orders.sql").rename(folder / "004_late.sql")
    (folder / "006_last.sql").write_text("SELECT 1")
    found = dbwright("migrate", "verify", database.url, "--format", "json")
    assert found.rules == {"migrate/lost-file", "migrate/missing-number", "migrate/no-way-back"}
    done = dbwright("migrate", "up", database.url)
    assert (done.status, "there is no migration 5" in done.err) == (2, True)
    assert dbwright("migrate", "down", database.url).status == 2


def test_a_late_file(dbwright: Run, database: Database, folder: Path) -> None:
    late = folder / "001_orders.sql"
    late.rename(folder / "later")
    (folder / "002_index.sql").write_text("SELECT 1;\n-- DOWN\n")
    assert dbwright("migrate", "up", database.url).status == 0
    (folder / "later").rename(late)
    done = dbwright("migrate", "up", database.url)
    assert (done.status, "is older than 2" in done.err) == (2, True)
    assert dbwright("migrate", "up", database.url, "--allow-gaps").status == 0


def test_baseline(dbwright: Run, database: Database, folder: Path) -> None:
    database.execute("CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint)")
    assert dbwright("migrate", "baseline", database.url, "1").status == 0
    assert states(dbwright, database) == {"001": "baseline", "002": "pending"}
    assert dbwright("migrate", "up", database.url).status == 0
    done = dbwright("migrate", "down", database.url, "0")
    assert (done.status, "is of the baseline" in done.err) == (2, True)
    assert dbwright("migrate", "baseline", database.url).status == 2


def test_new(dbwright: Run, tmp_path: Path) -> None:
    assert dbwright("migrate", "new", "Create orders!").out == "migrations/001_create_orders.sql\n"
    assert dbwright("migrate", "new", "add index").out == "migrations/002_add_index.sql\n"
    (tmp_path / "migrations" / "20260101000000-x.sql").write_text("")
    timed = dbwright("migrate", "new", "add index").out
    assert timed.startswith("migrations/20") and timed.endswith("-add-index.sql\n")
    assert dbwright("migrate", "new", "!").status == 2


def test_python_files(dbwright: Run, database: Database, folder: Path) -> None:
    (folder / "002_index.sql").unlink()
    (folder / "002_fill.py").write_text(
        "# retry: 2\ndef up(connection):\n    connection.execute('UPDATE orders SET user_id = 7')\n"
    )
    assert dbwright("migrate", "up", database.url).status == 0
    assert database.execute("SELECT DISTINCT user_id FROM orders") == [(7,)]
    done = dbwright("migrate", "down", database.url)
    assert (done.status, "has no function down" in done.err) == (2, True)
    (folder / "003_wrong.py").write_text("def up(connection):\n    connection.execute('x')\n")
    assert dbwright("migrate", "up", database.url).status == 3
    (folder / "003_wrong.py").write_text("def up(connection):\n    1 / 0\n")
    done = dbwright("migrate", "up", database.url)
    assert (done.status, "ZeroDivisionError" in done.err) == (3, True)
    (folder / "003_wrong.py").write_text("def up(\n")
    assert dbwright("migrate", "up", database.url).status == 2


def test_who_is_in_the_way_is_named(dbwright: Run, database: Database, folder: Path) -> None:
    (folder / "002_index.sql").write_text("ALTER TABLE orders ADD note text;")
    dbwright("migrate", "up", database.url, "1")
    with psycopg.connect(database.url, application_name="the shop") as other:
        other.execute("SELECT count(*) FROM orders")
        done = dbwright("migrate", "up", database.url, "--lock-timeout", "300ms", "--retries", "1")
    assert done.status == 3
    assert "canceling statement due to lock timeout" in done.err
    assert "the shop" in done.err
    assert "idle in transaction" in done.err
    assert dbwright("migrate", "up", database.url).status == 0


def test_a_lock_that_comes_free(dbwright: Run, database: Database, folder: Path) -> None:
    (folder / "002_index.sql").write_text("ALTER TABLE orders ADD note text;")
    dbwright("migrate", "up", database.url, "1")
    with psycopg.connect(database.url) as other:
        other.execute("SELECT count(*) FROM orders")
        release = threading.Timer(1.0, other.rollback)
        release.start()
        done = dbwright("migrate", "up", database.url, "--lock-timeout", "100ms")
        release.join()
    assert done.status == 0


def test_one_runner_at_a_time(dbwright: Run, database: Database, folder: Path) -> None:
    dbwright("migrate", "up", database.url, "1")
    with psycopg.connect(database.url, application_name="other runner") as other:
        other.execute("SELECT pg_advisory_lock(1684174706, hashtext('public.schema_migrations'))")
        done = dbwright("migrate", "up", database.url, "--wait", "0.1")
        assert done.status == 3
        assert "another runner" in done.err and "other runner" in done.err
        assert dbwright("migrate", "status", database.url).status == 0


def test_the_table_of_another_tool(dbwright: Run, database: Database, folder: Path) -> None:
    database.execute("CREATE TABLE schema_migrations (version varchar PRIMARY KEY)")
    done = dbwright("migrate", "up", database.url)
    assert (done.status, "is another tool's" in done.err) == (2, True)
    done = dbwright("migrate", "up", database.url, "1", "--table", "dbwright_migrations")
    assert done.status == 0


def test_begin_and_commit(dbwright: Run, database: Database, folder: Path) -> None:
    (folder / "001_orders.sql").write_text("BEGIN;\nCREATE TABLE orders (id integer);\nCOMMIT;")
    assert dbwright("migrate", "up", database.url, "1").status == 0
    (folder / "002_index.sql").write_text("SELECT 1;\nCOMMIT;\nSELECT 2;")
    done = dbwright("migrate", "up", database.url)
    assert (done.status, "line 2: a file is one transaction" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("up", "--dir", "nowhere"), "can't read nowhere"),
        (("up", "1", "2"), "there can be one version"),
        (("up", "99"), "there is no migration 99"),
        (("up", "--lock-timeout", "soon"), "soon is no time"),
        (("down", "99"), "there is no migration 99"),
        (("status", "nowhere.dbw"), "nowhere.dbw"),
    ],
)
def test_bad_calls(
    dbwright: Run,
    database: Database,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url)
    done = dbwright("migrate", *arguments)
    assert done.status == 2
    assert message in done.err


def test_redo_again_after_its_second_half_failed(
    dbwright: Run, database: Database, folder: Path
) -> None:
    (folder / "002_index.sql").write_text("CREATE TABLE b ();\n-- DOWN\nDROP TABLE b;")
    assert dbwright("migrate", "up", database.url).status == 0
    (folder / "002_index.sql").write_text("CREATE TABLE b (nope);\n-- DOWN\nDROP TABLE b;")
    for _ in range(2):  # and never the one before it: its rows would be lost
        assert dbwright("migrate", "redo", database.url).status == 3
        assert states(dbwright, database) == {"001": "applied", "002": "failed"}
    (folder / "002_index.sql").write_text("CREATE TABLE b (i integer);\n-- DOWN\nDROP TABLE b;")
    done = dbwright("migrate", "redo", database.url, "--format", "json")
    assert [(one["version"], one["direction"]) for one in done.report["ran"]] == [("002", "up")]


def test_a_file_that_can_not_be_run(dbwright: Run, database: Database, folder: Path) -> None:
    (folder / "002_index.sql").write_text("-- lock-timeout 5s\nSELECT 1;\n-- DOWN\n")
    found = dbwright("migrate", "verify", database.url, "--format", "json")
    assert (found.status, found.rules) == (1, {"migrate/cannot-run"})


def test_a_url_that_can_not_be_read_shows_no_password(dbwright: Run, folder: Path) -> None:
    for verb in ("up", "status", "down", "verify"):
        done = dbwright("migrate", verb, "postgresql://me:open sesame@db/shop")
        assert (done.status, "can't be read" in done.err) == (2, True)
        assert "sesame" not in done.out + done.err
