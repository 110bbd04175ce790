"""The columns that an expression reads.

One walk over a tree resolves every name in it, reads its subqueries into scopes of their own, and
notes calls of aggregates and windows. Trees are walked with a list of what is left to do, not by
recursion: expressions of thousands of parts are usual.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dbwright.sql.parse import Node
from dbwright.sql.scope.builder import Analysis
from dbwright.sql.scope.functions import AGGREGATES, SET_RETURNING, VOLATILE
from dbwright.sql.scope.namespace import Level, Resolved
from dbwright.sql.scope.nouns import Role
from dbwright.sql.scope.statement import ScopeKind

__all__ = ["expression_nodes", "function_name", "names_in", "read_expression", "signature"]

_SUBLINKS = {
    "EXISTS_SUBLINK": ScopeKind.EXISTS,
    "ALL_SUBLINK": ScopeKind.IN,
    "ANY_SUBLINK": ScopeKind.IN,
    "ROWCOMPARE_SUBLINK": ScopeKind.IN,
    "EXPR_SUBLINK": ScopeKind.SCALAR,
    "ARRAY_SUBLINK": ScopeKind.ARRAY,
}
_PLACES = frozenset(("location", "rexpr_list_start", "rexpr_list_end", "list_start", "list_end"))
_ENDS = frozenset(("ColumnRef", "ParamRef", "SubLink", "SelectStmt"))
_TOLD = frozenset(("FuncCall", "CoalesceExpr", "CaseExpr", "RowExpr"))
_LEAVES = frozenset(("A_Const", "String", "Integer", "Float", "SetToDefault", "TypeName"))


def expression_nodes(node: Any) -> Iterator[tuple[str, Any]]:
    """The nodes of an expression (or a list of them) that scoping is about, as they are written:
    columns, parameters, calls, rows, subqueries (but not what is in those), and COALESCE and CASE,
    which make a value of a NULL."""
    pending: list[tuple[str, Any]] = [("", node)]
    while pending:
        kind, child = pending.pop()
        if isinstance(child, list):
            pending.extend([("", part) for part in reversed(child)])
        elif isinstance(child, dict) and kind not in _LEAVES:
            if kind in _ENDS:
                yield kind, child
                if kind == "SubLink":
                    pending.append(("", child.get("testexpr")))
                continue
            if kind in _TOLD:
                yield kind, child
            pending.extend(reversed(child.items()))


def read_expression(analysis: Analysis, node: Any, level: Level, role: Role) -> None:
    """Resolve all names below `node` (a node, or a list of them) as they are seen at `level`."""
    for kind, fields in expression_nodes(node):
        if kind == "ColumnRef":
            _column(analysis, fields, level, role)
        elif kind == "SubLink":
            _sublink(analysis, fields, level)
        elif kind == "SelectStmt":
            # JSON_ARRAY(SELECT …) holds a query without a SubLink around it.
            scope = analysis.scope(ScopeKind.ARRAY, level.scope)
            analysis.query(analysis, {kind: fields}, scope, level)
        elif kind == "ParamRef":
            analysis.parameters = max(analysis.parameters, fields.get("number", 0))
        elif kind == "RowExpr":
            _expand(analysis, fields, level, role)
        elif kind == "FuncCall":
            _call(analysis, fields, level)


def names_in(fields: list[Node]) -> list[str]:
    """The names of a ColumnRef; a star is `*`."""
    return [field["String"].get("sval", "") if "String" in field else "*" for field in fields]


def function_name(call: Node) -> str:
    """The last part of a function's name."""
    return str(call["funcname"][-1]["String"]["sval"])


def signature(node: Any) -> Any:
    """A tree without its places in the text, comparable."""
    if isinstance(node, Mapping):
        return tuple(
            (name, signature(child)) for name, child in node.items() if name not in _PLACES
        )
    return tuple(signature(child) for child in node) if isinstance(node, list) else node


def resolve(analysis: Analysis, node: Node, level: Level) -> Resolved | str:
    """What a ColumnRef stands for; the reason where that is not known."""
    names = names_in(node["fields"])
    if len(names) == 1:
        return level.column(names[0])
    schema = names[-3] if len(names) > 2 else None
    if names[-1] != "*":
        return level.qualified(names[-2], names[-1], schema)
    found = level.relation(names[-2], schema)
    if found is None:
        return "no relation of that name is in scope"
    return Resolved(found[1].everything, found[0].scope)


def _column(analysis: Analysis, node: Node, level: Level, role: Role) -> None:
    if id(node) in analysis.resolved:
        return
    found = resolve(analysis, node, level)
    if isinstance(found, str):
        name = ".".join(names_in(node["fields"]))
        analysis.unknown(name, found, level.scope, node)
        return
    analysis.resolved[id(node)] = found
    analysis.refer(found, level.scope, role)


def _sublink(analysis: Analysis, node: Node, level: Level) -> None:
    if id(node) in analysis.sublinks:
        return
    kind = _SUBLINKS.get(node.get("subLinkType", ""), ScopeKind.SCALAR)
    scope = analysis.scope(kind, level.scope)
    scope.location = analysis.location(node)
    analysis.sublinks[id(node)] = scope
    analysis.query(analysis, node["subselect"], scope, level)


def _expand(analysis: Analysis, row: Node, level: Level, role: Role) -> None:
    """In a row `t.*` stands for all columns of t, one by one."""
    for part in row.get("args", ()):
        reference = part.get("ColumnRef")
        if reference is None or names_in(reference["fields"])[-1] != "*":
            continue
        names = names_in(reference["fields"])
        found = level.relation(names[-2], names[-3] if len(names) > 2 else None)
        if found is not None and found[1].order:
            uses = tuple(use for _, targets in found[1].order for use in targets)
            resolved = Resolved(uses, found[0].scope)
            analysis.resolved[id(reference)] = resolved
            analysis.refer(resolved, level.scope, role)


def _call(analysis: Analysis, call: Node, level: Level) -> None:
    """Note what a call means for its level: aggregate, set of rows, another value each time."""
    scope, name = level.scope, function_name(call)
    schema = call["funcname"][-2]["String"]["sval"] if len(call["funcname"]) > 1 else None
    if name in VOLATILE:
        scope.volatile = True
    if "over" in call:
        scope.window_calls.append(call["over"])
        return
    known = None if schema == "pg_catalog" else analysis.relations.function(schema, name)
    builtin = schema in (None, "pg_catalog")
    if (builtin and name in SET_RETURNING) or (known is not None and known.returns_set):
        scope.set_returning = True
    marks = ("agg_star", "agg_distinct", "agg_filter", "agg_order", "agg_within_group")
    aggregate = any(mark in call for mark in marks) or (known is not None and known.aggregate)
    if aggregate or (builtin and name in AGGREGATES):
        scope.aggregate_calls.append(call)
