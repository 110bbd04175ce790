"""The names of a WITH clause, and the scopes behind them."""

from __future__ import annotations

from typing import Any

from dbwright.sql.parse import Node
from dbwright.sql.scope.builder import Analysis, Output, ScopeBuilder
from dbwright.sql.scope.namespace import Cte, Level
from dbwright.sql.scope.statement import ScopeKind

__all__ = ["read_with"]


def read_with(analysis: Analysis, clause: Node | None, level: Level) -> None:
    """Make the names of the WITH clause known at `level`, and read their queries."""
    if clause is None:
        return
    level.scope.has_ctes = True
    recursive = clause.get("recursive", False)
    names: list[Cte] = []
    for part in clause["ctes"]:
        cte = _cte(analysis, part["CommonTableExpr"], level, recursive)
        names.append(cte)
        if recursive:
            level.ctes[cte.name] = cte  # visible to itself, and to those before it
        else:
            cte.ensure(cte)
            level.ctes[cte.name] = cte
    for cte in names:
        cte.ensure(cte)


def _cte(analysis: Analysis, node: Node, level: Level, recursive: bool) -> Cte:
    def ensure(cte: Cte) -> None:
        if cte.scope is None:
            _read(analysis, node, cte, level, recursive)
        elif cte.busy:
            _recurse(node, cte)

    return Cte(node["ctename"], ensure)


def _read(analysis: Analysis, node: Node, cte: Cte, level: Level, recursive: bool) -> None:
    scope = cte.scope = analysis.scope(ScopeKind.CTE, level.scope, cte.name)
    scope.location = analysis.location(node)
    materialized = node.get("ctematerialized", "CTEMaterializeDefault")
    if materialized != "CTEMaterializeDefault":
        scope.materialized = materialized == "CTEMaterializeAlways"
    cte.busy = recursive
    analysis.query(analysis, node["ctequery"], scope, level.view([]))
    cte.busy = False
    names = _given(node, scope) + _added(node)
    scope.outputs += [Output(name) for name in names[len(scope.outputs) :]]
    cte.columns = tuple(names)


def _recurse(node: Node, cte: Cte) -> None:
    """The query reads itself: what it gives is known from its first arm."""
    scope = cte.scope
    assert scope is not None
    scope.recursive = True
    if cte.columns is None:
        cte.columns = tuple(_given(node, scope) + _added(node))


def _given(node: Node, scope: ScopeBuilder) -> list[str]:
    own = [output.name for output in scope.outputs]
    names = [part["String"]["sval"] for part in node.get("aliascolnames", ())]
    return names + own[len(names) :]


def _added(node: Node) -> list[str]:
    """The columns of SEARCH and CYCLE."""
    search: Any = node.get("search_clause", {}).get("search_seq_column")
    cycle = node.get("cycle_clause", {})
    added = (search, cycle.get("cycle_mark_column"), cycle.get("cycle_path_column"))
    return [name for name in added if name]
