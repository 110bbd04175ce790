"""A crash in the middle of a line: no whole event is lost, and the next one stands on its own."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbwright.agent.events import torn
from dbwright.agent.events.entry import Entry, Fault
from dbwright.agent.events.event import Event, Progress
from dbwright.agent.events.log import EventLog

LINE = b'{"event_id":"1","ticket_id":"T","type":"A"}'

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
EVENTS = st.fixed_dictionaries(
    {
        "event_id": st.uuids().map(str),
        "ticket_id": st.sampled_from("ST"),
        "type": st.text(max_size=5),
    },
    optional={"payload": VALUES, "x": VALUES},
)


def events(log: EventLog) -> list[object]:
    return [line.document if isinstance(line, Entry) else line for line in log.read()]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(EVENTS, max_size=5), st.booleans(), st.data())
def test_any_prefix_of_a_log_keeps_all_whole_events(
    written: list[dict[str, object]], ascii: bool, data: st.DataObject
) -> None:
    lines = [
        json.dumps(each, ensure_ascii=ascii).encode("utf-8", "surrogatepass") for each in written
    ]
    content = b"".join(line + b"\n" for line in lines)
    cut = data.draw(st.integers(0, len(content)))
    # Whole is what has all its bytes, its end or not.
    ends = [sum(len(line) + 1 for line in lines[: number + 1]) for number in range(len(lines))]
    whole = [each for each, end in zip(written, ends, strict=True) if cut >= end - 1]
    with TemporaryDirectory() as folder:
        log = EventLog(Path(folder) / "log")
        log.path.write_bytes(content[:cut])
        event = Event("T", "database", Progress("on"))
        appended = log.append(event)
        assert events(log) == [*whole, event.document()]
        assert appended.entry.number == len(whole) + 1
        rest = content[ends[len(whole) - 1] if whole else 0 : cut]
        kept = b"".join(path.read_bytes() for path in Path(folder).glob("log.torn-*"))
        assert kept == rest
        assert (appended.torn is not None) == bool(rest)
        assert log.append(event).is_new is False
        assert log.path.read_bytes().endswith(b"\n")


def test_a_completion_without_its_end_is_a_duplicate(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    event = Event("T", "database", Progress("on"))
    log.path.write_bytes(event.line()[:-1])
    assert not log.append(event).is_new
    assert log.path.read_bytes() == event.line()


def test_a_reader_of_a_torn_line_says_so_and_changes_nothing(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    log.path.write_bytes(LINE + b"\n" + LINE[:30])
    entry, fault = log.read()
    assert isinstance(entry, Entry)
    assert fault == Fault(2, "without its end: being written, or cut off", is_tail=True)
    assert log.path.read_bytes() == LINE + b"\n" + LINE[:30]
    log.path.write_bytes(LINE + b"\n" + LINE)
    assert len(log.replay("T").entries) == 2


def test_a_repair_that_is_cut_off_is_done_again(tmp_path: Path) -> None:
    """The torn line was copied and not yet taken away: the same file gets the same once more."""
    log = EventLog(tmp_path / "log")
    for _ in range(2):
        log.path.write_bytes(LINE + b"\n" + LINE[:30])
        apart = log.append(Event("T", "database", Progress("on"))).torn
        assert apart is not None and apart.read_bytes() == LINE[:30]
        assert apart.name.startswith("log.torn-44-")
    assert len(list(tmp_path.glob("log.torn-*"))) == 1


def test_the_rest_of_a_line_that_is_being_written_is_waited_for(tmp_path: Path) -> None:
    """By a program that takes no lock."""
    import threading
    import time

    log = EventLog(tmp_path / "log")
    log.path.write_bytes(LINE[:30])

    def finish() -> None:
        time.sleep(torn.PATIENCE / 5)
        with log.path.open("ab") as file:
            file.write(LINE[30:] + b"\n")

    other = threading.Thread(target=finish)
    other.start()
    appended = log.append(Event("T", "database", Progress("on")))
    other.join()
    assert appended.torn is None
    assert len(log.replay("T").entries) == 2


def test_a_torn_line_larger_than_memory_should_hold(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    with log.path.open("wb") as file:
        file.write(LINE + b"\n")
        file.truncate(40_000_000)
    apart = log.append(Event("T", "database", Progress("on"))).torn
    assert apart is not None and apart.stat().st_size == 40_000_000 - len(LINE) - 1
    assert len(log.replay("T").entries) == 2
    apart.unlink()
