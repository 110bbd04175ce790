"""`dbwright design normalize` as it is called."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from tests.design.normalize.made import order_lines

from dbwright.design.normalize.relation import Relation
from servers.command_line import Done
from servers.postgresql import Database

Call = Callable[..., Done]


def written(of: Relation, folder: Path, name: str = "order_lines.csv") -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(of.names)
        for row in range(of.rows):
            writer.writerow([column.value(row) for column in of.columns])
    return path


def test_a_file_is_taken_apart_asked_and_proved(dbwright: Call, tmp_path: Path) -> None:
    written(order_lines(), tmp_path)
    done = dbwright(
        *("design", "normalize", "order_lines.csv", "--propose", "said.yaml"),
        *("--migration", "split.sql", "--format", "json"),
    )
    assert (done.status, done.err.count("error")) == (0, 0)
    (of,) = json.loads(done.out)["relations"]
    assert of["form"] == "1NF"
    assert of["key"] == ["order_id", "line_no"]
    assert [table["name"] for table in of["tables"]] == [
        *("orders", "customers", "cities", "products", "order_line_items")
    ]
    assert of["cells_after"] < of["cells_before"] == 360 * 11
    assert of["proof"]["holds"] and of["proof"]["restored"]
    assert of["proof"]["missing_rows"] == of["proof"]["surplus_rows"] == 0
    assert Path("split.sql").read_text() == of["migration"]
    said = Path("said.yaml").read_text()
    assert "dependency: product_id -> unit_price\n      verdict: asked" in said
    Path("yes.yaml").write_text(said.replace("asked", "accepted"))
    done = dbwright(
        *("design", "normalize", "order_lines.csv", "--confirm", "yes.yaml", "--no-trial"),
        *("--format", "markdown", "--keep", "city_name"),
    )
    assert done.status == 0
    assert "| products | product\\_id, product\\_name, unit\\_price | product\\_id |" in done.out
    assert "city\\_name stays with the rows on purpose: 360 cells instead of 6" in done.out
    done = dbwright("design", "normalize", "order_lines.csv", "--migration", "split.sql")
    assert (done.status, "is there already" in done.err) == (2, True)


@pytest.mark.parametrize(("answer", "there"), [("y\n", True), ("\n", False)])
def test_a_person_at_a_terminal_is_asked(
    dbwright: Call,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    there: bool,
) -> None:
    path = written(order_lines(), tmp_path)
    typed = io.StringIO(answer)
    monkeypatch.setattr(typed, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", typed)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    done = dbwright("design", "normalize", path, "--no-trial", "-q", "--format", "json")
    assert "order_lines: product_id -> unit_price: may unit_price change while" in done.err
    products = next(t for t in done.report["relations"][0]["tables"] if t["name"] == "products")
    assert ("unit_price" in products["columns"]) is there


def test_exceptions_are_shown_and_nothing_is_made_of_them(dbwright: Call, tmp_path: Path) -> None:
    path = written(order_lines(), tmp_path)
    path.write_text(path.read_text().replace("City 3", "Ctiy 3", 1))
    arguments = ("design", "normalize", path, "--no-trial", "--errors", "2%")
    done = dbwright(*arguments, "--format", "markdown")
    assert "city\\_id → city\\_name holds except for 1 row: row " in done.out
    assert "has 'Ctiy 3' for '3', row " in done.out
    (of,) = dbwright(*arguments, "--format", "json").report["relations"]
    assert not any("city_name" in t["columns"] for t in of["tables"] if t["name"] == "cities")


def test_without_data_and_with_what_is_meant(dbwright: Call, tmp_path: Path) -> None:
    given = "street, city -> zip; zip -> city"
    done = dbwright("design", "normalize", "--given", given, "--format", "json")
    assert done.report["form"] == "3NF"
    assert done.report["lost"] == [{"left": ["city", "street"], "right": ["zip"]}]
    assert "Lost: city, street -> zip." in dbwright("design", "normalize", "--given", given).out
    path = written(order_lines(), tmp_path)
    done = dbwright("design", "normalize", path, "--given", "quantity -> city_id", "--no-trial")
    assert done.status == 2
    assert "quantity -> city_id does not hold in order_lines" in done.err
    given = "product_id -> unit_price; order_id, line_no, city_id -> quantity"
    done = dbwright(
        *("design", "normalize", path, "--given", given, "--no-trial", "--format", "json")
    )
    products = next(t for t in done.report["relations"][0]["tables"] if t["name"] == "products")
    assert "unit_price" in products["columns"]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ((), 2, "no source was named"),
        (("nope.csv",), 2, "there is no file nope.csv"),
        (("nope",), 2, "no file, folder or target named 'nope'"),
        (("ragged.csv",), 2, "ragged.csv:3:3: 2 fields, and the header has 1"),
        (("fine.csv", "--left", "4"), 2, "--left is 1 to 3"),
        (("fine.csv", "--errors", "many"), 2, "'many' is no share below 50%"),
        (("fine.csv", "--keep", "z"), 2, "there is no column 'z'"),
        (("fine.csv", "--confirm", "none.yaml"), 2, "can't read none.yaml"),
        (("fine.csv", "sub/fine.csv"), 2, "two sources are named fine"),
        (("--given", "a b"), 2, "1:1: 'a b' is no dependency"),
        (("postgresql://nobody:secret@127.0.0.1:1/x",), 3, "can't connect"),
    ],
)
def test_bad_calls(
    dbwright: Call, tmp_path: Path, arguments: tuple[str, ...], status: int, said: str
) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("fine.csv", "sub/fine.csv"):
        (tmp_path / name).write_text("a,b\n1,2\n2,3\n")
    (tmp_path / "ragged.csv").write_text("a\n1\n2,3\n")
    before = sorted(tmp_path.rglob("*"))
    done = dbwright("design", "normalize", *arguments)
    assert (done.status, said in done.err) == (status, True), done.err
    assert done.out == ""
    assert "secret" not in done.err
    assert sorted(tmp_path.rglob("*")) == before


SHOP = '''
CREATE SCHEMA "My Shop";
CREATE TYPE "My Shop".mood AS ENUM ('ok', 'bad');
CREATE TABLE "My Shop".regions (code text PRIMARY KEY);
INSERT INTO "My Shop".regions SELECT 'r' || i FROM generate_series(0, 4) i;
CREATE TABLE "My Shop"."Order Lines" (
    line_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "orderId" int NOT NULL,
    customer_id int, "customer ""Name""" varchar(50), customer_mood "My Shop".mood,
    region_code text REFERENCES "My Shop".regions, price numeric(10, 2), qty int,
    total numeric GENERATED ALWAYS AS (price * qty) STORED, doc json
);
INSERT INTO "My Shop"."Order Lines"
    ("orderId", customer_id, "customer ""Name""", customer_mood, region_code, price, qty, doc)
SELECT o, c, 'C' || c, CASE WHEN c < 20 THEN 'ok' WHEN c >= 20 THEN 'bad' END::"My Shop".mood,
    'r' || c % 5, (o * l) % 17 + 0.5, l, '{"a": 1}'
FROM generate_series(1, 150) o, generate_series(1, 3) l,
    LATERAL (SELECT CASE WHEN o % 7 > 0 THEN o % 30 END AS c) x;
CREATE TABLE "My Shop".refunds (line_id bigint REFERENCES "My Shop"."Order Lines");
CREATE VIEW "My Shop".wide AS SELECT "orderId" FROM "My Shop"."Order Lines";
GRANT SELECT ON "My Shop"."Order Lines" TO PUBLIC;
'''


def test_a_table_of_a_live_database(dbwright: Call, database: Database) -> None:
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(SHOP)
    done = dbwright(
        *("design", "normalize", database.url, "--table", "My Shop.Order Lines"),
        *("--format", "json", "--migration", "001_split.sql"),
    )
    assert done.status == 0, done.out + done.err
    (of,) = done.report["relations"]
    assert of["proof"]["holds"]
    assert [table["name"] for table in of["tables"]] == ["orders", "customers", "lines"]
    assert any('"My Shop".refunds' in said for said in of["left_behind"])
    assert any('"My Shop".wide' in said for said in of["left_behind"])
    text = Path("001_split.sql").read_text()
    up, _, down = text.partition("-- DOWN\n")
    assert 'GRANT SELECT ON "My Shop"."Order Lines" TO PUBLIC;' in up
    columns = 'line_id, "orderId", customer_id, region_code, price, qty, total, doc::text'
    query = f'SELECT {columns} FROM "My Shop"."Order Lines" ORDER BY 1'.encode()
    with psycopg.connect(database.url, autocommit=True) as connection:
        before = connection.execute(query).fetchall()
        connection.execute(up.encode())
        assert connection.execute(query).fetchall() == before
        kinds = 'SELECT relkind FROM pg_class WHERE oid = \'"My Shop"."Order Lines"\'::regclass'
        assert connection.execute(kinds).fetchone() == ("v",)
        connection.execute(down.encode())
        assert connection.execute(query).fetchall() == before
        assert connection.execute(kinds).fetchone() == ("r",)


def test_a_table_that_may_not_be_read(dbwright: Call, database: Database) -> None:
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE own (a int); CREATE ROLE normalize_low LOGIN")
        try:
            url = database.server.url(database.name, user="normalize_low")
            done = dbwright("design", "normalize", url, "--table", "own")
            assert done.status == 3
            assert "public.own can't be read: permission denied for table own" in done.err
            assert "GRANT SELECT ON public.own TO normalize_low" in done.err
        finally:
            connection.execute("DROP ROLE normalize_low")


def test_a_whole_database_as_sql_files(dbwright: Call, tmp_path: Path) -> None:
    (tmp_path / "shop.sql").write_text(
        """CREATE TABLE customers (id int PRIMARY KEY, name text);
        INSERT INTO customers SELECT i, 'c' || i FROM generate_series(1, 40) i;
        CREATE TABLE orders (id int PRIMARY KEY, customer_id int, status text);
        INSERT INTO orders SELECT i, i % 40 + 1, 's' || i % 3 FROM generate_series(1, 200) i;
        CREATE TABLE nothing (id int);"""
    )
    done = dbwright("design", "normalize", "shop.sql", "--format", "json")
    assert done.status == 0
    assert [of["form"] for of in done.report["relations"]] == ["BCNF", "BCNF"]
    accepted = [one for one in done.report["inclusions"] if one["verdict"] == "accepted"]
    assert [(one["table"], one["column"], one["referenced_table"]) for one in accepted] == [
        ("public.orders", "customer_id", "public.customers")
    ]
    assert "public.nothing has no rows" in done.report["notes"][0]
    done = dbwright("design", "normalize", "shop.sql", "--table", "nothing")
    assert (done.status, "public.nothing has no rows" in done.err) == (2, True)
    done = dbwright("design", "normalize", "shop.sql", "--table", "orderz")
    assert (done.status, "no table is named 'orderz'" in done.err) == (2, True)
