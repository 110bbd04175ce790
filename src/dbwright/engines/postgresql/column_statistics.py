"""The planner's statistics of one column, or of one expression, from a row of the server's."""

from __future__ import annotations

from dbwright.engines.postgresql.session import Row
from dbwright.model.statistics import ColumnStatistics

__all__ = ["column_statistics"]


def column_statistics(row: Row, table_oid: int, name: str) -> ColumnStatistics:
    """What pg_stats says of a column, and pg_stats_ext_exprs, in the same names, of an
    expression."""
    return ColumnStatistics(
        table_oid=table_oid,
        column=name,
        null_fraction=row.null_fraction,
        average_width=row.average_width,
        distinct=row.distinct,
        common_values=tuple(row.common_values or ()),
        common_frequencies=tuple(row.common_frequencies or ()),
        histogram=tuple(row.histogram or ()),
        correlation=row.correlation,
        inherited=row.inherited,
    )
