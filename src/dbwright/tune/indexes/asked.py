"""An index that somebody asks about, as `shop.orders (user_id, placed_at DESC)`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dbwright.errors import UsageError
from dbwright.model.catalog import Catalog, MaterializedView, Table
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics
from dbwright.sql.parse import SyntaxProblem, parse
from dbwright.sql.scope import CatalogRelations, analyse
from dbwright.sql.scope.canonical import canonical_expression
from dbwright.sql.scope.predicate import PredicateKind
from dbwright.tune.indexes.candidate import CandidateIndex, CandidateKey, Partial
from dbwright.tune.indexes.roles import usage_of
from dbwright.tune.indexes.selectivity import constant_value, share_of

__all__ = ["asked_index", "whole_of", "with_share"]

HOW = "write it as in CREATE INDEX ON: 'shop.orders (user_id, placed_at DESC)'"
METHODS = ("btree", "hash", "gin", "gist", "brin")
"""Those of which the size is known."""
ONE_VALUE = (PredicateKind.EQUALITY, PredicateKind.BOOLEAN)
UNKNOWN_SHARE = 0.5
"""Of the rows in a partial index that somebody asks about: what is not known is taken so."""


def asked_index(text: str, catalog: Catalog) -> CandidateIndex:
    """The candidate that the text means. Raises UsageError."""
    whole = text.lstrip()[:6].upper() == "CREATE"
    try:
        statements = parse(text if whole else f"CREATE INDEX ON {text}").statements
    except SyntaxProblem as problem:
        raise UsageError(f"{text!r} is no index: {problem.message}", HOW) from None
    if len(statements) != 1 or statements[0].kind != "IndexStmt":
        raise UsageError(f"{text!r} is no index", HOW)
    node = statements[0].node
    table = _table(node["relation"], catalog)
    names = {column.name for column in table.columns}
    include = tuple(part["IndexElem"]["name"] for part in node.get("indexIncludingParams", ()))
    keys = tuple(_key(part["IndexElem"]) for part in node["indexParams"])
    for name in (*(key.column for key in keys), *include):
        if name is not None and name not in names:
            raise UsageError(f"{table.qualified} has no column {name!r}", HOW)
    if any("collation" in part["IndexElem"] for part in node["indexParams"]):
        raise UsageError(f"{text!r} has a collation, which can't be tried", "leave COLLATE out")
    method = node.get("accessMethod", "btree")
    if method not in METHODS:
        raise UsageError(f"indexes of {method} can't be tried", f"take {', '.join(METHODS)}")
    where = canonical_expression(node["whereClause"]) if "whereClause" in node else None
    return CandidateIndex(
        table_oid=table.oid,
        schema=table.schema,
        table=table.name,
        keys=keys,
        include=include,
        partial=None if where is None else Partial(where, share=UNKNOWN_SHARE),
        method=method,
        options=tuple(_option(part["DefElem"]) for part in node.get("options", ())),
        reasons=("asked for",),
    )


def with_share(
    candidate: CandidateIndex,
    table: Table | MaterializedView,
    catalog: Catalog,
    statistics: Statistics,
) -> CandidateIndex:
    """A partial index with the share of the rows that its predicate leaves, as far as statistics
    tell."""
    if candidate.where is None:
        return candidate
    relations = CatalogRelations(catalog)
    statement = analyse(f"SELECT FROM {candidate.qualified} WHERE {candidate.where}", relations)
    usage = usage_of(statement, statement.relations[0], table, catalog, statistics)
    share = 1.0
    fixed: list[tuple[str, str]] = []
    present: list[str] = []
    for predicate in usage.predicates:
        share *= share_of(predicate, usage.statistics.get(predicate.column or ""), usage.rows)
        value = constant_value(predicate)
        if predicate.column is None or usage.column(predicate.column) is None:
            continue
        if predicate.kind in ONE_VALUE and value is not None and not predicate.negated:
            fixed.append((predicate.column, value))
        if predicate.kind is not PredicateKind.NULL_TEST or predicate.negated:
            present.append(predicate.column)  # no other condition holds for NULL
    told = share if usage.predicates else UNKNOWN_SHARE
    return replace(candidate, partial=Partial(candidate.where, told, tuple(fixed), tuple(present)))


def whole_of(candidate: CandidateIndex, catalog: Catalog) -> set[tuple[str | None, str | None]]:
    """The schema and name of its table, and of those that the table is a part of: who reads these
    reads it."""
    found: set[tuple[str | None, str | None]] = {(candidate.schema, candidate.table)}
    waiting = [candidate.qualified]
    while waiting:
        table = catalog.find_table(waiting.pop())
        for parent in () if table is None else table.inherits:
            whole = catalog.find_table(parent)
            if whole is not None and (whole.schema, whole.name) not in found:
                found.add((whole.schema, whole.name))
                waiting.append(parent)
    return found


def _table(relation: dict[str, Any], catalog: Catalog) -> Table | MaterializedView:
    found = CatalogRelations(catalog).columns(relation.get("schemaname"), relation["relname"])
    everything: Sequence[Table | MaterializedView] = (
        *catalog.tables,
        *catalog.materialized_views,
    )
    for table in everything:
        if found is not None and (table.schema, table.name) == (found.schema, found.name):
            return table
    raise UsageError(f"there is no table {relation['relname']!r}", HOW)


def _option(element: dict[str, Any]) -> tuple[str, str]:
    """A storage parameter, as the catalog would hold it: one without a value is on."""
    argument = element.get("arg", {"Boolean": {"boolval": True}})
    ((kind, fields),) = argument.items()
    if kind == "TypeName":  # a bare word
        return element["defname"], str(fields["names"][-1]["String"]["sval"])
    value = next(iter(fields.values()), 0)
    return element["defname"], str(value).lower() if kind == "Boolean" else str(value)


def _key(element: dict[str, Any]) -> CandidateKey:
    descending = element.get("ordering") == "SORTBY_DESC"
    nulls = element.get("nulls_ordering")
    usual = nulls == "SORTBY_NULLS_DEFAULT"
    classes = element.get("opclass", ())
    expression = element.get("expr")
    return CandidateKey(
        column=element.get("name"),
        expression=None if expression is None else canonical_expression(expression),
        operator_class=".".join(quote(part["String"]["sval"]) for part in classes),
        descending=descending,
        nulls_first=nulls == "SORTBY_NULLS_FIRST" or (usual and descending),
    )
