"""A SELECT, VALUES or set operation, read into its scope.

In the order of transformSelectStmt of analyze.c: WITH, FROM, target list, WHERE, HAVING, ORDER BY,
GROUP BY, DISTINCT, LIMIT, windows, locks.
"""

from __future__ import annotations

from typing import Any

from dbwright.sql.parse import Node
from dbwright.sql.scope.builder import Analysis, Output, ScopeBuilder
from dbwright.sql.scope.conditions import read_conditions, read_using
from dbwright.sql.scope.expressions import expression_nodes, names_in, read_expression
from dbwright.sql.scope.from_clause import read_from
from dbwright.sql.scope.namespace import Level, Resolved
from dbwright.sql.scope.nouns import ColumnUse, Count, Locking, Role
from dbwright.sql.scope.output_names import output_name
from dbwright.sql.scope.predicate import Clause
from dbwright.sql.scope.sorting import Sorting
from dbwright.sql.scope.statement import Distinct, ScopeKind
from dbwright.sql.scope.with_clause import read_with

__all__ = ["read_select", "read_targets"]

_STRENGTH = {
    "LCS_FORKEYSHARE": "key share",
    "LCS_FORSHARE": "share",
    "LCS_FORNOKEYUPDATE": "no key update",
    "LCS_FORUPDATE": "update",
}
_WAIT = {"LockWaitSkip": "skip", "LockWaitError": "error"}


def read_select(analysis: Analysis, node: Node, scope: ScopeBuilder, parent: Level | None) -> None:
    """Read the fields of a SelectStmt into `scope`; `parent` is what is visible outside."""
    level = Level(scope, parent)
    read_with(analysis, node.get("withClause"), level)
    if node.get("op", "SETOP_NONE") != "SETOP_NONE":
        _set_operation(analysis, node, level)
    elif "valuesLists" in node:
        _values(analysis, node, level)
    else:
        _plain(analysis, node, level)
    for clause, name in (("limitCount", "limit"), ("limitOffset", "offset")):
        if clause in node:
            read_expression(analysis, node[clause], level.view([]), Role.LIMIT)
            setattr(scope, name, _count(node[clause]))
    scope.with_ties = node.get("limitOption") == "LIMIT_OPTION_WITH_TIES"
    for part in node.get("lockingClause", ()):
        lock = part["LockingClause"]
        aliases = tuple(r["RangeVar"]["relname"] for r in lock.get("lockedRels", ()))
        wait = _WAIT.get(lock.get("waitPolicy", ""), "block")
        scope.locking.append(Locking(_STRENGTH[lock["strength"]], aliases, wait))


def _plain(analysis: Analysis, node: Node, level: Level) -> None:
    scope = level.scope
    sources = read_from(analysis, node.get("fromClause", ()), level)
    read_targets(analysis, node.get("targetList", ()), level, Role.OUTPUT)
    for clause, role in (("whereClause", Role.FILTER), ("havingClause", Role.HAVING)):
        if clause in node:
            read_expression(analysis, node[clause], level, role)
    scope.has_having = "havingClause" in node
    sorting = Sorting(analysis, level, node.get("targetList", ()))
    sorting.order_by(node.get("sortClause", ()))
    sorting.group_by(node.get("groupClause", ()))
    distinct = node.get("distinctClause")
    if distinct is not None:
        scope.distinct = Distinct.ON if distinct[0] else Distinct.ALL
        sorting.distinct_on(distinct if distinct[0] else [])
    sorting.windows(node.get("windowClause", ()))
    sorting.aggregates()
    read_using(analysis, scope)
    for condition in sources.conditions:
        read_conditions(analysis, condition.node, level, Clause.ON, sources, condition)
    if "whereClause" in node:
        read_conditions(analysis, node["whereClause"], level, Clause.WHERE, sources)
    if "havingClause" in node:
        read_conditions(analysis, node["havingClause"], level, Clause.HAVING, sources)


def read_targets(analysis: Analysis, targets: Any, level: Level, role: Role) -> None:
    """Read a target list: the scope's outputs."""
    for part in targets:
        target = part["ResTarget"]
        value = target["val"]
        reference = value.get("ColumnRef")
        if reference is not None and "A_Star" in reference["fields"][-1]:
            _star(analysis, reference, level, role)
            continue
        read_expression(analysis, value, level, role)
        name = target.get("name") or output_name(value)
        level.scope.outputs.append(_output(analysis, level, name, value))


def _star(analysis: Analysis, reference: Node, level: Level, role: Role) -> None:
    names = names_in(reference["fields"])
    owner = level
    if len(names) == 1:
        level.scope.star = True
        items = [item for item in level.items if item.columns_visible]
    else:
        found = level.relation(names[-2], names[-3] if len(names) > 2 else None)
        if found is None:
            reason = "no relation of that name is in scope"
            analysis.unknown(".".join(names), reason, level.scope, reference)
            return
        level.scope.star = True
        owner, items = found[0], [found[1]]
    for item in items:
        if item.open:
            reason = "the columns of the relation are not known"
            analysis.unknown(f"{item.alias}.*", reason, level.scope, reference)
        for name, targets in item.order:
            analysis.refer(Resolved(targets, owner.scope), level.scope, role)
            plain = targets[0] if len(targets) == 1 and owner.scope is level.scope else None
            level.scope.outputs.append(Output(name, None, targets, plain))


def _output(analysis: Analysis, level: Level, name: str, value: Node) -> Output:
    uses: list[ColumnUse] = []
    for kind, fields in expression_nodes(value):
        if kind == "ColumnRef" and (found := analysis.resolved.get(id(fields))) is not None:
            if found.owner is level.scope:
                uses += found.uses
        elif kind == "SubLink":
            inner = analysis.sublinks[id(fields)]
            uses += [u for r in inner.outer_uses if r.owner is level.scope for u in r.uses]
    plain = None
    if "ColumnRef" in value and len(uses) == 1:
        found = analysis.resolved[id(value["ColumnRef"])]
        plain = found.only
    return Output(name, value, tuple(dict.fromkeys(uses)), plain)


def _values(analysis: Analysis, node: Node, level: Level) -> None:
    width = 0
    for row in node["valuesLists"]:
        items = row["List"].get("items", [])
        width = max(width, len(items))
        read_expression(analysis, items, level, Role.OUTPUT)
    level.scope.outputs += [Output(f"column{place + 1}") for place in range(width)]
    if "sortClause" in node:
        Sorting(analysis, level, ()).order_by_result(node["sortClause"])


def _set_operation(analysis: Analysis, node: Node, level: Level) -> None:
    scope = level.scope
    scope.set_operation = node["op"].removeprefix("SETOP_").lower()
    scope.set_operation_all = node.get("all", False)
    # Long chains of UNION lean to the left: a list of what is left to do instead of recursion.
    pending, arms = [node], []
    while pending:
        current = pending.pop()
        same = current.get("op") == node["op"] and current.get("all") == node.get("all")
        if current is node or (same and _bare(current)):
            pending += [current["rarg"], current["larg"]]
        else:
            arms.append(current)
    for arm in arms:
        inner = analysis.scope(ScopeKind.ARM, scope)
        scope.arm_scopes.append(inner)
        analysis.query(analysis, {"SelectStmt": arm}, inner, level)
        if len(scope.arm_scopes) == 1:
            scope.outputs += [Output(output.name) for output in inner.outputs]
    Sorting(analysis, level, ()).order_by_result(node.get("sortClause", ()))


def _bare(node: Node) -> bool:
    """Has the set operation no clauses of its own?"""
    return not any(c in node for c in ("sortClause", "limitCount", "limitOffset", "withClause"))


def _count(node: Node) -> Count | None:
    if "ParamRef" in node:
        number = node["ParamRef"].get("number", 0)
        return Count(parameter=number, text=f"${number}")
    constant = node.get("A_Const")
    if constant is None:
        return Count()
    if constant.get("isnull"):
        return None  # LIMIT ALL
    value = constant.get("ival", {}).get("ival", 0) if "ival" in constant else None
    if "fval" in constant:
        written = constant["fval"]["fval"]
        value = int(written) if written.isdigit() else None
    return Count(value=value, text="" if value is None else str(value))
