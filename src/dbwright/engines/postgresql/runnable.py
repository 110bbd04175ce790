"""Can a SELECT be run without any effect? The last check before EXPLAIN ANALYZE.

The READ ONLY transaction keeps it from changing this database. A volatile function may still act
outside of it: end other sessions, write to another server, send a message. So none is run but those
that are known to be harmless. The names come from the statement's tree and from the expressions of
its plan, where views, policies and SQL functions are unfolded already. A function that is declared
stable is believed: it can't change the database either way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import psycopg

from dbwright.errors import StatementNotRun
from dbwright.model.plan import Plan, PlanNode
from dbwright.sql.explainable import explainable
from dbwright.sql.lexer import significant

__all__ = ["Called", "called", "require_harmless"]

NAMES = ("word", "identifier")
HARMLESS = (
    "clock_timestamp",
    "gen_random_uuid",
    "random",
    "random_normal",
    "timeofday",
    "uuidv4",
    "uuidv7",
)
"""Volatile functions of pg_catalog whose only effect is their result."""

VOLATILE = """
SELECT DISTINCT p.proname AS name
FROM pg_catalog.pg_proc p
LEFT JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = p.oid
LEFT JOIN pg_catalog.pg_proc part ON part.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn)
WHERE p.proname = ANY (%(functions)s)
  AND (p.provolatile = 'v' OR part.provolatile = 'v')
  AND NOT (p.pronamespace = 'pg_catalog'::regnamespace AND p.proname = ANY (%(harmless)s))
UNION
SELECT o.oprname
FROM pg_catalog.pg_operator o
JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode
WHERE o.oprname = ANY (%(operators)s) AND p.provolatile = 'v'
UNION
-- EXPLAIN shows a cast by its type, and an implicit one not at all.
SELECT p.proname
FROM pg_catalog.pg_cast c
JOIN pg_catalog.pg_proc p ON p.oid = c.castfunc
JOIN pg_catalog.pg_type t ON t.oid = c.casttarget
WHERE p.provolatile = 'v' AND (c.castcontext = 'i' OR t.typname = ANY (%(words)s))
ORDER BY name
"""


@dataclass(frozen=True, slots=True)
class Called:
    """Names in a statement and in its plan, without schemas."""

    functions: frozenset[str]
    operators: frozenset[str]
    words: frozenset[str]
    """Every identifier: types of casts are among them."""


def called(statement: str, plan: Plan) -> Called:
    """What running the plan may call."""
    functions = set(explainable(statement).functions)
    operators: set[str] = set()
    words: set[str] = set()
    for node in plan.nodes:
        if node.kind == "Function Scan" and node.relation:
            functions.add(node.relation)
    for text in (statement, *(text for node in plan.nodes for text in _expressions(node))):
        tokens = list(significant(text))
        operators |= {token.text for token in tokens if token.kind == "operator"}
        words |= {_plain(token.text) for token in tokens if token.kind in NAMES}
        functions |= {
            _plain(token.text)
            for token, follower in pairwise(tokens)
            if token.kind in NAMES and follower.text == "("
        }
    return Called(frozenset(functions), frozenset(operators), frozenset(words))


def require_harmless(connection: psycopg.Connection[Any], names: Called) -> None:
    """Raises StatementNotRun where one of them may act outside of the transaction."""
    rows = connection.execute(
        VOLATILE,
        {
            "functions": sorted(names.functions),
            "operators": sorted(names.operators),
            "words": sorted(names.words),
            "harmless": list(HARMLESS),
        },
    ).fetchall()
    if rows:
        found = ", ".join(str(row[0]) for row in rows[:3])
        raise StatementNotRun(
            f"--analyze would run it, and it calls what may have effects of its own: {found}",
            "leave --analyze out to see its plan; dbwright runs only what reads",
        )


def _expressions(node: PlanNode) -> Iterable[str]:
    yield from node.output
    yield from (
        node.filter,
        node.index_condition,
        node.recheck_condition,
        node.hash_condition,
        node.merge_condition,
        node.join_filter,
        node.one_time_filter,
        node.tid_condition,
        node.run_condition,
        node.order_by,
    )
    yield from node.sort_key
    yield from node.group_key
    for value in node.other.values():
        yield from (str(each) for each in (value if isinstance(value, tuple) else (value,)))


def _plain(name: str) -> str:
    """An identifier without its quotes; a bare one in lower case."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()
