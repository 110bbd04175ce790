"""Which large tables should be partitioned, into what, and what the planner says of it."""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Confidence, Evidence, Fix, Proof, ProofLevel, Severity
from dbwright.model.names import quote
from dbwright.model.report import Skipped
from dbwright.sql.scope.statement import StatementKind
from dbwright.tune.advisors.advisor import Advice
from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.partitions.axis import DAY, number_of
from dbwright.tune.partitions.candidates import Candidate, Limits, candidates, large_tables
from dbwright.tune.partitions.effects import Asked, Effect, Effects, asked, cost_with_index, effects
from dbwright.tune.partitions.indexed import has_index
from dbwright.tune.partitions.intervals import intervals
from dbwright.tune.partitions.layout import attached, spread
from dbwright.tune.partitions.migration import migration
from dbwright.tune.partitions.obstacles import obstacles
from dbwright.tune.partitions.trial import NoTrial
from dbwright.tune.workload.weighted import Weighted

__all__ = ["PART", "advise_partitions"]

PART = "tune.partitions"
CHEAPER = 0.9
"""Of what the workload costs, with an index on the key if there is none: at most that much."""
FINER = 0.8
"""Narrower partitions are taken where they cost at most so much of the wider ones' cost."""
AHEAD = 3
"""Empty partitions that are made at once."""
SHOWN = 8
NOTICE = Severity.NOTICE
LINE = 100


def advise_partitions(
    bench: Workbench, limits: Limits, largest_partition_bytes: float
) -> Iterator[Advice | Skipped]:
    """One for each table that would gain, and what could not be tried.

    Raises psycopg.Error where the twin's server is gone.
    """
    if bench.snapshot.redacted:
        names = tuple(table.qualified for table, _ in large_tables(bench.snapshot, limits))
        if names:
            reason = "the values are redacted, so it can't be told how rows lie in time"
            yield Skipped(PART, reason, "take the snapshot without --redact", names)
        return
    for candidate in candidates(bench.snapshot, bench.queries, limits):
        bench.progress(f"partitioning {candidate.table.qualified}")
        statements = asked(candidate, bench.snapshot, bench.twin)
        try:
            found = _best(bench, candidate, statements, largest_partition_bytes)
        except NoTrial as problem:
            name = candidate.table.qualified
            yield Skipped(PART, f"{name} can't be tried with partitions: {problem}", "", (name,))
            continue
        if found is None:
            continue
        if found.refused:
            yield _refused(candidate, found.refused)
            continue
        other = found.before
        if not has_index(candidate):
            other = cost_with_index(candidate, statements, bench.snapshot, bench.twin)
        if found.after <= CHEAPER * other or _is_free(found):
            yield _advice(bench, found, statements, other)


def _best(
    bench: Workbench, candidate: Candidate, statements: list[Asked], largest_bytes: float
) -> Effects | None:
    """By the width of partitions that serves the workload best; the widest of those alike."""
    best: Effects | None = None
    for interval in intervals(candidate.line, candidate.bytes, largest_bytes):
        layout = spread(candidate, interval)
        found = effects(layout, statements, bench.snapshot, bench.twin)
        if best is None or found.after < FINER * best.after:
            best = found
    return best


def _is_free(found: Effects) -> bool:
    """Can a partition be dropped instead of a DELETE, and nobody pays for it?"""
    return bool(found.layout.candidate.retention) and not found.worse


def _refused(candidate: Candidate, refused: tuple[Asked, ...]) -> Skipped:
    name = candidate.table.qualified
    many = "a query" if len(refused) == 1 else f"{len(refused):,} queries"
    return Skipped(
        PART,
        f"{name} is not advised to be partitioned by {candidate.column.name}: {many} of the "
        "workload would fail",
        "an ON CONFLICT, or a GROUP BY of a primary key alone, needs one without the partition key",
        tuple(_line(one.query.query.text) for one in refused[:SHOWN]),
    )


def _advice(bench: Workbench, found: Effects, statements: list[Asked], other: float) -> Advice:
    candidate, catalog = found.layout.candidate, bench.snapshot.catalog
    first_day = _first_day(bench, found, statements)
    hindered = tuple(obstacles(catalog, candidate))
    return Advice(
        object=candidate.table.ref,
        message=_message(found, other),
        evidence={**_evidence(found, first_day, hindered), "cost_with_an_index": round(other, 2)},
        fix=None if hindered or first_day.refused else _fix(catalog, first_day),
        advice=_text(found, first_day, hindered),
        proof=Proof(
            level=ProofLevel.ESTIMATED,
            before=f"cost {found.before:,.0f}",
            after=f"cost {found.after:,.0f}",
            reproduce="EXPLAIN on a twin, and on one whose table is partitioned, with each "
            "partition's share of the statistics",
        ),
        confidence=Confidence.LOW if found.worse else None,
        severity=None if candidate.retention or found.after <= _notable(found, other) else NOTICE,
        saved=other - found.after,
    )


def _notable(found: Effects, other: float) -> float:
    """A cost from which on down the partitions save a tenth of all, index or not."""
    return other - (1.0 - CHEAPER) * found.before


def _first_day(bench: Workbench, found: Effects, statements: list[Asked]) -> Effects:
    candidate, interval = found.layout.candidate, found.layout.interval
    last = candidate.line.high
    if candidate.line.axis.is_time:
        last = max(last, number_of(bench.snapshot.catalog.captured_at))
    layout = attached(candidate, interval, interval.ahead(last, AHEAD))
    return effects(layout, statements, bench.snapshot, bench.twin)


def _fix(catalog: Catalog, first_day: Effects) -> Fix:
    return migration(catalog, first_day.layout)


def _message(found: Effects, other: float) -> str:
    candidate, interval = found.layout.candidate, found.layout.interval
    name, column = candidate.table.qualified, quote(candidate.column.name)
    width = f"partitions by {interval.name}"
    kept = f"{name} keeps {candidate.rows:,.0f} rows in one table, in the order of {column}"
    cost = f"cost {found.after:,.0f} instead of {found.before:,.0f}"
    if other < found.before:
        cost += f" ({other:,.0f} with an index on {column})"
    if found.after <= CHEAPER * other:
        return f"{kept}: in {width} its queries {cost}"
    return (
        f"{kept}, and deletes old ones one by one: of {width} the oldest is dropped in a moment, "
        f"and the queries {cost}"
    )


def _evidence(found: Effects, first_day: Effects, hindered: tuple[str, ...]) -> Evidence:
    candidate = found.layout.candidate
    line, parts = candidate.line, found.layout.parts
    reads_all = [effect for effect in found.each if effect.partitions == len(parts)]
    evidence: dict[str, str | int | float | bool | list[str | int | float] | None] = {
        "rows": round(candidate.rows),
        "size_bytes": round(candidate.bytes),
        "partition_key": candidate.column.name,
        "correlation": round(candidate.correlation, 3),
        "partitions": len(parts),
        "interval": found.layout.interval.name,
        "largest_partition_bytes": round(max(part.share for part in parts) * candidate.bytes),
        "cost_before": round(found.before, 2),
        "cost_after": round(found.after, 2),
        "cost_on_the_first_day": round(first_day.after, 2),
        "queries_that_got_worse": [_shown(found, effect) for effect in found.worse[:SHOWN]],
        "queries_that_read_every_partition": [
            _line(effect.asked.query.query.text) for effect in reads_all[:SHOWN]
        ],
        "queries": [_shown(found, effect) for effect in _heaviest(found)],
        "deletes_by_age": [_line(query.query.text) for query in candidate.retention[:SHOWN]],
        "in_the_way": list(hindered),
    }
    if line.axis.is_time:
        days = max(1.0, (line.high - line.low) / DAY)
        evidence["rows_per_day"] = round(candidate.rows / days)
    return evidence


def _heaviest(found: Effects) -> list[Effect]:
    by_cost = sorted(found.each, key=lambda e: -e.asked.cost * e.asked.query.weight)
    return by_cost[:SHOWN]


def _shown(found: Effects, effect: Effect) -> str:
    read = f"{effect.partitions} of {len(found.layout.parts)} partitions"
    text = _line(effect.asked.query.query.text)
    return f"{effect.asked.cost:,.0f} to {effect.after:,.0f}, {read}: {text}"


def _text(found: Effects, first_day: Effects, hindered: tuple[str, ...]) -> str:
    layout = first_day.layout
    candidate, axis = layout.candidate, layout.candidate.line.axis
    column = quote(candidate.column.name)
    sentences = [
        f"The rows that are there stay in one partition, below {axis.value(layout.parts[0].end)}: "
        f"the cost above is reached once the table has grown into its partitions, and on the first "
        f"day the queries cost {first_day.after:,.0f}.",
        "A job must make partitions ahead of time (tables/no-partition-ahead tells when it does "
        "not).",
        f"Queries are served by one partition where they compare the bare {column}.",
    ]
    table = candidate.table
    if table.primary_key is not None and candidate.column.name not in table.primary_key.columns:
        own = ", ".join(map(quote, table.primary_key.columns))
        sentences.append(f"The primary key becomes ({own}, {column}).")
    if candidate.retention:
        sentences.append(
            "Instead of the DELETE, detach and drop the partitions whose rows are all too old."
        )
    if any(_moves(query, candidate) for query in candidate.queries):
        sentences.append(f"An UPDATE of {column} then moves the row to another partition.")
    if found.worse:
        sentences.append(f"{len(found.worse):,} of the queries got worse: look at them first.")
    if hindered:
        first = f"No migration is written, for the table {hindered[0]}"
        others = f", and {len(hindered) - 1:,} more" if len(hindered) > 1 else ""
        sentences.append(f"{first}{others}: that has to be decided first.")
    return " ".join(sentences)


def _moves(query: Weighted, candidate: Candidate) -> bool:
    """Does it change the partition key?"""
    scoped = query.scoped
    own = scoped.modified is not None and scoped.modified.qualified == candidate.table.qualified
    updates = scoped.kind is StatementKind.UPDATE
    return own and updates and candidate.column.name in scoped.set_columns


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LINE else f"{line[: LINE - 1]}…"
