"""The team's log: what others wrote stays, and what is appended is there once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from dbwright.agent.events.entry import Entry, Fault
from dbwright.agent.events.event import Blocked, Completed, Event, Failed, Progress, Started
from dbwright.agent.events.lines import LONGEST
from dbwright.agent.events.log import EventLog
from dbwright.agent.events.quality import QualityCheck, QualityChecks
from dbwright.errors import EventLogUnusable, UsageError

CHECKS = QualityChecks(
    QualityCheck("validated"),
    QualityCheck("analyzed"),
    QualityCheck.failed("2 findings are errors"),
    QualityCheck.skipped("there are no migrations"),
)


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    (tmp_path / ".claude").mkdir()
    return EventLog.of(tmp_path)


def completed(ticket: str = "T-1", agent: str = "database", **more: Any) -> Event:
    return Event(ticket, agent, Completed.of(("a.md",), CHECKS), **more)


def write(log: EventLog, content: bytes) -> None:
    log.path.parent.mkdir(exist_ok=True)
    log.path.write_bytes(content)


def test_what_is_appended_is_read(log: EventLog) -> None:
    at = datetime(2026, 5, 4, 10, 0, 0, 1999, tzinfo=timezone(timedelta(hours=2)))
    payloads = [
        Started("design", ".claude/workspaces/JOB-1"),
        Progress("check", 0, 4),
        Blocked("no server", ("PostgreSQL",)),
        Failed("it broke"),
    ]
    for payload in payloads:
        assert log.append(Event("T-1", "database", payload, timestamp=at)).is_new
    assert log.append(completed(event_id="é\u2028\n", timestamp=at)).entry.number == 5
    log.append(Event("T-2", "database", Started()))
    history = log.replay("T-1")
    assert not history.faults
    assert [entry.number for entry in history.entries] == [1, 2, 3, 4, 5]
    assert [entry.document for entry in history.entries[1:]] == [
        json.loads(line) for line in log.path.read_text().splitlines()[1:5]
    ]
    assert history.entries[0].document == {
        "event_id": history.entries[0].event_id,
        "ticket_id": "T-1",
        "type": "AGENT_STARTED",
        "agent": "database",
        "timestamp": "2026-05-04T08:00:00.001Z",
        "payload": {"task": "design", "workspace": ".claude/workspaces/JOB-1"},
    }
    assert history.entries[1].payload == {"step": "check", "done": 0, "total": 4}
    assert history.entries[3].payload == {"reason": "it broke"}
    last = history.last("AGENT_COMPLETED", "database")
    assert last is not None and last.event_id == "é\u2028\n"
    assert last.timestamp == datetime(2026, 5, 4, 8, 0, 0, 1000, tzinfo=UTC)
    assert last.payload == {
        "status": "partial",
        "artifacts": ["a.md"],
        "quality_checks": {
            "schema": "validated",
            "performance": "analyzed",
            "security": "failed: 2 findings are errors",
            "migrations": "skipped: there are no migrations",
        },
    }
    assert history.last("AGENT_COMPLETED", "other") is None


def test_no_log_is_an_empty_one(tmp_path: Path) -> None:
    log = EventLog.of(tmp_path)
    assert log.replay("T-1").entries == ()
    with pytest.raises(EventLogUnusable, match=r"there is no folder .*[.]claude$"):
        log.append(completed())
    assert not (tmp_path / ".claude").exists()


def test_a_completion_is_there_once(log: EventLog) -> None:
    first = log.append(completed())
    log.append(completed(agent="other"))
    log.append(completed("T-2"))
    before = log.path.read_bytes()
    for writer in (log, EventLog.of(log.path.parents[2])):
        again = writer.append(completed())
        assert not again.is_new
        assert again.entry == first.entry
    assert log.path.read_bytes() == before


def test_a_completion_that_supersedes_another(log: EventLog) -> None:
    first = log.append(completed()).entry
    payload = Completed("partial", ("b.md",), CHECKS, supersedes=first.event_id)
    again = Event("T-1", "database", payload)
    assert log.append(again).is_new and not log.append(again).is_new
    late = log.append(completed())
    assert not late.is_new and late.entry.event_id == again.event_id
    last = log.replay("T-1").last("AGENT_COMPLETED")
    assert last is not None and last.payload["supersedes"] == first.event_id


def test_an_event_is_there_once(log: EventLog) -> None:
    event = Event("T-1", "database", Progress("check"))
    assert log.append(event).is_new
    again = EventLog.of(log.path.parents[2]).append(event)
    assert not again.is_new and again.entry.event_id == event.event_id
    assert log.append(Event("T-1", "database", Progress("check"))).is_new
    assert log.append(Event("T-2", "other", Started(), event_id=event.event_id)).is_new


def test_duplicates_of_many_tickets(log: EventLog) -> None:
    """More than a writer remembers."""
    tickets = [f"T-{number}" for number in range(300)]
    for ticket in tickets:
        assert log.append(completed(ticket)).is_new
    other = EventLog.of(log.path.parents[2])
    for ticket in [*tickets[:40], *tickets[250:]]:
        assert not other.append(completed(ticket)).is_new
        assert not log.append(completed(ticket)).is_new
    assert other.append(completed("new")).entry.number == 301


def test_duplicates_that_others_wrote(log: EventLog) -> None:
    """In the forms that other writers of JSON have for the same text."""
    for number, ticket in enumerate(('"', "a/b", "é/ü", "42", "日本\U0001f600")):
        for form in (
            json.dumps(ticket),
            json.dumps(ticket, ensure_ascii=False),
            json.dumps(ticket).replace("/", "\\/"),
            "42" if ticket == "42" else json.dumps(ticket),
        ):
            line = f'{{"type": "AGENT_COMPLETED", "agent": "a", "ticket_id": {form}}}\r\n'
            write(log, b"\xef\xbb\xbf" * (number % 2) + line.encode())
            appended = EventLog.of(log.path.parents[2]).append(completed(ticket, "a"))
            assert not appended.is_new, (ticket, form)
            assert len(log.replay(ticket).entries) == 1


def test_what_others_wrote_is_kept(log: EventLog) -> None:
    content = (
        b'{"type":"SPRINT_PLANNED","ticket_id":"T-1","who":["a"],"payload":{"x":{"y":null}}}\n'
        b'{"type":"OLD","ticket_id":7,"payload":[1],"timestamp":"2026-01-02 03:04:05","v":1e3}\n'
        b"\n"
        b'{"ticket_id":"T-1","timestamp":"yesterday","agent":null}\n'
    )
    write(log, content)
    log.append(Event("T-1", "database", Started()))
    assert log.path.read_bytes().startswith(content)
    first, third, own = log.replay("T-1").entries
    assert first.document["who"] == ["a"] and first.type == "SPRINT_PLANNED"
    assert first.payload == {"x": {"y": None}}
    assert (third.number, third.type, third.agent, third.timestamp) == (4, "", "", None)
    assert own.number == 5
    seventh = log.replay("7").entries[0]
    assert seventh.payload == {} and seventh.document["payload"] == [1]
    assert seventh.timestamp == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert len([line for line in log.read() if isinstance(line, Entry)]) == 4


def test_lines_that_are_none_are_told_and_passed_over(log: EventLog) -> None:
    good = b'{"ticket_id":"T-1","type":"A","event_id":"1"}'
    lines = [good, b"oops", b"[1]", b"\xff\xfe", good[:20] + good, good + good, b"[" * 9999]
    lines += [b"\0" * 10, b'{"ticket_id":"T-1",}', b'{"ticket_id":"T-2",}', b"12", good]
    write(log, b"\n".join(lines) + b"\n")
    found = list(log.read())
    assert [line.number for line in found if isinstance(line, Entry)] == [1, 5, 6, 6, 12]
    told = {line.number: line.reason for line in found if isinstance(line, Fault)}
    assert sorted(told) == [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert told[2] == "no JSON"
    assert told[3] == "a list, where an event is an object"
    assert told[5] == "no JSON up to column 21"
    assert told[6] == "2 events, where a line is one"
    assert told[7] == "nested too deeply" or told[7] == "no JSON"
    history = log.replay("T-1")
    assert [entry.number for entry in history.entries] == [1, 5, 6, 6, 12]
    # What names another ticket is looked at from outside only.
    assert [fault.number for fault in history.faults] == [2, 3, 4, 5, 6, 7, 8, 9, 11]
    assert str(history.faults[0]) == "line 2: no JSON"


def test_a_line_beyond_all_bounds(log: EventLog) -> None:
    good = b'{"ticket_id":"T-1","type":"A","event_id":"1"}\n'
    large = b'{"ticket_id":"T-1","x":"' + b"x" * (LONGEST - 100) + b'"}\n'
    write(log, good + large + b'{"ticket_id":"T-1","x":"' + b"x" * LONGEST + b'"}\n' + good)
    found = log.replay("T-1")
    assert [entry.number for entry in found.entries] == [1, 2, 4]
    assert found.faults == (Fault(3, "longer than 16,777,216 bytes"),)
    assert log.append(completed()).entry.number == 5


def test_an_event_that_is_too_large(log: EventLog) -> None:
    with pytest.raises(UsageError, match="bytes, and 1,048,576 are the most"):
        log.append(Event("T-1", "database", Progress("x" * 2_000_000)))
    assert not log.path.exists()


@pytest.mark.parametrize("broken", [("", "a"), ("T", " "), ("T", "a", "")])
def test_an_event_says_who_and_what(broken: tuple[str, ...]) -> None:
    ticket, agent, *rest = broken
    with pytest.raises(ValueError, match="needs its"):
        Event(ticket, agent, Started(), *rest)


def test_a_check_is_what_was_run() -> None:
    assert QualityCheck.parse("skipped: no\nfiles") == QualityCheck("skipped", "no\nfiles")
    for text in ("done", "skipped", "skipped: ", "validated: yes", ""):
        with pytest.raises(ValueError):
            QualityCheck.parse(text)
    with pytest.raises(ValueError, match="schema is validated, failed or skipped, not tested"):
        QualityChecks(*[QualityCheck("tested")] * 4)
    fine = QualityChecks(*map(QualityCheck, ("validated", "analyzed", "reviewed", "tested")))
    assert Completed.of((), fine).status == "success"


def test_a_log_that_is_replaced_is_read_anew(log: EventLog) -> None:
    log.append(completed())
    log.path.rename(log.path.with_suffix(".1"))
    assert log.append(completed()).is_new
    log.path.write_bytes(b"")
    assert log.append(completed()).entry.number == 1
    names = sorted(path.name for path in log.path.parent.iterdir())
    assert names == ["log.1", "log.ndjson"]
