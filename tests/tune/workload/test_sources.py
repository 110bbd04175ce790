"""A workload from everywhere: what is used, what is told, and what several sources make."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbwright import capture
from dbwright.engines import snapshot_file
from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.errors import FileUnreadable, UnknownLogFormat, WorkloadUnreadable
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.model.workload import Query
from dbwright.sandbox import Server, start
from dbwright.tune.workload.merge import added, completed
from dbwright.tune.workload.sources import WorkloadReading, merged, read_workload_from
from servers.postgresql import Database

BY_ID = "SELECT * FROM t WHERE id = $1"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server that counts statements, and logs them all."""
    settings = {
        "shared_preload_libraries": "pg_stat_statements",
        "log_min_duration_statement": "0",
        "log_destination": "csvlog",
        "logging_collector": "on",
        "log_directory": "log",
    }
    with start(settings=settings) as server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION pg_stat_statements")
            connection.execute(
                "CREATE TABLE t AS SELECT n AS id, n AS a FROM generate_series(1, 9) n"
            )
            connection.execute(
                "CREATE FUNCTION slow(n integer) RETURNS integer LANGUAGE plpgsql AS "
                "'BEGIN PERFORM pg_sleep(0.05); RETURN (SELECT a FROM t WHERE id = n); END'"
            )
            connection.execute("SELECT pg_stat_statements_reset()")
            connection.execute("SET pg_stat_statements.track = 'all'")
            connection.execute("SELECT slow(1)")
            connection.execute("RESET pg_stat_statements.track")
            for number in range(5):
                connection.execute(f"SELECT * FROM t WHERE id = {number}".encode())
            connection.execute("UPDATE t SET a = 5 WHERE id = 3")
            connection.execute("SET work_mem = '5MB'")
            with connection.transaction():
                connection.execute("DECLARE c CURSOR FOR SELECT a FROM t WHERE a > 2 FOR UPDATE")
                connection.execute("FETCH ALL FROM c")
        yield server


@pytest.fixture(scope="module")
def snapshot(server: Server) -> Snapshot:
    with Session.open(server.url(), 30) as session:
        return read(session, workload=True)


def queries(reading: WorkloadReading) -> dict[str, Query]:
    return {query.text: query for query in reading.workload.queries}


def reasons(skipped: tuple[Skipped, ...]) -> list[str]:
    return [part.reason for part in skipped]


def script(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "work.sql"
    path.write_text(text, encoding="utf-8")
    return path


def test_pg_stat_statements(snapshot: Snapshot) -> None:
    reading = read_workload_from("pg_stat_statements", snapshot)
    found = queries(reading)
    assert (found[BY_ID].calls, found[BY_ID].rows) == (5, 4)
    assert len(found[BY_ID].fingerprint) == 16
    assert found["UPDATE t SET a = $1 WHERE id = $2"].fingerprint in reading.writes
    assert found[BY_ID].fingerprint not in reading.writes
    assert found["SELECT a FROM t WHERE a > $1 FOR UPDATE"].calls == 1
    (utility,) = (part for part in reading.skipped if part.part == "workload.utility")
    assert " SET" in utility.reason
    assert "1 FETCH" in utility.reason


def test_what_functions_run_counts_once(snapshot: Snapshot) -> None:
    found = queries(read_workload_from("pg_stat_statements", snapshot))
    (outer,) = (query for text, query in found.items() if "slow(" in text)
    (inner,) = (query for text, query in found.items() if "pg_sleep" in text)
    assert outer.total_seconds is not None and outer.total_seconds >= 0.05
    assert (inner.calls, inner.total_seconds) == (1, None)


def test_the_snapshot_s_file_is_as_good(snapshot: Snapshot, tmp_path: Path) -> None:
    path = tmp_path / "shop.dbw"
    snapshot_file.save(snapshot, path)
    reading = read_workload_from(str(path))
    assert reading == read_workload_from("pg_stat_statements", snapshot)


def test_without_pg_stat_statements_it_says_how_to_have_it(database: Database) -> None:
    with Session.open(database.url, 30) as session:
        snapshot = read(session, workload=True)
    with pytest.raises(WorkloadUnreadable, match="is not installed in this database") as raised:
        read_workload_from("pg_stat_statements", snapshot)
    assert "shared_preload_libraries" in raised.value.next_step
    assert "CREATE EXTENSION" in raised.value.next_step
    with pytest.raises(WorkloadUnreadable, match="there is none"):
        read_workload_from("pg_stat_statements")


def test_a_server_s_log(server: Server, tmp_path: Path) -> None:
    (log,) = (server.data_directory / "log").glob("*.csv")
    for _ in range(100):  # the collector writes a moment later
        content = log.read_bytes()
        if b"FETCH ALL" in content:
            break
        time.sleep(0.1)
    copy = tmp_path / "postgresql.csv"
    copy.write_bytes(content)
    reading = read_workload_from(str(copy))
    assert queries(reading)[BY_ID].calls == 5
    assert reading.kind == "log"
    assert len(reading.conversations) == 1


def test_a_log_is_read_for_the_target_s_database(snapshot: Snapshot, tmp_path: Path) -> None:
    own = snapshot.catalog.server.database
    line = (
        "2026-11-23 07:00:00.000 UTC [7] app@{} LOG:  duration: {} ms  statement: SELECT a FROM t\n"
    )
    path = tmp_path / "server.log"
    path.write_text(line.format(own, 1.5) * 3 + line.format("other", 200.0) * 4, encoding="utf-8")
    (query,) = read_workload_from(str(path), snapshot).workload.queries
    assert query.calls == 3
    assert query.total_seconds == pytest.approx(0.0045)
    (query,) = read_workload_from(str(path)).workload.queries
    assert query.calls == 7
    path.write_text(line.format("production", 1.5) * 3, encoding="utf-8")
    reading = read_workload_from(str(path), snapshot)
    assert [each.calls for each in reading.workload.queries] == [3]
    assert f"no statement of the log is of {own}; those of production were taken" in {
        each.reason for each in reading.skipped
    }


def test_the_prefix_of_a_log_may_be_told(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    lines = (
        f"2026-11-23 07:00:00 UTC shop u{n} LOG:  duration: 1.5 ms  statement: SELECT {n}+a FROM t"
        for n in range(30)
    )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(UnknownLogFormat, match="in a way that dbwright can't tell") as error:
        read_workload_from(str(path))
    assert "--prefix" in error.value.next_step
    (query,) = read_workload_from(str(path), prefix="%t %d %u ").workload.queries
    assert (query.calls, query.database) == (30, "shop")


def test_a_log_may_come_through_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def read(content: str) -> WorkloadReading:
        writer = threading.Thread(target=pipe.write_text, args=(content,))
        writer.start()
        try:
            return read_workload_from(str(pipe))
        finally:
            writer.join()

    line = "2026-11-23 07:00:00.000 UTC [7] LOG:  duration: 1.5 ms  statement: SELECT a FROM t\n"
    reading = read(line * 5000)  # more than the sample that is looked at first
    assert [query.calls for query in reading.workload.queries] == [5000]
    assert reading.workload.source == str(pipe)
    with pytest.raises(UnknownLogFormat, match=f"^{pipe} is not"):
        read("hello\n")


def test_a_capture(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    with capture.Recorder(path) as recorder:
        factory = capture.cursor_factory(recorder)
        with psycopg.connect(server.url(), cursor_factory=factory) as connection:
            connection.execute("SELECT * FROM t WHERE id = %s", (1,))
            connection.execute("CREATE TEMP TABLE x ()")
    reading = read_workload_from(str(path))
    assert queries(reading)[BY_ID].call_sites[0].endswith("test_a_capture")
    assert reasons(reading.skipped) == ["1 statement has no plan: 1 CREATE TEMP"]


def test_a_script(tmp_path: Path) -> None:
    path = script(
        tmp_path,
        """\\set ECHO all
-- The most frequent one
-- calls: 12,000
SELECT * FROM t WHERE id = 42;
/* calls: 500 */
select * from T where (id) = 'x';
SELECT 'calls: 9';
-- calls: some
DELETE FROM t WHERE id = 1;
COPY t FROM stdin;
1\t-- calls: 5
\\.
SELECT a FROM t;
CREATE TABLE t (id int); CREATE INDEX ON t (id); VACUUM t;
SELECT * INTO other FROM t;
WITH gone AS (DELETE FROM t RETURNING id) SELECT count(*) FROM gone;
SELEC * FROM t;
SELECT 'ä' FROM t WHERE;
""",
    )
    reading = read_workload_from(str(path))
    found = queries(reading)
    assert {text: query.calls for text, query in found.items()} == {
        BY_ID: 12500,
        "SELECT $1": 1,
        "DELETE FROM t WHERE id = $1": 1,
        "SELECT a FROM t": 1,
        "WITH gone AS (DELETE FROM t RETURNING id) SELECT count(*) FROM gone": 1,
    }
    assert found[BY_ID].example == "SELECT * FROM t WHERE id = 42"
    writes = {text for text, query in found.items() if query.fingerprint in reading.writes}
    assert {text.split()[0] for text in writes} == {"DELETE", "WITH"}
    assert reasons(reading.skipped) == [
        f"{path}:9: 'some' is no number of calls; it counts 1",
        f"{path}: 1 command of psql",
        f'the statement does not parse: syntax error at or near "SELEC" ({path}:17)',
        f"the statement does not parse: syntax error at end of input ({path}:18)",
        "5 statements have no plan: 1 COPY, 1 CREATE INDEX, 1 CREATE TABLE, 1 SELECT INTO, 1 VACUUM",
    ]


def test_a_folder_of_scripts_adds_up(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.sql").write_text("-- calls: 3\nSELECT * FROM t WHERE id = 1")
    assert queries(read_workload_from(str(tmp_path)))[BY_ID].calls == 6


def test_what_is_no_text_costs_one_statement(tmp_path: Path) -> None:
    path = tmp_path / "w.sql"
    path.write_bytes(b"\xef\xbb\xbfSELECT 1;\nSELECT '\xff\xfe';\nSELECT a FROM t;")
    reading = read_workload_from(str(path))
    assert set(queries(reading)) == {"SELECT $1", "SELECT a FROM t"}
    assert reasons(reading.skipped) == [
        f"the statement does not parse: the text is not valid Unicode ({path}:2)"
    ]


def test_two_megabytes_of_one_statement(tmp_path: Path) -> None:
    large = "SELECT * FROM t WHERE id IN (" + ",".join(map(str, range(310_000))) + ")"
    assert len(large) > 2_000_000
    reading = read_workload_from(str(script(tmp_path, f"{large};\nSELECT 1;")))
    assert set(queries(reading)) == {"SELECT $1"}
    assert "is longer than 1,000,000" in reading.skipped[0].reason
    assert len(reading.skipped[0].objects[0]) <= 80


def test_a_statement_that_is_nested_too_deeply(tmp_path: Path) -> None:
    deep = "SELECT " + "(" * 5000 + "1" + ")" * 5000
    reading = read_workload_from(str(script(tmp_path, f"{deep};\nSELECT 1, 2;")))
    assert "SELECT $1, $2" in queries(reading)


@pytest.mark.parametrize("written", ["?", "%s", "%(id)s", ":id"])
def test_placeholders_of_drivers_are_no_sql(written: str, tmp_path: Path) -> None:
    path = tmp_path / "queries.sql"
    path.write_text(f"SELECT a FROM t WHERE id = {written};", encoding="utf-8")
    with pytest.raises(WorkloadUnreadable, match="does not parse") as error:
        read_workload_from(str(path))
    assert error.value.next_step.startswith("write $1, $2")


def test_nothing_usable_is_an_error(tmp_path: Path) -> None:
    for text, why in (("", "there is no query"), ("VACUUM;", "1 statement has no plan: 1 VACUUM")):
        with pytest.raises(WorkloadUnreadable, match=why):
            read_workload_from(str(script(tmp_path, text)))


def test_what_is_not_there_or_not_known(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match="there is no file"):
        read_workload_from(str(tmp_path / "missing.log"))
    path = tmp_path / "notes.txt"
    path.write_text("my notes\nabout databases\n" * 50)
    with pytest.raises(UnknownLogFormat):
        read_workload_from(str(path))


def test_sources_of_different_kinds_complete_each_other(
    snapshot: Snapshot, server: Server, tmp_path: Path
) -> None:
    path = script(tmp_path, "-- calls: 1000\nSELECT * FROM t WHERE id = 8; SELECT a FROM t;")
    counted = read_workload_from("pg_stat_statements", snapshot)
    both = merged([counted, read_workload_from(str(path))])
    found = queries(both)
    # Figures are those of the source that was named first; what it lacks is the other's.
    assert (found[BY_ID].calls, found[BY_ID].example) == (5, "SELECT * FROM t WHERE id = 8")
    assert found["SELECT a FROM t"].calls == 1
    assert both.kind == "pg_stat_statements+sql"
    assert both.writes == counted.writes
    assert both.workload.source == f"pg_stat_statements, {path}"
    turned = queries(merged([read_workload_from(str(path)), counted]))
    assert turned[BY_ID].calls == 1000
    twice = queries(merged([read_workload_from(str(path))] * 2))
    assert twice[BY_ID].calls == 2000


SECONDS = st.floats(1e-6, 10)


@st.composite
def parts(draw: st.DrawFn) -> list[list[float]]:
    return draw(st.lists(st.lists(SECONDS, min_size=1, max_size=8), min_size=1, max_size=5))


def as_query(times: list[float]) -> Query:
    mean = sum(times) / len(times)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return Query(
        "SELECT 1",
        fingerprint="f",
        calls=len(times),
        total_seconds=sum(times),
        mean_seconds=mean,
        stddev_seconds=(sum((t - mean) ** 2 for t in times) / len(times)) ** 0.5,
        rows=len(times),
        minimum_seconds=min(times),
        max_seconds=max(times),
        first_seen=moment + timedelta(seconds=min(times)),
        last_seen=moment + timedelta(seconds=max(times)),
    )


@settings(deadline=None)
@given(parts())
def test_parts_add_up_to_the_whole(each: list[list[float]]) -> None:
    (found,) = added(as_query(times) for times in each)
    whole = as_query([time for times in each for time in times])
    assert (found.calls, found.rows) == (whole.calls, whole.rows)
    for name in ("total_seconds", "mean_seconds", "minimum_seconds", "max_seconds"):
        assert getattr(found, name) == pytest.approx(getattr(whole, name))
    assert found.stddev_seconds == pytest.approx(whole.stddev_seconds, rel=1e-3, abs=1e-6)
    assert (found.first_seen, found.last_seen) == (whole.first_seen, whole.last_seen)


def test_users_and_sites_are_united() -> None:
    one = Query("q", "f", calls=3, total_seconds=1.0, user="a", call_sites=("x", "y"))
    other = Query("q", "f", calls=9, total_seconds=2.0, user="b", call_sites=("y", "z"))
    (found,) = added([one, other])
    assert (found.user, found.users, found.call_sites) == ("b", ("b", "a"), ("y", "z", "x"))
    (found,) = completed([[one], [other]])
    assert (found.calls, found.total_seconds, found.user) == (3, 1.0, "a")


def test_values_stay_with_their_example() -> None:
    one = Query("q", "f", example="SELECT 1", total_seconds=2.0)
    other = Query("q", "f", example="SELECT $1", parameters=("7",), total_seconds=1.0)
    for found in (*added([one, other]), *completed([[one], [other]])):
        assert (found.example, found.parameters) == ("SELECT 1", ())
