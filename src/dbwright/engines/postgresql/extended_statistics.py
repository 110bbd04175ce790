"""Reading what ANALYZE found for CREATE STATISTICS objects, for a twin's planner."""

from __future__ import annotations

from collections import defaultdict

from dbwright.engines.postgresql.column_statistics import column_statistics
from dbwright.engines.postgresql.session import Session
from dbwright.model.names import qualify
from dbwright.model.statistics import ColumnStatistics, ExtendedStatisticsData

__all__ = ["read_extended_statistics"]

EXPRESSIONS_SINCE = 14
KINDS = ("ndistinct", "dependencies", "mcv")


def read_extended_statistics(session: Session) -> tuple[ExtendedStatisticsData, ...]:
    """What can't be read lands in `session.skipped`."""
    user = qualify(session.connection.info.user)
    rows = session.try_fetch(
        "extended_statistics_data",
        "statistics.extended",
        remedy=f"GRANT SELECT ON pg_statistic_ext_data TO {user}",
    )
    expressions = _expressions(session) if rows else {}
    return tuple(
        ExtendedStatisticsData(
            row.schema,
            row.name,
            row.inherited,
            tuple((kind, part) for kind in KINDS if (part := getattr(row, kind)) is not None),
            tuple(expressions.get((row.schema, row.name, row.inherited), ())),
        )
        for row in rows
    )


def _expressions(session: Session) -> dict[tuple[str, str, bool], list[ColumnStatistics]]:
    if session.major < EXPRESSIONS_SINCE:
        return {}
    found: dict[tuple[str, str, bool], list[ColumnStatistics]] = defaultdict(list)
    for row in session.try_fetch("extended_expressions", "statistics.extended.expressions"):
        found[row.schema, row.name, row.inherited].append(column_statistics(row, 0, str(row.place)))
    return found
