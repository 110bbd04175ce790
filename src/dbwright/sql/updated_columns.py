"""Which columns the workload's UPDATE statements change, and which indexes hold them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from dbwright.model.catalog import Catalog, Index, Table
from dbwright.model.names import qualify
from dbwright.model.workload import Workload
from dbwright.sql.lexer import tokens
from dbwright.sql.parse import Node, SyntaxProblem, parse, walk

__all__ = ["indexes_of", "updated_columns"]


def updated_columns(catalog: Catalog, workload: Workload | None) -> Mapping[str, frozenset[str]]:
    """The columns that UPDATE and ON CONFLICT DO UPDATE set, by the table's qualified name.

    A name without schema counts only where one table has it. What can't be parsed (cut off, or
    of another engine) is left out.
    """
    found: defaultdict[str, set[str]] = defaultdict(set)
    if workload is None:
        return {}
    by_name: defaultdict[str, list[str]] = defaultdict(list)
    for table in catalog.tables:
        by_name[table.name].append(table.qualified)
    for query in workload.queries:
        if "update" not in query.text.lower():
            continue
        try:
            statements = parse(query.text).statements
        except SyntaxProblem:
            continue
        for statement in statements:
            for kind, node in ((statement.kind, statement.node), *walk(statement.node)):
                if kind == "UpdateStmt":
                    _add(node, node.get("targetList", ()), by_name, found)
                elif kind == "InsertStmt" and "onConflictClause" in node:
                    changed = node["onConflictClause"].get("targetList", ())
                    _add(node, changed, by_name, found)
    return {name: frozenset(columns) for name, columns in found.items()}


def indexes_of(catalog: Catalog, table: Table, columns: frozenset[str]) -> tuple[str, ...]:
    """The indexes that an update of these columns keeps from being heap-only."""
    return tuple(
        index.qualified
        for index in table.indexes
        # From 16 on an index that only sums up blocks does not matter.
        if not (index.method == "brin" and catalog.server.major >= 16)
        and not columns.isdisjoint(_columns(index, columns))
    )


def _add(
    node: Node,
    targets: Iterable[Node],
    by_name: Mapping[str, list[str]],
    found: defaultdict[str, set[str]],
) -> None:
    relation = node["relation"]
    if "schemaname" in relation:
        names = [qualify(relation["schemaname"], relation["relname"])]
    else:
        names = by_name.get(relation["relname"], [])
    if len(names) == 1:
        found[names[0]] |= {t["ResTarget"]["name"] for t in targets if "ResTarget" in t}


def _columns(index: Index, wanted: frozenset[str]) -> set[str]:
    """Columns that the index holds, computes from, or chooses rows by."""
    used = {column for column in index.columns if column is not None} | set(index.include)
    texts = [key.expression for key in index.keys if key.expression] + [index.predicate or ""]
    for text in texts:
        words = {token.text.strip('"').replace('""', '"') for token in tokens(text)}
        used |= words & wanted
    return used
