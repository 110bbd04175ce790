"""Whole rehearsals of migrations that are fine, and of those that have one fault each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from dbwright.migrate.files.folder import read_folder
from dbwright.migrate.rehearsal.chosen import Chosen, tries_of
from dbwright.migrate.rehearsal.rehearsing import Rehearsing
from dbwright.migrate.rehearsal.seen import Options
from dbwright.migrate.rehearsal.stage import Stage
from dbwright.migrate.rehearsal.stages import replayed
from dbwright.migrate.runner.patience import Patience
from dbwright.migrate.works import work_of
from dbwright.model.finding import LockMode, Severity
from dbwright.model.rehearsal import RehearsedMigration
from dbwright.progress import silent

BASE = """-- UP
CREATE SCHEMA shop;
CREATE TYPE shop.status AS ENUM ('new', 'paid');
CREATE DOMAIN shop.short AS text CHECK (length(VALUE) <= 5);
CREATE TABLE shop.users (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email varchar(200) NOT NULL UNIQUE,
  name varchar(60), price numeric(12,4), zip shop.short, born date, tags text[],
  created_at timestamptz NOT NULL DEFAULT now(), lower_name text GENERATED ALWAYS AS (lower(name)) STORED);
CREATE TABLE shop."Or ders" (
  id bigserial PRIMARY KEY, user_id bigint NOT NULL REFERENCES shop.users ON DELETE CASCADE,
  "St atus" shop.status NOT NULL, total numeric(10,2) CHECK (total >= 0), next_id bigint REFERENCES shop."Or ders");
CREATE TABLE shop.parts (id bigint, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE shop.parts_1 PARTITION OF shop.parts FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE shop.log (line text);
CREATE SEQUENCE shop.numbers;
CREATE TABLE shop.notes (id int PRIMARY KEY DEFAULT nextval('shop.numbers'), body text NOT NULL DEFAULT '-',
  title text, loud text, price numeric(8,2), doc tsvector);
CREATE INDEX notes_title ON shop.notes (title); CREATE VIEW shop.titles AS SELECT id, title FROM shop.notes;
CREATE FUNCTION shop.shout() RETURNS trigger LANGUAGE plpgsql
  AS 'BEGIN NEW.loud = upper(NEW.title) || random(); RETURN NEW; END';
CREATE TRIGGER shout BEFORE UPDATE ON shop.notes FOR EACH ROW EXECUTE FUNCTION shop.shout();
GRANT SELECT ON shop.users, shop.notes TO reporting;
"""
Rehearse = Callable[..., RehearsedMigration]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A schema with some of everything, and fifty made rows a table."""
    folder = tmp_path_factory.mktemp("base")
    (folder / "001_base.sql").write_text(BASE)
    earlier = [work_of(one, "up", Patience()) for one in read_folder(folder)]
    with replayed(earlier, "schema_migrations", 50, silent) as found:
        yield found


@pytest.fixture
def rehearse(stage: Stage, tmp_path: Path) -> Rehearse:
    """Of one file: UP and DOWN (None: without), or Python."""

    def call(
        up: str, down: str | None = None, *, python: bool = False, head: str = "", **options: object
    ) -> RehearsedMigration:
        text = (
            up if python else f"{head}-- UP\n{up};" + ("" if down is None else f"\n-- DOWN\n{down}")
        )
        (tmp_path / ("002_change.py" if python else "002_change.sql")).write_text(text)
        tries = tries_of(Chosen((), read_folder(tmp_path)), Patience())
        wanted = Options(**{"clients": False, **options})  # type: ignore[arg-type]
        return Rehearsing(stage, wanted, silent).rehearse(tries[0])

    return call


def told(found: RehearsedMigration) -> set[tuple[str, str, Severity]]:
    """Rule without its topic, object, severity."""
    return {(one.rule.partition("/")[2], one.object.name, one.severity) for one in found.findings}


def rules(found: RehearsedMigration) -> set[str]:
    return {one.rule.partition("/")[2] for one in found.findings}


def test_every_table_gets_rows(stage: Stage) -> None:
    assert stage.skipped == []
    with psycopg.connect(stage.url()) as connection:
        for name in ("users", '"Or ders"', "parts", "log", "notes"):
            row = connection.execute(f"SELECT count(*) FROM shop.{name}".encode()).fetchone()
            assert row == (50,)
        row = connection.execute(
            "SELECT count(name) < 50, max(length(name)), count(DISTINCT zip) > 1 FROM shop.users"
        ).fetchone()
        assert row == (True, 60, True)


def test_a_statement_in_batches_counts_once(rehearse: Rehearse) -> None:
    found = rehearse(
        "UPDATE shop.notes SET title = title WHERE body IS NOT NULL",
        head="-- batches: shop.notes\n-- batch-size: 10\n-- batch-time: 1ms\n",
    )
    (one,) = found.up.statements
    assert (one.text, one.rewritten) == (
        "UPDATE shop.notes SET title = title WHERE body IS NOT NULL",
        (),
    )
    assert one.wal_bytes > 0 < one.seconds
    assert dict(one.locks)["shop.notes"] is LockMode.ROW_EXCLUSIVE


def test_what_the_file_says_and_what_happens_beside_it(rehearse: Rehearse) -> None:
    found = rehearse(
        "DO $$ BEGIN UPDATE shop.titles SET title = trim(title) || '!'; END $$;"
        "ALTER TABLE shop.notes ALTER price TYPE int USING floor(price + 0.5)::int;"
        "DO $$ BEGIN DELETE FROM shop.users WHERE id <= 3; END $$",
    )
    assert {one for one in told(found) if one[0] != "no-way-back"} == {
        ("changed-values", "shop.notes.title", Severity.NOTICE),
        ("changed-values", "shop.notes.loud", Severity.WARNING),
        ("changed-precision", "shop.notes.price", Severity.ERROR),
        ("lost-rows", "shop.users", Severity.WARNING),
        ("lost-rows", 'shop."Or ders"', Severity.ERROR),
    }


def test_a_clean_migration(rehearse: Rehearse) -> None:
    found = rehearse(
        'ALTER TABLE shop.users ADD "Sum" bigint; ALTER TABLE shop.users ADD CHECK (price < 1e9);'
        'CREATE INDEX ON shop."Or ders" (user_id); ALTER TABLE shop.log RENAME TO lines;',
        'ALTER TABLE shop.lines RENAME TO log; DROP INDEX shop."Or ders_user_id_idx";'
        'ALTER TABLE shop.users DROP "Sum", DROP CONSTRAINT users_price_check;',
        clients=True,
    )
    assert {one for one in told(found) if one[2] is not Severity.NOTICE} == set()
    assert found.checked == (
        "up: all rows and values are there as before",
        "down: the schema is the one before",
        "down: all rows and values are the ones before",
        "down: what was written between UP and DOWN is there",
        "up: no client of the version before was refused",
    )
    assert {(wait.table, wait.kind) for wait in found.up.waits} == {
        (table, kind) for table in ("shop.users", 'shop."Or ders"') for kind in ("read", "write")
    }
    assert all(wait.statements and wait.longest_before_seconds for wait in found.up.waits)
    assert found.up.wal_bytes > 0
    locks = {lock for one in found.up.statements for lock in one.locks}
    assert ('shop."Or ders"', LockMode.SHARE) in locks
    assert ("shop.users", LockMode.ACCESS_EXCLUSIVE) in locks
    assert [
        one.name for one in found.up.tables if one.index_bytes_after != one.index_bytes_before
    ] == ['shop."Or ders"']


def test_values_that_are_lost(rehearse: Rehearse) -> None:
    found = rehearse(
        "ALTER TABLE shop.users DROP lower_name;"
        "ALTER TABLE shop.users ALTER name TYPE varchar(8) USING name::varchar(8);"
        "ALTER TABLE shop.users ALTER price TYPE numeric(12,2);"
        "ALTER TABLE shop.users DROP born, ADD birthday date",
        "ALTER TABLE shop.users ALTER name TYPE varchar(60), ALTER price TYPE numeric(12,4);",
    )
    assert told(found) >= {
        ("truncated-values", "shop.users.name", Severity.ERROR),
        ("changed-precision", "shop.users.price", Severity.ERROR),
        ("renamed-by-drop-and-add", "shop.users.born", Severity.ERROR),
        ("lost-column", "shop.users.lower_name", Severity.WARNING),
        ("down-does-not-bring-back", "shop.users.name", Severity.ERROR),
        ("down-does-not-restore", "shop.users.birthday", Severity.ERROR),
        ("down-does-not-restore", "shop.users.born", Severity.ERROR),
    }
    (cut,) = (one for one in found.findings if one.rule == "migrate/truncated-values")
    assert "60 characters, then 8 characters" in cut.message
    assert "long" not in cut.message  # no value of a row


def test_rows_that_a_cascade_takes_along(rehearse: Rehearse) -> None:
    found = rehearse("DELETE FROM shop.users WHERE id <= 3", "")
    assert told(found) == {
        ("lost-rows", "shop.users", Severity.WARNING),
        ("lost-rows", 'shop."Or ders"', Severity.ERROR),
        ("down-does-not-bring-back", "shop.users", Severity.ERROR),
        ("down-does-not-bring-back", 'shop."Or ders"', Severity.ERROR),
    }


def test_what_down_brings_back_is_not_lost(rehearse: Rehearse) -> None:
    found = rehearse(
        "CREATE TABLE shop.saved AS SELECT id, price FROM shop.users;"
        "ALTER TABLE shop.users DROP price; UPDATE shop.users SET email = upper(email)",
        "ALTER TABLE shop.users ADD price numeric(12,4);"
        "UPDATE shop.users u SET price = s.price, email = lower(email) FROM shop.saved s WHERE s.id = u.id;"
        "DROP TABLE shop.saved",
    )
    assert {one for one in told(found) if one[2] is not Severity.NOTICE} <= {
        # Some mails differ in their case: those don't come back.
        ("down-does-not-bring-back", "shop.users.email", Severity.ERROR),
    }
    assert ("lost-column", "shop.users.price", Severity.WARNING) not in told(found)


def test_what_is_put_in_the_place_of_a_table(rehearse: Rehearse) -> None:
    found = rehearse(
        "DROP VIEW shop.titles; CREATE TABLE shop.notes_2 AS SELECT * FROM shop.notes;"
        "ALTER TABLE shop.notes RENAME TO notes_1; ALTER TABLE shop.notes_2 RENAME TO notes;"
        "ALTER TABLE shop.notes ADD PRIMARY KEY (id);"
        "ALTER TABLE shop.users DROP born, ALTER tags TYPE text[] USING NULL;"
        "ALTER TABLE shop.users ADD p2 numeric; UPDATE shop.users SET p2 = price WHERE id > 20;"
        "ALTER TABLE shop.users DROP price; ALTER TABLE shop.users RENAME p2 TO price",
        "ALTER TABLE shop.users ADD born date",
    )
    (lacks,) = (one for one in found.findings if one.rule == "migrate/made-anew-without")
    assert lacks.message == (
        "shop.notes is another table after UP, without the default of id, the default of body, "
        "NOT NULL of body, the index notes_title, the trigger shout, privileges of reporting"
    )
    assert told(found) >= {
        ("made-anew-without", "shop.notes", Severity.WARNING),
        ("changed-values", "shop.users.price", Severity.ERROR),
        ("lost-column", "shop.users.born", Severity.WARNING),
    }
    found = rehearse(
        "ALTER TABLE shop.log RENAME TO log_1; CREATE TABLE shop.log (LIKE shop.log_1);"
        "ALTER TABLE shop.users DROP price",
        "DROP TABLE shop.log; ALTER TABLE shop.log_1 RENAME TO log;"
        "ALTER TABLE shop.users ADD price numeric(12,4)",
    )
    assert told(found) >= {
        ("set-aside", "shop.log", Severity.NOTICE),
        ("down-does-not-restore", "shop.users", Severity.NOTICE),
        ("down-does-not-bring-back", "shop.users.price", Severity.ERROR),
    }


def test_runs_that_fail(rehearse: Rehearse) -> None:
    found = rehearse("SELECT nowhere", "")
    assert rules(found) == {"up-failed"}
    assert "leaves nothing behind" in found.findings[0].advice
    assert found.down is None
    found = rehearse("CREATE TABLE shop.more (a int)", "DROP TABLE shop.moer")
    assert told(found) == {("down-failed", "002", Severity.ERROR)}
    assert '"moer" does not exist' in found.findings[0].message
    found = rehearse(
        "CREATE INDEX CONCURRENTLY log_line ON shop.log (line);"
        "ALTER TABLE shop.log ADD other text;"
        'CREATE UNIQUE INDEX CONCURRENTLY one ON shop."Or ders" ("St atus")',
        "",
        head="-- no-transaction\n",
    )
    (failed,) = (one for one in found.findings if one.rule == "migrate/up-failed")
    assert "2 of 3 statements done; another `up` goes on there, and fails again" in failed.advice
    assert "unique-collision" in rules(found)


def test_python(rehearse: Rehearse) -> None:
    found = rehearse(
        "def up(connection):\n    connection.execute('DELETE FROM shop.log')\n"
        "    connection.execute('ALTER TABLE shop.users ALTER id DROP IDENTITY')\n"
        "    connection.execute('ALTER TABLE shop.users ALTER id ADD GENERATED ALWAYS AS IDENTITY')\n",
        python=True,
    )
    assert told(found) == {
        ("sequence-behind", "shop.users.id", Severity.ERROR),
        ("lost-rows", "shop.log", Severity.WARNING),
        ("no-way-back", "002", Severity.NOTICE),
    }


def test_clients_of_the_version_before(rehearse: Rehearse) -> None:
    found = rehearse(
        "ALTER TABLE shop.users RENAME email TO mail; LOCK shop.parts; SELECT pg_sleep(0.4)",
        "ALTER TABLE shop.users RENAME mail TO email",
        clients=True,
        longest_wait=0.2,
    )
    assert {one for one in told(found) if one[2] is not Severity.NOTICE} == {
        ("breaks-clients", "shop.users", Severity.WARNING),
        ("blocks-clients", "shop.users", Severity.WARNING),
        ("blocks-clients", "shop.parts", Severity.WARNING),
    }
    kinds = {error.kind for error in found.up.errors}
    assert kinds == {"read", "write"}
    assert {error.sqlstate for error in found.up.errors} == {"42703"}
    wait = found.up.longest_wait
    assert wait is not None and wait.longest_seconds >= 0.2


def test_rows_that_collide(stage: Stage, rehearse: Rehearse) -> None:
    found = rehearse("UPDATE shop.log SET line = 'x'; CREATE UNIQUE INDEX ON shop.log (line)", "")
    # Rows that the migration itself makes equal are not the ones before.
    assert rules(found) == {"up-failed"}
    found = rehearse('CREATE UNIQUE INDEX ON shop."Or ders" ("St atus")', "DROP INDEX x")
    assert rules(found) <= {"up-failed", "unique-collision", "depends-on-rows"}
    (collision,) = (one for one in found.findings if one.rule == "migrate/unique-collision")
    assert collision.evidence == {"rows": 48}
    assert "48 rows" in collision.message and "St atus" in collision.message
    found = rehearse(
        "CREATE TABLE shop.log_2 (line text UNIQUE);"
        "INSERT INTO shop.log_2 SELECT left(line, 1) FROM shop.log ON CONFLICT DO NOTHING;"
        "DROP TABLE shop.log; ALTER TABLE shop.log_2 RENAME TO log"
    )
    assert ("lost-rows", "shop.log", Severity.ERROR) in told(found)
