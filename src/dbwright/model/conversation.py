"""How applications talk to the database: what they ask again and again, and how.

A reader (of logs, of a capture) sees statements in their order, session by session. It keeps no
stream of them: only what was repeated within one burst, added up over all bursts. A burst is one
transaction or, outside of transactions, statements of one session that follow one another closely.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Call", "Conversation", "Repetition", "SameCall"]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a statement, as it was seen."""

    text: str
    """With its constants, or with `$1`, `$2` …"""
    parameters: tuple[str | None, ...] = ()
    """The values of `$1`, `$2` … as text; None is NULL."""


@dataclass(frozen=True, slots=True)
class Repetition:
    """One kind of statement that bursts repeat, after one parent. Times in seconds."""

    fingerprint: str
    examples: tuple[Call, ...]
    """One or two calls of one burst; the two differ in their constants or parameters."""
    parent: str | None = None
    """The fingerprint of the statement before the first of a burst; None: it began the burst."""
    parent_example: Call | None = None
    bursts: int = 1
    """In how many bursts it was repeated."""
    times: int = 0
    """Calls in all these bursts."""
    most: int = 0
    """Calls in the burst that had the most."""
    distinct: int = 0
    """Calls that differed from all others of their burst, added up; at most `times`."""
    seconds: float = 0.0
    """Of running them, on the server."""
    waiting_seconds: float = 0.0
    """Between them, from the end of one to the begin of the next: the network and the client."""
    in_transactions: int = 0
    """How many of the bursts are transactions."""
    database: str | None = None
    call_sites: tuple[str, ...] = ()
    parent_call_sites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SameCall:
    """One call with the very same values, again and again, whoever made it."""

    fingerprint: str
    call: Call
    times: int
    """At least; a little less than the truth where many calls are repeated."""
    of_calls: int
    """All calls of this kind of statement."""
    seconds: float = 0.0
    """`times` at the mean of the kind."""
    database: str | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """What all sessions said, added up. Times in seconds."""

    source: str
    sessions: int = 0
    statements: int = 0
    """All, the words of transactions (BEGIN, COMMIT …) among them."""
    seconds: float = 0.0
    transaction_words: int = 0
    transaction_word_seconds: float = 0.0
    single_statement_transactions: int = 0
    """BEGIN, one statement, COMMIT."""
    transactions: int = 0
    """From BEGIN to COMMIT or ROLLBACK, seen whole."""
    pings: int = 0
    """Statements that ask for nothing (`SELECT 1`, an empty one)."""
    ping_seconds: float = 0.0
    repetitions: tuple[Repetition, ...] = ()
    same_calls: tuple[SameCall, ...] = ()
    complete: bool = True
    """Were all statements seen? Else (a threshold, a sample) counts are lower bounds."""
