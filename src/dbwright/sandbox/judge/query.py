"""What a query touches, as the server's own analysis has it: views are gone into, names resolved.

The tree is that of `debug_print_rewritten`, which is printed when a statement is prepared; it is
not run. Functions are found behind operators, casts and aggregates as well. A SQL function's body
is not gone into: its own declaration tells whether it changes anything.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import psycopg

from dbwright.engines.postgresql.analysed import Analysed, analysed
from dbwright.errors import StatementRejected
from dbwright.model.finding import ObjectRef
from dbwright.model.names import qualify
from dbwright.sandbox.judge.relations import relations

__all__ = ["Called", "Command", "Touched", "query_id", "touched"]


class Command(StrEnum):
    """What a query does to the tables that it changes."""

    UPDATE = "UPDATE"
    INSERT = "INSERT"
    DELETE = "DELETE"
    MERGE = "MERGE"


COMMANDS = {"2": Command.UPDATE, "3": Command.INSERT, "4": Command.DELETE}
"""By the number of CmdType (nodes.h); 5 is MERGE from version 15 on, the last one all others."""
MERGE, OTHERS, OTHERS_BEFORE_15 = "5", "6", "5"
ROW_MARKS = "ROWMARKCLAUSE"
MADE_BY = """
SELECT DISTINCT p.oid::regprocedure::text, p.provolatile::text
FROM pg_proc p
LEFT JOIN pg_operator o ON o.oprcode = p.oid
LEFT JOIN pg_aggregate a ON p.oid IN (a.aggtransfn, a.aggfinalfn)
WHERE p.oid = ANY (%(functions)s) OR o.oid = ANY (%(operators)s)
   OR a.aggfnoid = ANY (%(functions)s)
ORDER BY 1
"""
VOLATILITIES = {"i": "immutable", "s": "stable", "v": "volatile"}


@dataclass(frozen=True, slots=True)
class Called:
    """A function that is called, by name or by an operator, cast or aggregate."""

    signature: str
    """As regprocedure writes it: `lower(text)`."""
    volatility: str


@dataclass(frozen=True, slots=True)
class Touched:
    """What a query reads, calls, locks and changes."""

    relations: tuple[ObjectRef, ...]
    functions: tuple[Called, ...]
    commands: frozenset[Command]
    """Empty where it only reads."""
    locks_rows: bool
    """FOR UPDATE and its kin."""


def touched(connection: psycopg.Connection[Any], query: str) -> Touched:
    """What the server finds in a query, which may have parameters ($1). Nothing is run.

    Raises StatementRejected where the server does not take it, or it is no query.
    """
    found = analysed(connection, query)
    commands = {str(number) for number in found.commands()}
    newer = connection.info.server_version >= 150000
    if not found.trees or (OTHERS if newer else OTHERS_BEFORE_15) in commands:
        raise StatementRejected("it is no query", "give a SELECT, INSERT, UPDATE, DELETE or MERGE")
    names = COMMANDS | {MERGE: Command.MERGE}
    return Touched(
        relations=_relations(connection, found.relations),
        functions=_functions(connection, found),
        commands=frozenset(names[number] for number in commands & names.keys()),
        locks_rows=any(node.kind == ROW_MARKS for node in found.nodes),
    )


def query_id(connection: psycopg.Connection[Any], query: str) -> int:
    """The server's own number of a query, equal for queries that differ in constants alone.

    Of version 16 or later. Raises StatementRejected.
    """
    try:
        with connection.transaction():
            connection.execute("SET LOCAL compute_query_id = on")
            explain = f"EXPLAIN (VERBOSE, GENERIC_PLAN, FORMAT JSON) {query}"
            row = connection.execute(explain.encode()).fetchone()
    except psycopg.Error as problem:
        raise _rejected(problem.diag.message_primary) from None
    assert row is not None
    return int(row[0][0]["Query Identifier"])


def _rejected(message: str | None) -> StatementRejected:
    words = (message or "").strip().splitlines()[0].removeprefix("ERROR:").strip()
    return StatementRejected(words, "correct the query")


def _relations(connection: psycopg.Connection[Any], oids: Set[int]) -> tuple[ObjectRef, ...]:
    found = {one.object for one in relations(connection, oids).values()}
    rows = connection.execute(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.oid = ANY (%s) AND n.nspname IN ('pg_catalog', 'information_schema')",
        (list(oids),),
    )
    found |= {ObjectRef("system table", qualify(*row)) for row in rows}
    return tuple(sorted(found, key=lambda one: one.name))


def _functions(connection: psycopg.Connection[Any], found: Analysed) -> tuple[Called, ...]:
    asked = {"functions": list(found.functions), "operators": list(found.operators)}
    rows = connection.execute(MADE_BY, asked).fetchall()
    return tuple(Called(signature, VOLATILITIES[kind]) for signature, kind in rows)
