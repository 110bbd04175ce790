"""What an application recorded about itself (`dbwright.capture`) as a `Workload`.

The file's form is described where it is written, in `dbwright.capture.writer`. It may be read while
it is written; rotated parts beside it are read with it. Texts are grouped by fingerprint: each
text is parsed once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbwright.engines.capture_sums import Group, Repeated, Statement, Step, moment, repeat
from dbwright.errors import FileUnreadable, WorkloadUnreadable
from dbwright.model.conversation import Conversation
from dbwright.model.report import Skipped
from dbwright.model.workload import Workload
from dbwright.progress import Progress, silent
from dbwright.sql.fingerprint import fingerprint, normalize
from dbwright.sql.parse import SyntaxProblem

__all__ = ["CaptureReading", "is_capture", "read_capture"]

FORMAT = "dbwright-capture"
FORMAT_VERSION = 1
MOST_REFUSED = 1000
"""Statements that can't be used and are told one by one."""


@dataclass(frozen=True, slots=True)
class CaptureReading:
    """What a capture's files hold."""

    workload: Workload
    conversation: Conversation
    """Of a fair sample of the transactions."""
    skipped: tuple[Skipped, ...] = ()


def is_capture(path: Path) -> bool:
    """By its first line."""
    try:
        with path.open("rb") as file:
            return f'"format":"{FORMAT}"'.encode() in file.read(300).split(b"\n")[0]
    except OSError:
        return False


def read_capture(path: Path, progress: Progress = silent) -> CaptureReading:
    """Read a capture's file and its rotated parts (`….1` …), oldest first.

    Raises FileUnreadable, and WorkloadUnreadable where it is no capture that is known here.
    """
    reader = _Reader()
    for part in _parts(path):
        progress(f"reading {part.name}")
        reader.read(part)
    return reader.result(path)


def _parts(path: Path) -> list[Path]:
    numbered = {
        int(number): part
        for part in path.parent.glob(f"{path.name}.*")
        if (number := part.name.removeprefix(f"{path.name}.")).isdigit()
    }
    return [*(numbered[number] for number in sorted(numbered, reverse=True)), path]


class _Reader:
    """Where the reading of a capture's files stands."""

    def __init__(self) -> None:
        self.groups: dict[str, Group] = {}
        self.repeated: dict[tuple[str | None, str], Repeated] = {}
        self.sessions: set[str] = set()
        self.transactions = self.of_one_statement = self.longer = self.sampled = 0
        self.first = float("inf")
        self.lost = self.missed = self.unknown = self.damaged = 0
        self.refused: dict[str, str] = {}
        """Statements that can't be used, and why."""
        self.statements: dict[tuple[str, int], Statement | None] = {}
        self.names: dict[str, str | None] = {}
        """Fingerprints by text."""

    def read(self, path: Path) -> None:
        self.statements.clear()  # numbers are of one file
        for line in self._lines(path):
            kind = line.get("kind")
            try:
                if kind == "statement":
                    self._define(line)
                elif kind == "calls":
                    self._add(line)
                elif kind == "sequence":
                    self._follow(line)
                elif kind == "interval":
                    self._interval(line)
            except (KeyError, TypeError, ValueError):
                self.damaged += 1

    def _lines(self, path: Path) -> Iterator[dict[str, Any]]:
        """The whole lines. Raises FileUnreadable, WorkloadUnreadable."""
        try:
            with path.open("rb") as file:
                _check_header(path, file.readline())
                for raw in file:
                    if not raw.endswith(b"\n"):
                        return  # is being written
                    try:
                        line = json.loads(raw)
                    except ValueError:
                        line = None
                    if isinstance(line, dict):
                        yield line
                    else:
                        self.damaged += 1
        except OSError as problem:
            raise FileUnreadable(
                f"can't read {path}: {problem.strerror}", "check the path"
            ) from None

    def _define(self, line: Mapping[str, Any]) -> None:
        key = (str(line["process"]), int(line["id"]))
        text, site = str(line["text"]), line.get("site")
        place = f"{site['file']}:{site['line']} {site['function']}" if site else ""
        if "cut" in line:
            reason = f"a statement of {int(line['cut']):,} characters was not kept whole"
            self._refuse(text, f"{reason}{_at(place)}")
            self.statements[key] = None
            return
        name = self._name(text, place)
        self.statements[key] = None if name is None else Statement(text, place, name)

    def _name(self, text: str, place: str) -> str | None:
        if text not in self.names:
            try:
                self.names[text] = fingerprint(text)
            except SyntaxProblem as problem:
                self._refuse(text, f"a statement does not parse{_at(place)}: {problem.message}")
                self.names[text] = None
        return self.names[text]

    def _refuse(self, text: str, reason: str) -> None:
        if len(self.refused) < MOST_REFUSED:
            self.refused.setdefault(text, reason)

    def _add(self, line: Mapping[str, Any]) -> None:
        key = (str(line["process"]), int(line["id"]))
        if key not in self.statements:
            self.unknown += int(line["calls"])
            return
        statement = self.statements[key]
        if statement is None:
            return
        group = self.groups.get(statement.fingerprint)
        if group is None:
            group = self.groups[statement.fingerprint] = Group(normalize(statement.text))
        group.add(statement, line)

    def _follow(self, line: Mapping[str, Any]) -> None:
        process = str(line["process"])
        steps = []
        for number, times, seconds, _, changed, varying in line["steps"]:
            statement = self.statements.get((process, int(number)))
            if statement is not None:
                positions = tuple(int(position) for position in varying)
                steps.append(Step(statement, int(times), float(seconds), int(changed), positions))
        self.sessions.add(f"{process}/{line['session']}")
        lasted = float(line["last"]) - float(line["first"])
        repeat(self.repeated, steps, lasted, bool(line["transaction"]))

    def _interval(self, line: Mapping[str, Any]) -> None:
        self.transactions += int(line["transactions"])
        self.of_one_statement += int(line["of_one_statement"])
        self.longer += int(line["longer"])
        self.sampled += int(line["sampled"])
        self.lost += int(line["lost"])
        self.missed += int(line.get("missed", 0))
        self.first = min(self.first, float(line["from"]))

    def result(self, path: Path) -> CaptureReading:
        queries = [group.query(name) for name, group in self.groups.items() if group.calls]
        queries.sort(key=lambda query: (-(query.total_seconds or 0.0), query.fingerprint))
        since = None if self.first == float("inf") else moment(self.first)
        return CaptureReading(
            workload=Workload(source=str(path), queries=tuple(queries), since=since),
            conversation=self._conversation(str(path)),
            skipped=tuple(self._skipped()),
        )

    def _conversation(self, source: str) -> Conversation:
        repetitions = [
            repeated.repetition(name, self.groups.get(name))
            for (_, name), repeated in self.repeated.items()
        ]
        repetitions.sort(key=lambda r: (-r.seconds - r.waiting_seconds, r.fingerprint))
        pings = [group for group in self.groups.values() if _is_ping(group.text)]
        return Conversation(
            source=source,
            sessions=len(self.sessions),
            statements=sum(group.calls for group in self.groups.values()),
            seconds=sum(group.seconds for group in self.groups.values()),
            single_statement_transactions=self.of_one_statement,
            transactions=self.transactions,
            pings=sum(group.calls for group in pings),
            ping_seconds=sum(group.seconds for group in pings),
            repetitions=tuple(repetitions),
            complete=self.sampled == self.longer and not (self.lost or self.missed),
        )

    def _skipped(self) -> Iterator[Skipped]:
        for reason in self.refused.values():
            yield Skipped("workload.statements", reason)
        if self.lost:
            yield Skipped(
                "workload.calls",
                f"{self.lost:,} calls were not recorded: there were too many different statements",
                "send values as parameters rather than in the text, or raise most_statements",
            )
        if self.missed:
            calls = sum(group.calls for group in self.groups.values())
            yield Skipped(
                "workload.calls",
                f"about {self.missed / max(calls, self.missed):.0%} of the calls came while "
                "recording paused to stay cheap: all figures are scaled up",
                "Recorder(share=1) records everything, for some microseconds a statement",
            )
        if self.unknown:
            yield Skipped(
                "workload.calls", f"{self.unknown:,} calls are of statements that the file lacks"
            )
        if self.damaged:
            yield Skipped("workload.lines", f"{self.damaged:,} lines are damaged")


def _check_header(path: Path, first: bytes) -> None:
    step = "give a file that dbwright.capture wrote"
    try:
        header = json.loads(first)
        if header["format"] != FORMAT:
            raise WorkloadUnreadable(f"{path} is not a capture", step)
        version = int(header["version"])
    except (ValueError, KeyError, TypeError):
        raise WorkloadUnreadable(f"{path} is not a capture", step) from None
    if version > FORMAT_VERSION:
        raise WorkloadUnreadable(
            f"{path} was written by a newer dbwright.capture (format {version})",
            "upgrade dbwright: pip install --upgrade dbwright",
        )


def _at(place: str) -> str:
    return f" ({place})" if place else ""


def _is_ping(text: str) -> bool:
    """`SELECT 1` with its constant taken out, or nothing at all."""
    return text.strip().rstrip(";").lower() in ("", "select $1")
