"""A snapshot without any value that a row, a statement or a client brought in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from dbwright.model.activity import Activity, HeldLock, Session, Standby
from dbwright.model.catalog import Catalog, MaterializedView, Table, TypeKind
from dbwright.model.report import Skipped
from dbwright.model.snapshot import RefusedStatement, Snapshot
from dbwright.model.statistics import ColumnStatistics, Statistics
from dbwright.model.workload import Query, Workload
from dbwright.snapshot.substitute import NUMBERS, TIMES, substituted
from dbwright.sql.fingerprint import normalize
from dbwright.sql.lexer import Token, tokens
from dbwright.sql.parse import SyntaxProblem

__all__ = ["redacted"]

HIDDEN = "(redacted)"

CONSTANTS = ("string", "number", "unterminated")

NAMES_ONLY = ("0A", "23", "25", "2B", "3D", "3F", "42", "57")
"""Classes of SQLSTATE whose messages name objects, never values …"""
QUOTES_A_VALUE = ("42601", "42703")
"""… but for these: a syntax error, and a value in double quotes that was taken for a column."""

VALUES_SKIPPED = Skipped(
    "statistics.columns.values",
    "the snapshot is redacted: it holds no values of rows",
    "check the live database, or a snapshot made without --redact",
)


def redacted(snapshot: Snapshot) -> Snapshot:
    """What rows, statements and clients brought in goes; names and declarations stay.

    Goes: sample values of columns (those of numbers, times and texts become others of the same
    type, in the same order and with the same equalities, so that the planner's picture stays;
    those of other types are left out, but for booleans and the labels of enums), constants and
    comments in queries (a query that can't be parsed becomes a mark), addresses of clients, keys
    of advisory locks, statements of files that were refused, with the server's words where
    those quote a value, and bounds of partitions that are not ranges of numbers or times.

    Stays: names, also of roles, applications and prepared transactions; and what somebody
    declared: types, defaults, CHECK and other expressions, views, functions, policies, labels of
    enums, comments on objects, settings, lines of pg_hba.conf. These are the schema, they stand
    in version control, and rules read them. Counts, sizes, frequencies and the last values of
    sequences stay as well.

    Rules that need the values themselves are skipped (`statistics.columns.values`).
    """
    if snapshot.redacted:
        return snapshot
    return replace(
        snapshot,
        catalog=_catalog(snapshot.catalog),
        statistics=_statistics(snapshot.statistics, snapshot.catalog)
        if snapshot.statistics
        else None,
        activity=_activity(snapshot.activity) if snapshot.activity else None,
        workload=_workload(snapshot.workload) if snapshot.workload else None,
        refused=tuple(_refused(refused) for refused in snapshot.refused),
        skipped=(*snapshot.skipped, VALUES_SKIPPED),
        redacted=True,
    )


def _statistics(statistics: Statistics, catalog: Catalog) -> Statistics:
    relations: tuple[Table | MaterializedView, ...] = catalog.tables + catalog.materialized_views
    columns = {
        (relation.oid, column.name): column for relation in relations for column in relation.columns
    }
    declared = {type_.qualified for type_ in catalog.types if type_.kind is TypeKind.ENUM}
    declared.add("boolean")

    def without_values(found: ColumnStatistics) -> ColumnStatistics:
        column = columns.get((found.table_oid, found.column))
        if column is not None and column.base_type in declared and not column.is_array:
            return found
        return substituted(found, column)

    return replace(
        statistics,
        columns=tuple(without_values(c) for c in statistics.columns),
        extended=tuple(
            replace(
                data,
                parts=tuple(part for part in data.parts if part[0] != "mcv"),
                expressions=tuple(substituted(each, None) for each in data.expressions),
            )
            for data in statistics.extended
        ),
    )


def _activity(activity: Activity) -> Activity:
    keys = sorted({lock.key for lock in activity.locks if lock.key is not None})
    numbers = {key: str(number) for number, key in enumerate(keys, start=1)}
    return replace(
        activity,
        sessions=tuple(_session(session) for session in activity.sessions),
        standbys=tuple(_standby(standby) for standby in activity.standbys),
        locks=tuple(_lock(lock, numbers) for lock in activity.locks),
    )


def _session(session: Session) -> Session:
    query = _query(session.query) if session.query else session.query
    return replace(session, query=query, client=_client(session.client))


def _standby(standby: Standby) -> Standby:
    return replace(standby, client=_client(standby.client))


def _client(address: str | None) -> str | None:
    return address if address in (None, "socket") else HIDDEN


def _lock(lock: HeldLock, numbers: dict[str, str]) -> HeldLock:
    """Applications lock the numbers of their rows: other numbers, equal where those are."""
    return lock if lock.key is None else replace(lock, key=numbers[lock.key])


def _workload(workload: Workload) -> Workload:
    return replace(workload, queries=tuple(_workload_query(query) for query in workload.queries))


def _workload_query(query: Query) -> Query:
    """Without its examples, and without plans, whose conditions hold their constants."""
    return replace(
        query,
        text=_query(query.text),
        example=None,
        parameters=(),
        slowest=None,
        slowest_parameters=(),
        plan_text=None,
    )


def _query(text: str) -> str:
    """With $1, $2 … for constants. The parser knows which tokens are one constant; where it leaves
    some (SET, COMMENT, DO …), the lexer sees them."""
    try:
        normalized = normalize(text)
    except SyntaxProblem:
        return HIDDEN
    found = list(tokens(normalized))
    used = [int(token.text[1:]) for token in found if token.kind == "parameter"]
    return "".join(_without_constants(found, count(max(used, default=0) + 1))).strip()


def _without_constants(found: list[Token], numbers: Iterator[int]) -> Iterator[str]:
    for token in found:
        if token.kind in CONSTANTS:
            yield f"${next(numbers)}"
        else:
            yield " " if token.kind == "comment" else token.text


def _refused(refused: RefusedStatement) -> RefusedStatement:
    names_only = refused.sqlstate[:2] in NAMES_ONLY and refused.sqlstate not in QUOTES_A_VALUE
    told = refused.message if names_only or not refused.message else f"{refused.sqlstate} {HIDDEN}"
    return replace(refused, statement=HIDDEN, message=told)


def _catalog(catalog: Catalog) -> Catalog:
    return replace(catalog, tables=tuple(_table(table, catalog) for table in catalog.tables))


def _table(table: Table, catalog: Catalog) -> Table:
    bound = table.partition_bound
    if bound is None or bound == "DEFAULT" or _says_little(table, catalog):
        return table
    words = "".join(HIDDEN if t.kind in CONSTANTS else t.text for t in tokens(bound))
    return replace(table, partition_bound=words)


def _says_little(table: Table, catalog: Catalog) -> bool:
    """Is it one of hashes, or a range of numbers or times?"""
    parent = catalog.find_table(table.inherits[0]) if table.inherits else None
    key = parent.partition_key if parent is not None else None
    if parent is None or key is None or key.strategy == "list":
        return False
    types = {parent.column(name).base_type if name else "" for name in key.columns}
    return key.strategy == "hash" or types <= NUMBERS | TIMES
