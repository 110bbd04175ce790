"""Questions to a planner under changing sets of visible indexes, with as little work between as
may be.

All are asked in one transaction that is rolled back in the end. The next question mostly asks for
nearly the same indexes: what does not change is not read again from the catalog. And each question
is one message there and one back, for waiting for the server is most of the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import psycopg

from dbwright.sandbox.twin.visible import SHOW, TOGGLE

__all__ = ["EXPLAIN", "Questions"]

EXPLAIN = "EXPLAIN (FORMAT JSON, VERBOSE)"
BATCH = 100
"""Statements in one message."""
STEPS = 100
"""Questions in one transaction: what it changes again and again leaves dead rows behind."""

Plan = Mapping[str, Any]


class Questions:
    """Through one connection in autocommit, which must not be in a transaction."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._visible: frozenset[int] = frozenset()
        self._steps = 0
        """Questions in the open transaction; 0 where none is open."""

    def plans(self, statements: Sequence[str], visible: frozenset[int]) -> list[Plan]:
        """The plan of each statement with just these of the hidden indexes (oids) visible.

        Raises psycopg.Error where one can't be planned.
        """
        if not statements:
            return []
        first = self._showing(visible)
        found: list[Plan] = []
        try:
            for start in range(0, len(statements), BATCH):
                batch = (f"{EXPLAIN} {text}" for text in statements[start : start + BATCH])
                cursor = self._connection.execute("; ".join([*first, *batch]).encode())
                found += _results(cursor)
                first = []
        except psycopg.Error:
            self.end()
            raise
        return found

    def end(self) -> None:
        """Nothing is visible any more that was hidden before."""
        if self._steps:
            self._connection.execute("ROLLBACK")
        self._steps, self._visible = 0, frozenset()

    def _showing(self, wanted: frozenset[int]) -> list[str]:
        """Statements after which just these are visible."""
        changed = self._visible ^ wanted
        if 0 < self._steps < STEPS and 2 * len(changed) <= len(wanted):
            statements = [TOGGLE % _array(changed)] if changed else []
            self._steps += 1
        else:
            statements = ["ROLLBACK"] if self._steps else []
            statements += ["BEGIN", SHOW % _array(wanted)] if wanted else ["BEGIN"]
            self._steps = 1
        self._visible = wanted
        return statements


def _array(oids: Iterable[int]) -> str:
    return f"'{{{','.join(map(str, oids))}}}'::oid[]"


def _results(cursor: psycopg.Cursor[Any]) -> Iterator[Plan]:
    """The plans among the results of several statements."""
    more: bool | None = True
    while more:
        if cursor.description is not None:
            row = cursor.fetchone()
            assert row is not None
            yield row[0][0]["Plan"]
        more = cursor.nextset()
