"""What extended statistics do to the plans of the workload, with production's sizes: what ANALYZE
found on the copy is put on the twin, where queries are planned with it and without."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from dbwright.engines.postgresql.plan import read_plan
from dbwright.model.catalog import Catalog
from dbwright.model.names import qualify, quote
from dbwright.model.plan import Plan
from dbwright.sandbox.twin.twin import Twin
from dbwright.tune.explained import explained
from dbwright.tune.statistics.asked import Question
from dbwright.tune.statistics.choose import Mend
from dbwright.tune.statistics.trial import KINDS, Gathered, Option, Relation, creation
from dbwright.tune.workload.weighted import Weighted

__all__ = ["Replanned", "changes", "planned", "queries_of", "replanned", "saved"]

BINARY_TYPES = {
    "ndistinct": "pg_ndistinct",
    "dependencies": "pg_dependencies",
    "mcv": "pg_mcv_list",
}


@dataclass(frozen=True, slots=True)
class Replanned:
    """A query that is planned another way. The costs follow the estimates, so a cost that rises
    was too low before."""

    query: Weighted
    before: float
    after: float


def replanned(twin: Twin, mend: Mend, sampled: bool) -> tuple[Replanned, ...]:
    """The queries whose plans change, those of most calls first; none where what was found can't
    be carried over (expressions; the number of groups in a sample). Raises psycopg.Error where the
    twin's server is gone.
    """
    gathered = [one for one in mend.gathered if not (sampled and one.kind == "ndistinct")]
    if not any(one.data for one in gathered):
        return ()
    queries = queries_of(mend.served)
    with twin.connect() as connection:
        before = planned(connection, queries)
        with connection.transaction(force_rollback=True):
            _put(connection, twin.snapshot.catalog, mend.option, gathered)
            after = planned(connection, queries)
    return changes(queries, before, after)


def queries_of(questions: Iterable[Question]) -> dict[str, Weighted]:
    """The queries that ask them, by their statements."""
    return {
        asking.asked.statement: asking.asked
        for question in questions
        for asking in question.askings
    }


def planned(
    connection: psycopg.Connection[Any], statements: Iterable[str]
) -> dict[str, Plan | None]:
    """The plan of each; None where it can't be planned. Raises psycopg.Error where the server is
    gone."""
    return {text: _plan(connection, text) for text in statements}


def changes(
    queries: Mapping[str, Weighted],
    before: Mapping[str, Plan | None],
    after: Mapping[str, Plan | None],
) -> tuple[Replanned, ...]:
    """The queries with other nodes, tables or indexes in their plans; those of most calls first."""
    found = [
        Replanned(query, old.root.total_cost or 0.0, new.root.total_cost or 0.0)
        for text, query in queries.items()
        if (old := before[text]) and (new := after[text]) and _shape(old) != _shape(new)
    ]
    return tuple(sorted(found, key=lambda one: (-one.query.weight, one.query.statement)))


def saved(changed: Iterable[Replanned]) -> float:
    """Of the planner's cost for all calls, where it falls."""
    return sum(max(0.0, one.before - one.after) * one.query.weight for one in changed)


def _plan(connection: psycopg.Connection[Any], statement: str) -> Plan | None:
    document = explained(connection, statement)
    return None if document is None else read_plan([document])


def _shape(plan: Plan) -> list[tuple[str, ...]]:
    parents = {child.number: node.number for node in plan.nodes for child in node.children}
    return [
        (node.name, node.relation, node.alias, node.index, str(parents.get(node.number)))
        for node in plan.nodes
    ]


def _put(
    connection: psycopg.Connection[Any],
    catalog: Catalog,
    option: Option,
    gathered: Sequence[Gathered],
) -> None:
    """Make the statistics as ANALYZE would have; in a transaction of the caller."""
    relations: dict[str, Relation] = {table.qualified: table for table in catalog.tables}
    relations.update((view.qualified, view) for view in catalog.materialized_views)
    for type_ in BINARY_TYPES.values():
        _cast_from_bytes(connection, type_)
    for number, name in enumerate(sorted({one.relation for one in gathered})):
        own = [one for one in gathered if one.relation == name]
        kinds = tuple(kind for kind in KINDS if any(one.kind == kind for one in own))
        target = relations[name]
        made = qualify(target.schema, f"dbwright_trial_{number}")
        statement = creation(made, target, Option(option.members, kinds))
        connection.execute(statement.encode())
        for inherited in sorted({one.inherited for one in own}):
            data = {one.kind: one.data for one in own if one.inherited == inherited}
            _put_data(connection, made, data, inherited)


def _put_data(
    connection: psycopg.Connection[Any],
    name: str,
    data: dict[str, str | None],
    inherited: bool,
) -> None:
    newer = connection.info.server_version >= 150000
    columns = ["stxoid", *(f"stxd{kind}" for kind in data), *(["stxdinherit"] if newer else [])]
    values = [f"%s::bytea::{BINARY_TYPES[kind]}" for kind in data] + (["%s"] if newer else [])
    given: list[object] = [None if one is None else bytes.fromhex(one) for one in data.values()]
    schema, _, own = name.rpartition(".")
    found = "s.stxnamespace = %s::regnamespace AND quote_ident(s.stxname) = %s"
    # Before version 15 the row is made with the object.
    connection.execute(
        "DELETE FROM pg_statistic_ext_data d USING pg_statistic_ext s "
        f"WHERE d.stxoid = s.oid AND {found}"
        f"{' AND d.stxdinherit = %s' if newer else ''}".encode(),
        [schema, own, *([inherited] if newer else [])],
    )
    connection.execute(
        f"INSERT INTO pg_statistic_ext_data ({', '.join(columns)}) "
        f"SELECT s.oid, {', '.join(values)} FROM pg_statistic_ext s WHERE {found}".encode(),
        [*given, *([inherited] if newer else []), schema, own],
    )


def _cast_from_bytes(connection: psycopg.Connection[Any], type_: str) -> None:
    """These types take no text; but their bytes are a bytea's bytes."""
    there = connection.execute(
        "SELECT FROM pg_cast WHERE castsource = 'bytea'::regtype AND casttarget = %s::regtype",
        (type_,),
    ).fetchone()
    if there is None:
        connection.execute(f"CREATE CAST (bytea AS {quote(type_)}) WITHOUT FUNCTION".encode())
