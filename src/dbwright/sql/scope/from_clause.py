"""What stands in FROM: relation uses, the names they make visible, and how they are joined.

After transformFromClauseItem of parse_clause.c.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from dbwright.sql.parse import Node, SyntaxProblem, parse
from dbwright.sql.scope.builder import Analysis
from dbwright.sql.scope.canonical import as_bytes
from dbwright.sql.scope.expressions import function_name, read_expression
from dbwright.sql.scope.function_items import function_columns
from dbwright.sql.scope.joins import joined
from dbwright.sql.scope.namespace import Item, Level, Targets
from dbwright.sql.scope.nouns import ColumnUse, RelationKind, RelationUse, Role
from dbwright.sql.scope.relations import KnownRelation
from dbwright.sql.scope.statement import ScopeKind

__all__ = ["Condition", "Sources", "read_from", "read_relation", "renamed"]

DEEPEST_VIEWS = 20
"""Views in views that are expanded."""


@dataclass(frozen=True, slots=True)
class Condition:
    """The ON of a join, to be read when all relations are known."""

    node: Node
    kind: str
    """As the parser calls the join."""
    left: frozenset[int]
    right: frozenset[int]
    nulled: frozenset[int]
    """The relations that are NULL-filled below this join already."""


@dataclass(slots=True)
class Sources:
    """A part of FROM."""

    items: list[Item]
    uses: frozenset[int] = frozenset()
    nulled: frozenset[int] = frozenset()
    conditions: list[Condition] = field(default_factory=list)


def read_from(analysis: Analysis, nodes: Sequence[Node], level: Level) -> Sources:
    """Read a FROM list; its items become visible at `level`."""
    whole = Sources(level.items)
    for node in nodes:
        part = read_item(analysis, node, level, list(level.items), nullable=False)
        whole.items.extend(part.items)
        whole.uses |= part.uses
        whole.nulled |= part.nulled
        whole.conditions += part.conditions
    return whole


def read_item(
    analysis: Analysis, node: Node, level: Level, left: list[Item], *, nullable: bool
) -> Sources:
    """One item of FROM; `left` is what LATERAL sees."""
    ((kind, fields),) = node.items()
    if kind == "JoinExpr":
        return _join(analysis, fields, level, left, nullable)
    if kind == "RangeTableSample":
        read_expression(analysis, fields.get("args"), level.view(left), Role.FROM)
        return read_item(analysis, fields["relation"], level, left, nullable=nullable)
    if kind == "RangeVar":
        item = read_relation(analysis, fields, level, nullable=nullable)
    elif kind == "RangeSubselect":
        item = _subquery(analysis, fields, level, left, nullable)
    else:
        item = _function(analysis, kind, fields, level, left, nullable)
    numbers = frozenset() if item.use is None else frozenset((item.use.number,))
    return Sources([item], numbers)


def read_relation(
    analysis: Analysis, node: Node, level: Level, *, nullable: bool = False, target: bool = False
) -> Item:
    """A name in FROM: a CTE, or a relation of the catalog. The target of a change is no CTE."""
    name, schema = node["relname"], node.get("schemaname")
    alias = node.get("alias", {})
    use = RelationUse(
        number=analysis.next_use(),
        scope=level.scope.number,
        alias=alias.get("aliasname", name),
        kind=RelationKind.UNKNOWN,
        schema=schema,
        name=name,
        nullable=nullable,
        target=target,
        location=analysis.location(node),
    )
    cte = level.cte(name) if schema is None and not target else None
    if cte is not None:
        cte.ensure(cte)
        use = replace(
            use,
            kind=RelationKind.CTE,
            columns=cte.columns,
            source=None if cte.scope is None else cte.scope.number,
        )
        if cte.scope is not None and not cte.busy:
            cte.scope.referenced += 1
    else:
        use = _known(analysis, use, analysis.relations.columns(schema, name), level)
    level.scope.relations.append(use)
    return renamed(use, alias)


def renamed(use: RelationUse, alias: Node) -> Item:
    """The item of a relation use; an alias may rename the first columns."""
    names = [part["String"]["sval"] for part in alias.get("colnames", ())]
    columns = use.columns or ()
    shown = names[: len(columns)] + list(columns[len(names) :])
    order: list[tuple[str, Targets]] = [
        (name, (ColumnUse(use, column),)) for name, column in zip(shown, columns, strict=True)
    ]
    return Item(use.alias, order, use, has_alias=bool(alias))


def _known(
    analysis: Analysis, use: RelationUse, known: KnownRelation | None, level: Level
) -> RelationUse:
    if known is None:
        place = {"location": -1 if use.location is None else use.location}
        reason = "there is no relation of that name"
        analysis.unknown(use.name or "", reason, level.scope, place)
        return use
    use = replace(use, kind=known.kind, schema=known.schema, name=known.name, columns=known.columns)
    deep = analysis.in_view >= DEEPEST_VIEWS
    if known.definition is None or not analysis.expand_views or deep or use.target:
        return use
    return replace(use, source=_view(analysis, known.definition, use, level))


def _view(analysis: Analysis, definition: str, use: RelationUse, level: Level) -> int | None:
    """The scope of a view's definition; None where it can't be read."""
    try:
        statements = parse(definition).statements
    except SyntaxProblem:
        return None
    if len(statements) != 1 or statements[0].kind != "SelectStmt":
        return None
    analysis.kept.append(statements)
    scope = analysis.scope(ScopeKind.VIEW, level.scope, use.alias)
    around, analysis.latin = analysis.latin, as_bytes(definition)
    analysis.in_view += 1
    # A view's definition sees nothing of the query around it: not its CTEs, either.
    analysis.query(analysis, {"SelectStmt": statements[0].node}, scope, None)
    analysis.in_view -= 1
    analysis.latin = around
    return scope.number


def _subquery(
    analysis: Analysis, node: Node, level: Level, left: list[Item], nullable: bool
) -> Item:
    alias = node.get("alias", {})
    lateral = node.get("lateral", False)
    scope = analysis.scope(ScopeKind.SUBQUERY, level.scope, alias.get("aliasname"))
    scope.lateral = lateral
    seen = level.view(left if lateral else [])
    analysis.query(analysis, node["subquery"], scope, seen)
    values = "valuesLists" in node["subquery"].get("SelectStmt", {})
    use = RelationUse(
        number=analysis.next_use(),
        scope=level.scope.number,
        alias=alias.get("aliasname", ""),
        kind=RelationKind.VALUES if values else RelationKind.SUBQUERY,
        columns=tuple(output.name for output in scope.outputs),
        nullable=nullable,
        lateral=any(found.owner is level.scope for found in scope.outer_uses),
        source=scope.number,
    )
    level.scope.relations.append(use)
    return renamed(use, alias)


def _function(
    analysis: Analysis, kind: str, node: Node, level: Level, left: list[Item], nullable: bool
) -> Item:
    """A function, ROWS FROM, XMLTABLE, JSON_TABLE: each sees what stands to its left."""
    before = len(level.scope.references)
    returning = level.scope.set_returning
    read_expression(analysis, node, level.view(left), Role.FROM)
    level.scope.set_returning = returning  # that mark is about target lists
    alias = node.get("alias", {})
    calls = [part["List"]["items"][0] for part in node.get("functions", ())]
    name = function_name(calls[0]["FuncCall"]) if calls and "FuncCall" in calls[0] else None
    columns = function_columns(analysis.relations, kind, node)
    given = tuple(part["String"]["sval"] for part in alias.get("colnames", ()))
    if given and len(given) > len(columns or ()):
        columns = given  # names that the alias gives are known, whatever the function's own are
    use = RelationUse(
        number=analysis.next_use(),
        scope=level.scope.number,
        alias=alias.get("aliasname", name or ""),
        kind=RelationKind.FUNCTION,
        name=name,
        columns=columns,
        nullable=nullable,
        lateral=len(level.scope.references) > before,
        location=analysis.location(node) if "location" in node else None,
    )
    level.scope.relations.append(use)
    return renamed(use, alias)


def _join(
    analysis: Analysis, node: Node, level: Level, left: list[Item], nullable: bool
) -> Sources:
    kind = node.get("jointype", "JOIN_INNER")
    fills_left = kind in ("JOIN_RIGHT", "JOIN_FULL")
    fills_right = kind in ("JOIN_LEFT", "JOIN_FULL")
    first = read_item(analysis, node["larg"], level, left, nullable=nullable or fills_left)
    seen = left + first.items
    second = read_item(analysis, node["rarg"], level, seen, nullable=nullable or fills_right)
    parts = joined(node, first.items, second.items)
    found = Sources(parts.items, first.uses | second.uses)
    found.nulled = first.nulled | second.nulled
    found.nulled |= (first.uses if fills_left else frozenset()) | (
        second.uses if fills_right else frozenset()
    )
    found.conditions = first.conditions + second.conditions
    for name, reason in parts.problems.items():
        analysis.unknown(name, reason, level.scope, {"location": -1})
    for pair in parts.pairs:
        for targets in pair:
            for use in targets:
                level.scope.refer(use, Role.JOIN)
    if "quals" in node:
        own = level.view(parts.inner)
        read_expression(analysis, node["quals"], own, Role.JOIN)
        below = first.nulled | second.nulled
        found.conditions.append(Condition(node["quals"], kind, first.uses, second.uses, below))
    level.scope.using += [(kind, pair) for pair in parts.pairs]
    return found
