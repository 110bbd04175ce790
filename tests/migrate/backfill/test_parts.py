"""The parts of a backfill that need no server, and the throttle on one."""

from __future__ import annotations

import threading
import time

import psycopg
import pytest

from dbwright.errors import BadMigration
from dbwright.migrate.backfill.key import Key, condition
from dbwright.migrate.backfill.pace import Pace
from dbwright.migrate.backfill.pressure import DeadRows, Pressure
from dbwright.migrate.backfill.size import BatchSize
from dbwright.migrate.backfill.throttle import Throttle
from dbwright.migrate.files.options import read_options
from dbwright.model.batches import BatchMark, BatchOptions
from servers.observe import wait_for
from servers.postgresql import Database

ONE = Key(("id",), ("bigint",), is_primary=True)
THREE = Key(("a", "B", "c"), ("text", "date", "int"), is_primary=True)


@pytest.mark.parametrize(
    ("key", "after", "to", "expected"),
    [
        (ONE, [], ["9"], "id <= '9'::bigint"),
        (ONE, ["5"], ["9"], "id > '5'::bigint AND id <= '9'::bigint"),
        (THREE, ["x", "d", "1"], ["x", "d", "3"],
         "a = 'x'::text AND \"B\" = 'd'::date AND c > '1'::int AND c <= '3'::int"),
        (THREE, ["x", "d", "1"], ["x", "e", "1"],
         "a = 'x'::text AND \"B\" >= 'd'::date AND (\"B\", c) > ('d'::date, '1'::int) "
         "AND \"B\" <= 'e'::date AND (\"B\", c) <= ('e'::date, '1'::int)"),
        (THREE, [], ["it's \\", "d", "1"],
         "a <= E'it''s \\\\'::text AND (a, \"B\", c) <= (E'it''s \\\\'::text, 'd'::date, '1'::int)"),
        (ONE, ["5"], ["5"], "false"),
    ],
)  # fmt: skip
def test_ranges_of_a_key(key: Key, after: list[str], to: list[str], expected: str) -> None:
    assert condition(key, after, to) == expected


def test_a_key_that_the_statement_moves() -> None:
    assert ONE.is_moved_by({"id"})
    assert not ONE.is_moved_by({"v"})
    generated = Key(("id",), ("bigint",), is_primary=True, computed_from=frozenset({"v"}))
    assert generated.is_moved_by({"v"})
    assert not generated.is_moved_by({"w"})


def test_size_follows_time() -> None:
    size = BatchSize(1000, seconds=0.2)
    size.took(0.02, 1000)  # ten times as fast: twice as many at most
    assert size.rows == 2000
    size.took(0.2, 2000)
    assert size.rows == 1600
    size.took(20.0, 1600)  # a moment when something else was slow
    assert size.rows == 320
    size.took(0.0, 17)  # the last one, of few rows
    assert size.rows == 320
    for _ in range(20):
        size.halve()
    assert size.rows == 10
    for _ in range(40):
        size.took(0.0, size.rows)
    assert size.rows == 200_000


def test_a_steady_speed_is_found_whatever_it_is() -> None:
    for rows_per_second in (70.0, 9_000.0, 400_000.0):
        size = BatchSize(1000, seconds=0.2)
        for _ in range(12):
            size.took(size.rows / rows_per_second, size.rows)
        assert size.rows / rows_per_second == pytest.approx(0.16, rel=0.1)


def test_what_takes_its_time_for_any_number_of_rows_comes_to_an_end() -> None:
    size = BatchSize(1000, seconds=0.2)
    left, batches = 1_000_000, 0
    while left > 0:
        rows = min(size.rows, left)
        size.took(3.0 + rows / 100_000, rows)
        left, batches = left - rows, batches + 1
    assert batches < 25
    assert size.is_fixed
    size.took(0.1, size.rows)  # it was something else
    assert not size.is_fixed


def test_pace() -> None:
    pace = Pace(1000, now=100.0)
    assert pace.words(5000) == "just begun"
    pace.note(3000, now=102.0)
    assert pace.words(5000) == "1,000 rows/s, about 2 s left"
    assert pace.words(203_000) == "1,000 rows/s, about 3 min left"
    assert pace.words(10_803_000) == "1,000 rows/s, about 3 h 0 min left"
    assert pace.words(3000) == "1,000 rows/s, more rows than were estimated"
    for second in range(40):  # a pause: what was before it counts no more
        pace.note(3000, now=103.0 + second)
    assert pace.rows_per_second == 0.0


def test_how_far_a_standby_is_behind() -> None:
    """From positions in the log that were seen, whatever the server says of itself."""
    pressure = Pressure(1, [])
    standbys = [["near", "1000", ""], ["far", "400", ""]]
    note = pressure._note
    note("1000", 0, standbys, 0, 10.0)
    assert pressure.lag == ("far", 0.0)
    note("2000", 0, standbys, 2, 11.0)
    note("2000", 0, standbys, 1, 12.0)
    assert pressure.lag == ("far", 2.0)
    note("3000", 1, [["near", "2500", ""], ["far", "1000", ""]], 0, 12.5)
    assert pressure.lag == ("far", 1.5)
    assert pressure.hidden
    assert (pressure.take_blocked(), pressure.take_blocked()) == (2, 0)
    note("3000", 0, [["near", "3000", ""], ["far", "3000", ""]], 0, 20.0)
    assert pressure.lag[1] == 0.0
    note("4000", 0, [], 0, 21.0)
    note("5000", 0, [["new", "4500", ""]], 0, 29.0)
    assert pressure.lag == ("new", 0.0)


def test_a_standby_that_is_gone_is_waited_for_and_not_for_ever() -> None:
    """wal_sender_timeout ends the connection of one that stands still."""
    pressure = Pressure(1, [])
    note = pressure._note
    note("1000", 0, [["one", "1000", "one 10.0.0.1"], ["one", "1000", "one 10.0.0.2"]], 0, 10.0)
    note("2000", 0, [["one", "2000", "one 10.0.0.1"]], 0, 11.0)
    note("2000", 0, [["one", "2000", "one 10.0.0.1"]], 0, 15.0)
    assert pressure.lag == ("one (gone)", 4.0)
    note("3000", 0, [["one", "3000", "one 10.0.0.1"], ["one", "3000", "one 10.0.0.2"]], 0, 16.0)
    assert pressure.lag[1] == 0.0
    note("4000", 0, [], 0, 17.0)
    note("4000", 0, [], 0, 315.0)
    assert pressure.lag[1] == 298.0
    note("5000", 0, [], 0, 320.0)
    assert pressure.lag == ("", 0.0)


def test_waits_for_autovacuum_and_not_for_ever(database: Database) -> None:
    database.execute(
        "CREATE TABLE t (id int) WITH (autovacuum_enabled = off);"
        "INSERT INTO t SELECT generate_series(1, 500)"
    )
    ((oid,),) = database.execute("SELECT 't'::regclass::oid")
    database.execute("UPDATE t SET id = id; SELECT pg_stat_clear_snapshot()")
    said: list[str] = []
    dead = DeadRows((oid,), trigger=100.0, row_bytes=50.0)
    with psycopg.connect(database.url, autocommit=True) as connection:

        def look(doing: str, done: int | None = None, total: int | None = None) -> None:
            said.append(doing)
            pressure._dead_at = float("-inf")
            pressure.look(connection)

        pressure = Pressure(connection.info.backend_pid, [oid])
        pressure.look(connection)
        wait_for(lambda: _dead(pressure, connection) == 500)
        Throttle(pressure, 0.0, dead).wait(look)  # less than a gigabyte
        assert said == []
        few = Throttle(pressure, 0.0, dead, bearable_bytes=1)
        thread = threading.Thread(target=few.wait, args=(look,))
        thread.start()
        wait_for(lambda: len(said) > 1)
        database.execute("VACUUM t")
        thread.join(30)
        assert set(said) == {"paused: 500 dead rows wait for autovacuum"}
        # An old snapshot keeps them: it goes on after a while, and does not wait for them again.
        database.execute("UPDATE t SET id = id")
        wait_for(lambda: _dead(pressure, connection) >= 500)
        said.clear()
        short = Throttle(pressure, 0.0, dead, bearable_bytes=1, longest_for_dead_rows=0.2)
        short.wait(look)
        short.wait(look)
        assert said[-1].startswith("autovacuum does not clear the table")
        assert sum(one.startswith("autovacuum") for one in said) == 1


def _dead(pressure: Pressure, connection: psycopg.Connection) -> int:
    pressure._dead_at = float("-inf")
    pressure.look(connection)
    return pressure.dead


def test_options() -> None:
    head = (
        '-- batches: "Sh op"."or""ders"\n-- batch-time: 50ms\n-- batch-size: 7\n'
        "-- batch-rest: 40%\n-- max-lag: 0\n"
    )
    expected = BatchOptions(("Sh op", 'or"ders'), seconds=0.05, rows=7, max_lag=0.0, rest=0.4)
    assert read_options(head, "f").batches == expected
    assert read_options("-- batches: Orders\n", "f").batches == BatchOptions((None, "orders"))
    assert read_options("-- batches run at night\n", "f").batches is None


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("-- batches: a, b", "a, b is none"),
        ("-- batches: a WHERE true", "a WHERE true is none"),
        ("-- batches: ONLY a", "takes the name of one table"),
        ("-- batches: a; DROP TABLE b", "takes the name of one table"),
        ("-- batches:", "nothing is none"),
        ("-- batch: a", "did you mean batches"),
        ("-- batches: a\n-- batches: b", "line 2: batches is said twice"),
        ("-- batch-time: 0\n-- batches: a", "longer than 0"),
        ("-- batch-time: soon", "takes a time"),
        ("-- batch-size: 0", "from 1 to 1000000"),
        ("-- batch-size: 99999999999999999999", "from 1 to 1000000"),
        ("-- batch-time: 1s", "not over which table"),
        ("-- batches: a\n-- batch-rest: 25", "takes percent"),
        ("-- batches: a\n-- batch-rest: 1001%", "from 0% to 1000%"),
    ],
)
def test_options_that_say_nothing(head: str, message: str) -> None:
    with pytest.raises(BadMigration) as caught:
        read_options(head, "f")
    assert message in f"{caught.value.message} {caught.value.next_step}"


def test_a_mark_is_written_and_read() -> None:
    mark = BatchMark(("ä",), ("x'\n",), ("z",), "sum", 10, batches=1, passed=5, estimate=3)
    assert BatchMark.from_json(mark.to_json()) == mark
    assert (mark.percent, mark.words) == (99, "1 batch (99% of its rows)")
    for text in ("{}", "[]", "x", '{"columns": []}', "null"):
        with pytest.raises(ValueError, match=r"mark|Expecting"):
            BatchMark.from_json(text)


def test_it_is_said_when_nobody_looks() -> None:
    """The watcher could have no session; or its user may not see standbys."""
    said: list[str] = []

    def tell(doing: str, done: int | None = None, total: int | None = None) -> None:
        said.append(doing)

    blind = Pressure(1, [])
    blind.first_look.set()
    throttle = Throttle(blind, 1.0, None)
    throttle.wait(tell)
    throttle.wait(tell)
    assert said == [
        "nobody looks at standbys and at who waits for batches: no second session could be had"
    ]
    hidden = Pressure(1, [])
    hidden.first_look.set()
    hidden._note("1000", 1, None, 3, time.monotonic())
    throttle = Throttle(hidden, 1.0, None)
    throttle.wait(tell)
    assert said[-1] == "how far standbys are behind is hidden: GRANT pg_monitor to this user"
    size = BatchSize(1000, seconds=0.2)
    throttle.after_batch(0.02, size, tell)  # so short that nobody suffered
    assert (size.rows, len(said)) == (1000, 2)
    hidden._note("1000", 0, None, 3, time.monotonic())
    throttle.after_batch(0.03, size, tell)
    assert (size.rows, said[-1][:36]) == (500, "paused for 0.0 s: 3 sessions waited ")
