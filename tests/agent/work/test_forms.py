"""Proposals in the form of the tool whose files the repository has; by the layouts that read them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbwright.agent.work.forms import OWN, form_of
from dbwright.migrate.files.find import read_all
from dbwright.sql.migration_text import Step

OUTSIDE = Step(
    "why\nBefore it runs: look", "CREATE INDEX CONCURRENTLY i ON t (a);", "DROP INDEX i;"
)
INSIDE = Step("why", "ALTER TABLE t ADD b int;", "ALTER TABLE t DROP b;")
TABLE = "CREATE TABLE t (a int);\n"
CASES: list[tuple[dict[str, str], str, list[str]]] = [
    (
        {"V1__a.sql": TABLE, "V1.2__b.sql": TABLE, "R__v.sql": "SELECT 1;"},
        "Flyway",
        ["V1.3__x.sql", "U1.3__x.sql", "V1.3__x.sql.conf", "U1.3__x.sql.conf"],
    ),
    ({"009_a.up.sql": TABLE}, "pairs of .up.sql and .down.sql", ["010_x.up.sql", "010_x.down.sql"]),
    (
        {"7_a/migration.sql": TABLE, "migration_lock.toml": 'provider = "postgresql"'},
        "Prisma",
        ["8_x/migration.sql", "8_x/down.sql"],
    ),
    (
        {"7_a/up.sql": TABLE, "7_a/down.sql": "DROP TABLE t;"},
        "Diesel",
        ["8_x/up.sql", "8_x/down.sql", "8_x/metadata.toml"],
    ),
    ({"1_a.sql": f"-- +goose Up\n{TABLE}-- +goose Down\nDROP TABLE t;"}, "goose", ["2_x.sql"]),
    ({"1_a.sql": f"-- migrate:up\n{TABLE}-- migrate:down\n"}, "dbmate", ["2_x.sql"]),
    ({"1_a.sql": f"-- +migrate Up\n{TABLE}-- +migrate Down\n"}, "sql-migrate", ["2_x.sql"]),
    ({"001_a.sql": f"-- UP\n{TABLE}-- DOWN\nDROP TABLE t;"}, "", ["002_x.sql"]),
    ({"001_a.sql": TABLE}, "files that are run whole", ["002_x.sql", "ways_back/002_x.sql"]),
]


@pytest.mark.parametrize(("files", "tool", "names"), CASES, ids=[c[1] or "own" for c in CASES])
def test_a_proposal_reads_back(
    files: dict[str, str], tool: str, names: list[str], tmp_path: Path
) -> None:
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    form = form_of(read_all(tmp_path))
    assert form.tool == tool
    for steps, is_outside in (([OUTSIDE], True), ([INSIDE, INSIDE], False)):
        written = form.files(form.version(0), "x", "Proposed by dbwright: r", steps, is_outside)
        if is_outside:
            assert [name for name, _ in written] == names
            assert "-- Before it runs: look" in written[0][1]
        assert "Proposed by dbwright" in written[0][1].splitlines()[0]
        read = form.read(written, "to")
        assert read.migration.path == f"to/{written[0][0]}"
        ups = [one.text for one in read.script.up if "lock_timeout" not in one.text]
        assert ups == [step.up.rstrip(";") for step in steps]
        assert read.script.down is not None
        downs = [one.text for one in read.script.down if "lock_timeout" not in one.text]
        assert downs == [step.down.rstrip(";") for step in steps]
        assert read.script.options.no_transaction is is_outside
        limits = [one for one in read.script.up if "lock_timeout" in one.text]
        assert bool(limits) == (bool(tool) and not is_outside)


def test_versions_go_on() -> None:
    assert [OWN.version(0), OWN.version(11)] == ["001", "012"]
    assert form_of(None) is OWN
