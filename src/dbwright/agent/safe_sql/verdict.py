"""The verdict on one statement, in the transaction that it will run in, before it is planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

from dbwright.agent.safe_sql.documents import require_no_secret_members, takes_members
from dbwright.agent.safe_sql.functions import FunctionJudge
from dbwright.agent.safe_sql.limits import Policy
from dbwright.agent.safe_sql.lineage import Lineage
from dbwright.agent.safe_sql.origins import Origins
from dbwright.agent.safe_sql.result import ResultColumn
from dbwright.agent.safe_sql.secrets import How, Labels, is_secret_setting
from dbwright.agent.safe_sql.statement import Literal, Statement
from dbwright.engines.postgresql.analysed import Analysed, analysed, constant_text, objects_of
from dbwright.engines.postgresql.function_facts import functions_of
from dbwright.engines.postgresql.node_tree import node_trees
from dbwright.engines.postgresql.query_facts import (
    OWN,
    catalog_alone,
    domain_checks,
    format_types,
    planned_expressions,
    row_types,
    type_named,
)
from dbwright.engines.postgresql.relation_facts import RelationFacts, relations_of
from dbwright.errors import QueryRefused

__all__ = ["Verdict", "changed_since", "judge", "judge_plan"]

SELECT = 1
"""Of CmdType (nodes.h)."""
BRACKETS = ("(", "{", "[")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A query that may be run, and what of its result must not be shown."""

    labels: tuple[Labels, ...]
    """Of each column of the result."""
    columns: tuple[ResultColumn, ...]
    secret_values: frozenset[str]
    """Values of settings that are secrets."""
    secret_literals: frozenset[str]
    """What stands in defaults and CHECKs of secret columns."""
    members: bool
    """Does it take documents apart?"""
    silent: bool
    """May an error message hold a secret?"""
    functions: Mapping[int, str]
    """The versions of a user's own functions that were judged, by oid."""


def judge(
    connection: psycopg.Connection[Any],
    statement: Statement,
    policy: Policy,
    *,
    name: str,
    quiet: bool,
) -> Verdict:
    """Prepare the query as `name`, judge it, and leave it prepared.

    Raises QueryRefused, StatementRejected, psycopg.Error.
    """
    found = _analysed(connection, statement, policy, name=name, quiet=quiet)
    _require_select(found)
    # Where the search_path is another one, the server would look for its names anew.
    described = connection.pgconn.describe_prepared(name.encode())
    with catalog_alone(connection):
        origins, functions, relations = _looked_up(
            connection, found, policy, statement.literals, runs=True
        )
        labels = tuple(Lineage(origins).of_query(found.trees[0]))
        silent = any(origins.relation(relation.oid) for relation in relations)
        settings = any(label.how is How.SETTINGS for one in labels for label in one)
        values = origins.secret_settings() if settings else frozenset()
        literal = any(label.how is How.LITERALS for one in labels for label in one)
        literals = origins.secret_literals() if literal else frozenset()
        columns = _columns(connection, described, labels, origins)
    versions = {one.oid: one.row_version for one in functions.facts.values() if one.own}
    members = takes_members(functions.facts)
    return Verdict(labels, columns, values, literals, members, silent, versions)


def judge_plan(
    connection: psycopg.Connection[Any],
    statement: Statement,
    policy: Policy,
    *,
    name: str,
    quiet: bool,
) -> None:
    """The same of a statement that is planned and not run, which may have parameters and change
    rows: may the planner see it, and what it estimates be told?

    Raises QueryRefused, StatementRejected, psycopg.Error.
    """
    found = _analysed(connection, statement, policy, name=name, quiet=quiet)
    if any(tree.kind != "QUERY" or tree.node("utilityStmt") for tree in found.trees):
        raise QueryRefused("a rule makes a command of it that has no plan", "explain a SELECT")
    with catalog_alone(connection):
        origins, _, _ = _looked_up(connection, found, policy, statement.literals, runs=False)
        Lineage(origins, runs=False).of_plan(found.trees)


def _analysed(
    connection: psycopg.Connection[Any],
    statement: Statement,
    policy: Policy,
    *,
    name: str,
    quiet: bool,
) -> Analysed:
    suspects = [one for one in statement.literals if one.text.lstrip().startswith(BRACKETS)]
    if suspects:
        with catalog_alone(connection):
            _require_harmless_constants(connection, suspects, policy)
    return analysed(connection, statement.text, name=name, quiet=quiet)


def _looked_up(
    connection: psycopg.Connection[Any],
    found: Analysed,
    policy: Policy,
    literals: Sequence[Literal],
    *,
    runs: bool,
) -> tuple[Origins, FunctionJudge, list[RelationFacts]]:
    """What is known of all that the trees name; it may be used, or QueryRefused is raised."""
    relations = relations_of(connection, found.relations)
    for relation in relations:
        _require_readable(relation.kind, relation.name, relation.foreign, policy)
    # Types that come with the server hold no domain of a user's, and no rows of secrets.
    own_types = [oid for oid in found.types if oid >= OWN]
    types = row_types(connection, own_types) if own_types else {}
    facts: dict[int, Any] = {}
    origins = Origins(connection, policy, facts, types)
    origins.learn(relations)
    functions = FunctionJudge(connection, policy, origins.sensitive, runs=runs)
    functions.require(found)
    for _, _, tree in domain_checks(connection, own_types) if own_types else ():
        functions.require(objects_of(node_trees(tree)))
    own = [relation.oid for relation in relations if relation.own]
    if own:
        functions.require_planned(planned_expressions(connection, own))
    _require_plain_settings(found, functions)
    require_no_secret_members(found, literals, functions.facts)
    facts.update(functions.facts)
    return origins, functions, relations


def changed_since(connection: psycopg.Connection[Any], versions: Mapping[int, str]) -> bool:
    """Was a function replaced after it was judged?"""
    with catalog_alone(connection):
        now = {one.oid: one.row_version for one in functions_of(connection, versions)}
    return any(now.get(oid) != version for oid, version in versions.items())


def _require_select(found: Analysed) -> None:
    if len(found.trees) != 1 or found.trees[0].kind != "QUERY":
        raise QueryRefused("the server sees no single query in it", "give exactly one SELECT")
    for node in found.nodes:
        if node.kind != "QUERY":
            continue
        if node.number("commandType") != SELECT or node.is_true("hasModifyingCTE"):
            raise QueryRefused("a part of it changes data", "give a query that only reads")
        if node.nodes("rowMarks") or node.is_true("hasForUpdate"):
            raise QueryRefused("a part of it locks rows", "leave the locking clause out")
    if any(node.kind == "ROWMARKCLAUSE" for node in found.nodes):
        raise QueryRefused("a part of it locks rows", "leave the locking clause out")


def _require_readable(kind: str, name: str, foreign: Sequence[str], policy: Policy) -> None:
    if foreign and not policy.foreign_tables:
        raise QueryRefused(
            f"it reads the foreign table {foreign[0]}, which acts on another server or on files",
            "ask that server itself, or have the database's owner allow foreign tables",
        )
    if kind == "t":
        raise QueryRefused(
            f"it reads {name}, where the server keeps long values of tables",
            "read the table itself",
        )


def _require_harmless_constants(
    connection: psycopg.Connection[Any], suspects: Sequence[Literal], policy: Policy
) -> None:
    """A constant is read as its type when the server analyses the query: of an array or a row with
    a domain in it, the domain's CHECK runs then, which is before anything can be judged."""
    armed: dict[int, str] = {}
    for oid, domain, tree in domain_checks(connection, None):
        judge_ = FunctionJudge(connection, policy, lambda: (frozenset(), frozenset()))
        try:
            judge_.require(objects_of(node_trees(tree)))
        except QueryRefused:
            armed[oid] = domain
    if not armed:
        return
    for one in suspects:
        type_oid = type_named(connection, one.type_name) if one.type_name else 0
        inside = domain_checks(connection, [type_oid]) if type_oid else None
        if inside is None or any(oid in armed for oid, _, _ in inside):
            raise QueryRefused(
                f"a constant in it may be checked by {min(armed.values())}, a domain whose CHECK "
                "calls what is not called here",
                "write its type, as in '{}'::jsonb",
            )


def _require_plain_settings(found: Analysed, functions: FunctionJudge) -> None:
    """current_setting() is for settings whose names can be seen, and are no secrets."""
    wanted = {
        one.oid for one in functions.facts.values() if not one.own and one.name == "current_setting"
    }
    for node in found.nodes:
        if node.kind != "FUNCEXPR" or node.number("funcid") not in wanted:
            continue
        arguments = node.nodes("args")
        name = constant_text(arguments[0]) if arguments else None
        if name is None or not name.replace(".", "").replace("_", "").isalnum():
            raise QueryRefused(
                "it calls current_setting() of a name that is not plain to see",
                "write the name as a constant",
            )
        if is_secret_setting(name.lower()):
            raise QueryRefused(f"the setting {name} is a secret", "ask for another one")


def _columns(
    connection: psycopg.Connection[Any],
    described: PGresult,
    labels: tuple[Labels, ...],
    origins: Origins,
) -> tuple[ResultColumn, ...]:
    """The result's columns as the server describes them.

    What it says of their origins must not know of a secret that the tree did not show: two ways to
    find the same.
    """
    if described.status != ExecStatus.COMMAND_OK or described.nfields != len(labels):
        raise QueryRefused("its columns can't be told from each other", "write it in another way")
    places = range(described.nfields)
    types = format_types(connection, [(described.ftype(n), described.fmod(n)) for n in places])
    found = []
    for place, known in enumerate(labels):
        table, number = described.ftable(place), described.ftablecol(place)
        if not known and table and number and origins.column(table, number):
            raise QueryRefused(
                "it shows a secret column in a way that is not known", "leave it out"
            )
        name = (described.fname(place) or b"").decode(errors="replace")
        found.append(ResultColumn(name, types[place], _masked(known), table, number))
    return tuple(found)


def _masked(labels: Labels) -> str:
    if not labels:
        return ""
    origin = min(label.origin for label in labels)
    some = all(label.how is not How.ALL for label in labels)
    return f"values of {origin} that are secret" if some else f"{origin} is secret"
