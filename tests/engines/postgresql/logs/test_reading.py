"""What is read from a log is what the test had run, in each format and from each major."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections import Counter
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from dbwright.engines.postgresql.logs import LogReading, read_log
from dbwright.engines.postgresql.logs.detect import detect
from dbwright.errors import FileUnreadable
from dbwright.model.workload import Query
from servers.logs import PREFIX, Traffic, logging_server, wait_for_log


def _query(reading: LogReading, beginning: str) -> Query:
    found = [q for q in reading.workload.queries if q.text.startswith(beginning)]
    (query,) = found
    return query


def _check(reading: LogReading, traffic: Traffic) -> None:
    """Everything that the traffic is known to be."""
    for beginning, calls in traffic.statements.items():
        query = _query(reading, beginning)
        assert query.calls == calls, beginning
        assert query.database == "shop"
        assert query.fingerprint
        assert query.first_seen is not None and query.last_seen is not None
        assert query.first_seen <= query.last_seen
        if beginning == "SELECT max":
            assert query.total_seconds is None  # begun, and no duration logged
            continue
        assert query.total_seconds is not None and query.total_seconds > 0
        assert query.mean_seconds == pytest.approx(query.total_seconds / calls)
        assert query.minimum_seconds is not None and query.p95_seconds is not None
        assert query.max_seconds is not None and query.mean_seconds is not None
        assert query.minimum_seconds <= query.mean_seconds <= query.max_seconds
        assert query.minimum_seconds <= query.p95_seconds <= query.max_seconds
    update = _query(reading, "UPDATE orders")
    assert update.text == 'UPDATE orders\n   SET note = $1\n WHERE "id" = $2'
    assert update.example is not None
    assert update.example.startswith("UPDATE orders\n   SET note = 'it''s ")
    select = _query(reading, "SELECT customer")
    assert select.text == "SELECT customer FROM orders WHERE id = $1 AND note IS DISTINCT FROM $2"
    number, note = select.parameters
    assert number is not None and 1 <= int(number) <= 9
    assert note == ("a, 'b', $1 = \"c\"" if int(number) % 2 else None)
    assert select.planning_seconds is not None and select.planning_seconds > 0
    assert reading.counts.deadlocks == 0
    assert reading.counts.temporary_files >= 1
    assert reading.counts.temporary_bytes > 8192
    assert reading.counts.cancelled == {"statement timeout": 1}
    spilled = _query(reading, "SELECT i FROM generate_series")
    assert spilled.temporary_blocks is not None and spilled.temporary_blocks > 1
    assert not [skip for skip in reading.skipped if skip.part == "log"]


@pytest.mark.parametrize("ending", ["log", "csv", "json"])
def test_each_format_of_each_major(logged: Traffic, ending: str) -> None:
    if ending not in logged.endings:
        assert not list(logged.folder.glob(f"*.{ending}"))
        return
    reading = read_log(logged.log(ending))
    _check(reading, logged)
    (name,) = reading.formats
    if ending == "log":
        assert name == f"stderr '{PREFIX}'"
        assert reading.counts.errors['relation "missing" does not exist'] == 3
    else:
        assert name == f"{ending}log"
        assert reading.counts.errors == {"42P01": 3, "57014": 1}
        assert _query(reading, "SELECT note").applications == ("till",)
    assert _query(reading, "SELECT note").users == ("dbwright",)


def test_gzip_and_several_files(logged: Traffic, tmp_path: Path) -> None:
    whole = logged.log("csv").read_bytes()
    middle = whole.index(b"\n2", len(whole) // 2) + 1
    (tmp_path / "b.csv").write_bytes(whole[:middle])
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(whole[middle:]))
    _check(read_log(tmp_path), logged)
    _check(read_log([tmp_path / "a.csv.gz", tmp_path / "b.csv"]), logged)


@pytest.mark.parametrize("logged", [18], indirect=True)
def test_a_folder_with_packed_and_other_files(logged: Traffic, tmp_path: Path) -> None:
    whole = read_log(logged.log("csv"))
    content = logged.log("csv").read_bytes()
    (tmp_path / "monday.csv").write_bytes(content)
    (tmp_path / "monday.csv.gz").write_bytes(gzip.compress(content))  # the same once more
    (tmp_path / "tuesday.csv.xz").write_bytes(lzma.compress(content))
    (tmp_path / "wednesday.csv.bz2").write_bytes(bz2.compress(content))
    (tmp_path / "thursday.csv.zst").write_bytes(b"\x28\xb5\x2f\xfd" + bytes(100))
    (tmp_path / "readme.txt").write_text("hello\n")
    reading = read_log(tmp_path)
    assert reading.counts.statements == 3 * whole.counts.statements
    told = " ".join(each.reason for each in reading.skipped)
    for name in ("monday.csv.gz holds", "thursday.csv.zst is packed", "readme.txt is not"):
        assert name in told
    with pytest.raises(FileUnreadable, match="packed with zstd") as error:
        read_log(tmp_path / "thursday.csv.zst")
    assert "zstd -d" in error.value.next_step


def test_a_folder_with_all_formats_counts_everything_once(logged: Traffic) -> None:
    reading = read_log(logged.folder)
    assert [skip.part for skip in reading.skipped] == ["log"] * (len(logged.endings) - 1)
    counts: Counter[str] = Counter()
    for query in reading.workload.queries:
        counts[" ".join(query.text.split()[:2])] += query.calls
    assert counts["SELECT note"] == logged.statements["SELECT note"]


def test_one_database_alone(logged: Traffic) -> None:
    reading = read_log(logged.log("csv"), database="postgres")
    assert not [q for q in reading.workload.queries if q.database != "postgres"]
    assert reading.counts.statements >= sum(logged.statements.values())


def test_the_prefix_may_be_given(logged: Traffic) -> None:
    path = logged.log("log")
    assert detect(path.read_bytes(), path, PREFIX).name == "stderr"
    _check(read_log(path, prefix=PREFIX), logged)


def test_strange_names_and_call_sites() -> None:
    with logging_server(18) as server:
        names = ('a, "b" [1]@x', "c, d")
        with psycopg.connect(server.url(), autocommit=True) as connection:
            for name in names:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        for name in names:
            with psycopg.connect(
                server.url(), dbname=name, application_name="web, 'x' %", autocommit=True
            ) as connection:
                connection.execute("SET log_min_duration_statement = 0")
                for number in range(6):
                    comment = f"/*controller='items',action='show%2Fall',id='{number}'*/"
                    connection.execute(f"SELECT {number} + 0 {comment}".encode())
        folder = wait_for_log(server)
        readings = [read_log(folder / f"server.{ending}") for ending in ("csv", "json")]
    for reading in readings:
        found = [q for q in reading.workload.queries if q.text.startswith("SELECT $1 + $2")]
        assert {q.database: q.calls for q in found} == dict.fromkeys(names, 6)
        for query in found:
            assert query.call_sites[0].startswith("controller='items',action='show/all',id='")
            assert query.applications == ("web, 'x' %",)


def test_a_verbose_log() -> None:
    """log_error_verbosity = verbose adds the SQLSTATE, and the place in the server's source."""
    with logging_server(18, log_error_verbosity="verbose") as server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("SET log_min_duration_statement = 0")
            for number in range(4):
                connection.execute('SELECT "relname" FROM pg_class WHERE oid = %s', [number])
                connection.execute('SELECT "oid" , 1 FROM pg_am')
            with pytest.raises(psycopg.errors.UndefinedTable):
                connection.execute("SELECT * FROM missing")
            connection.execute("SET log_duration = on")
            connection.execute("SET log_statement = 'all'")
            for _ in range(3):
                connection.execute("SELECT 'a\n\"b\"', count(*) FROM pg_am")
        folder = wait_for_log(server)
        readings = [read_log(path) for path in folder.iterdir()]
    for reading in readings:
        assert reading.counts.errors == {"42P01": 1}
        assert _query(reading, 'SELECT "relname"').calls == 4
        assert _query(reading, 'SELECT "relname"').parameters[0] in ("0", "1", "2", "3")
        assert _query(reading, 'SELECT "oid"').calls == 4
        assert _query(reading, "SELECT $1, count").calls == 3
        assert (
            _query(reading, "SELECT $1, count").example == "SELECT 'a\n\"b\"', count(*) FROM pg_am"
        )


def test_a_threshold_is_told() -> None:
    with logging_server(18, log_min_duration_statement="20ms") as server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("SELECT 1")
            connection.execute("SELECT pg_sleep(0.05)")
        reading = read_log(wait_for_log(server) / "server.csv")
    (query,) = reading.workload.queries
    assert query.text == "SELECT pg_sleep($1)"
    (skip,) = reading.skipped
    assert skip.part == "log.statements"
    assert "log_min_duration_statement = 0" in skip.remedy
    assert not reading.conversation.complete


def test_what_fails_is_no_call_and_gets_no_other_s_duration(tmp_path: Path) -> None:
    head = "2026-11-23 07:00:00.000 UTC [7] "
    lines = (
        "LOG:  statement: DELETE FROM a WHERE b = 1",
        "LOG:  duration: 2.000 ms",
        "LOG:  statement: DELETE FROM a\n\tWHERE b = 1",
        "ERROR:  canceling statement due to user request",
        "STATEMENT:  DELETE FROM a\n\tWHERE b = 1",
        "LOG:  duration: 500.000 ms",  # of a SELECT, which log_statement = 'mod' leaves out
        "LOG:  statement: DELETE FROM c",
        "ERROR:  division by zero",
        "STATEMENT:  SELECT 1 / 0",
        "LOG:  duration: 700.000 ms",
    )
    path = tmp_path / "server.log"
    path.write_text("".join(f"{head}{line}\n" for line in lines), encoding="utf-8")
    reading = read_log(path)
    one, other = reading.workload.queries
    assert (one.text, one.calls) == ("DELETE FROM a WHERE b = $1", 1)
    assert one.total_seconds == pytest.approx(0.002)
    assert (other.text, other.calls, other.total_seconds) == ("DELETE FROM c", 1, None)
    (told,) = [each for each in reading.skipped if each.part == "log.statements"]
    assert told.reason.startswith("2 durations stand in the log without their statements")
    assert not reading.conversation.complete
