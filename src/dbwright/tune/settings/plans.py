"""What other planner settings do to the workload's plans, tried on the twin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.workload.weighted import Weighted

__all__ = ["Comparison", "PlanPair", "compare_plans", "heaviest", "plan_with", "shown_text"]

TEXT_SHOWN = 100
MOST_STATEMENTS = 300
MARGIN = 0.001
"""Costs that differ by less are equal."""
KEPT = ("Node Type", "Schema", "Relation Name", "Index Name", "Join Type", "Strategy")
"""What makes two plans the same, besides their shape."""


@dataclass(frozen=True, slots=True)
class PlanPair:
    """One statement's plans under the settings of now and under the others."""

    query: Weighted
    before: float
    """The planner's cost of one call."""
    after: float
    changed: bool
    """Are they different plans?"""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Of all statements that could be planned."""

    pairs: tuple[PlanPair, ...] = ()

    @property
    def before(self) -> float:
        """The workload's cost."""
        return sum(pair.before * pair.query.weight for pair in self.pairs)

    @property
    def after(self) -> float:
        return sum(pair.after * pair.query.weight for pair in self.pairs)

    @property
    def cheaper(self) -> bool:
        """Does the workload cost less? Only where the settings don't change what costs mean."""
        return self.after < self.before * (1 - MARGIN)

    def changed(self, limit: int) -> tuple[str, ...]:
        """The texts of queries whose plans change, those that count most first."""
        ranked = sorted(
            (pair for pair in self.pairs if pair.changed),
            key=lambda pair: (-pair.before * pair.query.weight, pair.query.query.text),
        )
        texts = dict.fromkeys(shown_text(pair.query.query.text) for pair in ranked)
        return tuple(texts)[:limit]


def compare_plans(
    bench: Workbench,
    settings: Mapping[str, str],
    queries: Sequence[Weighted] | None = None,
    *,
    instead_of: Mapping[str, str] | None = None,
) -> Comparison:
    """Plan the workload's heaviest statements (or these) with the settings and without, or with
    others instead. What the twin can't plan is left out; so is everything where it does not know
    one of the settings.

    Raises psycopg.Error where the twin's server is gone.
    """
    pairs: list[PlanPair] = []
    with bench.twin.connect() as connection:
        for query in heaviest(bench.queries) if queries is None else queries:
            before = plan_with(connection, query.statement, instead_of or {})
            after = None if before is None else plan_with(connection, query.statement, settings)
            if before is not None and after is not None:
                pairs.append(
                    PlanPair(
                        query,
                        float(before["Total Cost"]),
                        float(after["Total Cost"]),
                        list(_shape(before)) != list(_shape(after)),
                    )
                )
    return Comparison(tuple(pairs))


def plan_with(
    connection: psycopg.Connection[Any], statement: str, settings: Mapping[str, str]
) -> dict[str, Any] | None:
    """The plan's root as EXPLAIN tells it, under these settings; None where the server can't plan
    it, or does not know one of them. Raises psycopg.Error where the server is gone."""
    try:
        with connection.transaction(force_rollback=True):
            for name, value in settings.items():
                connection.execute(
                    sql.SQL("SET LOCAL {} = {}").format(sql.Identifier(name), sql.Literal(value))
                )
            row = connection.execute(
                f"EXPLAIN (FORMAT JSON, VERBOSE) {statement}".encode()
            ).fetchone()
    except psycopg.Error as problem:
        if problem.sqlstate is None:
            raise
        return None
    assert row is not None
    plan: dict[str, Any] = row[0][0]["Plan"]
    return plan


def heaviest(queries: Sequence[Weighted]) -> tuple[Weighted, ...]:
    """Those that take most of the time, where that is known, else that run most often: enough to
    try settings with, in the order of the workload."""
    if len(queries) <= MOST_STATEMENTS:
        return tuple(queries)
    ranked = sorted(
        range(len(queries)),
        key=lambda n: (-(queries[n].query.total_seconds or 0.0), -queries[n].weight, n),
    )
    return tuple(queries[n] for n in sorted(ranked[:MOST_STATEMENTS]))


def shown_text(text: str) -> str:
    """A query on one line."""
    line = " ".join(text.split())
    return line if len(line) <= TEXT_SHOWN else f"{line[: TEXT_SHOWN - 1]}…"


def _shape(node: Mapping[str, Any], depth: int = 0) -> Iterator[tuple[object, ...]]:
    yield (depth, *(node.get(name) for name in KEPT))
    for child in node.get("Plans", ()):
        yield from _shape(child, depth + 1)
