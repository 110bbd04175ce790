"""Events in their order, sorted into groups (what is run) and talks (who runs it, after what)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from dbwright.engines.postgresql.logs.counts import Counting
from dbwright.engines.postgresql.logs.events import (
    Entry,
    Event,
    Format,
    Origin,
    Statement,
)
from dbwright.engines.postgresql.logs.groups import UNTIMED, Group, Groups, Names
from dbwright.engines.postgresql.logs.moments import Clock
from dbwright.engines.postgresql.logs.plans import statement_and_plan
from dbwright.engines.postgresql.logs.talks import Talk, Talks
from dbwright.sql.shape import outline

__all__ = ["Collector"]

MOST_PEOPLE = 20_000
"""So many sessions are kept apart at a time; those silent for longest are over then."""
LIKELY_SECONDS = 0.001
"""The quickest of all statements takes less, on any server."""
LONGEST_PLAN = 200_000
"""Bytes of a plan; longer ones are left out."""


class _Person:
    """Whose statements these are, and what they said last."""

    __slots__ = ("database", "names", "outlines", "said", "talk", "texts")

    def __init__(
        self,
        database: str | None,
        names: Names,
        known: tuple[dict[bytes, Group], dict[bytes, Group]] | None,
        talk: Talk,
    ) -> None:
        self.database = database
        self.names = names
        self.texts: dict[bytes, Group] | None = None
        self.outlines: dict[bytes, Group] = {}
        if known is not None:
            self.texts, self.outlines = known
        """None for a person of a database that is not asked for."""
        self.talk = talk
        self.said: Statement | None = None
        """Logged when it began (log_statement); its duration follows."""


class Collector:
    """Takes in events; `groups`, `talks` and `counting` hold what they came to."""

    def __init__(self, database: str | None = None) -> None:
        self.groups = Groups()
        self.clock = Clock()
        self.talks = Talks(self.clock)
        self.counting = Counting()
        self.entries = 0
        self.statements = 0
        """Calls of all databases."""
        self.sessions = 0
        self.of_other_databases = 0
        self.of_unknown_database = 0
        self.nameless = False
        """Does the log not say whose entries they are?"""
        self._database = database
        self._source: Format | None = None
        self._settled = 0
        self._people: dict[Hashable, _Person] = {}
        self._talk_of: dict[str, Talk] = {}
        self._names: dict[Names, Names] = {}

    def take(self, events: Iterable[Event], source: Format) -> None:
        """All events of a block."""
        self._source = source
        people = self._people
        statements = 0
        found = list(events)
        for event in found:
            if type(event) is not tuple:
                assert isinstance(event, Entry)
                self._note(event, source)
                continue
            time, who, transaction, duration, kind, text, parameters, origin = event
            person = people.get(who)
            if person is None:
                person = self._meet(who, source)
            if not duration or (kind != b"statement" and kind[:8] != b"execute "):
                self._unusual(person, event)
                continue
            statements += 1
            texts = person.texts
            if texts is None:
                self.of_other_databases += 1
                continue
            if kind[:14] == b"execute fetch ":
                self._fetched(person, event)
                continue
            group = texts.get(text) or person.outlines.get(outline(text))
            if group is None:
                group = self.groups.find(text, person.database)
            call = (
                group,
                float(duration) * 0.001,
                time,
                transaction,
                text,
                parameters,
                person.names,
                origin,
            )
            group.fresh.append(call)
            person.talk.fresh.append(call)
        self.entries += len(found)
        self.statements += statements

    @property
    def threshold_seconds(self) -> float | None:
        """Where log_min_duration_statement seems to be; None where all statements were logged."""
        timed = [group.durations for group in self.groups.all.values() if group.durations.count]
        untimed = any(g.calls > g.durations.count for g in self.groups.all.values())
        shortest = min((durations.smallest for durations in timed), default=0.0)
        return None if untimed or shortest < LIKELY_SECONDS else shortest

    def settle(self, source: Format, at_least: int = 0) -> None:
        """Add up what came since the last time, if it is at least so many statements."""
        if self.statements - self._settled < at_least:
            return
        self._settled = self.statements
        origins: dict[bytes, Origin] = {}

        def origin(raw: bytes) -> Origin:
            found = origins.get(raw)
            if found is None:
                found = origins[raw] = source.origin(raw) if raw else Origin()
            return found

        for group in (*self.groups.all.values(), *self.groups.left_out.values()):
            if group.fresh:
                group.add_up(origin)
        talks = (person.talk for person in self._people.values())
        heard = {id(talk): talk for talk in talks if talk.fresh}
        for talk in heard.values():
            self.talks.listen(talk)
        if len(self._people) > MOST_PEOPLE:
            self._forget_silent(heard)

    def finish(self) -> None:
        """No more events come."""
        for person in self._people.values():
            if person.said is not None:
                self._call(person, person.said, UNTIMED)
        if self._source is not None:
            self.settle(self._source)
        self.talks.close_all({id(p.talk): p.talk for p in self._people.values()}.values())

    def _meet(self, who: Hashable, source: Format) -> _Person:
        found = source.identity(who)
        self.nameless |= not found.session
        names = self._names.setdefault(
            (found.user, found.application), (found.user, found.application)
        )
        wanted = self._database is None or found.database in (None, self._database)
        if self._database is not None and found.database is None:
            self.of_unknown_database += 1
        talk = self._talk_of.get(found.session) if found.session else None
        if talk is None:
            self.sessions += bool(found.session)
            talk = Talk()
            if found.session:
                self._talk_of[found.session] = talk
        known = self.groups.known(found.database) if wanted else None
        person = self._people[who] = _Person(found.database, names, known, talk)
        return person

    def _unusual(self, person: _Person, event: Statement) -> None:
        """Statements without a duration, durations without a statement, parts of executions."""
        time, duration, kind, text = event[0], *event[3:6]
        if not duration:
            if person.said is not None:
                self._call(person, person.said, UNTIMED)
            person.said = event
        elif not kind:
            if text.startswith(b"fastpath "):
                return
            if person.said is None:
                return  # of parsing and binding, which log_duration tells without a statement
            self._call(person, (time, *person.said[1:]), float(duration) * 0.001)
            person.said = None
        elif person.texts is None:
            return
        elif kind == b"plan":
            self._plan(person, float(duration) * 0.001, text)
        elif kind.startswith((b"parse ", b"bind ")):
            group = self.groups.find(text, person.database)
            group.planning_seconds = (group.planning_seconds or 0.0) + float(duration) * 0.001

    def _call(self, person: _Person, said: Statement, seconds: float) -> None:
        time, _, transaction, _, _, text, parameters, origin = said
        self.statements += 1
        if person.texts is None:
            self.of_other_databases += 1
            return
        group = self.groups.find(text, person.database)
        call = (group, seconds, time, transaction, text, parameters, person.names, origin)
        group.fresh.append(call)
        person.talk.fresh.append(call)

    def _fetched(self, person: _Person, event: Statement) -> None:
        """More rows of an execution that was counted when it began."""
        group = self.groups.find(event[5], person.database)
        group.fetch_seconds += float(event[3]) * 0.001

    def _plan(self, person: _Person, seconds: float, message: bytes) -> None:
        text, plan = statement_and_plan(message)
        if not text:
            return
        group = self.groups.find(text, person.database)
        group.plan_durations.add((seconds,))
        if (group.plan is None or seconds > group.plan[0]) and len(plan) <= LONGEST_PLAN:
            group.plan = seconds, plan

    def _note(self, entry: Entry, source: Format) -> None:
        size = self.counting.note(entry)
        if size and entry.statement:
            person = self._people.get(entry.who) or self._meet(entry.who, source)
            if person.texts is not None:
                group = self.groups.find(entry.statement, person.database)
                group.temporary_bytes += size
                group.temporary_files += 1

    def _forget_silent(self, heard: dict[int, Talk]) -> None:
        """Sessions that said nothing in the last block are taken for over."""
        for who, person in list(self._people.items()):
            if id(person.talk) not in heard:
                self.talks.close(person.talk)
                if person.said is not None:
                    self._call(person, person.said, UNTIMED)
                del self._people[who]
        kept = {id(person.talk) for person in self._people.values()}
        self._talk_of = {name: talk for name, talk in self._talk_of.items() if id(talk) in kept}
