"""How one query uses one of its relations: the roles of its columns, read from the scopes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from dbwright.model.catalog import Catalog, Column, MaterializedView, Table
from dbwright.model.statistics import ColumnStatistics, Statistics
from dbwright.sql.scope import Scope, Statement
from dbwright.sql.scope.needed import needed_columns
from dbwright.sql.scope.nouns import ColumnUse, Key, RelationUse, SortKey
from dbwright.sql.scope.predicate import JoinKind, Predicate, PredicateKind
from dbwright.sql.scope.statement import Distinct, ScopeKind
from dbwright.tune.indexes.candidate import CandidateKey
from dbwright.tune.indexes.extent import column_statistics, extent_of
from dbwright.tune.indexes.immutable import column_types, is_immutable
from dbwright.tune.indexes.selectivity import distinct_values, share_of
from dbwright.tune.indexes.texts import PATTERN_CLASSES, is_text, sorts_by_bytes
from dbwright.tune.indexes.usage import Condition, Usage, is_ordered
from dbwright.tune.indexes.widths import too_wide

__all__ = ["usage_of"]

FIXED = (
    PredicateKind.EQUALITY,
    PredicateKind.IN_LIST,
    PredicateKind.ANY_ARRAY,
    PredicateKind.BOOLEAN,
    PredicateKind.NULL_TEST,
)
RANGES = (PredicateKind.RANGE, PredicateKind.LIKE_PREFIX, PredicateKind.LIKE)
BLANK_PADDED = ("character", "bpchar")
WIDEST_KEY = 600
"""Bytes of the average value: a B-tree refuses rows of more than 2,704. (What is stored elsewhere,
ANALYZE counts as 18.)"""


def usage_of(
    statement: Statement,
    relation: RelationUse,
    table: Table | MaterializedView,
    catalog: Catalog,
    statistics: Statistics | None,
) -> Usage:
    """What the statement does with a relation use of `table`."""
    extent = extent_of(table, catalog, statistics)
    columns = {
        column.name: _as_compared(column, found)
        for column in table.columns
        if statistics is not None
        and (found := column_statistics(table, column, catalog, statistics)) is not None
    }
    usage = Usage(relation, table, rows=extent.rows, pages=extent.pages, statistics=columns)
    needed = needed_columns(statement, relation)
    usage.needed = tuple(name for name in needed if usage.column(name) is not None)
    # What is changed or locked is fetched anyway; system columns are in no index.
    locked = bool(statement.scope_of(relation).locking)
    usage.whole_row = relation.target or locked or len(usage.needed) < len(needed)
    _Reader(statement, usage, catalog).read()
    return usage


def _as_compared(column: Column, statistics: ColumnStatistics) -> ColumnStatistics:
    """Of `character(n)`, values without the blanks that they are padded with: '=' ignores them."""
    if column.base_type not in BLANK_PADDED:
        return statistics
    return replace(
        statistics,
        common_values=tuple(value.rstrip(" ") for value in statistics.common_values),
        histogram=tuple(value.rstrip(" ") for value in statistics.histogram),
    )


@dataclass(slots=True)
class _Reader:
    statement: Statement
    usage: Usage
    catalog: Catalog
    types: dict[str, str] = field(default_factory=dict)

    def read(self) -> None:
        usage = self.usage
        self.types = column_types(usage.table.columns)
        disjunct: dict[int, dict[int, list[Condition]]] = {}
        for predicate in self.statement.predicates_on(usage.relation):
            if not predicate.restricts:
                continue
            if not predicate.path:
                usage.predicates.append(predicate)
            condition = self.condition(predicate)
            if condition is None:
                continue
            if not predicate.path:
                self.place(condition, predicate)
            elif len(predicate.path) == 1 and predicate.compared.before_scan:
                ((number, arm),) = predicate.path
                disjunct.setdefault(number, {}).setdefault(arm, []).append(condition)
        for number, arms in disjunct.items():
            if len(arms) == self.statement.arms[number]:
                usage.arms += [arms[arm] for arm in sorted(arms)]
        self.other_joins()
        usage.fixed = _best_first(usage.fixed)
        usage.ranges = _best_first(usage.ranges)
        self.orders()

    def condition(self, predicate: Predicate) -> Condition | None:
        """What a B-tree could do for the predicate."""
        kind = predicate.kind
        if kind not in FIXED + RANGES or (predicate.negated and kind is not PredicateKind.BOOLEAN):
            return None
        key = self.key(predicate.column, predicate.expression)
        if key is not None and kind in (PredicateKind.LIKE_PREFIX, PredicateKind.LIKE):
            key = self.pattern_key(key, predicate.operator)
        if key is None:
            return None
        statistics = self.usage.statistics.get(predicate.column or "")
        share = share_of(predicate, statistics, self.usage.rows)
        reason = _REASONS.get(kind, "equality")
        inner = self.semijoined(predicate)
        if inner is not None:
            return Condition(key, share, "join", predicate, -1 - inner)
        if predicate.compared.depends_on or not predicate.compared.before_scan:
            partners = {use.relation.number for use in predicate.compared.depends_on}
            if predicate.compared.column is not None:
                partners.add(predicate.compared.column.relation.number)
            partner = min(partners, default=None)
            return Condition(key, share, "join", predicate, partner)
        return Condition(key, share, reason, predicate)

    def semijoined(self, predicate: Predicate) -> int | None:
        """The scope of `column IN (SELECT …)`: the planner joins with it."""
        inner = predicate.compared.scope
        if inner is None or self.statement.scopes[inner].kind is not ScopeKind.IN:
            return None
        return inner

    def place(self, condition: Condition, predicate: Predicate) -> None:
        """Equality with other relations' columns are joins; the rest is known before the scan."""
        if condition.reason == "join":
            if predicate.kind in FIXED:
                self.usage.joins.append(condition)
            else:
                self.usage.ranges.append(condition)
        elif predicate.kind in FIXED:
            self.usage.fixed.append(condition)
        else:
            self.usage.ranges.append(condition)

    def other_joins(self) -> None:
        """Joins with what stands in other scopes: EXISTS and IN, subqueries, views."""
        known = {(c.key, c.partner) for c in self.usage.joins}
        number = self.usage.relation.number
        for join in self.statement.base_joins:
            for own, other in ((join.left, join.right), (join.right, join.left)):
                if own.relation.number != number or join.kind is JoinKind.FULL:
                    continue
                kept = JoinKind.LEFT if own is join.left else JoinKind.RIGHT
                if join.kind is kept or (join.kind is JoinKind.ANTI and own is join.left):
                    continue  # the side that an outer join keeps is not looked up
                key = self.key(own.column, None)
                if key is not None and (key, other.relation.number) not in known:
                    known.add((key, other.relation.number))
                    share = self.one_value(own.column)
                    self.usage.joins.append(
                        Condition(key, share, "join", None, other.relation.number)
                    )

    def one_value(self, column: str) -> float:
        found = self.usage.statistics.get(column)
        distinct = None if found is None else distinct_values(found, self.usage.rows)
        return 0.005 if distinct is None else 1 / distinct

    def key(self, column: str | None, expression: str | None) -> CandidateKey | None:
        """A key of a B-tree; None where it can't be one."""
        if column is not None:
            found, known = self.usage.column(column), self.usage.statistics.get(column)
            if (
                found is None
                or not is_ordered(found)
                or (known is not None and known.average_width > WIDEST_KEY)
                or (known is not None and found.type_length < 0 and too_wide(known))
            ):
                return None
            return CandidateKey(column=column)
        if expression is None or not is_immutable(expression, self.types, self.catalog):
            return None
        return CandidateKey(expression=expression)

    def pattern_key(self, key: CandidateKey, operator: str) -> CandidateKey | None:
        """The key for LIKE 'x%': but in the collation C that is another operator class."""
        if operator not in ("~~", "~", "^@"):
            return None
        if key.column is None:
            return replace(key, operator_class="text_pattern_ops") if is_text(key) else None
        column = self.usage.column(key.column)
        if column is None or column.is_array or column.base_type not in PATTERN_CLASSES:
            return None
        if sorts_by_bytes(column, self.catalog):
            return key
        return replace(key, operator_class=PATTERN_CLASSES[column.base_type])

    def orders(self) -> None:
        """What would spare sorting and hashing."""
        scope: Scope | None = self.statement.scope_of(self.usage.relation)
        while scope is not None:
            self.orders_of(scope)
            # What is pulled up is sorted by the query around it.
            scope = self._around(scope) if scope.simple else None

    def _around(self, scope: Scope) -> Scope | None:
        readers = [use for use in self.statement.relations if use.source == scope.number]
        return self.statement.scope_of(readers[0]) if len(readers) == 1 else None

    def orders_of(self, scope: Scope) -> None:
        usage = self.usage
        order = self.sequence(scope.order_by)
        if order:
            usage.orders.append((order, "order by"))
        usage.limited |= scope.limit is not None
        group = self.sequence(scope.group_by)
        if group and not scope.grouping_sets:
            usage.orders.append((group, "group by"))
        distinct = self.sequence(scope.distinct_on)
        if distinct and not (order and _starts_with(order, distinct)):
            usage.orders.append((distinct, "distinct on"))
        if scope.distinct is Distinct.ALL:
            shown = [output.source for output in scope.output]
            keys = self.sequence(Key(s.relation, s.column) if s else Key(None) for s in shown)
            if keys:
                usage.orders.append((keys, "distinct"))
        for window in scope.windows:
            keys = self.sequence((*window.partition_by, *window.order_by))
            if keys:
                usage.orders.append((keys, "window"))
        for aggregate in scope.aggregates:
            if aggregate.name in ("min", "max") and aggregate.column is not None:
                base = self.statement.base(aggregate.column)
                if base is not None and base.relation.number == usage.relation.number:
                    key = self.key(base.column, None)
                    if key is not None and not scope.group_by:
                        usage.orders.append(((key,), aggregate.name))

    def sequence(self, keys: Iterable[Key | SortKey]) -> tuple[CandidateKey, ...]:
        """The keys, where all are of this relation."""
        found: list[CandidateKey] = []
        for key in keys:
            made = self.sequence_key(key)
            if made is None:
                return ()
            if all(made.text != other.text for other in found):
                found.append(made)
        return tuple(found)

    def sequence_key(self, key: Key | SortKey) -> CandidateKey | None:
        if key.relation is None:
            return None
        made = None
        if key.column is not None:
            base = self.statement.base(ColumnUse(key.relation, key.column))
            if base is not None and base.relation.number == self.usage.relation.number:
                made = self.key(base.column, None)
        elif key.relation.number == self.usage.relation.number:
            made = self.key(None, key.expression)
        if made is None or isinstance(key, Key):
            return made
        return CandidateKey(made.column, made.expression, "", key.descending, key.nulls_first)


def _starts_with(order: Sequence[CandidateKey], keys: Sequence[CandidateKey]) -> bool:
    return {key.text for key in order[: len(keys)]} == {key.text for key in keys}


def _best_first(conditions: list[Condition]) -> list[Condition]:
    """One condition for each key, the most selective first; two ranges on one key are one."""
    best: dict[CandidateKey, Condition] = {}
    for condition in conditions:
        other = best.get(condition.key)
        if other is None:
            best[condition.key] = condition
        elif condition.reason == "range":
            share = max(condition.share + other.share - 1, 0.005)
            best[condition.key] = Condition(
                other.key, min(share, other.share), other.reason, other.predicate, other.partner
            )
        elif condition.share < other.share:
            best[condition.key] = condition
    return sorted(best.values(), key=lambda c: (c.share, c.key.text))


_REASONS = {
    PredicateKind.IN_LIST: "in list",
    PredicateKind.ANY_ARRAY: "in list",
    PredicateKind.BOOLEAN: "boolean",
    PredicateKind.NULL_TEST: "null test",
    PredicateKind.RANGE: "range",
    PredicateKind.LIKE: "like",
    PredicateKind.LIKE_PREFIX: "like",
}
