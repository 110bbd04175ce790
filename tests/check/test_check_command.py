"""`dbwright check` as it is called: options, files it writes, exit statuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import psycopg
import pytest

from servers.postgresql import Database

Run = Callable[..., Any]

SCHEMA = """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (
    id bigint,
    price money,
    note json,
    user_id bigint REFERENCES users
);
CREATE INDEX orders_a ON orders (user_id);
CREATE INDEX orders_b ON orders (user_id);
"""
NO_KEY = "keys/no-primary-key:table public.orders"
MONEY = "types/money-type:column public.orders.price"


@pytest.fixture
def shop(database: Database) -> str:
    database.execute(SCHEMA)
    return database.url


@pytest.fixture
def schema_file(tmp_path: Path) -> Path:
    (tmp_path / "db").mkdir()
    path = tmp_path / "db" / "schema.sql"
    path.write_text(SCHEMA)
    return path


def valid(text: str) -> dict[str, Any]:
    """The report, which keeps to its published schema."""
    schema = json.loads((files("dbwright.render") / "schemas" / "report.schema.json").read_text())
    report = json.loads(text)
    jsonschema.validate(report, schema, cls=jsonschema.Draft202012Validator)
    assert isinstance(report, dict)
    return report


# --- which rules ----------------------------------------------------------------------------


def test_only_and_skip(dbwright: Run, shop: str) -> None:
    done = dbwright(
        "check", shop, "--only", "types", "--only", "no-primary-key", "--format", "json"
    )
    assert done.keys == {NO_KEY, MONEY, "types/json-instead-of-jsonb:column public.orders.note"}
    done = dbwright("check", shop, "--only", "types", "--skip", "types/j*", "--format", "json")
    assert done.keys == {MONEY}


def test_data_asks_for_rows(dbwright: Run, database: Database) -> None:
    database.execute(
        "CREATE TABLE parent (id bigint PRIMARY KEY);"
        "CREATE TABLE child (id bigint PRIMARY KEY, parent_id bigint REFERENCES parent);"
        "SET session_replication_role = replica; INSERT INTO child VALUES (1, 1)"
    )
    rule = "keys/rows-break-foreign-key"
    without = dbwright("check", database.url, "--only", rule, "--format", "json")
    assert without.rules == set()
    (told,) = [part for part in without.report["skipped"] if rule in part.get("rules", ())]
    assert told["remedy"] == "--data"
    with_data = dbwright("check", database.url, "--only", rule, "--data", "--format", "json")
    assert with_data.rules == {rule}
    dbwright("snapshot", database.url, "-o", "t.dbw")
    from_file = dbwright("check", "t.dbw", "--only", rule, "--data", "--format", "json")
    (told,) = [part for part in from_file.report["skipped"] if rule in part.get("rules", ())]
    assert told["remedy"] == "check the live database"


# --- exit statuses --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("only", "fail_on", "status"),
    [
        ("types/money-type", None, 0),
        ("types/money-type", "warning", 1),
        ("types/money-type", "notice", 1),
        ("types/money-type", "error", 0),
        ("types/money-type", "critical", 0),
        ("types/padded-char", "notice", 0),
    ],
)
def test_the_exit_status(
    dbwright: Run, shop: str, only: str, fail_on: str | None, status: int
) -> None:
    options = ("--fail-on", fail_on) if fail_on else ()
    done = dbwright("check", shop, "--only", only, *options, "--format", "json")
    assert done.status == status
    assert bool(done.report["findings"]) == (only == "types/money-type")


def test_errors_fail_by_default(dbwright: Run, tmp_path: Path) -> None:
    (tmp_path / "x.sql").write_text("CREATE TABEL x ();")
    assert dbwright("check", "x.sql", "--only", "files").status == 1
    assert dbwright("check", "x.sql", "--only", "files", "--fail-on", "critical").status == 0


def test_silenced_findings_don_t_fail(dbwright: Run, shop: str) -> None:
    only = ("--only", "money-type", "--fail-on", "notice")
    assert dbwright("check", shop, *only, "-o", "known.json").status == 1
    done = dbwright("check", shop, *only, "--baseline", "known.json", "--format", "json")
    assert (done.status, done.keys) == (0, set())
    assert [one["finding"]["key"] for one in done.report["silenced"]] == [MONEY]
    assert done.report["summary"]["score"] == 100


# --- what is written where ------------------------------------------------------------------


def test_results_go_to_stdout_and_progress_to_stderr(dbwright: Run, shop: str) -> None:
    done = dbwright("check", shop, "--only", "types", "-v")
    assert "money" in done.out
    assert "connecting ..." in done.err
    assert "..." not in done.out.replace("…", "")
    quiet = dbwright("check", shop, "--only", "types", "-q")
    assert (quiet.err, quiet.status) == ("", 0)
    assert "money" in quiet.out


LOOKS: dict[str, Callable[[str], object]] = {
    "json": lambda text: json.loads(text)["findings"],
    "sarif": lambda text: json.loads(text)["runs"][0]["results"],
    "html": lambda text: text.lower().startswith("<!doctype html>"),
    "md": lambda text: text.startswith("#"),
    "xml": lambda text: list(ElementTree.fromstring(text)),
    "txt": lambda text: "orders" in text,
}


def test_the_ending_tells_the_format(dbwright: Run, shop: str, tmp_path: Path) -> None:
    also = [word for ending in LOOKS for word in ("--also", f"also.{ending}")]
    done = dbwright("check", shop, "--only", "types", *also, "-o", "report.json")
    assert done.out == ""
    assert done.err.splitlines() == [
        *(f"wrote also.{ending}" for ending in LOOKS), "wrote report.json",
    ]  # fmt: skip
    for ending, looks in LOOKS.items():
        assert looks((tmp_path / f"also.{ending}").read_text()), ending
    assert (tmp_path / "also.json").read_text() == (tmp_path / "report.json").read_text()
    quiet = dbwright("check", shop, "--only", "types", "-o", "report.html", "-q")
    assert (quiet.out, quiet.err) == ("", "")


def test_a_format_goes_before_the_ending(dbwright: Run, shop: str, tmp_path: Path) -> None:
    dbwright("check", shop, "--only", "types", "--format", "markdown", "-o", "report.json")
    assert (tmp_path / "report.json").read_text().startswith("#")
    dbwright("check", shop, "--only", "types", "-o", "report")
    assert "money" in (tmp_path / "report").read_text()


@pytest.mark.parametrize(
    "options",
    [
        ("--format", "pdf"),
        ("--format", "terminal"),
        ("--also", "report.pdf"),
        ("--also", "report"),
        ("-o", "no/report.json"),
        ("--also", "no/report.json"),
    ],
)
def test_what_can_t_be_written_is_told_before_anything_is_read(
    dbwright: Run, options: tuple[str, ...], tmp_path: Path
) -> None:
    done = dbwright("check", "postgresql://nobody@127.0.0.1:1/none", *options)
    assert done.status == 2
    assert "127.0.0.1" not in done.err
    assert len(done.err.splitlines()) == 2
    assert list(tmp_path.iterdir()) == []


def test_colours_only_where_they_are_wanted(
    dbwright: Run, shop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = ("check", shop, "--only", "types")
    assert "\x1b" not in dbwright(*call).out, "stdout is no terminal"
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in dbwright(*call).out
    assert "\x1b" not in dbwright(*call, "--no-color").out
    dbwright(*call, "-o", "report.txt")
    assert "\x1b" not in (tmp_path / "report.txt").read_text()
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in dbwright(*call).out


# --- the same again -------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["json", "sarif", "markdown", "html", "junit", "table"])
def test_two_runs_give_the_same_bytes(dbwright: Run, shop: str, format: str) -> None:
    # Activity and the server's own counters move between any two runs.
    call = ("check", shop, "--format", format, "--skip", "activity", "--skip", "maintenance")
    first = dbwright(*call, "--skip", "settings")
    assert first.out == dbwright(*call, "--skip", "settings").out


def test_two_runs_over_files_give_the_same_bytes(dbwright: Run, schema_file: Path) -> None:
    first = dbwright("check", "db", "--format", "json")
    assert first.keys
    assert first.out == dbwright("check", "db", "--format", "json").out


def test_json_keeps_to_its_schema(dbwright: Run, database: Database) -> None:
    """For everything that there is: files, live, silenced, skipped, with rows."""
    features = Path(__file__).parents[1] / "engines" / "postgresql" / "features.sql"
    database.execute(features.read_text(encoding="utf-8"))
    database.execute("COMMENT ON TABLE shop.orders IS 'dbwright: ignore * old'")
    live = valid(dbwright("check", database.url, "--data", "--format", "json").out)
    assert len(live["findings"]) > 10
    assert live["silenced"]
    loaded = valid(dbwright("check", features, "--format", "json").out)
    assert {
        finding["location"]["file"] for finding in loaded["findings"] if "location" in finding
    } == {str(features)}


def test_sarif_of_a_file_has_places(dbwright: Run, schema_file: Path) -> None:
    done = dbwright("check", "db/schema.sql", "--format", "sarif")
    results = json.loads(done.out)["runs"][0]["results"]
    places = {}
    for result in results:
        (location,) = result["locations"]
        physical = location["physicalLocation"]
        assert physical["artifactLocation"]["uri"] == "db/schema.sql"
        places[result["partialFingerprints"]["dbwright/v1"]] = physical["region"]["startLine"]
    assert places[NO_KEY] == 3
    assert places[MONEY] == 5
    assert places["indexes/duplicate-index:index public.orders_b"] == 10


def test_a_folder_s_files_are_named_from_here(dbwright: Run, schema_file: Path) -> None:
    done = dbwright("check", "db", "--only", "types/money-type", "--format", "json")
    (finding,) = done.report["findings"]
    assert finding["location"] == {"file": "db/schema.sql", "line": 5, "column": 5}
    assert done.report["target"] == "db"


# --- dbwright.toml --------------------------------------------------------------------------


def configure(tmp_path: Path, text: str) -> None:
    (tmp_path / "dbwright.toml").write_text(text)


def test_targets_by_name(dbwright: Run, shop: str, schema_file: Path, tmp_path: Path) -> None:
    configure(
        tmp_path, f'[targets.live]\nurl = "{shop}"\n[targets.default]\nurl = "db/schema.sql"\n'
    )
    only = ("--only", "money-type", "--format", "json")
    assert dbwright("check", "live", *only).report["database"].startswith("test_")
    assert dbwright("check", *only).report["target"] == "db/schema.sql"


def test_paths_of_the_file_are_seen_from_its_folder(
    dbwright: Run, schema_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(tmp_path, '[targets.default]\nurl = "db"\n[check]\nbaseline = "known.json"\n')
    only = ("--only", "types", "--format", "json")
    (tmp_path / "empty.json").write_text('{"findings": []}')
    (tmp_path / "known.json").write_text(dbwright("check", *only, "--baseline", "empty.json").out)
    (tmp_path / "src" / "deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "src" / "deep")
    done = dbwright("check", *only)
    assert (done.report["target"], done.keys) == ("../../db", set())
    silenced = [one["finding"] for one in done.report["silenced"]]
    assert silenced[0]["location"]["file"] == "../../db/schema.sql"


def test_a_severity_may_be_changed(dbwright: Run, shop: str, tmp_path: Path) -> None:
    configure(
        tmp_path,
        '[rules."types/money-type"]\nseverity = "critical"\n'
        '[rules."no-primary-key"]\nseverity = "notice"\n'
        '[rules."types/json-instead-of-jsonb"]\nenabled = false\n',
    )
    only = ("--only", "types", "--only", "no-primary-key")
    done = dbwright("check", shop, *only, "--format", "json")
    assert done.status == 1
    found = [(finding["key"], finding["severity"]) for finding in done.report["findings"]]
    assert found == [(MONEY, "critical"), (NO_KEY, "notice")]
    (off,) = [p for p in done.report["skipped"] if p["part"] == "types/json-instead-of-jsonb"]
    assert "switched off in" in off["reason"]


def test_defaults_of_the_command(dbwright: Run, shop: str, tmp_path: Path) -> None:
    configure(tmp_path, '[check]\nonly = ["types"]\nskip = ["types/j*"]\nfail_on = "notice"\n')
    done = dbwright("check", shop, "--format", "json")
    assert (done.status, done.keys) == (1, {MONEY})
    assert dbwright("check", shop, "--fail-on", "error").status == 0
    (tmp_path / "other.toml").write_text('[check]\nonly = ["no-primary-key"]\n')
    done = dbwright("check", shop, "--config", "other.toml", "--format", "json")
    assert (done.status, done.keys) == (0, {NO_KEY})


def test_a_snapshot_may_be_redacted_by_the_command(
    dbwright: Run, database: Database, tmp_path: Path
) -> None:
    database.execute(
        "CREATE TABLE t (name text); INSERT INTO t SELECT 'secret' FROM generate_series(1, 9)"
    )
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute("ANALYZE")
    assert dbwright("snapshot", database.url, "--redact", "-o", "t.dbw").status == 0
    done = dbwright("check", "t.dbw", "--format", "json")
    assert NO_KEY.replace("orders", "t") in done.keys
    assert any(part["part"] == "statistics.columns.values" for part in done.report["skipped"])


def test_a_snapshot_has_no_other_format(dbwright: Run, shop: str, tmp_path: Path) -> None:
    for options in (("--format", "json"), ("--also", "t.json")):
        done = dbwright("snapshot", shop, *options)
        assert done.status == 2
        assert "format of its own" in done.err
    assert list(tmp_path.iterdir()) == []
