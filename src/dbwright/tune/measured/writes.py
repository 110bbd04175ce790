"""What new indexes cost the writes: rows inserted and updated with them and without, by turns.

Each run is a transaction that is rolled back, then the table is vacuumed. An insert checks its
foreign keys as it would in production; triggers of users are not there.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import psycopg

from dbwright.engines.postgresql.session import first_line
from dbwright.model.catalog import Catalog, Table, TableKind
from dbwright.model.measured import MeasuredWrite
from dbwright.progress import Progress
from dbwright.tune.measured.runs import Limits
from dbwright.tune.measured.stage import Stage, State
from dbwright.tune.measured.trial import BASE
from dbwright.tune.measured.write_columns import free_column, updated_columns
from dbwright.tune.measured.write_rows import Taken, rows_to_write
from dbwright.tune.workload.weighted import Weighted

__all__ = ["measure_writes"]

PAIRS = 5
FEW_PAIRS = 2
LONG_SECONDS = 5.0
HOT = (
    "SELECT pg_stat_get_xact_tuples_updated(%s::regclass), "
    "pg_stat_get_xact_tuples_hot_updated(%s::regclass)"
)
WAL_SINCE = 13
NO_UPDATE = "the workload has no UPDATE of it"


@dataclass(frozen=True, slots=True)
class _Written:
    """One run."""

    seconds: float
    wal_bytes: int | None
    hot_share: float | None


def measure_writes(
    stage: Stage,
    statements: Sequence[Weighted],
    state: State,
    limits: Limits,
    progress: Progress,
) -> Iterator[MeasuredWrite]:
    """One for each table that gets an index (what it loses is counted in); of a partitioned one,
    its largest partition.

    Raises psycopg.Error where the copy's server is gone.
    """
    catalog = stage.copy.snapshot.catalog
    by_table: dict[str, list[str]] = {}
    for number in sorted(state.made & stage.built.keys()):
        index = stage.built[number]
        by_table.setdefault(index.table, []).append(index.name)
    for done, (name, indexes) in enumerate(by_table.items()):
        progress(f"writing to {name} on the copy", done, len(by_table))
        table = catalog.find_table(name)
        stored = None if table is None else _largest(stage, catalog, table)
        empty = MeasuredWrite(name, 0, tuple(indexes))
        if table is None:
            yield replace(empty, note="nobody writes to a materialized view but REFRESH")
        elif stored is None:
            yield replace(empty, note="the copy has no rows of it")
        elif limits.over:
            yield replace(empty, note="no time was left")
        else:
            columns = updated_columns(table, statements)
            if not columns:
                columns = free_column(stage.connection, stored)
                empty = replace(empty, note=NO_UPDATE if columns else "")
            yield _of_table(stage, empty, stored, columns, state, limits)


def _largest(stage: Stage, catalog: Catalog, table: Table) -> Table | None:
    """The table that holds the rows."""
    if table.kind is not TableKind.PARTITIONED:
        return table if table.qualified in stage.copy.tables else None
    parts = [_largest(stage, catalog, child) for child in catalog.children(table)]
    known = [part for part in parts if part is not None]
    return max(known, key=lambda part: stage.copy.tables[part.qualified].rows, default=None)


def _of_table(
    stage: Stage,
    empty: MeasuredWrite,
    table: Table,
    columns: tuple[str, ...],
    state: State,
    limits: Limits,
) -> MeasuredWrite:
    rows = stage.copy.tables[table.qualified].rows
    try:
        with rows_to_write(stage.connection, table.qualified, rows) as taken:
            if taken is None:
                return replace(empty, note="it has too few rows to measure anything")
            measured = _inserted(stage, replace(empty, rows=taken.rows), taken, state, limits)
            return _updated(stage, measured, taken, columns, state, limits)
    except psycopg.Error as problem:
        if stage.connection.broken or stage.connection.closed:
            raise
        return replace(empty, note=f"it can't be written to: {first_line(problem)}")


def _inserted(
    stage: Stage, told: MeasuredWrite, taken: Taken, state: State, limits: Limits
) -> MeasuredWrite:
    try:
        before, after = _by_turns(stage, taken, taken.insert, state, limits)
    except _NotWritten as problem:
        return replace(told, note=_and(told.note, f"rows can't be inserted: {problem}"))
    return replace(
        told,
        inserts_per_second_before=_rate(taken, before),
        inserts_per_second_after=_rate(taken, after),
        insert_wal_bytes_before=_wal(taken, before),
        insert_wal_bytes_after=_wal(taken, after),
        repetitions=len(before),
    )


def _updated(
    stage: Stage,
    told: MeasuredWrite,
    taken: Taken,
    columns: tuple[str, ...],
    state: State,
    limits: Limits,
) -> MeasuredWrite:
    if not columns:
        return replace(told, note=_and(told.note, "it has no column beside its keys to update"))
    try:
        before, after = _by_turns(stage, taken, taken.update(columns), state, limits)
    except _NotWritten as problem:
        note = f"{', '.join(columns)} can't be updated: {problem}"
        return replace(told, note=_and(told.note, note))
    return replace(
        told,
        updates_per_second_before=_rate(taken, before),
        updates_per_second_after=_rate(taken, after),
        update_wal_bytes_before=_wal(taken, before),
        update_wal_bytes_after=_wal(taken, after),
        hot_share_before=before[-1].hot_share,
        hot_share_after=after[-1].hot_share,
        updated_columns=columns,
        repetitions=max(told.repetitions, len(before)),
    )


def _and(note: str, more: str) -> str:
    return "; ".join(filter(None, (note, more)))


class _NotWritten(Exception):
    """The rows break a constraint, or it takes too long."""


def _by_turns(
    stage: Stage, taken: Taken, statement: str, state: State, limits: Limits
) -> tuple[list[_Written], list[_Written]]:
    """Without and with the indexes; the first run of each does not count."""
    runs: tuple[list[_Written], list[_Written]] = ([], [])
    states = (BASE, state)
    for own, each in zip(runs, states, strict=True):
        own.append(_run(stage, taken, statement, each, limits))
    longest = max(own[0].seconds for own in runs)
    for turn in range(FEW_PAIRS if longest > LONG_SECONDS else PAIRS):
        if turn > 0 and limits.over:
            break
        for number in (0, 1) if turn % 2 == 0 else (1, 0):
            runs[number].append(_run(stage, taken, statement, states[number], limits))
    return runs[0][1:], runs[1][1:]


def _run(stage: Stage, taken: Taken, statement: str, state: State, limits: Limits) -> _Written:
    wal = ", WAL" if stage.copy.server.major >= WAL_SINCE else ""
    try:
        with stage.at(state, limits.statement_seconds):
            # What earlier transactions did may be counted in, until it is sent away.
            earlier = _updates(stage, taken)
            row = stage.connection.execute(
                f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON{wal}) {statement}".encode()
            ).fetchone()
            updated, hot = (
                now - then for now, then in zip(_updates(stage, taken), earlier, strict=True)
            )
    except (psycopg.errors.IntegrityError, psycopg.errors.QueryCanceled) as problem:
        raise _NotWritten(first_line(problem)) from None
    finally:
        if not stage.connection.closed and not stage.connection.broken:
            stage.connection.execute(f"VACUUM {taken.table}".encode())
    assert row is not None
    document = row[0][0]
    return _Written(
        seconds=document["Execution Time"] / 1000,
        wal_bytes=document["Plan"].get("WAL Bytes"),
        hot_share=hot / updated if updated else None,
    )


def _updates(stage: Stage, taken: Taken) -> tuple[int, int]:
    """All, and those that changed no index."""
    row = stage.connection.execute(HOT, (taken.table, taken.table)).fetchone()
    assert row is not None
    return row[0], row[1]


def _rate(taken: Taken, runs: Sequence[_Written]) -> float:
    """Of the fastest run: what else the machine does makes runs long, and none short."""
    return taken.rows / max(1e-6, min(run.seconds for run in runs))


def _wal(taken: Taken, runs: Sequence[_Written]) -> float | None:
    known = [run.wal_bytes for run in runs if run.wal_bytes is not None]
    return statistics.median(known) / taken.rows if known else None
