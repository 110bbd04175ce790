"""What the rows are made of that two queries are tried on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dbwright.model.catalog import Catalog, Column, Table
from dbwright.model.statistics import Statistics
from dbwright.sql.constants import constants_of_expressions
from dbwright.sql.scope.predicate import PredicateKind
from dbwright.tune.rewrites.constants import clocks_in, constants_in
from dbwright.tune.rewrites.data import Wanted, load_order, with_referred
from dbwright.tune.rewrites.source import Source
from dbwright.tune.rewrites.values import Values

__all__ = ["Making"]


@dataclass(frozen=True, slots=True)
class Making:
    """Values for the columns that queries read."""

    catalog: Catalog
    statistics: Statistics | None
    values: Values

    def of(self, sources: tuple[Source, Source]) -> Wanted:
        """Of two queries; the first is the original, whose conditions the rows are to meet."""
        uses = [use for source in sources for use in source.statement.relations if use.stored]
        names = sorted({use.qualified for use in uses if use.qualified is not None})
        tables = load_order(self.catalog, names)
        clocks = self.values.told_by_clocks(clocks_in(sources[0].tree))
        constants = list(
            dict.fromkeys([*clocks, *(c for s in sources for c in constants_in(s.tree))])
        )
        values = {
            (table.qualified, column.name): self._values_of(table, column, constants)
            for table in tables
            for column in table.columns
            if column.generated is None
        }
        preferred = self._preferred(sources[0], constants)
        return Wanted(tables, values, preferred, self._unusual(tables, constants))

    def _values_of(self, table: Table, column: Column, constants: Sequence[str]) -> list[str]:
        known = [*constants, *_own_constants(table, self.catalog)]
        values = self.values.of(column, known, self._sample(table, column.name))
        checks = _own_checks(table, column)
        return (self.values.allowed(column, values, checks) if checks else values) or values

    def _unusual(
        self, tables: Iterable[Table], constants: Sequence[str]
    ) -> dict[tuple[str, str], list[str]]:
        found: dict[tuple[str, str], list[str]] = {}
        for table in tables:
            for column in table.columns:
                values = self.values.unusual(column, constants) if not column.generated else []
                values = self.values.allowed(column, values, _own_checks(table, column))
                found.update({(table.qualified, column.name): values} if values else {})
        return found

    def _sample(self, table: Table, column: str) -> tuple[str, ...]:
        statistics = self.statistics
        found = None if statistics is None else statistics.of_column(table, table.column(column))
        return () if found is None else found.sample[:8]

    def _preferred(
        self, source: Source, constants: Sequence[str]
    ) -> dict[tuple[str, str], list[str | None]]:
        """What the original's conditions compare each column with, NULL among it."""
        found: dict[tuple[str, str], list[str | None]] = {}
        texts_of: dict[tuple[str, str], list[str]] = {}
        for scope in source.statement.scopes:
            for predicate in scope.predicates:
                name = predicate.relation.qualified
                table = None if name is None else self.catalog.find_table(name)
                texts = constants_of_expressions(predicate.compared.texts)
                if table is None:
                    continue
                null = predicate.kind is PredicateKind.NULL_TEST and not predicate.negated
                for column in table.columns:
                    place = (table.qualified, column.name)
                    if column.name in predicate.columns:
                        texts_of.setdefault(place, []).extend(texts)
                        found.setdefault(place, []).extend([None] if null else [])
        for (name, each), texts in texts_of.items():
            table = self.catalog.find_table(name)
            assert table is not None
            own = list(dict.fromkeys(texts))
            found[name, each] += self.values.near(table.column(each), own, constants)
        return with_referred(self.catalog, found)


def _own_checks(table: Table, column: Column) -> list[str]:
    """The conditions on this one column."""
    return [
        check.expression
        for check in table.checks
        if check.expression is not None and check.columns == (column.name,)
    ]


def _own_constants(table: Table, catalog: Catalog) -> list[str]:
    """Of its checks and of its partitions' bounds."""
    checks = [check.expression for check in table.checks if check.expression]
    bounds = [child.partition_bound for child in catalog.children(table) if child.partition_bound]
    return constants_of_expressions([*checks, *bounds])
