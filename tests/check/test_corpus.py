"""Schemas and migrations that others wrote, through the command line: each is read to its end,
the report keeps to its schema, and what is known to be wrong is found.

Those below `../shared/corpus` are whole ones, where that folder exists; those in `corpus/` are
small ones of the same kinds.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

Run = Callable[..., Any]
Report = dict[str, Any]

HERE = Path(__file__).with_name("corpus")
SHARED = Path(__file__).parents[3] / "shared" / "corpus"
MIGRATIONS = ("openfga-goose/*", "supabase-storage", "svix-updown", "umami-prisma")
TARGETS = [
    *sorted(SHARED.glob("databases/*.sql")),
    *sorted(folder for name in MIGRATIONS for folder in SHARED.glob(f"migrations/{name}")),
]
REFUSED = "files/statement-refused"


@pytest.fixture
def checked(dbwright: Run) -> Callable[[Path], Report]:
    schema = json.loads((files("dbwright.render") / "schemas" / "report.schema.json").read_text())

    def call(path: Path) -> Report:
        done = dbwright("check", path, "--format", "json")
        assert done.status in (0, 1), done.err
        report: Report = done.report
        jsonschema.validate(report, schema, cls=jsonschema.Draft202012Validator)
        broken = [part for part in report["skipped"] if "broke" in part["reason"]]
        assert broken == []
        return report

    return call


def _count(report: Report) -> Counter[str]:
    return Counter(finding["rule"] for finding in report["findings"])


def _objects(report: Report, rule: str) -> set[str]:
    return {f["object"]["name"] for f in report["findings"] if f["rule"] == rule}


def _refused(report: Report) -> dict[int, tuple[str, str]]:
    """Message and advice by line."""
    return {
        finding["location"]["line"]: (finding["message"], finding.get("advice", ""))
        for finding in report["findings"]
        if finding["rule"] == REFUSED
    }


# --- small ones -----------------------------------------------------------------------------


def test_mysql(checked: Callable[[Path], Report]) -> None:
    report = checked(HERE / "mysql.sql")
    told = {line: advice for line, (_, advice) in _refused(report).items()}
    for line, words in {
        5: "USE is MySQL's",
        7: "Backticks are MySQL's",
        14: "AUTO_INCREMENT is MySQL's",
        19: "tinyint is MySQL's type: write smallint",
        25: "CREATE INDEX by_invoice ON invoice_line (invoice_id);",
        28: "LOCK TABLES is MySQL's",
        31: "UNLOCK TABLES is MySQL's",
    }.items():
        assert words in told[line], told
    assert _objects(report, "types/money-type") == {"public.payment.amount"}, "the rest is checked"


def test_sqlite(checked: Callable[[Path], Report]) -> None:
    report = checked(HERE / "sqlite.sql")
    told = {line: advice for line, (_, advice) in _refused(report).items()}
    for line, words in {
        1: "PRAGMA is SQLite's",
        3: "Square brackets",
        6: "AUTOINCREMENT is SQLite's",
        7: "WITHOUT ROWID is SQLite's",
        8: "INSERT OR … is SQLite's",
    }.items():
        assert words in told[line], told
    assert _objects(report, "keys/no-primary-key") == {"public.playlist"}


def test_sql_server(checked: Callable[[Path], Report]) -> None:
    report = checked(HERE / "sqlserver.sql")
    told = _refused(report)
    assert told, "nothing of it is PostgreSQL's"
    assert all(advice for _, advice in told.values()), told


def test_a_dump(checked: Callable[[Path], Report]) -> None:
    report = checked(HERE / "dump.sql")
    assert _refused(report) == {}
    assert _objects(report, "keys/no-primary-key") == {"shop.orders"}
    assert _objects(report, "keys/foreign-key-without-index") == {"shop.orders.orders_user_id_fkey"}
    assert _objects(report, "types/json-instead-of-jsonb") == {"shop.orders.note"}
    assert _objects(report, "types/float-for-money") == {"shop.orders.price"}
    assert _objects(report, "indexes/duplicate-index") == {"shop.orders_b"}
    notes = [part["reason"] for part in report["skipped"] if part["part"] == "files"]
    assert any("shop_owner" in note for note in notes), notes


def test_migrations(checked: Callable[[Path], Report]) -> None:
    """All of them up, in the order of their numbers."""
    report = checked(HERE / "migrations")
    assert _refused(report) == {}
    assert report["summary"]["objects_read"]["table"] == 2
    places = {
        f["rule"]: (Path(f["location"]["file"]).name, f["location"]["line"])
        for f in report["findings"]
    }
    assert places["keys/no-primary-key"] == ("2_orders.up.sql", 1)
    assert places["indexes/repeats-a-key"] == ("10_key.sql", 2)
    assert places["types/timestamp-without-time-zone"] == ("10_key.sql", 3)


# --- whole ones -----------------------------------------------------------------------------

shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"there is no {SHARED}")

LEAST: dict[str, dict[str, int]] = {
    "chinook-postgresql.sql": {
        "types/timestamp-without-time-zone": 3,
        # playlist_track (playlist_id) beside its key (playlist_id, track_id)
        "indexes/prefix-of-another-index": 1,
    },
    "northwind.sql": {"types/float-for-money": 3, "keys/foreign-key-without-index": 9},
    "pagila-schema.sql": {
        "indexes/duplicate-index": 6,
        "types/sequence-wider-than-column": 13,
        "keys/foreign-key-without-index": 10,
        "security/security-definer-without-search-path": 1,
        "tables/no-partition-for-now": 1,
    },
    "umami-prisma": {"keys/undeclared-foreign-key": 20, "indexes/repeats-a-key": 3},
    "supabase-storage": {"security/row-security-without-policy": 9},
    "svix-updown": {"types/json-instead-of-jsonb": 1},
    "chinook-mysql.sql": {REFUSED: 20},
    "chinook-sqlite.sql": {REFUSED: 20},
    "mysql": {REFUSED: 10},
    "sqlite": {REFUSED: 5},
}
"""Faults that are known to be there."""

OURS = ("chinook-postgresql.sql", "northwind.sql", "pagila-schema.sql", "postgres", "svix-updown")
"""Written for PostgreSQL without anything of a platform's: nothing is refused."""


@shared
@pytest.mark.parametrize("path", TARGETS, ids=lambda path: path.name)
def test_the_shared_corpus(path: Path, checked: Callable[[Path], Report]) -> None:
    report = checked(path)
    found = _count(report)
    for rule, least in LEAST.get(path.name, {}).items():
        assert found[rule] >= least, found
    refusals = [finding for finding in report["findings"] if finding["rule"] == REFUSED]
    assert all(finding.get("advice") for finding in refusals)
    if path.name in OURS:
        assert refusals == []
    # Each finding is told once, and nearly all with their place (what a DO block makes has none).
    keys = [finding["key"] for finding in report["findings"]]
    assert len(set(keys)) == len(keys)
    placed = sum("location" in finding for finding in report["findings"])
    assert placed >= 0.5 * len(keys)


@shared
def test_the_shared_corpus_is_all_covered() -> None:
    covered = {
        file
        for target in TARGETS
        for file in ([target] if target.is_file() else target.rglob("*.sql"))
    }
    assert covered == set(SHARED.rglob("*.sql"))
