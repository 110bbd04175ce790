"""The work on a ticket, from its start to the event that ends it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dbwright.agent.events.entry import Entry
from dbwright.agent.events.event import (
    Blocked,
    Completed,
    Event,
    EventType,
    Failed,
    Payload,
    Started,
)
from dbwright.agent.events.event import Progress as Step
from dbwright.agent.events.log import EventLog
from dbwright.agent.work.artifacts import write_artifacts
from dbwright.agent.work.evidence import Evidence
from dbwright.agent.work.examine import STEPS, NothingThere, examine
from dbwright.agent.work.project.files import ProjectFiles
from dbwright.agent.work.quality import quality_checks
from dbwright.agent.work.turn import turn
from dbwright.agent.work.workspace import Workspace, chosen_in_words, find_workspace
from dbwright.configuration import Configuration
from dbwright.errors import DbwrightError, EventLogUnusable
from dbwright.progress import Progress
from dbwright.render.text import plural

__all__ = ["AGENT", "Asked", "Outcome", "work_on"]

AGENT = "dbwright"
TASK = "examine the repository's database, and write its design"
LONGEST = 2000
"""Characters of a reason in an event."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a call asks for."""

    ticket: str
    workspace: Path | None = None
    schema: Path | None = None
    """What the schema is made of; None: what is found."""
    again: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    ticket: str
    status: str
    """`success`, `partial` or `blocked`."""
    workspace: str
    artifacts: tuple[str, ...] = ()
    quality_checks: Mapping[str, str] = field(default_factory=dict)
    summary: str = ""
    event_id: str = ""
    is_earlier: bool = False
    """Was it done before this call, and nothing was run now?"""
    reason: str = ""
    needs: tuple[str, ...] = ()
    """What would let blocked work go on."""
    found: ProjectFiles | None = None
    notes: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Is it blocked, or does one of its checks say that it failed?"""
        checks = self.quality_checks.values()
        return self.status == "blocked" or any(one.startswith("failed") for one in checks)


class _Teller:
    """Tells the team of one ticket, and the person at the terminal as well."""

    def __init__(self, log: EventLog, ticket: str, progress: Progress) -> None:
        self._log, self._ticket, self._progress = log, ticket, progress
        self._done = 0

    def tell(self, payload: Payload) -> Entry:
        return self._log.append(Event(self._ticket, AGENT, payload)).entry

    def step(self, text: str) -> None:
        self._progress(text, self._done, STEPS)
        self.tell(Step(text, self._done, STEPS))
        self._done += 1


def work_on(root: Path, asked: Asked, configuration: Configuration, progress: Progress) -> Outcome:
    """Do the work, and tell of it in the team's log; where it was done before, give what is there.

    `root` is the working folder. Raises BadWorkspace, EventLogUnusable, AnotherRunner; what stops
    the work itself is told in the log as well, and raised.
    """
    workspace = find_workspace(root, asked.workspace, asked.ticket)
    log = EventLog.of(root)
    earlier = None if asked.again else _earlier(root, log, asked.ticket, workspace)
    if earlier is not None:
        return earlier
    with turn(root, asked.ticket):
        if not asked.again:
            earlier = _earlier(root, log, asked.ticket, workspace)
            if earlier is not None:
                return earlier
        return _told(root, workspace, asked, log, configuration, progress)


def _told(
    root: Path,
    workspace: Workspace,
    asked: Asked,
    log: EventLog,
    configuration: Configuration,
    progress: Progress,
) -> Outcome:
    teller = _Teller(log, asked.ticket, progress)
    teller.tell(Started(TASK, workspace.name))
    try:
        evidence = examine(
            root, asked.ticket, workspace, asked.schema, configuration, teller.step, progress
        )
        teller.step("writing the artifacts")
        written = write_artifacts(workspace, evidence, configuration)
    except NothingThere as problem:
        teller.tell(Blocked(problem.reason, problem.needs))
        return Outcome(
            asked.ticket,
            "blocked",
            workspace.name,
            reason=problem.reason,
            needs=problem.needs,
            found=problem.project,
        )
    except BaseException as problem:
        with suppress(EventLogUnusable):
            teller.tell(_failed(root, asked, problem))
        raise
    return _completed(teller, asked, workspace, evidence, written, _superseded(log, asked))


def _completed(
    teller: _Teller,
    asked: Asked,
    workspace: Workspace,
    evidence: Evidence,
    written: tuple[str, ...],
    earlier: str,
) -> Outcome:
    """`earlier`: the id of the completion that this one takes the place of; empty for none."""
    checks = quality_checks(evidence)
    summary = _summary(evidence)
    completed = Completed.of(written, checks, summary)
    if earlier:
        completed = replace(completed, supersedes=earlier)
    entry = teller.tell(completed)
    notes = []
    other = workspace.context.ticket_id
    if other and other != asked.ticket:
        notes.append(f"the workspace: {chosen_in_words(workspace, asked.ticket)}")
    if earlier:
        notes.append(f"it supersedes what was completed before, {earlier}")
    return Outcome(
        asked.ticket,
        completed.status,
        workspace.name,
        written,
        checks.document(),
        summary,
        entry.event_id,
        found=evidence.project,
        notes=tuple(notes),
    )


def _superseded(log: EventLog, asked: Asked) -> str:
    if not asked.again:
        return ""
    last = log.replay(asked.ticket).last(EventType.COMPLETED, AGENT)
    return "" if last is None else last.event_id


def _summary(evidence: Evidence) -> str:
    built = evidence.built
    tables = sum(not one.is_partition for one in built.catalog.tables)
    return (
        f"{plural(tables, 'table')} of {built.source.shown}; "
        f"{plural(len(evidence.checked.findings), 'finding')} of check; "
        f"{plural(len(evidence.queries.queries), 'query')} in the code; "
        f"{plural(len(evidence.proposals.files), 'migration')} proposed"
    )


def _failed(root: Path, asked: Asked, problem: BaseException) -> Failed:
    """Why it stopped, without the machine's own paths."""
    again = f"dbwright agent work --ticket {asked.ticket}"
    if isinstance(problem, KeyboardInterrupt):
        return Failed("it was interrupted", again)
    if isinstance(problem, DbwrightError):
        step = problem.next_step or again
        return Failed(_short(root, problem.message), _short(root, step))
    said = f"internal error: {type(problem).__name__}: {problem}"
    return Failed(_short(root, said), f"{again} -v")


def _short(root: Path, text: str) -> str:
    return " ".join(text.replace(f"{root}/", "").split())[:LONGEST]


def _earlier(root: Path, log: EventLog, ticket: str, workspace: Workspace) -> Outcome | None:
    """What a completed run left; None where there was none."""
    entry = log.replay(ticket).last(EventType.COMPLETED, AGENT)
    if entry is None:
        return None
    said: Mapping[str, Any] = entry.payload
    artifacts = tuple(one for one in _list(said.get("artifacts")) if isinstance(one, str))
    checks = said.get("quality_checks")
    gone = [one for one in artifacts if not (root / one).is_file()]
    notes = [f"{one} is gone; --again writes it anew" for one in gone]
    return Outcome(
        ticket,
        str(said.get("status", "")),
        workspace.name,
        artifacts,
        {str(k): str(v) for k, v in checks.items()} if isinstance(checks, Mapping) else {},
        str(said.get("summary", "")),
        entry.event_id,
        is_earlier=True,
        notes=tuple(notes),
    )


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
