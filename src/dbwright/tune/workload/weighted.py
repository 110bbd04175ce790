"""From the queries of a workload to statements that a planner takes, and how much each counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.pq import ExecStatus

from dbwright.engines.postgresql.parameter_types import parameter_types
from dbwright.errors import StatementRejected
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.model.workload import Query
from dbwright.sql.parse import SyntaxProblem
from dbwright.sql.scope import CatalogRelations, Statement, analyse
from dbwright.tune.workload.parameters import Variant, concrete, seen_variants

__all__ = ["Weighted", "weighted"]

TEXT_SHOWN = 80
SYSTEM = ("pg_catalog", "information_schema", "pg_toast")
OWN_CONSTANTS = ("seen", "slowest", "plain")


@dataclass(frozen=True, slots=True)
class Weighted:
    """A statement that can be planned (no `$1` in it), and how much it counts. One query may come
    as several: with a common value, and with a rare one."""

    statement: str
    query: Query
    scoped: Statement
    """Who is who in it: of the statement where its constants are the query's own, else of the
    query's text, so that values that were made up get nowhere."""
    weight: float = 1.0


class _NoSuchTable(Exception):
    """A query of another database, or of a table that is gone."""


def weighted(
    queries: Sequence[Query], snapshot: Snapshot, connection: psycopg.Connection[Any]
) -> tuple[list[Weighted], list[Skipped]]:
    """The statements, and why others are not among them. `connection` is to a server with the
    snapshot's schema: it tells the types of parameters."""
    relations = CatalogRelations(snapshot.catalog)
    found: list[Weighted] = []
    skipped: list[Skipped] = []
    elsewhere = 0
    for query in queries:
        try:
            own = _of_query(query, snapshot, relations, connection)
        except SyntaxProblem as problem:
            skipped.append(_left(query, f"can't be planned: {problem}"))
            continue
        except StatementRejected as problem:
            skipped.append(_left(query, problem.message))
            continue
        except _NoSuchTable as problem:
            skipped.append(_left(query, str(problem)))
            continue
        if own is None:
            elsewhere += 1
        elif not own:
            skipped.append(_left(query, "no constants are known that its parameters could be"))
        else:
            found += own
    if elsewhere:
        queries_read = "1 query reads" if elsewhere == 1 else f"{elsewhere:,} queries read"
        skipped.append(Skipped("tune.queries", f"{queries_read} no table of this database"))
    return found, skipped


def _of_query(
    query: Query,
    snapshot: Snapshot,
    relations: CatalogRelations,
    connection: psycopg.Connection[Any],
) -> list[Weighted] | None:
    """None for a query that reads nothing of the database but system catalogs.

    Raises SyntaxProblem, StatementRejected, _NoSuchTable."""
    scoped = analyse(query.text, relations)
    unknown = [use for use in scoped.relations if use.stored and use.columns is None]
    for use in unknown:
        if use.name and use.schema not in SYSTEM and not use.name.startswith("pg_"):
            name = use.name if use.schema is None else f"{use.schema}.{use.name}"
            raise _NoSuchTable(f"there is no table {name} in this database")
    if not any(relation.stored and relation.columns is not None for relation in scoped.relations):
        return None
    variants = seen_variants(query)
    if not variants:
        # Only now: not every statement can be analysed once `$1` stands for its constants.
        variants = (
            _made(query, snapshot, connection) if scoped.parameters else concrete(query, snapshot)
        )
    found: list[Weighted] = []
    for variant in variants:
        own = variant.kind in OWN_CONSTANTS
        found.append(
            Weighted(
                statement=variant.text,
                query=query,
                scoped=analyse(variant.text, relations) if own else scoped,
                weight=query.calls * variant.weight,
            )
        )
    return found


def _made(
    query: Query, snapshot: Snapshot, connection: psycopg.Connection[Any]
) -> tuple[Variant, ...]:
    """With constants in the place of parameters. Raises StatementRejected, SyntaxProblem."""
    try:
        types = parameter_types(connection, query.text)
    except StatementRejected:
        # Parameters of unknown types are taken for text (`id = ANY (ARRAY[$1, $2])`), constants
        # for what they are.
        variants = concrete(query, snapshot)
        if not variants or not all(_is_taken(connection, variant.text) for variant in variants):
            raise
        return variants
    return concrete(query, snapshot, types=types)


def _is_taken(connection: psycopg.Connection[Any], text: str) -> bool:
    """Can the server analyse the statement? Nothing of it is left behind there."""
    return connection.pgconn.prepare(b"", text.encode()).status == ExecStatus.COMMAND_OK


def _left(query: Query, reason: str) -> Skipped:
    line = " ".join(query.text.split())
    shown = line if len(line) <= TEXT_SHOWN else f"{line[: TEXT_SHOWN - 1]}…"
    return Skipped("tune.queries", reason, "", (shown,))
