"""Which aggregates should be kept in a materialized view, and what that costs and saves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dbwright.model.report import Skipped
from dbwright.tune.advisors.advisor import Advice
from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.rewrites.proof import Prover
from dbwright.tune.views.candidates import Candidate, Limits, Reader, costed, grouped, proven
from dbwright.tune.views.existing import existing_view
from dbwright.tune.views.hindrances import GUESSED, hindrance
from dbwright.tune.views.saying import SHOWN, one_line, refreshes_paid, texts_of, view_advice
from dbwright.tune.views.shape import Shape, shape_of

__all__ = ["PART", "advise_views"]

PART = "tune.views"
REMEDIES = {GUESSED: "give --workload a log or a .sql file in which they stand"}
MOST = 20
"""Views that are looked at to the end: those that save most."""


def advise_views(bench: Workbench, limits: Limits) -> Iterator[Advice | Skipped]:
    """One for each view that pays, those that save most first, and why others are not advised.

    Raises psycopg.Error where the twin's server is gone.
    """
    shapes, left = _shapes(bench, limits)
    yield from left
    found: list[Candidate] = []
    taken: set[tuple[str, str]] = set()
    groups = grouped(shapes)
    for number, group in enumerate(groups):
        bench.progress("costing views", number, len(groups))
        candidate = costed(group, bench, limits, taken)
        if candidate is None or not _pays(bench, candidate, limits):
            continue
        there = existing_view(group, bench.snapshot.catalog)
        if there is None:
            found.append(candidate)
            taken.add((candidate.view.schema, candidate.view.name))
        else:
            yield _there(there, candidate)
    if not found:
        return
    with Prover(bench.snapshot, bench.twin.server) as prover:
        found.sort(key=lambda one: (-one.saved, one.view.qualified))
        for candidate in found[:MOST]:
            equal, others = proven(candidate, prover)
            yield from dict.fromkeys(map(_unproven, others))
            kept = replace(candidate, readers=tuple(equal))
            if equal and _pays(bench, kept, limits):
                yield view_advice(bench, kept)


def _shapes(bench: Workbench, limits: Limits) -> tuple[list[Shape], list[Skipped]]:
    """The expensive queries that a view may serve; and those that it must not."""
    found: list[Shape] = []
    left: dict[str, list[str]] = {}
    with bench.twin.connect() as connection:
        for weighted in bench.queries:
            shape = shape_of(weighted, bench.snapshot.catalog)
            if shape is None or (bench.cost(weighted.statement) or 0.0) < limits.cost:
                continue
            reason = hindrance(shape, bench.snapshot.catalog, connection)
            if reason is None:
                found.append(shape)
            else:
                left.setdefault(reason, []).append(one_line(weighted.query.text))
    return found, [
        Skipped(PART, f"no view for a query that {reason}", REMEDIES.get(reason, ""), _some(texts))
        for reason, texts in left.items()
    ]


def _some(texts: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))[:SHOWN]


def _pays(bench: Workbench, candidate: Candidate, limits: Limits) -> bool:
    return refreshes_paid(bench, candidate)[0] >= limits.refreshes


def _there(view: str, candidate: Candidate) -> Skipped:
    texts = tuple(texts_of(candidate)[:SHOWN])
    return Skipped(PART, f"{view} holds already what queries compute: read it instead", "", texts)


def _unproven(reader: Reader) -> Skipped:
    assert reader.verdict is not None
    return Skipped(
        PART,
        "no view for a query that could not be proven to give the same rows over it: "
        f"{reader.verdict.reason}",
        "",
        (one_line(reader.shape.weighted.query.text),),
    )
