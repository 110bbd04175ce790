"""Rows for awkward schemas, in files and in databases, on real servers."""

from __future__ import annotations

import filecmp
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dbwright.sandbox.load import load
from servers.command_line import Done
from servers.postgresql import Database

Call = Callable[..., Done]
AWKWARD = Path(__file__).with_name("awkward.sql")
SHOP = """
CREATE TABLE people (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL,
  email text NOT NULL UNIQUE, boss int REFERENCES people, born date);
CREATE TABLE buys (id bigserial PRIMARY KEY, person int NOT NULL REFERENCES people,
  at timestamptz NOT NULL, amount numeric(9,2) NOT NULL CHECK (amount > 0), status text NOT NULL
  CHECK (status IN ('open', 'done', 'void')), code text UNIQUE);
"""


def tables(done: Done) -> dict[str, dict[str, Any]]:
    return {one["table"]: one for one in done.report["tables"]}


def test_files_for_an_awkward_schema(dbwright: Call, database: Database, tmp_path: Path) -> None:
    done = dbwright(
        "design", "seed", AWKWARD, "-o", tmp_path / "rows", "--rows", "300", "--format", "json"
    )
    assert done.status == 1, done.err
    found = tables(done)
    # What no row can be made for is told with the constraint; all else has what was asked for.
    skipped = {name for one in done.report["skipped"] for name in one["objects"]}
    assert skipped == {
        "constraint public.impossible.impossible_id_check",
        "table public.empty_table",
    }
    few = {name: one["rows"] for name, one in found.items() if one["rows"] != 300}
    assert few == {"public.flags": 2}
    assert found["public.flags"]["fewer_because"] == "flags_pkey"
    assert found["public.booking"]["asked_the_server_for"] == "booking_room_during_excl"
    assert done.report["foreign_keys_proven"] == 16
    assert not any("unfinished" in path.name for path in tmp_path.iterdir())
    # The folder loads into an ordinary database, by load.sql.
    for file in (AWKWARD, tmp_path / "rows" / "load.sql"):
        loaded = load(database.server, database.name, [file])
        assert [one.message for one in loaded.refused] == []

    def one(query: str) -> Any:
        return database.execute(query)[0][0]

    assert one("SELECT count(*) FROM orders WHERE parent IS NOT NULL") > 100
    assert one("SELECT count(DISTINCT root) FROM orders") > 10
    assert one("SELECT count(head) FROM dept") > 200
    assert one("SELECT max(n) FROM (SELECT count(*) n FROM lines GROUP BY order_id) x") > 5
    assert one("SELECT count(*) FROM sums WHERE total > 100") > 100
    assert one("SELECT count(DISTINCT tableoid) FROM ranged") == 2
    assert one("SELECT count(DISTINCT tableoid) FROM payments") == 2
    assert one('SELECT count(*) FROM "My shop"."Us ers" WHERE born IS NULL') in range(10, 70)
    assert one('SELECT count(DISTINCT color) FROM "My shop"."Us ers"') == 2
    assert one("SELECT count(*) FROM sales WHERE parent IS NOT NULL") > 20
    assert one("SELECT count(*) FROM kinds WHERE kind = 'card'") in range(50, 250)
    # Numbers go on behind the rows.
    assert one("SELECT nextval('orders_id_seq') > max(id) FROM orders")


def test_another_awkward_schema(dbwright: Call) -> None:
    schema = AWKWARD.with_name("awkward_too.sql")
    done = dbwright("design", "seed", schema, "-o", "rows", "--rows", "200", "--format", "json")
    assert done.status == 1, done.err
    # Only the circle of foreign keys that may neither be NULL nor wait.
    skipped = {name for one in done.report["skipped"] for name in one["objects"]}
    assert skipped == {"constraint public.x1.x1_b_fkey", "constraint public.x2.x2_a_fkey"}
    few = {name: one["rows"] for name, one in tables(done).items() if one["rows"] != 200}
    assert few == {"public.combos": 6}
    assert done.report["foreign_keys_proven"] == 8
    lines = Path("rows/009_public.inv.sql").read_text().splitlines()[1:-1]
    assert len(set(lines)) == 200 and len({line.split("\t")[4] for line in lines}) > 50


def test_the_same_seed_gives_the_same_rows(dbwright: Call, tmp_path: Path) -> None:
    Path("shop.sql").write_text(SHOP)
    made = [("a", "1", "copy"), ("b", "1", "copy"), ("c", "2", "csv")]
    for folder, number, kind in made:
        call = ["design", "seed", "shop.sql", "-o", folder, "--seed", number, "--data", kind]
        done = dbwright(*call, "--rows", "50", "--rows", "buys=200")
        assert done.status == 0, done.err
        assert "psql -v ON_ERROR_STOP=1 -f" in done.out
    names = sorted(path.name for path in Path("a").iterdir())
    assert names == ["001_public.people.sql", "002_public.buys.sql", "load.sql"]
    assert filecmp.cmpfiles("a", "b", names, shallow=False) == (names, [], [])
    rows = Path("c/002_public.buys.csv").read_text().splitlines()
    assert rows[0] == "id,person,at,amount,status,code" and len(rows) == 201
    assert Path("a/002_public.buys.sql").read_text().splitlines()[0].startswith("COPY public.buys")
    again = dbwright("design", "seed", "shop.sql", "-o", "a")
    assert again.status == 2 and "is there and not empty" in again.err


def test_into_a_database(dbwright: Call, database: Database) -> None:
    database.execute(SHOP)
    database.execute(
        "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN NEW.name := upper(NEW.name); RETURN NEW; END';"
        "CREATE TRIGGER stamp BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION stamp()"
    )
    call = ("design", "seed", database.url, "--apply", "--format", "json")
    assert dbwright("design", "seed", database.url).status == 2
    assert database.execute("SELECT count(*) FROM people") == [(0,)]
    done = dbwright(*call, "--rows", "120", "--skew", "0.8")
    assert done.status == 0, done.err
    assert database.execute("SELECT count(*), bool_and(name = upper(name)) FROM people") == [
        (120, True)
    ]
    assert database.execute("SELECT count(*) FROM buys") == [(120,)]
    refused = dbwright(*call)
    assert refused.status == 3 and "there are rows in public.people, public.buys" in refused.err
    assert database.execute("SELECT count(*) FROM people") == [(120,)]
    more = dbwright(*call, "--append", "--rows", "30")
    assert more.status == 0, more.err
    assert database.execute("SELECT count(*), max(id), count(boss) > 100 FROM people") == [
        (150, 150, True)
    ]
    # Only one table: what it refers to is there.
    one = dbwright(*call, "--append", "--rows", "0", "--rows", "buys=10")
    assert one.status == 0 and tables(one).keys() == {"public.buys"}
    database.execute("INSERT INTO people (name, email) VALUES ('x', 'y')")
    # A rule of the target's that no catalog tells: the table is told, and the others are filled.
    database.execute(
        "CREATE TABLE guarded (id int PRIMARY KEY); CREATE FUNCTION stop() RETURNS trigger"
        " LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''not today''; END';"
        "CREATE TRIGGER stop BEFORE INSERT ON guarded FOR EACH ROW EXECUTE FUNCTION stop()"
    )
    guarded = dbwright(*call, "--append", "--rows", "10")
    assert guarded.status == 1
    assert "not today" in guarded.report["skipped"][0]["reason"]
    assert database.execute("SELECT count(*) FROM buys") == [(170,)]


def test_like_statistics_without_a_value(dbwright: Call, database: Database) -> None:
    database.execute(SHOP)
    database.execute("CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')")
    database.execute("ALTER TABLE people ADD mood mood, ADD city text, ADD note varchar(40)")
    database.execute(
        "INSERT INTO people (name, email, born, mood, city, note) SELECT 'Realname ' || n % 300,"
        " 'real' || n || '@corp.test', date '1950-01-01' + n * 7,"
        " CASE WHEN n % 10 < 7 THEN 'happy' ELSE 'ok' END::mood,"
        " CASE WHEN n % 4 = 0 THEN NULL WHEN n % 2 = 0 THEN 'Realtown' ELSE 'Realburg ' || n % 7 END,"
        " 'Confidential ' || left(md5(n::text), 20) FROM generate_series(1, 2000) n;"
        "INSERT INTO buys (person, at, amount, status, code) SELECT 1 + (n * n) % 400,"
        " timestamptz '2024-01-01' + n * interval '1 minute', 10 + (n * 37) % 9000 / 100.0,"
        " CASE WHEN n % 5 = 0 THEN 'void' ELSE 'done' END, 'K' || n FROM generate_series(1, 4000) n;"
        "ANALYZE people, buys"
    )
    assert dbwright("snapshot", database.url, "-o", "prod.dbw").status == 0
    values = (
        "SELECT attname, unnest({}::text::text[]) FROM pg_stats"
        " WHERE attname IN ('name', 'email', 'city', 'note', 'code')"
    )
    secrets = database.execute(values.format("most_common_vals"))
    secrets += database.execute(values.format("histogram_bounds"))
    assert len(secrets) > 300
    amounts = database.execute(
        "SELECT histogram_bounds::text FROM pg_stats WHERE attname = 'amount'"
    )[0][0]
    real = dict(_shape(database))
    database.execute("TRUNCATE people, buys RESTART IDENTITY")
    # The snapshot tells what is to be made as well as what it is to be like.
    done = dbwright(
        "design", "seed", database.url, "--apply", "--like", "prod.dbw", "--scale", "0.5"
    )
    assert done.status == 0, done.err
    counted = database.execute("SELECT (SELECT count(*) FROM people), count(*) FROM buys")
    assert counted == [(1000, 2000)]
    for column, text in secrets:
        of = "buys" if column == "code" else "people"
        found = database.execute(f"SELECT count(*) FROM {of} WHERE {column} = $${text}$$")
        assert found == [(0,)], (column, text)
    numbers = "SELECT count(*) FROM buys WHERE amount = ANY ($${}$$::numeric[])"
    assert database.execute(numbers.format(amounts)) == [(0,)]
    made = dict(_shape(database))
    for name in ("mood", "city", "born", "status", "amount", "at", "name"):
        nulls, distinct, first, correlation = made[name]
        assert abs(nulls - real[name][0]) < 0.05, name
        assert first == pytest.approx(real[name][2], abs=0.05), name
        ahead = (real[name][3] or 0) > 0.9
        assert not ahead or correlation > 0.9, name
        assert distinct == pytest.approx(real[name][1], rel=0.25) or distinct < -0.75, name
    assert database.execute("SELECT count(*) FROM people WHERE mood = 'sad'") == [(0,)]


def _shape(database: Database) -> list[tuple[str, tuple[Any, ...]]]:
    rows = database.execute(
        "SELECT attname, null_frac, n_distinct, coalesce(most_common_freqs[1], 0), correlation"
        " FROM pg_stats WHERE tablename IN ('people', 'buys')"
    )
    return [(row[0], row[1:]) for row in rows]


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["x.sql"], 2, "it was not said where rows go"),
        (["x.sql", "--apply"], 2, "--apply needs a database"),
        (["x.sql", "-o", "y", "--rows", "many"], 2, "is no number of rows"),
        (["x.sql", "-o", "y", "--rows", "nothere=3"], 2, "there is no table nothere"),
        (["x.sql", "-o", "y", "--nulls", "2"], 2, "--nulls 2 is out of bounds"),
        (["x.sql", "-o", "y", "--scale", "2"], 2, "--scale is of the rows of --like"),
        (["x.sql", "-o", "y", "--append"], 2, "--append is for --apply"),
        (["x.sql", "-o", "y", "--apply"], 2, "leave one of them out"),
        (["x.sql", "-o", "y", "--locale", "xx_YY"], 2, "Faker has no locale 'xx_YY'"),
        (["x.sql", "-o", "x.sql/y"], 2, "can't write"),
        (["nothere.sql", "-o", "y"], 2, "there is no file"),
        (["postgresql://u:pass@127.0.0.1:1/d", "--apply"], 3, "127.0.0.1"),
    ],
)
def test_calls_that_are_wrong(dbwright: Call, arguments: list[str], status: int, told: str) -> None:
    Path("x.sql").write_text("CREATE TABLE t (name text);")
    done = dbwright("design", "seed", *arguments)
    assert done.status == status and told in done.err, done.err
    assert "pass@" not in done.err and not Path("y").exists()


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [1.5, 2.5, 3.5, 5.0])
def test_killed_at_any_point_it_is_done_again(
    dbwright: Call, database: Database, tmp_path: Path, seconds: float
) -> None:
    database.execute(SHOP)
    call = ["design", "seed", database.url, "--apply", "--rows", "200000"]
    process = subprocess.Popen([sys.executable, "-m", "dbwright", *call, "-q"])
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()
    counts = database.execute("SELECT (SELECT count(*) FROM people), count(*) FROM buys")
    assert counts in ([(0, 0)], [(200_000, 200_000)])
    if counts == [(0, 0)]:
        assert dbwright(*call[:-1], "100").status == 0
    Path("shop.sql").write_text(SHOP)
    files = ["design", "seed", "shop.sql", "-o", "rows", "--rows", "200000"]
    process = subprocess.Popen([sys.executable, "-m", "dbwright", *files, "-q"])
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()
    if not Path("rows").exists():
        assert dbwright(*files[:-1], "100").status == 0
    assert Path("rows/load.sql").exists() and not list(tmp_path.glob(".rows*"))
