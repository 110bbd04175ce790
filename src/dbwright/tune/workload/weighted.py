"""From the queries of a workload to statements that a planner takes, and how much each counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import psycopg

from dbwright.engines.postgresql.parameter_types import is_taken, parameter_types
from dbwright.errors import StatementRejected
from dbwright.model.catalog import Catalog
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.model.workload import Query
from dbwright.sql.equal_parameters import unified
from dbwright.sql.parse import SyntaxProblem
from dbwright.sql.scope import CatalogRelations, Statement, analyse
from dbwright.sql.scope.nouns import RelationKind, RelationUse
from dbwright.tune.workload.parameters import Variant, concrete, seen_variants
from dbwright.tune.workload.variables import without_variables

__all__ = ["Weighted", "weighted"]

TEXT_SHOWN = 80
MOST_REASONS = 30
MOST_SHOWN = 5
"""Of the queries that are left out for one reason."""
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
    left: dict[str, list[Query]] = {}
    elsewhere = 0
    for query in queries:
        try:
            own = _of_query(query, snapshot, relations, connection)
        except (SyntaxProblem, _NoSuchTable) as problem:
            left.setdefault(str(problem), []).append(query)
            continue
        except StatementRejected as problem:
            left.setdefault(problem.message, []).append(query)
            continue
        if own is None:
            elsewhere += 1
        elif not own:
            reason = "no constants are known that its parameters could be"
            left.setdefault(reason, []).append(query)
        else:
            found += own
    skipped = list(_told(left))
    if elsewhere:
        queries_read = "1 query reads" if elsewhere == 1 else f"{elsewhere:,} queries read"
        skipped.append(Skipped("tune.queries", f"{queries_read} no table of this database"))
    return found, skipped


def _told(left: Mapping[str, Sequence[Query]]) -> Iterator[Skipped]:
    """The queries that are left out, by the reason."""
    for reason, queries in list(left.items())[:MOST_REASONS]:
        yield Skipped("tune.queries", f"can't be planned: {reason}", "", _shown(queries))
    more = sum(len(queries) for queries in list(left.values())[MOST_REASONS:])
    if more:
        many = "1 more query" if more == 1 else f"{more:,} more queries"
        yield Skipped(
            "tune.queries",
            f"{many} can't be planned, for {len(left) - MOST_REASONS:,} other reasons",
            "check that the workload is this database's",
        )


def _of_query(
    query: Query,
    snapshot: Snapshot,
    relations: CatalogRelations,
    connection: psycopg.Connection[Any],
) -> list[Weighted] | None:
    """None for a query that reads nothing of the database but system catalogs.

    Raises SyntaxProblem, StatementRejected, _NoSuchTable."""
    scoped = analyse(query.text, relations)
    for use in scoped.relations:
        if use.kind is RelationKind.UNKNOWN and not _is_known(use, snapshot.catalog):
            raise _NoSuchTable(_no_table(use, snapshot.catalog))
    if not any(relation.stored and relation.columns is not None for relation in scoped.relations):
        return None
    text = without_variables(query.text, scoped, snapshot.catalog)
    asked = query
    if text != query.text:
        asked = replace(query, text=text, fingerprint="", example=None, slowest=None)
        scoped = analyse(text, relations)
    takes = partial(is_taken, connection)
    variants = seen_variants(asked, types_of=partial(_types, connection), takes=takes)
    if not variants:
        # Only now: not every statement can be analysed once `$1` stands for its constants.
        variants = (
            _made(asked, snapshot, connection) if scoped.parameters else concrete(asked, snapshot)
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
    takes = partial(is_taken, connection)
    try:
        types = parameter_types(connection, query.text)
    except StatementRejected:
        # What was one constant may have become two parameters, of which a server can't know that
        # they are equal; and it takes unknown ones for text, constants for what they are.
        query = replace(query, text=unified(query.text))
        variants = concrete(
            query, snapshot, types=_types(connection, query.text), takes=takes
        ) or concrete(query, snapshot, takes=takes)
        if not variants:
            raise
        return variants
    return concrete(query, snapshot, types=types, takes=takes)


def _types(connection: psycopg.Connection[Any], text: str) -> tuple[str, ...]:
    """Of a text's parameters; none where the server can't analyse it."""
    try:
        return parameter_types(connection, text)
    except StatementRejected:
        return ()


def _is_known(use: RelationUse, catalog: Catalog) -> bool:
    """Is it a system catalog's, or a sequence? They are not among a catalog's relations."""
    if use.schema in SYSTEM or not use.name or use.name.startswith("pg_"):
        return True
    return any(
        each.name == use.name and use.schema in (None, each.schema) for each in catalog.sequences
    )


def _no_table(use: RelationUse, catalog: Catalog) -> str:
    """As precisely as a catalog tells it: tables and views of extensions are not in it."""
    if use.schema is None:
        others = sorted(each.qualified for each in catalog.relations() if each.name == use.name)
        if others:
            return f"there is no table {use.name} on the search path; there is {others[0]}"
    name = use.name if use.schema is None else f"{use.schema}.{use.name}"
    made = any(each.name != "plpgsql" for each in catalog.extensions)
    but = " (tables of extensions were not looked at)" if made else ""
    return f"there is no table {name} in this database{but}"


def _shown(queries: Sequence[Query]) -> tuple[str, ...]:
    """The beginnings of the most expensive ones, each on one line."""
    lines = [" ".join(query.text.split()) for query in queries[:MOST_SHOWN]]
    shown = [line if len(line) <= TEXT_SHOWN else f"{line[: TEXT_SHOWN - 1]}…" for line in lines]
    more = len(queries) - len(shown)
    return (*shown, f"and {more:,} more") if more else tuple(shown)
