"""Wrong estimates that the workload's own plans show: those that a log has, with rows that ran."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dbwright.engines.postgresql.plan import read_plan
from dbwright.errors import NotAPlan
from dbwright.model.catalog import Catalog
from dbwright.model.names import quote
from dbwright.model.plan import Plan, PlanNode
from dbwright.model.workload import Query
from dbwright.tune.plans.insights._conditions import compared
from dbwright.tune.plans.insights._tables import table_of
from dbwright.tune.plans.insights._words import error_factor, under_limit

__all__ = ["SeenError", "seen_errors"]


@dataclass(frozen=True, slots=True)
class SeenError:
    """A scan of a table that gave many more or fewer rows than were expected."""

    table: str
    """Qualified."""
    keys: frozenset[str]
    """The columns that it compares, as SQL."""
    expected: float
    found: float
    """Of one loop."""


def seen_errors(
    queries: Iterable[Query], catalog: Catalog, *, least_error: float, least_rows: float
) -> tuple[SeenError, ...]:
    """The scans of two and more columns that were that wrong, the worst first."""
    found: list[tuple[float, SeenError]] = []
    for text in dict.fromkeys(query.plan_text for query in queries if query.plan_text):
        for plan in _plans(text):
            found += _of_plan(plan, catalog, least_error, least_rows)
    return tuple(error for _, error in sorted(found, key=lambda pair: -pair[0]))


def _plans(text: str) -> Iterator[Plan]:
    try:
        yield read_plan(text)
    except NotAPlan:  # what a log cut off; the reader of the log has told it
        return


def _of_plan(
    plan: Plan, catalog: Catalog, least_error: float, least_rows: float
) -> Iterator[tuple[float, SeenError]]:
    for node in plan.nodes:
        factor = error_factor(node)
        table = table_of(catalog, node)
        rows, actual = node.rows or 0.0, node.actual_rows or 0.0
        if table is None or factor < least_error or max(rows, actual) < least_rows:
            continue
        if actual < rows and under_limit(plan, node):
            continue
        keys = frozenset(quote(name) for name in _columns(node))
        if len(keys) > 1:
            yield factor, SeenError(table.qualified, keys, rows, actual)


def _columns(node: PlanNode) -> Iterator[str]:
    for condition in (node.index_condition or node.recheck_condition, node.filter):
        columns = compared(condition, node)
        yield from columns.equal + columns.ranges
