"""Nobody who built well is blamed, and what is reported of the usual frameworks' schemas is true.

`well_designed.sql` is a schema of a hundred tables that uses what PostgreSQL has for what it is
for; the files in `decoys/` are what Django, Rails and Prisma make.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dbwright.check.check import check_source
from dbwright.check.configure import choose
from dbwright.configuration import Configuration
from dbwright.demo.shop import build
from dbwright.model.finding import Severity
from dbwright.model.report import Report
from dbwright.render import render
from dbwright.sandbox import start
from dbwright.sql.split import split
from dbwright.target import Files, Live, Target, opened
from servers.postgresql import majors

HERE = Path(__file__).parent
WELL_DESIGNED = HERE / "well_designed.sql"

# A server as one would run it in production, as far as one with 32 MB of memory goes.
SETTINGS = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "archive_mode": "on",
    "password_encryption": "scram-sha-256",
    "shared_preload_libraries": "pg_stat_statements",
    "track_io_timing": "on",
    "log_lock_waits": "on",
    "log_min_duration_statement": "1s",
    "idle_in_transaction_session_timeout": "5min",
    "statement_timeout": "1h",
    # So that nothing is analyzed between two runs that have to be equal.
    "autovacuum_naptime": "1h",
}
ACCESS = "local all all scram-sha-256"

# The programs are those that this machine has, and a new minor release comes every quarter.
OF_THE_MACHINE = ("settings/server-behind", "settings/server-end-of-life")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(major, marks=[] if major in (12, 15, 18) else pytest.mark.slow)
        for major in majors()
    ],
)
def well_designed(request: pytest.FixtureRequest) -> Iterator[Live]:
    """The schema, with its rows, on a server that is set up as it should be."""
    with tempfile.TemporaryDirectory(prefix="dbwright-archive-") as archive:
        Path(archive).chmod(0o777)  # the server runs as another user where root runs the tests
        settings = {**SETTINGS, "archive_command": f'cp "%p" "{archive}/%f"'}
        with start(request.param, settings=settings, hba=ACCESS) as server:
            server.create_database("meridian")
            _load(server.url("meridian"), WELL_DESIGNED)
            yield Live(server.url("meridian"))


def _load(url: str, file: Path) -> None:
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        for statement in split(file.read_text(encoding="utf-8")):
            connection.execute(statement.text.encode())
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")


def _check(target: Target, skip: tuple[str, ...] = OF_THE_MACHINE) -> Report:
    with opened(target, budget_seconds=120) as source:
        assert source.snapshot.refused == ()
        return check_source(source, choose(Configuration(), (), skip), data=True)


def _alarms(report: Report) -> list[str]:
    return [
        f"{finding.severity} {finding.rule}: {finding.message}"
        for finding in report.findings
        if finding.severity is not Severity.NOTICE
    ]


def _broken(report: Report) -> list[str]:
    return [part.reason for part in report.skipped if "the rule broke" in part.reason]


def test_a_well_designed_database_raises_no_alarm(well_designed: Live) -> None:
    report = _check(well_designed)
    assert _alarms(report) == []
    # Every rule has been asked, and had what it needs.
    assert report.skipped == ()


def test_two_runs_give_the_same_bytes(well_designed: Live) -> None:
    first, second = (render(_check(well_designed), "json") for _ in range(2))
    assert first == second


def test_the_schema_is_large_and_uses_what_there_is(well_designed: Live) -> None:
    with opened(well_designed) as source:
        catalog = source.snapshot.catalog
    tables = [table for table in catalog.tables if not table.is_partition]
    assert len(tables) >= 100
    assert len({table.schema for table in tables}) >= 14
    methods = {index.method for table in tables for index in table.indexes}
    assert {"btree", "gin", "gist", "brin"} <= methods
    assert {t.partition_key.strategy for t in tables if t.partition_key} == {
        "range",
        "list",
        "hash",
    }
    assert any(table.exclusions for table in tables)
    assert any(table.force_row_security for table in tables)
    assert {str(type_.kind) for type_ in catalog.types} >= {"domain", "enum", "composite", "range"}
    assert catalog.publications and catalog.extended_statistics and catalog.event_triggers


def test_the_same_as_a_file() -> None:
    report = _check(Files(WELL_DESIGNED))
    assert _alarms(report) == []
    assert _broken(report) == []


def test_the_same_as_a_file_without_rows(tmp_path: Path) -> None:
    text = WELL_DESIGNED.read_text(encoding="utf-8")
    before, _, rest = text.partition("-- Rows ---")
    _, mark, after = rest.partition("-- Reports ---")
    assert mark
    file = tmp_path / "schema.sql"
    file.write_text((before + after).replace("VACUUM (ANALYZE);", ""), encoding="utf-8")
    report = _check(Files(file))
    assert _alarms(report) == []
    assert _broken(report) == []


# What is wrong there, and is told above a notice: nothing of it could be called a matter of taste.
DECOYS = {
    "django": {
        # Django indexes each foreign key, also where a unique constraint begins with it.
        "indexes/prefix-of-another-index": {
            "public.auth_group_permissions_group_id_b120cbf9",
            "public.auth_permission_content_type_id_2f476e4b",
            "public.auth_user_groups_user_id_6a12ed8b",
            "public.auth_user_user_permissions_user_id_a95ead1b",
        },
    },
    "rails": {
        "indexes/prefix-of-another-index": {"public.index_tasks_on_project_id"},
        "keys/foreign-key-without-index": {"public.invoices.fk_rails_6ea1325a5b"},
        "keys/no-primary-key": {"public.projects_tags"},
        "keys/polymorphic-reference": {"public.comments.commentable_id"},
        "keys/undeclared-foreign-key": {
            "public.projects_tags.project_id",
            "public.projects_tags.tag_id",
            "public.tasks.project_id",
            "public.tasks.user_id",
        },
        "types/float-for-money": {"public.invoices.vat"},
    },
    "prisma": {
        "keys/foreign-key-without-index": {
            'public."Account"."Account_userId_fkey"',
            'public."Comment"."Comment_authorId_fkey"',
            'public."Comment"."Comment_parentId_fkey"',
            'public."Order"."Order_userId_fkey"',
            'public."OrderItem"."OrderItem_productId_fkey"',
            'public."Post"."Post_authorId_fkey"',
            'public."Session"."Session_userId_fkey"',
        },
        "types/float-for-money": {'public."Product".price'},
        "types/text-holds-uuid": {'public."Session"."sessionToken"'},
        "types/timestamp-without-time-zone": {
            'public."Comment"."createdAt"',
            'public."Order"."createdAt"',
            'public."Post"."createdAt"',
            'public."User"."createdAt"',
        },
    },
}


@pytest.mark.parametrize("name", sorted(DECOYS))
def test_what_is_reported_of_a_framework_is_true(name: str) -> None:
    report = _check(Files(HERE / "decoys" / f"{name}.sql"))
    found: dict[str, set[str]] = {}
    for finding in report.findings:
        if finding.severity is not Severity.NOTICE:
            found.setdefault(finding.rule, set()).add(finding.object.name)
    assert found == DECOYS[name]
    assert _broken(report) == []


def test_looking_leaves_no_trace_in_the_counters() -> None:
    """Rows are read through indexes: that must not make used ones of them."""
    with start(settings={"autovacuum_naptime": "1h"}) as server:
        server.create_database("shop")
        with psycopg.connect(server.url("shop")) as connection:
            build(connection)
        target = Live(server.url("shop"))
        first, second = (render(_check(target), "json") for _ in range(2))
    assert '"indexes/too-many-indexes"' in first  # its figures count the scans
    assert first == second
