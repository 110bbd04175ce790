"""Events in their order, sorted into groups (what is run) and talks (who runs it, after what)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace

from dbwright.engines.postgresql.logs.calls import UNTIMED, Group, Speaker
from dbwright.engines.postgresql.logs.counts import FAILED, Counting
from dbwright.engines.postgresql.logs.events import (
    Entry,
    Event,
    Format,
    Origin,
    Statement,
)
from dbwright.engines.postgresql.logs.groups import Groups
from dbwright.engines.postgresql.logs.lookup import Kind, Lookup, kind_of
from dbwright.engines.postgresql.logs.moments import Clock
from dbwright.engines.postgresql.logs.people import Milliseconds, Person
from dbwright.engines.postgresql.logs.plans import (
    NESTED,
    parameters_of_plan,
    statement_and_plan,
)
from dbwright.engines.postgresql.logs.talks import Talk, Talks
from dbwright.sql.outline import ONE_DIGIT

__all__ = ["Collector"]

MOST_PEOPLE = 20_000
"""So many sessions are kept apart at a time; those silent for longest are over then."""
MOST_ORIGINS = 10_000
LIKELY_SECONDS = 0.001
"""The quickest of all statements takes less, on any server."""
LONGEST_PLAN = 200_000
"""Bytes of a plan; longer ones are left out."""

_QUOTE = ord("'")
"""Python looks for a number in bytes far quicker than for bytes."""


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
        self._people: dict[Hashable, Person] = {}
        self._talk_of: dict[str, Talk] = {}
        self._speakers: dict[tuple[str | None, str | None, str], Speaker] = {}
        self._lookups: dict[tuple[str, str | None], Lookup] = {}
        self._seconds = Milliseconds()
        self._origins: dict[tuple[str, bytes], Origin] = {}

    def take(self, events: Iterable[Event], source: Format) -> None:
        """The events of a block."""
        people, seconds_of, ends_field = self._people, self._seconds, source.ends_field
        count = calls = 0
        for event in events:
            count += 1
            if type(event) is not tuple:
                assert not isinstance(event, tuple)
                self._odd(event, source)
                continue
            time, who, transaction, duration, said, detail = event
            person = people.get(who) or self._meet(who, source)
            # Written out, for it is most of the work: `outline`, but for what `ends_field` refuses.
            if _QUOTE in said:
                parts = said.split(b"'")
                found = b"'".join(parts[::2]).translate(ONE_DIGIT)
                if not len(parts) & 1 or (ends_field and ends_field(b"'".join(parts[1::2]))):
                    found = b""
            else:
                found = said.translate(ONE_DIGIT)
            form = person.forms.get(found)
            if form is None or form.calls is None:
                form = (form and form.variant(said)) or person.lookup.form(found, said)
                if form.calls is None:
                    self._no_call(person, form.kind, form.group, seconds_of[duration])
                    continue
            calls += 1
            group, talk, what = form.calls, person.talk, said[form.what]
            if detail:
                what += b"\n" + detail
            call = (
                group, seconds_of[duration], time, transaction, what, person.speaker,
                said[form.tail],
            )  # fmt: skip
            group.fresh.append(call)
            if group.turns:
                talk.turns.append(len(talk.fresh))
            talk.fresh.append(call)
        self.entries += count
        self.statements += calls

    def _odd(self, event: Statement | Entry, source: Format) -> None:
        if isinstance(event, Entry):
            self._note(event, source)
        else:
            person = self._people.get(event.who) or self._meet(event.who, source)
            self._statement(person, event)

    def _no_call(self, person: Person, kind: Kind, group: Group | None, seconds: float) -> None:
        """What else is logged with a duration, and calls in databases that are not asked for."""
        if kind is Kind.CALL or kind is Kind.FETCH:
            self.statements += 1
            self.of_other_databases += not person.is_wanted
        if group is not None and kind is Kind.FETCH:
            group.fetch_seconds += seconds
        elif group is not None and kind is Kind.PLANNING:
            group.planning_seconds = (group.planning_seconds or 0.0) + seconds

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

    def _meet(self, who: Hashable, source: Format) -> Person:
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
        lookup = self._lookup(source, found.database, wanted)
        person = self._people[who] = Person(found.database, wanted, speaker, lookup, talk)
        return person

    def _lookup(self, source: Format, database: str | None, wanted: bool) -> Lookup:
        found = self._lookups.get((source.name, database))
        if found is None:
            found = Lookup(self.groups, source, database, wanted=wanted)
            self._lookups[source.name, database] = found
        return found

    def _statement(self, person: Person, event: Statement) -> None:
        """One that is not like most: without a duration, a duration without a statement, or one
        that is written in another way."""
        if not event.duration:
            if person.said is not None:
                self._call(person, person.said, UNTIMED)
            person.said = event
            self._executions += event.kind != b"statement"
            return
        seconds = self._seconds[event.duration]
        if not event.kind:
            if event.text.startswith(b"fastpath "):
                return
            if person.said is None:
                self.lone_durations += 1
                return
            self._call(person, replace(person.said, time=event.time), seconds)
            person.said = None
            return
        kind = kind_of(event.kind)
        if kind is Kind.CALL:
            self._call(person, event, seconds)
        elif person.is_wanted and event.kind in (b"plan", NESTED):
            plan = person.plain(event.text)
            self._plan(person, seconds, plan, is_nested=event.kind == NESTED)
        else:
            finds = person.is_wanted and kind is not Kind.OTHER
            self._no_call(person, kind, person.lookup.find(event.text) if finds else None, seconds)

    def _call(self, person: Person, said: Statement, seconds: float) -> None:
        self.statements += 1
        if not person.is_wanted:
            self.of_other_databases += 1
            return
        group = person.lookup.find(said.text)
        call = (
            group, seconds, said.time, said.transaction, said.what, person.speaker, said.tail
        )  # fmt: skip
        group.take(call)
        person.talk.take(call)

    def _plan(self, person: Person, seconds: float, message: bytes, *, is_nested: bool) -> None:
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
            if person.is_wanted:
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
        if person.plain(said.text) != entry.statement:
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
