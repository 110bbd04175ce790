"""Does a SELECT give no row twice, whatever rows its tables hold?"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from dbwright.model.catalog import Catalog
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.keys import unique_by
from dbwright.tune.rewrites.rules._parts import alike, calls_odd, constant_kind
from dbwright.tune.rewrites.source import Item, Level
from dbwright.tune.rewrites.trees import Path, conjuncts, operator

__all__ = ["gives_distinct_rows"]

Place = tuple[Path, str]
"""A column of a relation of the level."""


@dataclass(frozen=True, slots=True)
class _Condition:
    """One that holds for the rows of what an outer join adds; for all rows where that is empty."""

    node: Node
    added: Path

    def speaks_of(self, place: Place) -> bool:
        return place[0][: len(self.added)] == self.added


@dataclass(frozen=True, slots=True)
class _Facts:
    pairs: list[tuple[Place, Place]]
    """The second column has the value of the first."""
    constant: set[Place]
    equated: set[Place]
    """Are compared for equality, so that they are not NULL."""


def gives_distinct_rows(
    level: Level, catalog: Catalog, *, without: Collection[int] = frozenset()
) -> bool:
    """As far as keys and grouping tell; its own DISTINCT does not count. `without`: the numbers of
    targets that do not."""
    every = level.fields.get("targetList", ())
    targets = [target for number, target in enumerate(every) if number not in without]
    if level.set_operation or level.fields.get("valuesLists") or calls_odd(list(every)):
        return False
    groups = level.fields.get("groupClause")
    if groups:
        return _groups_are_shown(level, groups, every, targets)
    if level.fields.get("havingClause") or not level.plain_from or not level.items:
        return False
    conditions = _conditions(level)
    if conditions is None:
        return False
    shown = {place for target in targets for place in _places(level, target["ResTarget"]["val"])}
    return _determined(level, catalog, shown, _facts(level, conditions))


def _groups_are_shown(
    level: Level, groups: list[Node], every: Sequence[Node], targets: Sequence[Node]
) -> bool:
    """Are all that it groups by, also as `GROUP BY 1`, among the targets?"""
    shown = {place for target in targets for place in _places(level, target["ResTarget"]["val"])}
    for group in groups:
        number = constant_kind(group)
        if number is not None and number[0] == "ival" and not any(map(_is_star, every)):
            if not any(each is every[int(number[1]) - 1] for each in targets):
                return False
            continue
        places = _places(level, group) if "ColumnRef" in group else set()
        if not places or not places <= shown:
            return False
    return True


def _is_star(target: Node) -> bool:
    value = target["ResTarget"]["val"]
    return "ColumnRef" in value and "A_Star" in value["ColumnRef"]["fields"][-1]


def _places(level: Level, node: Node) -> set[Place]:
    """The column that the node is, or all those of a star."""
    if "ColumnRef" not in node:
        return set()
    parts = node["ColumnRef"]["fields"]
    if "A_Star" in parts[-1]:
        names = [part["String"]["sval"] for part in parts[:-1]]
        return {
            (item.path, column)
            for item in level.items
            for column in item.columns or ()
            if not names or item.alias == names[-1]
        }
    named = level.named(node["ColumnRef"])
    if named is None or named.level.path != level.path:
        return set()
    return {(named.item.path, named.column.name)}


def _conditions(level: Level) -> list[_Condition] | None:
    """What holds for each row; of the ON of a LEFT JOIN, what holds for what it adds. None for
    a RIGHT or FULL JOIN."""
    found = [_Condition(node, ()) for node in conjuncts(level.fields.get("whereClause"))]
    pending: list[tuple[Path, Path, Node]] = [
        ((*level.path, "fromClause", number), (), node)
        for number, node in enumerate(level.fields.get("fromClause", ()))
    ]
    while pending:
        path, added, node = pending.pop()
        join = node.get("JoinExpr")
        if join is None:
            continue
        kind = join.get("jointype", "JOIN_INNER")
        if kind not in ("JOIN_INNER", "JOIN_LEFT"):
            return None
        left, right = (*path, "JoinExpr", "larg"), (*path, "JoinExpr", "rarg")
        own = right if kind == "JOIN_LEFT" else added
        found += [_Condition(node, own) for node in conjuncts(join.get("quals"))]
        pending += [(left, added, join["larg"]), (right, own, join["rarg"])]
    return found


def _facts(level: Level, conditions: list[_Condition]) -> _Facts:
    """What the equalities say."""
    pairs: list[tuple[Place, Place]] = []
    constant: set[Place] = set()
    equated: set[Place] = set()
    for condition in conditions:
        fields = condition.node.get("A_Expr")
        if fields is None or operator(fields) != "=":
            continue
        left, right = fields["lexpr"], fields["rexpr"]
        sides = [(a, b) for a in _places(level, left) for b in _places(level, right)]
        if sides and _comparable(level, left, right):
            both = sides + [(b, a) for a, b in sides]
            pairs += [(a, b) for a, b in both if condition.speaks_of(b)]
            equated |= {b for _, b in both if condition.speaks_of(b)}
        elif "A_Const" in left or "A_Const" in right:
            both_sides = _places(level, left) | _places(level, right)
            fixed = {place for place in both_sides if condition.speaks_of(place)}
            constant |= fixed
            equated |= fixed
    return _Facts(pairs, constant, equated)


def _comparable(level: Level, left: Node, right: Node) -> bool:
    one, other = level.named(left["ColumnRef"]), level.named(right["ColumnRef"])
    return one is not None and other is not None and alike(one.column, other.column)


def _determined(level: Level, catalog: Catalog, shown: set[Place], facts: _Facts) -> bool:
    """Do the columns that are shown tell which row of each relation it is?"""
    known = shown | facts.constant
    items = {item.path: item for item in level.items}
    told: set[Path] = set()
    changed = True
    while changed:
        changed = False
        for one, other in facts.pairs:
            if one in known and other not in known:
                known.add(other)
                changed = True
        for path, item in items.items():
            if path not in told and _told(catalog, item, known, facts.equated):
                told.add(path)
                known |= {(path, column) for column in item.columns or ()}
                changed = True
    return len(told) == len(items)


def _told(catalog: Catalog, item: Item, known: set[Place], equated: set[Place]) -> bool:
    table = item.table
    if table is None:
        return False
    for key in unique_by(catalog, table):
        places = {(item.path, name) for name in key}
        certain = all(
            (item.path, name) in equated or (name in item.never_null and not item.nullable)
            for name in key
        )
        if places <= known and certain:
            return True
    return False
