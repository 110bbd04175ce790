"""Logs that are cut, damaged, still being written, or hold enormous statements."""

from __future__ import annotations

import gzip
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbwright.engines.postgresql.logs import LogReading, files, read_log
from dbwright.engines.postgresql.logs.files import LogFile, blocks
from dbwright.errors import FileUnreadable, UnknownLogFormat
from dbwright.progress import silent
from servers.logs import Traffic, logging_server, wait_for_log

NEWEST = pytest.mark.parametrize("logged", [18], indirect=True)
ENDINGS = pytest.mark.parametrize("ending", ["log", "csv", "json"])
QUIET = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _calls(reading: LogReading) -> Counter[str]:
    counts: Counter[str] = Counter()
    for query in reading.workload.queries:
        counts[query.fingerprint or query.text] += query.calls
    return counts


@NEWEST
@ENDINGS
@QUIET
@given(share=st.floats(0, 1))
def test_a_log_that_is_cut_anywhere(
    logged: Traffic, ending: str, tmp_path: Path, share: float
) -> None:
    """What is left is read, and the rest of it with it makes the whole but for one entry."""
    whole = logged.log(ending).read_bytes()
    all_calls = _calls(read_log(logged.log(ending)))
    place = round(share * len(whole))
    found: Counter[str] = Counter()
    for part in (whole[:place], whole[place:]):
        path = tmp_path / f"part.{ending}"
        path.write_bytes(part)
        try:
            found += _calls(read_log(path))
        except UnknownLogFormat:
            assert part.count(b"\n") < 12 or b"duration" not in part
            return
    # At most the entry that was cut is missing; a temporary file or a plan may make one more.
    assert (all_calls - found).total() <= 2
    assert (found - all_calls).total() <= 2


@NEWEST
@ENDINGS
@QUIET
@given(damage=st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=9)), max_size=9))
def test_any_damage_is_survived(
    logged: Traffic, ending: str, tmp_path: Path, damage: list[tuple[float, bytes]]
) -> None:
    whole = bytearray(logged.log(ending).read_bytes())
    for share, junk in damage:
        place = round(share * len(whole))
        whole[place : place + len(junk)] = junk
    path = tmp_path / f"damaged.{ending}"
    path.write_bytes(whole)
    try:
        reading = read_log(path)
    except (UnknownLogFormat, FileUnreadable):  # its first bytes may call it packed
        return
    assert reading.counts.statements <= sum(logged.statements.values()) + 60


@NEWEST
@ENDINGS
@pytest.mark.parametrize("size", [1, 37, 4096])
def test_the_size_of_blocks_makes_no_difference(
    logged: Traffic, ending: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = logged.log(ending)
    if size == 1:
        size = len(path.read_bytes()) // 3 + 1
    expected = read_log(path)
    monkeypatch.setattr(files, "BLOCK", size)
    found = read_log(path)
    assert found.counts == expected.counts
    assert _calls(found) == _calls(expected)
    assert {r.fingerprint: r.times for r in found.conversation.repetitions} == {
        r.fingerprint: r.times for r in expected.conversation.repetitions
    }


@NEWEST
@ENDINGS
def test_zero_bytes_line_ends_and_a_torn_gzip(logged: Traffic, ending: str, tmp_path: Path) -> None:
    whole = logged.log(ending).read_bytes()
    expected = _calls(read_log(logged.log(ending)))
    path = tmp_path / f"x.{ending}"
    path.write_bytes(b"\0" * 5000 + whole.replace(b"\n", b"\r\n"))
    assert _calls(read_log(path)) == expected
    torn = tmp_path / f"y.{ending}.gz"
    packed = gzip.compress(whole)
    torn.write_bytes(packed[: len(packed) * 2 // 3])
    reading = read_log(torn)
    assert any("damaged or was never written" in skip.reason for skip in reading.skipped)
    assert not _calls(reading) - expected


@NEWEST
def test_an_entry_that_never_ends_is_left_out(
    logged: Traffic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LONGEST_ENTRY", 3000)
    monkeypatch.setattr(files, "BLOCK", 1000)
    path = tmp_path / "x.csv"
    path.write_bytes(b"x" * 9000 + b"\n")
    told: list[str] = []
    assert list(
        blocks(LogFile(path, 9001, "", datetime.now(UTC)), lambda block: 0, silent, told.append)
    ) == [b"x" * 1000 + b"\n"]
    assert set(told) == {"an entry of more than 64 MiB"}


def test_a_statement_of_two_megabytes() -> None:
    with logging_server(18) as server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("SET log_min_duration_statement = 0")
            simple = psycopg.ClientCursor(connection)
            for _ in range(2):
                simple.execute("SELECT length(%s), 'é'", ['it\'s "long"\n' * 180_000])
            many = ", ".join(str(number) for number in range(300_000))
            for column in ("oid", "relpages"):
                simple.execute(f"SELECT relname FROM pg_class WHERE {column} IN ({many})".encode())
            for number in range(3):
                simple.execute(f'SELECT {number} AS "\u2028 \u0085 \x0b \x1c"')
        folder = wait_for_log(server)
        paths = [folder / f"server.{ending}" for ending in ("log", "csv", "json")]
        assert min(path.stat().st_size for path in paths) > 7_000_000
        readings = [read_log(path) for path in paths]
    for reading in readings:
        _check_long(reading)


def _check_long(reading: LogReading) -> None:
    by_text = {query.text[:30]: query for query in reading.workload.queries}
    assert by_text["SELECT length($1), $2"].calls == 2
    assert [q.calls for q in reading.workload.queries if "relname" in q.text] == [1, 1]
    assert [q.calls for q in reading.workload.queries if "\u2028" in q.text] == [3]
    example = by_text["SELECT length($1), $2"].example
    assert example is not None and example.endswith("'), 'é'") and len(example) > 2_000_000


@NEWEST
def test_a_log_that_is_being_written(logged: Traffic, tmp_path: Path) -> None:
    whole = logged.log("csv").read_bytes()
    path = tmp_path / "x.csv"
    path.write_bytes(whole[: whole.rindex(b"duration") + 12])
    reading = read_log(path)
    assert [skip.reason.partition(": ")[2] for skip in reading.skipped if skip.part == "log"] == [
        "the last entry, which is not finished, was left out"
    ]
