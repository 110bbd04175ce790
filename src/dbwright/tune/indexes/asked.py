"""An index that somebody asks about, as `shop.orders (user_id, placed_at DESC)`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dbwright.errors import UsageError
from dbwright.model.catalog import Catalog, MaterializedView, Table
from dbwright.sql.parse import SyntaxProblem, parse
from dbwright.sql.scope import CatalogRelations
from dbwright.sql.scope.canonical import canonical_expression
from dbwright.tune.indexes.candidate import CandidateIndex, CandidateKey, Partial

__all__ = ["asked_index"]

HOW = "write it as in CREATE INDEX ON: 'shop.orders (user_id, placed_at DESC)'"
UNKNOWN_SHARE = 0.5
"""Of the rows in a partial index that somebody asks about: what is not known is taken so."""


def asked_index(text: str, catalog: Catalog) -> CandidateIndex:
    """The candidate that the text means. Raises UsageError."""
    try:
        statements = parse(f"CREATE INDEX ON {text}").statements
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
    where = canonical_expression(node["whereClause"]) if "whereClause" in node else None
    return CandidateIndex(
        table_oid=table.oid,
        schema=table.schema,
        table=table.name,
        keys=keys,
        include=include,
        partial=None if where is None else Partial(where, share=UNKNOWN_SHARE),
        method=node.get("accessMethod", "btree"),
        reasons=("asked for",),
    )


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


def _key(element: dict[str, Any]) -> CandidateKey:
    descending = element.get("ordering") == "SORTBY_DESC"
    nulls = element.get("nulls_ordering")
    usual = nulls == "SORTBY_NULLS_DEFAULT"
    classes = element.get("opclass", ())
    expression = element.get("expr")
    return CandidateKey(
        column=element.get("name"),
        expression=None if expression is None else canonical_expression(expression),
        operator_class=classes[-1]["String"]["sval"] if classes else "",
        descending=descending,
        nulls_first=nulls == "SORTBY_NULLS_FIRST" or (usual and descending),
    )
