"""Whose statements a log holds, and durations as it writes them."""

from __future__ import annotations

from dbwright.engines.postgresql.logs.calls import Speaker
from dbwright.engines.postgresql.logs.events import Statement
from dbwright.engines.postgresql.logs.lookup import Lookup
from dbwright.engines.postgresql.logs.talks import Talk

__all__ = ["Milliseconds", "Person"]

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
