"""What is collected while a statement is read; `finish` freezes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from dbwright.sql.parse import Node
from dbwright.sql.scope.namespace import Level, Resolved, Targets
from dbwright.sql.scope.nouns import (
    Aggregate,
    ColumnUse,
    Count,
    Key,
    Locking,
    OutputColumn,
    Reference,
    RelationUse,
    Role,
    SortKey,
    Unresolved,
    Window,
)
from dbwright.sql.scope.predicate import Join, Predicate
from dbwright.sql.scope.relations import Relations
from dbwright.sql.scope.statement import Distinct, Scope, ScopeKind, Statement, StatementKind

__all__ = ["Analysis", "Draft", "Output", "ScopeBuilder"]


@dataclass(slots=True)
class Draft:
    """A predicate, with the tree of its expression where it is on one."""

    predicate: Predicate
    node: Node | None = None


@dataclass(slots=True)
class Output:
    """A column of a scope's result, with what it is made of."""

    name: str
    node: Node | None = None
    uses: tuple[ColumnUse, ...] = ()
    plain: ColumnUse | None = None


@dataclass(slots=True)
class ScopeBuilder:
    """A scope as far as it was read."""

    number: int
    kind: ScopeKind
    parent: ScopeBuilder | None
    name: str | None = None
    location: int | None = None
    correlated: bool = False
    lateral: bool = False
    recursive: bool = False
    materialized: bool | None = None
    referenced: int = 0
    negated: bool = False
    changes_rows: bool = False
    relations: list[RelationUse] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    using: list[tuple[str, tuple[Targets, Targets]]] = field(default_factory=list)
    """Pairs of columns that USING and NATURAL compare, and the join's kind."""
    joins: list[Join] = field(default_factory=list)
    group_by: list[Key] = field(default_factory=list)
    grouping_sets: bool = False
    has_having: bool = False
    has_ctes: bool = False
    order_by: list[SortKey] = field(default_factory=list)
    distinct: Distinct = Distinct.NO
    distinct_on: list[Key] = field(default_factory=list)
    limit: Count | None = None
    offset: Count | None = None
    with_ties: bool = False
    outputs: list[Output] = field(default_factory=list)
    references: dict[tuple[int, str], set[Role]] = field(default_factory=dict)
    star: bool = False
    aggregates: list[Aggregate] = field(default_factory=list)
    aggregate_calls: list[Node] = field(default_factory=list)
    window_calls: list[Node] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    set_operation: str | None = None
    set_operation_all: bool = False
    arm_scopes: list[ScopeBuilder] = field(default_factory=list)
    set_returning: bool = False
    volatile: bool = False
    locking: list[Locking] = field(default_factory=list)
    outer_uses: list[Resolved] = field(default_factory=list)
    """What it, or a scope inside it, reads of the scopes around it."""
    outer_equalities: list[tuple[ColumnUse, Resolved]] = field(default_factory=list)
    """Pairs of an own column and one of a scope around, that must be equal."""

    def refer(self, use: ColumnUse, role: Role) -> None:
        """Note that a column of one of the scope's relations is read."""
        self.references.setdefault((use.relation.number, use.column), set()).add(role)

    def finish(self) -> Scope:
        by_number = {relation.number: relation for relation in self.relations}
        return Scope(
            number=self.number,
            kind=self.kind,
            parent=None if self.parent is None else self.parent.number,
            name=self.name,
            location=self.location,
            correlated=self.correlated,
            lateral=self.lateral,
            recursive=self.recursive,
            materialized=self.materialized,
            referenced=self.referenced,
            negated=self.negated,
            changes_rows=self.changes_rows,
            relations=tuple(self.relations),
            predicates=tuple(draft.predicate for draft in self.drafts),
            joins=tuple(self.joins),
            group_by=tuple(self.group_by),
            grouping_sets=self.grouping_sets,
            has_having=self.has_having,
            has_ctes=self.has_ctes,
            order_by=tuple(self.order_by),
            distinct=self.distinct,
            distinct_on=tuple(self.distinct_on),
            limit=self.limit,
            offset=self.offset,
            with_ties=self.with_ties,
            output=tuple(OutputColumn(o.name, o.plain, o.uses) for o in self.outputs),
            references=tuple(
                Reference(by_number[number], column, frozenset(roles))
                for (number, column), roles in self.references.items()
            ),
            star=self.star,
            aggregates=tuple(self.aggregates),
            windows=tuple(self.windows),
            set_operation=self.set_operation,
            set_operation_all=self.set_operation_all,
            arms=tuple(arm.number for arm in self.arm_scopes),
            set_returning=self.set_returning,
            volatile=self.volatile,
            locking=tuple(self.locking),
        )


@dataclass(slots=True)
class Analysis:
    """One statement's reading."""

    text: str
    latin: str
    """The text's bytes, each as one character: the parser's locations count in it. Of the view
    while its definition is read."""
    relations: Relations
    expand_views: bool
    query: Callable[[Analysis, Node, ScopeBuilder, Level | None], None]
    """Reads a query (the fields of a SelectStmt, or a wrapped changing statement) into a scope."""
    scopes: list[ScopeBuilder] = field(default_factory=list)
    unresolved: list[Unresolved] = field(default_factory=list)
    resolved: dict[int, Resolved] = field(default_factory=dict)
    """By the identity of a ColumnRef's fields."""
    sublinks: dict[int, ScopeBuilder] = field(default_factory=dict)
    """By the identity of a SubLink's fields."""
    kept: list[object] = field(default_factory=list)
    """Trees of views: their identities must not be given to others."""
    arms: list[int] = field(default_factory=list)
    parameters: int = 0
    modified: RelationUse | None = None
    set_columns: list[str] = field(default_factory=list)
    in_view: int = 0
    """How deep in definitions of views: locations mean nothing there."""
    uses: int = 0

    def scope(
        self, kind: ScopeKind, parent: ScopeBuilder | None, name: str | None = None
    ) -> ScopeBuilder:
        """A new scope."""
        scope = ScopeBuilder(len(self.scopes), kind, parent, name)
        self.scopes.append(scope)
        return scope

    def next_use(self) -> int:
        self.uses += 1
        return self.uses - 1

    def location(self, node: Node) -> int | None:
        """Where a node begins, in bytes; the parser leaves zero out."""
        place = node.get("location", 0)
        return None if self.in_view or place < 0 else int(place)

    def refer(self, resolved: Resolved, scope: ScopeBuilder, role: Role) -> None:
        """Note what was read in `scope`, at its owner and at all scopes between."""
        owner = resolved.owner
        for use in resolved.uses:
            owner.refer(use, role if owner is scope else Role.OUTER)
        inner: ScopeBuilder | None = scope
        while inner is not None and inner is not owner:
            inner.correlated = True
            inner.outer_uses.append(resolved)
            inner = inner.parent

    def unknown(self, name: str, reason: str, scope: ScopeBuilder, node: Node) -> None:
        self.unresolved.append(Unresolved(name, reason, scope.number, self.location(node)))

    def reference(self, resolved: Resolved) -> Node:
        """A reference to what was resolved, as if it were written."""
        name = resolved.uses[0].column
        fields = {"fields": [{"String": {"sval": name}}], "location": -1}
        self.kept.append(fields)
        self.resolved[id(fields)] = resolved
        return {"ColumnRef": fields}

    def finish(self, kind: StatementKind) -> Statement:
        return Statement(
            kind=kind,
            text=self.text,
            scopes=tuple(scope.finish() for scope in self.scopes),
            arms=tuple(self.arms),
            unresolved=tuple(self.unresolved),
            modified=self.modified,
            set_columns=tuple(dict.fromkeys(self.set_columns)),
            parameters=self.parameters,
        )
