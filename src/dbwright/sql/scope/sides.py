"""One side of a comparison: what it reads, and what it is when it is compared with."""

from __future__ import annotations

from dataclasses import dataclass, field

from dbwright.sql.parse import Node
from dbwright.sql.scope.builder import Analysis, ScopeBuilder
from dbwright.sql.scope.canonical import canonical_expression, constant_text
from dbwright.sql.scope.expressions import expression_nodes, function_name
from dbwright.sql.scope.functions import VOLATILE
from dbwright.sql.scope.namespace import Resolved
from dbwright.sql.scope.nouns import ColumnUse, RelationUse
from dbwright.sql.scope.predicate import Compared, ComparedKind

__all__ = ["Side", "compared_list", "index_expression", "side"]


@dataclass(slots=True)
class Side:
    """An expression, seen from one scope."""

    analysis: Analysis
    scope: ScopeBuilder
    node: Node
    local: dict[int, list[ColumnUse]] = field(default_factory=dict)
    """The scope's own columns in it, by the number of their relation use."""
    outer: list[Resolved] = field(default_factory=list)
    parameters: list[int] = field(default_factory=list)
    queries: list[ScopeBuilder] = field(default_factory=list)
    unknown: bool = False
    """Is there a name in it that was not resolved?"""
    volatile: bool = False
    aggregate: bool = False
    strict: bool = True
    """Is it NULL where its columns are (no COALESCE, CASE)?"""

    @property
    def relation(self) -> RelationUse | None:
        """The one relation use of the scope that it reads."""
        if len(self.local) != 1 or self.unknown:
            return None
        return next(iter(self.local.values()))[0].relation

    @property
    def plain(self) -> ColumnUse | None:
        """The column of the scope that it is, and nothing more."""
        found = self._column
        return found.only if found is not None and found.owner is self.scope else None

    @property
    def plain_outer(self) -> Resolved | None:
        """The column of a scope around that it is, and nothing more."""
        found = self._column
        outer = found is not None and found.owner is not self.scope and found.only is not None
        return found if outer else None

    @property
    def _column(self) -> Resolved | None:
        reference = self.node.get("ColumnRef")
        return None if reference is None else self.analysis.resolved.get(id(reference))

    @property
    def columns(self) -> tuple[ColumnUse, ...]:
        """All columns of the scope in it."""
        return tuple(dict.fromkeys(use for uses in self.local.values() for use in uses))

    @property
    def indexable(self) -> bool:
        """Has it the same value for a row in every execution, as far as its form tells?"""
        return not (
            self.outer or self.parameters or self.queries or self.volatile or self.aggregate
        )

    def compared(self) -> Compared:
        """What it is as the other side of a predicate."""
        node, plain = self.node, self.plain
        if plain is not None:
            return Compared(ComparedKind.COLUMN, column=plain, depends_on=(plain,))
        outer = self.plain_outer
        if outer is not None:
            return Compared(ComparedKind.OUTER, column=outer.only)
        if "A_Const" in node:
            return Compared(ComparedKind.CONSTANT, (self._constant(node),))
        core = node
        while "TypeCast" in core:
            core = core["TypeCast"]["arg"]
        if "ParamRef" in core:
            number = core["ParamRef"].get("number", 0)
            return Compared(ComparedKind.PARAMETER, (f"${number}",), parameter=number)
        depends_on = self.columns
        if "SubLink" in node and self.queries:
            scope = self.queries[-1].number
            return Compared(ComparedKind.SUBQUERY, scope=scope, depends_on=depends_on)
        text = None if depends_on else canonical_expression(node)
        kind = ComparedKind.CONSTANT if "A_Const" in core else ComparedKind.EXPRESSION
        if self.outer or self.volatile:
            kind = ComparedKind.EXPRESSION
            depends_on += tuple(use for found in self.outer for use in found.uses)
        return Compared(kind, () if text is None else (text,), depends_on=depends_on)

    def _constant(self, node: Node) -> str:
        written = None
        if self.analysis.latin:
            written = constant_text(self.analysis.latin, node["A_Const"])
        return written if written is not None else canonical_expression(node) or ""


def side(analysis: Analysis, scope: ScopeBuilder, node: Node) -> Side:
    """Look at an expression whose names were resolved before."""
    found = Side(analysis, scope, node)
    for kind, fields in expression_nodes(node):
        if kind == "ColumnRef":
            _add(found, analysis.resolved.get(id(fields)))
        elif kind == "ParamRef":
            found.parameters.append(fields.get("number", 0))
        elif kind == "SubLink":
            query = analysis.sublinks[id(fields)]
            found.queries.append(query)
            for resolved in query.outer_uses:
                _add(found, resolved)
        elif kind == "FuncCall":
            found.volatile |= function_name(fields) in VOLATILE
            found.aggregate |= any(fields is call for call in scope.aggregate_calls)
        elif kind in ("CoalesceExpr", "CaseExpr"):
            found.strict = False
    return found


def _add(found: Side, resolved: Resolved | None) -> None:
    if resolved is None:
        found.unknown = True
    elif resolved.owner is found.scope:
        for use in resolved.uses:
            found.local.setdefault(use.relation.number, []).append(use)
    elif _around(found.scope, resolved.owner):
        found.outer.append(resolved)


def _around(scope: ScopeBuilder, owner: ScopeBuilder) -> bool:
    """Is `owner` a scope around `scope` (and not one inside the expression)?"""
    around = scope.parent
    while around is not None:
        if around is owner:
            return True
        around = around.parent
    return False


def compared_list(analysis: Analysis, scope: ScopeBuilder, items: list[Node]) -> Compared:
    """The list of an IN."""
    texts: list[str] = []
    depends_on: list[ColumnUse] = []
    parameter = None
    for item in items:
        if "A_Const" in item and analysis.latin:
            written = constant_text(analysis.latin, item["A_Const"])
            texts.append(written if written is not None else canonical_expression(item) or "")
            continue
        one = side(analysis, scope, item).compared()
        texts += one.texts
        depends_on += one.depends_on
        if one.kind is ComparedKind.OUTER and one.column is not None:
            depends_on.append(one.column)
        parameter = one.parameter if parameter is None else parameter
    return Compared(ComparedKind.LIST, tuple(texts), parameter, None, None, tuple(depends_on))


def index_expression(found: Side) -> str | None:
    """The expression as a key of an index on its relation."""
    if not found.indexable or found.relation is None:
        return None

    def unqualified(reference: Node) -> Node | None:
        resolved = found.analysis.resolved.get(id(reference))
        only = None if resolved is None else resolved.only
        if only is None:
            return None
        return {"ColumnRef": {"fields": [{"String": {"sval": only.column}}]}}

    return canonical_expression(found.node, unqualified)
