"""A snapshot without any value that a row, a statement or a client brought in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from dbwright.model.activity import Activity, Session
from dbwright.model.catalog import Catalog, Table, TypeKind
from dbwright.model.snapshot import RefusedStatement, Snapshot
from dbwright.model.statistics import ColumnStatistics, Statistics
from dbwright.model.workload import Workload
from dbwright.sql.fingerprint import normalize
from dbwright.sql.parse import SyntaxProblem

__all__ = ["redacted"]

HIDDEN = "(redacted)"

NUMBERS = {"smallint", "integer", "bigint", "numeric", "real", "double precision", "oid"}
TIMES = {"date", "timestamp without time zone", "timestamp with time zone"}
TEXTS = {"text", "character varying", "character", "name", "citext"}
FIRST_DAY = date(2000, 1, 1)


def redacted(snapshot: Snapshot) -> Snapshot:
    """Names and declarations of objects stay; what rows, statements and clients brought goes.

    Sample values of numbers, times and texts become others of the same type with the same order
    and the same equalities, so that the planner's picture stays; those of other types are left
    out (booleans and enum labels stay). Constants in queries become $n; a query that can't be
    parsed, and each client's address, become a mark.
    """
    return replace(
        snapshot,
        catalog=_catalog(snapshot.catalog),
        statistics=_statistics(snapshot.statistics, snapshot.catalog)
        if snapshot.statistics
        else None,
        activity=_activity(snapshot.activity) if snapshot.activity else None,
        workload=_workload(snapshot.workload) if snapshot.workload else None,
        refused=tuple(_refused(refused) for refused in snapshot.refused),
        redacted=True,
    )


def _statistics(statistics: Statistics, catalog: Catalog) -> Statistics:
    types = {
        (table.oid, column.name): "array" if column.is_array else column.base_type
        for table in catalog.tables
        for column in table.columns
    }
    enums = {type_.qualified for type_ in catalog.types if type_.kind is TypeKind.ENUM}
    return replace(
        statistics,
        columns=tuple(
            _column(column, types.get((column.table_oid, column.column), ""), enums)
            for column in statistics.columns
        ),
    )


def _column(column: ColumnStatistics, type_: str, enums: set[str]) -> ColumnStatistics:
    if type_ == "boolean" or type_ in enums:
        return column
    substitute = _substitutes(column, type_)
    if substitute is None:
        return replace(column, common_values=(), common_frequencies=(), histogram=())
    return replace(
        column,
        common_values=tuple(substitute[value] for value in column.common_values),
        histogram=tuple(substitute[value] for value in column.histogram),
    )


def _substitutes(column: ColumnStatistics, type_: str) -> Mapping[str, str] | None:
    """For each value another one of the type, in the same order; None for other types."""
    write: Callable[[int, str], str]
    order: Callable[[str], object] = str
    if type_ in NUMBERS:
        order = _number
        write = lambda rank, value: str(rank)  # noqa: E731
    elif type_ in TIMES:
        write = lambda rank, value: str(FIRST_DAY + timedelta(days=rank))  # noqa: E731
    elif type_ in TEXTS:
        salt = f"{column.table_oid}.{column.column}".encode()[:64]
        write = lambda rank, value: f"{rank:05d}{_digest(salt, value)}"  # noqa: E731
    else:
        return None
    values = sorted(set(column.sample), key=order)  # type: ignore[arg-type]
    return {value: write(rank, value) for rank, value in enumerate(values, start=1)}


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return Decimal("Infinity")
    return Decimal("Infinity") if number.is_nan() else number


def _digest(salt: bytes, value: str) -> str:
    """The column is the salt, so that equal values of different columns can't be matched."""
    return hashlib.blake2b(value.encode(), digest_size=6, key=salt).hexdigest()


def _activity(activity: Activity) -> Activity:
    return replace(activity, sessions=tuple(_session(session) for session in activity.sessions))


def _session(session: Session) -> Session:
    query = _query(session.query) if session.query else session.query
    client = session.client if session.client in (None, "socket") else HIDDEN
    return replace(session, query=query, client=client)


def _workload(workload: Workload) -> Workload:
    return replace(
        workload,
        queries=tuple(replace(query, text=_query(query.text)) for query in workload.queries),
    )


def _query(text: str) -> str:
    try:
        return normalize(text)
    except SyntaxProblem:
        return HIDDEN


def _refused(refused: RefusedStatement) -> RefusedStatement:
    return replace(refused, statement=HIDDEN)


def _catalog(catalog: Catalog) -> Catalog:
    """A list partition's bound names values that rows hold."""
    return replace(catalog, tables=tuple(_table(table) for table in catalog.tables))


def _table(table: Table) -> Table:
    if table.partition_bound is None or "IN (" not in table.partition_bound:
        return table
    return replace(table, partition_bound=f"FOR VALUES IN ('{HIDDEN}')")
