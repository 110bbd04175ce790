"""A rewritten query with the parameters that the application sends, not the values it was tried
with.

A query of pg_stat_statements, or of a prepared statement, has `$1` where values stand: it is
planned and run with some. What the rewrites make of those values need not hold for others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from dbwright.model.workload import Query
from dbwright.sql.fingerprint import fingerprint
from dbwright.sql.parameters import numbers_in
from dbwright.tune.rewrites.rewrite import Rewrite, Rewritten
from dbwright.tune.rewrites.source import Source

__all__ = ["sent_with_parameters", "with_parameters"]

Make = Callable[[Source], Iterable[tuple[Rewrite, Rewritten]]]
"""What the rewrites make of a text."""
Read = Callable[[str], Source | None]


def sent_with_parameters(query: Query) -> str | None:
    """The text as it was sent; None where it was sent with all its constants."""
    seen = [text for text in (query.example, query.slowest) if text is not None]
    text = seen[0] if seen else query.text
    return text if numbers_in(text) else None


def with_parameters(
    sent: str, steps: Sequence[tuple[Rewrite, str]], read: Read, make: Make
) -> str | None:
    """The last step's text, with the parameters; None where a step looked at their values.

    The same rewrites are tried on the text with parameters. What looks at a constant does not find
    one there, and what else was made has the same shape as with constants.
    """
    text = sent
    for rewrite, wanted in steps:
        source = read(text)
        if source is None:
            return None
        shape = fingerprint(wanted)
        found = {
            rewritten.text
            for rule, rewritten in make(source)
            if rule is rewrite and fingerprint(rewritten.text) == shape
        }
        if len(found) != 1:
            return None
        (text,) = found
    return text
