"""INSERT, UPDATE, DELETE and MERGE, read into their scope."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbwright.sql.parse import Node
from dbwright.sql.scope.builder import Analysis, ScopeBuilder
from dbwright.sql.scope.conditions import read_conditions, read_using
from dbwright.sql.scope.expressions import read_expression
from dbwright.sql.scope.from_clause import Condition, Sources, read_from, read_relation
from dbwright.sql.scope.namespace import Item, Level, Targets
from dbwright.sql.scope.nouns import ColumnUse, RelationKind, RelationUse, Role
from dbwright.sql.scope.predicate import Clause
from dbwright.sql.scope.select import read_targets
from dbwright.sql.scope.sorting import Sorting
from dbwright.sql.scope.statement import ScopeKind
from dbwright.sql.scope.with_clause import read_with

__all__ = ["read_change"]


def read_change(
    analysis: Analysis, kind: str, node: Node, scope: ScopeBuilder, parent: Level | None
) -> None:
    """Read the fields of an InsertStmt, UpdateStmt, DeleteStmt or MergeStmt into `scope`."""
    scope.changes_rows = True
    level = Level(scope, parent)
    read_with(analysis, node.get("withClause"), level)
    target = read_relation(analysis, node["relation"], level, target=True)
    if scope.parent is None:
        analysis.modified = target.use
    {"InsertStmt": _insert, "UpdateStmt": _update, "DeleteStmt": _delete, "MergeStmt": _merge}[
        kind
    ](analysis, node, level, target)
    _returning(analysis, node, level, target)


def _insert(analysis: Analysis, node: Node, level: Level, target: Item) -> None:
    columns = [part["ResTarget"]["name"] for part in node.get("cols", ())]
    if "selectStmt" in node:
        # The query sees nothing of the target.
        source = analysis.scope(ScopeKind.SOURCE, level.scope)
        analysis.query(analysis, node["selectStmt"], source, level.view([]))
        if not columns and target.use is not None:
            columns = list((target.use.columns or ())[: len(source.outputs)])
    _written(analysis, level, columns)
    level.items.append(target)
    conflict = node.get("onConflictClause")
    if conflict is None:
        return
    read_expression(analysis, conflict.get("infer"), level, Role.CONFLICT)
    for part in conflict.get("infer", {}).get("indexElems", ()):
        name = part["IndexElem"].get("name")
        found = target.find(name) if name else None
        for use in found or ():
            level.scope.refer(use, Role.CONFLICT)
    if target.use is not None:
        inner = level.view([_excluded(analysis, target.use, level), target])
        _set(analysis, conflict.get("targetList", ()), inner)
        _where(analysis, conflict.get("whereClause"), inner, Sources(inner.items))


def _excluded(analysis: Analysis, target: RelationUse, level: Level) -> Item:
    """The row that was to be inserted, under the name `excluded`."""
    use = RelationUse(
        number=analysis.next_use(),
        scope=level.scope.number,
        alias="excluded",
        kind=RelationKind.VALUES,
        columns=target.columns,
    )
    level.scope.relations.append(use)
    return _named(use, "excluded", visible=True)


def _named(use: RelationUse, alias: str, *, visible: bool = False) -> Item:
    order: list[tuple[str, Targets]] = [
        (column, (ColumnUse(use, column),)) for column in use.columns or ()
    ]
    return Item(alias, order, use, columns_visible=visible, has_alias=True)


def _update(analysis: Analysis, node: Node, level: Level, target: Item) -> None:
    level.items.append(target)
    sources = read_from(analysis, node.get("fromClause", ()), level)
    _set(analysis, node.get("targetList", ()), level)
    _where(analysis, node.get("whereClause"), level, sources)


def _delete(analysis: Analysis, node: Node, level: Level, target: Item) -> None:
    level.items.append(target)
    sources = read_from(analysis, node.get("usingClause", ()), level)
    _where(analysis, node.get("whereClause"), level, sources)


def _merge(analysis: Analysis, node: Node, level: Level, target: Item) -> None:
    sources = read_from(analysis, [node["sourceRelation"]], level)
    level.items.append(target)
    clauses = [part["MergeWhenClause"] for part in node["mergeWhenClauses"]]
    kinds = {clause["matchKind"] for clause in clauses}
    kind = "JOIN_INNER"
    if "MERGE_WHEN_NOT_MATCHED_BY_TARGET" in kinds:
        kind = "JOIN_LEFT"  # of the source, with the target
    if "MERGE_WHEN_NOT_MATCHED_BY_SOURCE" in kinds:
        kind = "JOIN_RIGHT" if kind == "JOIN_INNER" else "JOIN_FULL"
    number = frozenset() if target.use is None else frozenset((target.use.number,))
    condition = node["joinCondition"]
    read_expression(analysis, condition, level, Role.JOIN)
    sources.conditions.append(Condition(condition, kind, sources.uses, number, sources.nulled))
    _where(analysis, None, level, sources)
    for clause in clauses:
        read_expression(analysis, clause.get("condition"), level, Role.FILTER)
        read_expression(analysis, clause.get("values"), level, Role.SET)
        _set(analysis, clause.get("targetList", ()), level)


def _where(analysis: Analysis, node: Node | None, level: Level, sources: Sources) -> None:
    """The joins of FROM, and WHERE."""
    if node is not None:
        read_expression(analysis, node, level, Role.FILTER)
    read_using(analysis, level.scope)
    for condition in sources.conditions:
        read_conditions(analysis, condition.node, level, Clause.ON, sources, condition)
    if node is not None and "CurrentOfExpr" not in node:
        read_conditions(analysis, node, level, Clause.WHERE, sources)


def _set(analysis: Analysis, targets: Sequence[Node], level: Level) -> None:
    """The columns that are written, and the values."""
    for part in targets:
        target = part["ResTarget"]
        _written(analysis, level, [target["name"]])
        for value in _values(target):
            read_expression(analysis, value, level, Role.SET)
        read_expression(analysis, target.get("indirection"), level, Role.SET)


def _values(target: Node) -> Iterator[Node]:
    """`(a, b) = (SELECT …)` repeats its source for each column: it is read with the first."""
    value = target.get("val", {})
    several = value.get("MultiAssignRef")
    if several is None:
        yield value
    elif several.get("colno") == 1:
        yield several["source"]


def _written(analysis: Analysis, level: Level, columns: list[str]) -> None:
    if level.scope.parent is None:
        analysis.set_columns += columns


def _returning(analysis: Analysis, node: Node, level: Level, target: Item) -> None:
    clause = node.get("returningClause")
    if clause is None or target.use is None:
        return
    names = {"old": "old", "new": "new"}
    for part in clause.get("options", ()):
        option = part["ReturningOption"]
        names["old" if option["option"].endswith("OLD") else "new"] = option["value"]
    # The row before and after (version 18): the same relation under two more names.
    taken = {item.alias for item in level.items if item.relation_visible}
    both = [_named(target.use, name) for name in names.values() if name not in taken]
    seen = level.view([*level.items, *both])
    read_targets(analysis, clause.get("exprs", ()), seen, Role.RETURNING)
    Sorting(analysis, seen, ()).aggregates()
