"""Is a statement harmless enough to be planned, on whatever server plans it?

Planning runs immutable functions over constants and estimates by stable ones; and how many rows the
planner expects where a secret equals a guess is an answer to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import psycopg

from dbwright.agent.safe_sql.limits import Limits, Policy
from dbwright.agent.safe_sql.statement import read_planned, read_statement
from dbwright.agent.safe_sql.transaction import told, transaction_settings
from dbwright.agent.safe_sql.verdict import judge, judge_plan
from dbwright.engines.postgresql.analysed import may_set_log_level
from dbwright.engines.postgresql.connect import connect, display_name
from dbwright.engines.postgresql.explain import Guard
from dbwright.errors import StatementRejected

__all__ = ["guard_of", "require_plannable"]

NAME = "dbwright_judged"


def guard_of(policy: Policy, *, runs: bool) -> Guard:
    """What judges a statement before EXPLAIN, and leaves it prepared; `runs`: for one that is run,
    too (ANALYZE). It raises QueryRefused and StatementRejected."""
    limits = Limits()

    def guard(connection: psycopg.Connection[Any], name: str, text: str) -> None:
        quiet = may_set_log_level(connection)
        if runs:
            judge(connection, read_statement(text, limits), policy, name=name, quiet=quiet)
        else:
            judge_plan(connection, read_planned(text, limits), policy, name=name, quiet=quiet)

    return guard


def require_plannable(url: str, texts: Iterable[str], policy: Policy) -> None:
    """Judge statements that another server plans with this one's statistics. One that this server
    does not take is left to the other one, which will not take it either.

    Raises QueryRefused, ConnectionRefused, TargetError.
    """
    guard, limits = guard_of(policy, runs=False), Limits()
    with connect(url) as connection:
        for text in texts:
            try:
                connection.execute(transaction_settings(connection, limits).encode())
                with suppress(StatementRejected):
                    guard(connection, NAME, text)
            except psycopg.Error as problem:
                raise told(problem, display_name(url), limits, silent=True) from None
            finally:
                if not connection.broken:
                    connection.pgconn.close_prepared(NAME.encode())
                    connection.execute("ROLLBACK")
