"""Events in their order, sorted into groups (what is run) and talks (who runs it, after what)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from dbwright.engines.postgresql.logs.counts import FAILED, Counting
from dbwright.engines.postgresql.logs.events import (
    Entry,
    Event,
    Format,
    Origin,
    Statement,
)
from dbwright.engines.postgresql.logs.groups import UNTIMED, Groups, Speaker
from dbwright.engines.postgresql.logs.lookup import Lookup
from dbwright.engines.postgresql.logs.moments import Clock
from dbwright.engines.postgresql.logs.plans import (
    NESTED,
    parameters_of_plan,
    statement_and_plan,
)
from dbwright.engines.postgresql.logs.talks import Talk, Talks
from dbwright.sql.shape import ONE_DIGIT, rough_outline

__all__ = ["Collector"]

MOST_PEOPLE = 20_000
"""So many sessions are kept apart at a time; those silent for longest are over then."""
MOST_ORIGINS = 10_000
MOST_DURATIONS = 20_000
"""So many different ones are remembered, as they are written."""
LIKELY_SECONDS = 0.001
"""The quickest of all statements takes less, on any server."""
LONGEST_PLAN = 200_000
"""Bytes of a plan; longer ones are left out."""


class _Person:
    """Whose statements these are, and what they said last."""

    __slots__ = ("database", "lookup", "said", "speaker", "talk")

    def __init__(
        self, database: str | None, speaker: Speaker, lookup: Lookup | None, talk: Talk
    ) -> None:
        self.database = database
        self.speaker = speaker
        self.lookup = lookup
        """None for a person of a database that is not asked for."""
        self.talk = talk
        self.said: Statement | None = None
        """Logged when it began (log_statement); its duration follows."""

    def plain(self, text: bytes) -> bytes:
        return self.speaker.source.plain(text)


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
        self.lone_durations = 0
        """Durations without a statement (log_duration without log_statement)."""
        self._executions = 0
        """Of prepared statements, logged when they began: a duration each for parsing and for
        binding them comes with them."""
        self.nameless = False
        """Does the log not say whose entries they are?"""
        self._database = database
        self._settled = 0
        self._people: dict[Hashable, _Person] = {}
        self._talk_of: dict[str, Talk] = {}
        self._speakers: dict[tuple[str | None, str | None, str], Speaker] = {}
        self._lookups: dict[tuple[str, str | None], Lookup] = {}
        self._seconds: dict[bytes, float] = {}
        self._origins: dict[tuple[str, bytes], Origin] = {}

    def take(self, events: Iterable[Event], source: Format) -> None:
        """All events of a block."""
        people, known_seconds = self._people, self._seconds
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
            lookup = person.lookup
            if (
                lookup is None
                or not duration
                or (kind != b"statement" and kind[:8] != b"execute ")
                or kind[:14] == b"execute fetch "
            ):
                self._unusual(person, event)
                continue
            seconds = known_seconds.get(duration)
            if seconds is None:
                seconds = self._remembered_seconds(duration)
            statements += 1
            if kind == b"statement":
                rough = rough_outline(text) if b"'" in text else text.translate(ONE_DIGIT)
                group = lookup.outlines.get(rough) or lookup.find(text)
            else:
                group = lookup.texts.get(text) or lookup.find(text)
            speaker, talk = person.speaker, person.talk
            call = (group, seconds, time, transaction, text, parameters, speaker, origin)
            group.fresh.append(call)
            group.seconds.append(seconds)
            speakers = group.spoken.get(origin)
            if speakers is None:
                speakers = group.spoken[origin] = {}
            speakers[speaker] = speakers.get(speaker, 0) + 1
            if group.turns:
                talk.turns.append(len(talk.fresh))
            talk.fresh.append(call)
        self.entries += len(found)
        self.statements += statements

    @property
    def textless(self) -> int:
        """So many durations, at least, are of statements that the log does not hold."""
        return max(0, self.lone_durations - 2 * self._executions)

    @property
    def threshold_seconds(self) -> float | None:
        """Where log_min_duration_statement seems to be; None where all statements were logged."""
        timed = [group.durations for group in self.groups.all.values() if group.durations.count]
        untimed = any(g.calls > g.durations.count for g in self.groups.all.values())
        shortest = min((durations.smallest for durations in timed), default=0.0)
        return None if untimed or shortest < LIKELY_SECONDS else shortest

    def settle(self, at_least: int = 0) -> None:
        """Add up what came since the last time, if it is at least so many statements."""
        if self.statements - self._settled < at_least:
            return
        self._settled = self.statements
        for group in (*self.groups.all.values(), *self.groups.left_out.values()):
            if group.fresh:
                group.add_up(self._origin)
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
        self.settle()
        self.talks.close_all({id(p.talk): p.talk for p in self._people.values()}.values())

    def _origin(self, source: Format, raw: bytes) -> Origin:
        """There are few different ones: as many as applications and kinds of statements."""
        found = self._origins.get((source.name, raw))
        if found is None:
            if len(self._origins) >= MOST_ORIGINS:
                self._origins.clear()
            found = self._origins[source.name, raw] = source.origin(raw) if raw else Origin()
        return found

    def _meet(self, who: Hashable, source: Format) -> _Person:
        found = source.identity(who)
        self.nameless |= not found.session
        speaker = self._speakers.get((found.user, found.application, source.name))
        if speaker is None:
            speaker = Speaker(found.user, found.application, source)
            self._speakers[found.user, found.application, source.name] = speaker
        wanted = self._database is None or found.database in (None, self._database)
        if self._database is not None and found.database is None:
            self.of_unknown_database += 1
        talk = self._talk_of.get(found.session) if found.session else None
        if talk is None:
            self.sessions += bool(found.session)
            talk = Talk()
            if found.session:
                self._talk_of[found.session] = talk
        lookup = self._lookup(source, found.database) if wanted else None
        person = self._people[who] = _Person(found.database, speaker, lookup, talk)
        return person

    def _lookup(self, source: Format, database: str | None) -> Lookup:
        found = self._lookups.get((source.name, database))
        if found is None:
            found = Lookup(self.groups, source, database)
            self._lookups[source.name, database] = found
        return found

    def _remembered_seconds(self, duration: bytes) -> float:
        """Most durations come again and again, for most are of a few milliseconds at most."""
        if len(self._seconds) >= MOST_DURATIONS:
            self._seconds.clear()
        seconds = self._seconds[duration] = _seconds(duration)
        return seconds

    def _unusual(self, person: _Person, event: Statement) -> None:
        """Statements without a duration, durations without a statement, parts of executions, and
        what is of other databases."""
        time, duration, kind, text = event[0], *event[3:6]
        if not duration:
            if person.said is not None:
                self._call(person, person.said, UNTIMED)
            person.said = event
            self._executions += kind != b"statement"
        elif not kind:
            if text.startswith(b"fastpath "):
                return
            if person.said is None:
                self.lone_durations += 1
                return
            self._call(person, (time, *person.said[1:]), _seconds(duration))
            person.said = None
        elif kind == b"statement" or kind.startswith(b"execute "):
            self.statements += 1
            if person.lookup is None:
                self.of_other_databases += 1
            else:  # more rows of an execution that was counted when it began
                person.lookup.find(text).fetch_seconds += _seconds(duration)
        elif person.lookup is None:
            return
        elif kind in (b"plan", NESTED):
            self._plan(person, _seconds(duration), person.plain(text), is_nested=kind == NESTED)
        elif kind.startswith((b"parse ", b"bind ")):
            group = person.lookup.find(text)
            group.planning_seconds = (group.planning_seconds or 0.0) + _seconds(duration)

    def _call(self, person: _Person, said: Statement, seconds: float) -> None:
        time, _, transaction, _, _, text, parameters, origin = said
        self.statements += 1
        if person.lookup is None:
            self.of_other_databases += 1
            return
        group = person.lookup.find(text)
        call = (group, seconds, time, transaction, text, parameters, person.speaker, origin)
        group.take(call)
        person.talk.take(call)

    def _plan(self, person: _Person, seconds: float, message: bytes, *, is_nested: bool) -> None:
        text, plan = statement_and_plan(message)
        if not text:
            return
        group = self.groups.find(text, person.database)
        (group.nested_durations if is_nested else group.plan_durations).add((seconds,))
        if (group.plan is None or seconds > group.plan[0]) and len(plan) <= LONGEST_PLAN:
            group.plan = seconds, plan
            group.plan_parameters = parameters_of_plan(message)

    def _note(self, entry: Entry, source: Format) -> None:
        size = self.counting.note(entry)
        if entry.statement and entry.severity in FAILED:
            self._failed(entry)
        if size and entry.statement:
            person = self._people.get(entry.who) or self._meet(entry.who, source)
            if person.lookup is not None:
                group = self.groups.find(entry.statement, person.database)
                group.temporary_bytes += size
                group.temporary_files += 1

    def _failed(self, entry: Entry) -> None:
        """What was logged when it began is over: no duration follows. If it is what failed, it is
        no call, as it is none where only what has ended is logged."""
        person = self._people.get(entry.who)
        if person is None or person.said is None:
            return
        said, person.said = person.said, None
        if person.plain(said[5]) != entry.statement:
            self._call(person, said, UNTIMED)

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


def _seconds(duration: bytes) -> float:
    try:
        return float(duration) * 0.001
    except ValueError:
        return 0.0  # a damaged digit
