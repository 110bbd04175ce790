"""Whose statements a log holds, and durations as it writes them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from dbwright.engines.postgresql.logs.calls import Speaker
from dbwright.engines.postgresql.logs.events import Format, Statement
from dbwright.engines.postgresql.logs.groups import Groups
from dbwright.engines.postgresql.logs.lookup import Lookup
from dbwright.engines.postgresql.logs.talks import Talk

__all__ = ["Milliseconds", "People", "Person"]

MOST_DURATIONS = 20_000
"""So many different ones are remembered, as they are written."""


class Milliseconds(dict[bytes, float]):
    """Seconds of milliseconds as they are written: most durations come again and again."""

    def __missing__(self, duration: bytes) -> float:
        if len(self) >= MOST_DURATIONS:
            self.clear()
        try:
            seconds = float(duration) * 0.001
        except ValueError:
            seconds = 0.0  # a damaged digit
        self[duration] = seconds
        return seconds


class Person:
    """Whose statements these are, and what they said last."""

    __slots__ = ("database", "forms", "is_wanted", "lookup", "said", "speaker", "talk")

    def __init__(
        self, database: str | None, is_wanted: bool, speaker: Speaker, lookup: Lookup, talk: Talk
    ) -> None:
        self.database = database
        self.is_wanted = is_wanted
        """Is it the database that is asked for, or all of them are?"""
        self.speaker = speaker
        self.lookup = lookup
        self.forms = lookup.forms
        self.talk = talk
        self.said: Statement | None = None
        """Logged when it began (log_statement); its duration follows."""

    def plain(self, text: bytes) -> bytes:
        return self.speaker.source.plain(text)


class People:
    """All whose statements a log holds, as far as they are not forgotten."""

    def __init__(self, groups: Groups, database: str | None) -> None:
        self.known: dict[Hashable, Person] = {}
        """By what a format tells them by. The dictionary is always this one."""
        self.sessions = 0
        self.of_unknown_database = 0
        self.nameless = False
        """Does the log not say whose entries they are?"""
        self._groups, self._database = groups, database
        self._talks: dict[str, Talk] = {}
        """By session."""
        self._speakers: dict[tuple[str | None, str | None, str], Speaker] = {}
        self._lookups: dict[tuple[str, str | None], Lookup] = {}

    def meet(self, who: Hashable, source: Format) -> Person:
        """Somebody who was not known."""
        found = source.identity(who)
        self.nameless |= not found.session
        speaker = self._speakers.get((found.user, found.application, source.name))
        if speaker is None:
            speaker = Speaker(found.user, found.application, source)
            self._speakers[found.user, found.application, source.name] = speaker
        wanted = self._database is None or found.database in (None, self._database)
        if self._database is not None and found.database is None:
            self.of_unknown_database += 1
        talk = self._talks.get(found.session) if found.session else None
        if talk is None:
            self.sessions += bool(found.session)
            talk = Talk()
            if found.session:
                self._talks[found.session] = talk
        lookup = self._lookup(source, found.database, wanted)
        person = self.known[who] = Person(found.database, wanted, speaker, lookup, talk)
        return person

    def talks(self) -> Iterable[Talk]:
        """Each once: several people may talk in one session."""
        return {id(person.talk): person.talk for person in self.known.values()}.values()

    def forget_silent(self) -> list[Person]:
        """Those who said nothing of late."""
        silent = {w: each for w, each in self.known.items() if not each.talk.said_something}
        for who in silent:
            del self.known[who]
        kept = {id(person.talk) for person in self.known.values()}
        self._talks = {name: talk for name, talk in self._talks.items() if id(talk) in kept}
        return list(silent.values())

    def _lookup(self, source: Format, database: str | None, wanted: bool) -> Lookup:
        found = self._lookups.get((source.name, database))
        if found is None:
            found = Lookup(self._groups, source, database, wanted=wanted)
            self._lookups[source.name, database] = found
        return found
