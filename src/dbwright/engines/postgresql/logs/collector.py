"""Events in their order, sorted into groups (what is run) and talks (who runs it, after what)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dbwright.engines.postgresql.logs.calls import UNTIMED, Group
from dbwright.engines.postgresql.logs.counts import FAILED, Counting
from dbwright.engines.postgresql.logs.events import (
    Entry,
    Event,
    Format,
    Origin,
    Statement,
)
from dbwright.engines.postgresql.logs.groups import Groups
from dbwright.engines.postgresql.logs.lookup import Kind, kind_of
from dbwright.engines.postgresql.logs.moments import Clock
from dbwright.engines.postgresql.logs.people import Milliseconds, People, Person
from dbwright.engines.postgresql.logs.plans import (
    NESTED,
    parameters_of_plan,
    statement_and_plan,
)
from dbwright.engines.postgresql.logs.talks import MOST_HELD, Talks
from dbwright.sql.outline import ONE_DIGIT

__all__ = ["Collector"]

MOST_PEOPLE = 20_000
"""So many sessions are kept apart at a time; those silent for longest are over then."""
HEARD = 4_000
"""After so many statements, at least, is listened to those who use no transactions."""
MOST_ORIGINS = 10_000
LONGEST_PLAN = 200_000
"""Bytes of a plan; longer ones are left out."""

_QUOTE = ord("'")
"""Python looks for a number in bytes far quicker than for bytes."""


class Collector:
    """Takes in events; `groups`, `talks` and `counting` hold what they came to."""

    def __init__(self, database: str | None = None) -> None:
        self.groups = Groups()
        self.people = People(self.groups, database)
        self.clock = Clock()
        self.talks = Talks(self.clock)
        self.counting = Counting()
        self.entries = 0
        self.statements = 0
        """Calls of all databases."""
        self.of_other_databases = 0
        self.lone_durations = 0
        """Durations without a statement (log_duration without log_statement)."""
        self._executions = 0
        """Of prepared statements, logged when they began: a duration each for parsing and for
        binding them comes with them."""
        self._settled = self._heard = 0
        """So many statements were added up, and the talks of so many listened to."""
        self._seconds = Milliseconds()
        self._origins: dict[tuple[str, bytes], Origin] = {}

    def take(self, events: Iterable[Event], source: Format) -> None:
        """The events of a block."""
        known, seconds_of, turn = self.people.known, self._seconds, self.talks.turn
        ends_field = source.ends_field
        calls = others = 0
        for event in events:
            if type(event) is not tuple:
                assert not isinstance(event, tuple)
                others += 1
                self._odd(event, source)
                continue
            time, who, transaction, duration, said, detail = event
            person = known.get(who) or self.people.meet(who, source)
            # Written out, for it is most of the work: `outline`, but for what `ends_field` refuses.
            bare = said
            if _QUOTE in said:
                parts = said.split(b"'")
                bare = b"'".join(parts[::2])
                if not len(parts) & 1 or (ends_field and ends_field(b"'".join(parts[1::2]))):
                    bare = b""
            found = bare.translate(ONE_DIGIT)
            form = person.forms.get(found)
            if form is None or form.calls is None:
                form = (form and form.variant(bare)) or person.lookup.form(found, said)
                if form.calls is None:
                    others += 1
                    self._no_call(person, form.kind, form.group, seconds_of[duration])
                    continue
            calls += 1
            # The same as `Group.take` and `Talks.take`.
            group, speaker, seconds, what = (
                form.calls, person.speaker, seconds_of[duration], said[form.what],
            )  # fmt: skip
            if detail:
                what += b"\n" + detail
            if speaker is not form.speaker:
                form.speaker, form.tails = speaker, group.tails_of(speaker)
            tails, tail = form.tails, said[form.tail]
            tails[tail] = tails.get(tail, 0) + 1
            group.fresh.append(seconds)
            group.last_seen = time
            call = group, seconds, time, transaction, what, speaker
            if seconds > group.limit:
                group.look(call)
            if group.turns:
                turn(person.talk, call)
                continue
            person.talk.fresh.append(call)
            if group.is_watched:
                key = hash(what)
                if key in group.seen:
                    group.again[what] = group.again.get(what, 1) + 1
                else:
                    group.seen.add(key)
        self.entries += calls + others
        self.statements += calls

    def _odd(self, event: Statement | Entry, source: Format) -> None:
        if isinstance(event, Entry):
            self._note(event, source)
        else:
            person = self.people.known.get(event.who) or self.people.meet(event.who, source)
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

    def settle(self, at_least: int = 0) -> None:
        """Add up what came since the last time, if it is at least so many statements."""
        if self.statements - self._settled < at_least:
            self._listen()
            return
        self._settled = self._heard = self.statements
        for group in (*self.groups.all.values(), *self.groups.left_out.values()):
            if group.fresh or group.untimed:
                group.add_up(self._origin)
        for talk in self.people.talks():
            if talk.fresh:
                self.talks.listen(talk)
        if len(self.people.known) > MOST_PEOPLE:
            for person in self.people.forget_silent():
                self.talks.close(person.talk)
                if person.said is not None:
                    self._call(person, person.said, UNTIMED)
        for talk in self.people.talks():
            talk.said_something = False

    def _listen(self) -> None:
        """To those who use no transactions; what others say is best looked at whole."""
        if self.statements - self._heard < max(HEARD, 2 * len(self.people.known)):
            return
        self._heard = self.statements
        for person in self.people.known.values():
            talk = person.talk
            if talk.fresh and not (talk.in_transaction and len(talk.fresh) < MOST_HELD):
                self.talks.listen(talk)

    def finish(self) -> None:
        """No more events come."""
        for person in self.people.known.values():
            if person.said is not None:
                self._call(person, person.said, UNTIMED)
        self.settle()
        self.talks.close_all(self.people.talks())

    def _origin(self, source: Format, raw: bytes) -> Origin:
        """There are few different ones: as many as applications and kinds of statements."""
        found = self._origins.get((source.name, raw))
        if found is None:
            if len(self._origins) >= MOST_ORIGINS:
                self._origins.clear()
            found = self._origins[source.name, raw] = source.origin(raw) if raw else Origin()
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
        call = group, seconds, said.time, said.transaction, said.what, person.speaker
        group.take(call, said.tail)
        self.talks.take(person.talk, call)

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
            person = self.people.known.get(entry.who) or self.people.meet(entry.who, source)
            if person.is_wanted:
                group = self.groups.find(entry.statement, person.database)
                group.temporary_bytes += size
                group.temporary_files += 1

    def _failed(self, entry: Entry) -> None:
        """What was logged when it began is over: no duration follows. If it is what failed, it is
        no call, as it is none where only what has ended is logged."""
        person = self.people.known.get(entry.who)
        if person is None or person.said is None:
            return
        said, person.said = person.said, None
        if person.plain(said.text) != entry.statement:
            self._call(person, said, UNTIMED)
