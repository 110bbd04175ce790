"""What a rehearsal came to, in words, tables and JSON that every format shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbwright.model.rehearsal import Rehearsal, RehearsedMigration, RehearsedRun, RehearsedTable
from dbwright.render.text import fold, plural, visible
from dbwright.render.units import bytes_text, seconds_text

__all__ = ["Rows", "rehearsal_document", "rehearsal_facts", "rehearsal_tables"]

SHOWN = 12
"""Statements, the slowest ones."""
CLIENTS = {"read": "readers", "write": "writers"}
Run = tuple[RehearsedMigration, RehearsedRun]


@dataclass(frozen=True, slots=True)
class Rows:
    """A table: cells are safe to show."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    figures: frozenset[int]
    """Places of columns that are numbers."""


def rehearsal_facts(rehearsal: Rehearsal) -> list[tuple[str, str]]:
    """Label and sentence."""
    tried = rehearsal.migrations
    failed = [one for one in tried if not one.passed]
    rows = f"{plural(rehearsal.rows, 'row')} in {plural(rehearsal.tables, 'table')}"
    rows += f", of {visible(rehearsal.source)}"
    told = f"{len(tried) - len(failed)} of {plural(len(tried), 'migration')}"
    facts = [("Copy", rows), ("Passed", told)]
    facts += [("Failed", fold(f"{one.version} {one.name}")) for one in failed]
    checked = list(dict.fromkeys(text for one in tried for text in one.checked))
    if len(tried) == 1:
        facts += [("Proven", text) for text in checked]
    return facts


def rehearsal_tables(rehearsal: Rehearsal) -> list[Rows]:
    """Those that have rows."""
    runs = list(_runs(rehearsal))
    found = [
        Rows(
            "Runs",
            ("migration", "way", "alone", "WAL", "among clients", "longest wait", "refused"),
            tuple(_run(*one) for one in runs),
            frozenset((2, 3, 4, 5, 6)),
        ),
        Rows(
            "Clients",
            ("migration", "way", "table", "clients", "longest", "99 %", "before", "statements"),
            tuple(row for one in runs for row in _waits(*one)),
            frozenset((4, 5, 6, 7)),
        ),
        Rows(
            "Statements",
            ("file", "line", "took", "WAL", "locks", "written anew"),
            tuple(_statements(runs)),
            frozenset((1, 2, 3)),
        ),
        Rows(
            "Sizes",
            ("migration", "table", "before", "after", "indexes before", "after"),
            tuple(row for one in runs for row in _sizes(*one)),
            frozenset((2, 3, 4, 5)),
        ),
    ]
    return [one for one in found if one.rows]


def rehearsal_document(rehearsal: Rehearsal) -> dict[str, object]:
    """As JSON has it."""
    return {
        "source": rehearsal.source,
        "generated": rehearsal.generated,
        "sampled": rehearsal.sampled,
        "rows": rehearsal.rows,
        "tables": rehearsal.tables,
        "migrations": [_migration(one) for one in rehearsal.migrations],
    }


def _runs(rehearsal: Rehearsal) -> Iterator[Run]:
    for one in rehearsal.migrations:
        yield one, one.up
        if one.down is not None:
            yield one, one.down


def _run(one: RehearsedMigration, run: RehearsedRun) -> tuple[str, ...]:
    wait = run.longest_wait
    loaded = "" if run.loaded_seconds is None else seconds_text(run.loaded_seconds)
    refused = str(sum(error.times for error in run.errors)) if run.loaded_seconds else ""
    return (
        fold(f"{one.version} {one.name}"),
        run.direction,
        seconds_text(run.seconds),
        bytes_text(run.wal_bytes),
        loaded,
        "" if wait is None else seconds_text(wait.longest_seconds),
        refused,
    )


def _waits(one: RehearsedMigration, run: RehearsedRun) -> Iterator[tuple[str, ...]]:
    for wait in run.waits:
        yield (
            visible(one.version),
            run.direction,
            visible(wait.table),
            CLIENTS[wait.kind],
            seconds_text(wait.longest_seconds),
            seconds_text(wait.p99_seconds),
            seconds_text(wait.longest_before_seconds),
            f"{wait.statements:,}",
        )


def _statements(runs: list[Run]) -> Iterator[tuple[str, ...]]:
    every = [(one, statement) for one, run in runs for statement in run.statements]
    slowest = sorted(every, key=lambda pair: -pair[1].seconds)[:SHOWN]
    kept = {id(statement) for _, statement in slowest}
    for one, statement in every:
        if id(statement) in kept:
            locks = ", ".join(f"{fold(name)} {mode.value}" for name, mode in statement.locks)
            yield (
                visible(one.version),
                str(statement.line),
                seconds_text(statement.seconds),
                bytes_text(statement.wal_bytes),
                locks,
                ", ".join(map(visible, statement.rewritten)),
            )


def _sizes(one: RehearsedMigration, run: RehearsedRun) -> Iterator[tuple[str, ...]]:
    for table in run.tables:
        yield (
            visible(one.version),
            visible(table.name),
            _size(table.bytes_before),
            _size(table.bytes_after),
            _size(table.index_bytes_before),
            _size(table.index_bytes_after),
        )


def _size(bytes_: int | None) -> str:
    return "" if bytes_ is None else bytes_text(bytes_)


def _migration(one: RehearsedMigration) -> dict[str, object]:
    return {
        "version": one.version,
        "name": one.name,
        "file": one.path,
        "checksum": one.checksum,
        "passed": one.passed,
        "checked": list(one.checked),
        **({"proof": one.proof} if one.proof else {}),
        "up": _run_document(one.up),
        **({} if one.down is None else {"down": _run_document(one.down)}),
    }


def _run_document(run: RehearsedRun) -> dict[str, object]:
    loaded = run.loaded_seconds
    return {
        "seconds": round(run.seconds, 6),
        "wal_bytes": run.wal_bytes,
        **({} if loaded is None else {"seconds_among_clients": round(loaded, 6)}),
        "statements": [
            {
                "line": one.line,
                "text": one.text,
                "seconds": round(one.seconds, 6),
                "wal_bytes": one.wal_bytes,
                "locks": [{"object": name, "mode": mode.value} for name, mode in one.locks],
                "rewritten": list(one.rewritten),
                "scanned": list(one.scanned),
            }
            for one in run.statements
        ],
        "sizes": [_table(one) for one in run.tables],
        "clients": [
            {
                "table": one.table,
                "kind": one.kind,
                "statements": one.statements,
                "longest_seconds": round(one.longest_seconds, 6),
                "p99_seconds": round(one.p99_seconds, 6),
                "longest_seconds_before": round(one.longest_before_seconds, 6),
            }
            for one in run.waits
        ],
        "refused": [
            {
                "table": one.table,
                "kind": one.kind,
                "sqlstate": one.sqlstate,
                "message": one.message,
                "times": one.times,
            }
            for one in run.errors
        ],
    }


def _table(one: RehearsedTable) -> dict[str, object]:
    figures = {
        "bytes_before": one.bytes_before,
        "bytes_after": one.bytes_after,
        "index_bytes_before": one.index_bytes_before,
        "index_bytes_after": one.index_bytes_after,
    }
    return {"name": one.name, **{name: n for name, n in figures.items() if n is not None}}
