"""Reading a server of our own again and again, as it is after each step of a story.

On a target nothing may be left behind, so there each query is a transaction with its own settings.
Here the settings hold for the session, plans are kept, and what no ordinary role can change is read
once: a catalog takes about half the time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from psycopg.rows import namedtuple_row

from dbwright.engines.postgresql.session import LOCK_TIMEOUT, Collect, Row, Session, T

__all__ = ["SessionAgain"]

KEPT = frozenset(
    "settings hba_rules available_extensions databases slots subscriptions tablespaces".split()
)
"""Queries of what only a superuser, or another session, can change."""
PLANS = 200
NEVER = 1 << 30
"""Times after which a query is prepared by itself; None would forbid it where it is asked for."""
SETTINGS = f"""
SET default_transaction_read_only = on; SET lock_timeout = {int(LOCK_TIMEOUT * 1000)};
SET search_path = pg_catalog; SET row_security = off; SET jit = off; SET extra_float_digits = 1;
SET max_parallel_workers_per_gather = 0; SET datestyle = 'ISO'; SET timezone = 'UTC'
"""


@dataclass
class SessionAgain(Session):
    """A session of a throw-away server, made by `open`, that nobody else writes meanwhile."""

    _kept: dict[str, list[Row]] = field(default_factory=dict)
    _limit: float = 0.0

    def _fetch(self, query: str, collect: Collect[T], parameters: dict[str, object]) -> T:
        if query not in KEPT:
            return super()._fetch(query, collect, parameters)
        if query not in self._kept:
            self._kept[query] = super()._fetch(query, list, parameters)
        return collect(self._kept[query])

    def _transaction(self, sql: str, collect: Collect[T], limit: float, counted: bool) -> T:
        connection = self.connection
        if not self._limit:
            connection.prepare_threshold, connection.prepared_max = NEVER, PLANS
            connection.execute(SETTINGS)
        if not self._limit - 1 < limit <= self._limit:  # seconds pass, and it matters little
            connection.execute(f"SET statement_timeout = {int(limit * 1000)}".encode())
            self._limit = limit
        rows: list[Any]
        with connection.cursor(binary=True, row_factory=namedtuple_row) as cursor:
            rows = cursor.execute(sql.encode(), prepare=True).fetchall()
        return collect(rows)
