"""`dbwright explain`, as a person calls it: on a server, on a snapshot, with a pasted plan."""

from __future__ import annotations

import io
import json
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbwright.cli.app import run
from dbwright.sandbox import Server

SCHEMA = """
CREATE TABLE orders (id int PRIMARY KEY, customer int, status text);
INSERT INTO orders SELECT n, n % 1000, 'sent' FROM generate_series(1, 20000) n;
ANALYZE orders;
"""
QUERY = "SELECT * FROM orders WHERE customer = 7"
PLAN = """\
 Seq Scan on orders  (cost=0.00..378.00 rows=20 width=13) (actual time=0.01..2.50 rows=20 loops=1)
   Filter: (customer = 7)
   Rows Removed by Filter: 19980
 Planning Time: 0.100 ms
 Execution Time: 2.600 ms
"""


@dataclass(frozen=True, slots=True)
class Done:
    status: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


@pytest.fixture
def dbwright(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Done]]:
    """Runs a command line in this process, in an empty folder and without PG* variables."""
    for name in [*os.environ]:
        if name.startswith("PG") or name in ("DATABASE_URL", "FORCE_COLOR"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    before = signal.getsignal(signal.SIGTERM)

    def call(*arguments: str | Path, stdin: str = "") -> Done:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capsys.readouterr()
        status = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Done(status, captured.out, captured.err)

    yield call
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="module")
def shop(postgresql: Server) -> Iterator[str]:
    """The URL of a database with SCHEMA."""
    postgresql.create_database("explained")
    url = postgresql.url("explained")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SCHEMA.encode())
    yield url
    with psycopg.connect(postgresql.url(), autocommit=True) as connection:
        connection.execute("DROP DATABASE explained")


def test_on_a_server(dbwright: Callable[..., Done], shop: str) -> None:
    done = dbwright("explain", shop, QUERY, "--analyze")
    assert done.status == 0
    assert "Seq Scan on public.orders ◀ [1]" in done.out
    assert "plans/sequential-scan-discards-rows" in done.out
    assert "CREATE INDEX CONCURRENTLY orders_customer_idx ON public.orders (customer);" in done.out
    assert max(len(line) for line in done.out.splitlines() if "INDEX" not in line) <= 80
    assert "\x1b" not in done.out


def test_as_if_an_index_were_there(dbwright: Callable[..., Done], shop: str) -> None:
    found: dict[str, dict[str, Any]] = {}
    for text in ("orders (customer)", "CREATE INDEX ON orders (status)"):
        done = dbwright("explain", shop, QUERY, "--with-index", text, "--format", "json")
        assert done.status == 0
        found[text] = done.document
    helps, idle = found.values()
    cost = helps["plan"]["root"]["total_cost"]
    assert cost < helps["imagined"]["cost_without"] == idle["plan"]["root"]["total_cost"]
    assert helps["imagined"]["indexes"][0]["used"] is True
    assert "used" not in idle["imagined"]["indexes"][0]
    with psycopg.connect(shop) as connection:
        rows = connection.execute("SELECT count(*) FROM pg_indexes WHERE tablename = 'orders'")
        assert rows.fetchone() == (1,)


def test_the_target_may_come_from_the_environment(
    dbwright: Callable[..., Done], shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", shop)
    named = dbwright("explain", shop, QUERY).out
    assert dbwright("explain", QUERY).out == named
    assert dbwright("explain", "-", stdin=QUERY).out == named
    Path("q.sql").write_text(QUERY + ";\n", encoding="utf-8")
    assert dbwright("explain", "--file", "q.sql").out == named
    assert dbwright("explain", shop, "--file", "q.sql").out == named
    assert "not run: estimates only" in named


def test_json_is_the_same_each_time(dbwright: Callable[..., Done], shop: str) -> None:
    first = dbwright("explain", shop, QUERY, "--format", "json")
    assert first.out == dbwright("explain", shop, QUERY, "--format", "json").out
    found = first.document
    assert (found["schema_version"], found["command"]) == (1, "explain")
    assert found["plan"]["query"] == QUERY
    assert found["plan"]["root"]["kind"] == "Seq Scan"
    assert found["skipped"][0]["part"] == "plan.actual"


def test_a_pasted_plan_needs_no_server(dbwright: Callable[..., Done]) -> None:
    Path("slow.txt").write_text(PLAN, encoding="utf-8")
    done = dbwright("explain", "--plan", "slow.txt", "--format", "json")
    assert done.status == 0
    (remark,) = done.document["remarks"]
    assert remark["rule"] == "plans/sequential-scan-discards-rows"
    assert "fix" not in remark  # nothing is known of the table
    assert done.document["target"] == "slow.txt"
    assert dbwright("explain", "--plan", "-", "--format", "json", stdin=PLAN).status == 0


def test_several_pasted_plans_are_told(dbwright: Callable[..., Done]) -> None:
    done = dbwright("explain", "--plan", "-", "--format", "json", stdin=f"{PLAN}\n{PLAN}")
    assert done.document["skipped"][0]["reason"].startswith("2 plans were given")
    assert [remark["node"] for remark in done.document["remarks"]] == [0]


def test_a_pasted_plan_with_its_target_gets_fixes(dbwright: Callable[..., Done], shop: str) -> None:
    Path("slow.txt").write_text(PLAN, encoding="utf-8")
    (remark,) = dbwright("explain", shop, "--plan", "slow.txt", "--format", "json").document[
        "remarks"
    ]
    assert remark["fix"]["up"].startswith("CREATE INDEX CONCURRENTLY")
    assert remark["object"] == {"kind": "table", "name": "public.orders"}


def test_unknown_nodes_are_analysed_all_the_same(dbwright: Callable[..., Done]) -> None:
    strange = (
        "Quantum Join  (cost=0.00..400.00 rows=20 width=13) (actual time=0.1..3.0 rows=20 loops=1)\n"
        "  Flux: 7\n"
        + "\n".join(
            f"  {'->  ' if n == 0 else '    '}{line.strip()}"
            for n, line in enumerate(PLAN.splitlines()[:3])
        )
    )
    Path("strange.txt").write_text(strange, encoding="utf-8")
    found = dbwright("explain", "--plan", "strange.txt", "--format", "json").document
    assert found["plan"]["root"]["kind"] == "Quantum Join"
    assert [remark["node"] for remark in found["remarks"]] == [1]


def test_a_snapshot_is_planned_on_its_twin(dbwright: Callable[..., Done], shop: str) -> None:
    assert dbwright("snapshot", shop, "-o", "shop.dbw").status == 0
    here = dbwright("explain", shop, QUERY, "--format", "json").document["plan"]["root"]
    there = dbwright("explain", "shop.dbw", QUERY, "--format", "json").document["plan"]["root"]
    for name in ("kind", "relation", "rows", "filter"):
        assert there[name] == here[name]
    assert there["total_cost"] == pytest.approx(here["total_cost"], rel=0.03)
    done = dbwright("explain", "--on", "shop.dbw", QUERY, "--verbose")
    assert done.status == 0 and done.out.count("explain LIVE_DATABASE … --analyze") == 2
    refused = dbwright("explain", "shop.dbw", QUERY, "--analyze")
    assert (refused.status, "no rows" in refused.err) == (2, True)


def test_only_what_can_be_run_is_proposed_to_be_run(
    dbwright: Callable[..., Done], shop: str
) -> None:
    for given, proposed in {
        (shop, QUERY): "dbwright explain … --analyze\n",
        (
            shop,
            "SELECT * FROM orders WHERE id = $1",
        ): "dbwright explain … --analyze (no $1)\n",
        (shop, "DELETE FROM orders"): "BEGIN; EXPLAIN ANALYZE …; ROLLBACK;\n",
        ("--plan", "estimated.txt"): "EXPLAIN (ANALYZE, BUFFERS) …\n",
    }.items():
        Path("estimated.txt").write_text("Seq Scan on t  (cost=0.00..9.00 rows=5 width=4)\n")
        done = dbwright("explain", *given)
        assert done.status == 0 and f"time really goes: {proposed}" in done.out, done


def test_files_in_every_format(dbwright: Callable[..., Done], shop: str) -> None:
    done = dbwright(
        "explain", shop, QUERY, "--analyze", "-o", "a.html", "--also", "a.md", "--also", "a.json"
    )
    assert done.status == 0
    assert Path("a.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert Path("a.md").read_text(encoding="utf-8").startswith("## Plan on ")
    assert json.loads(Path("a.json").read_text(encoding="utf-8"))["command"] == "explain"


@pytest.mark.parametrize("format", ["sarif", "junit", "yaml"])
def test_formats_that_a_plan_does_not_have(
    dbwright: Callable[..., Done], shop: str, format: str
) -> None:
    done = dbwright("explain", shop, QUERY, "--format", format)
    assert done.status == 2
    assert "choose one of: table, json, markdown, html" in done.err


BAD: dict[str, tuple[list[str], str, int, str]] = {
    "nothing": ([], "", 2, "no statement was given"),
    "only a target": (["postgresql://localhost/x"], "", 2, "no statement was given"),
    "only --on": (["--on", "x"], "", 2, "no statement was given"),
    "--on and a plan's target": (
        ["SHOP", "--on", "x", "--plan", "-"],
        "",
        2,
        "the target and --on",
    ),
    "two targets": (["SHOP", "SELECT 1", "--on", "x"], "", 2, "the target and --on"),
    "two statements": (["SHOP", "SELECT 1", "--file", "q.sql"], "", 2, "were given"),
    "plan and file": (["--plan", "p", "--file", "q"], "", 2, "--file and --plan were given"),
    "no such plan": (["--plan", "missing.txt"], "", 2, "can't read missing.txt"),
    "no such file": (["SHOP", "--file", "missing.sql"], "", 2, "can't read missing.sql"),
    "no plan": (["--plan", "-"], "hello", 2, "no query plan"),
    "empty plan": (["--plan", "-"], "", 2, "empty"),
    "truncated JSON": (["--plan", "-"], '[{"Plan": {"Node Type": "Sor', 2, "breaks off"),
    "flat YAML": (["--plan", "-"], '- Plan:\nNode Type: "Sort"\n', 2, "no plan"),
    "SQL that does not parse": (["SHOP", "SELEC 1"], "", 2, "does not parse"),
    "empty SQL": (["SHOP", "-"], "", 2, "no statement"),
    "no such table": (["SHOP", "SELECT * FROM nope"], "", 2, 'relation "nope" does not exist'),
    "DML that would run": (["SHOP", "DELETE FROM orders", "--analyze"], "", 2, "it is a DELETE"),
    "two at once": (["SHOP", "SELECT 1; SELECT 2"], "", 2, "exactly one statement"),
    "no time": (["SHOP", "SELECT 1", "--timeout", "0"], "", 2, "--timeout must be above 0"),
    "nobody there": (["postgresql://127.0.0.1:1/x", "SELECT 1"], "", 3, "can't connect"),
    "files": (["schema.sql", "SELECT 1"], "", 2, "how many rows"),
    "no such column": (["SHOP", QUERY, "--with-index", "orders (x)"], "", 2, "has no column 'x'"),
    "no index": (["SHOP", QUERY, "--with-index", "orders"], "", 2, "is no index"),
    "to run what is not there": (
        ["SHOP", QUERY, "--with-index", "orders (customer)", "--analyze"],
        "",
        2,
        "don't go together",
    ),
    "unknown option": (["SHOP", "SELECT 1", "--analyse"], "", 2, "No such option"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_told_in_two_lines(
    dbwright: Callable[..., Done], shop: str, name: str
) -> None:
    arguments, stdin, status, words = BAD[name]
    Path("schema.sql").write_text("CREATE TABLE t (id int);", encoding="utf-8")
    given = [shop if each == "SHOP" else each for each in arguments]
    done = dbwright("explain", *given, stdin=stdin)
    assert (done.status, done.out) == (status, "")
    lines = [line for line in done.err.splitlines() if not line.endswith(" ...")]
    assert lines[0].startswith("error: ") and len(lines) <= 2
    assert words in done.err
