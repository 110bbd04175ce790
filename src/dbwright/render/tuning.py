"""What tuning came to, in words and rows that every format shows."""

from __future__ import annotations

from dataclasses import dataclass

from dbwright.model.tuning import QueryEffect, Tuning
from dbwright.render.text import fold, plural
from dbwright.render.tuning_measured import (
    change_text,
    measured_facts,
    measured_headline,
    measured_rows,
)
from dbwright.render.units import bytes_text

__all__ = ["EFFECT_HEADINGS", "EffectRow", "effect_rows", "headline", "tuning_facts"]

SHOWN = 12
EFFECT_HEADINGS = ("before", "after", "calls", "query")


def headline(tuning: Tuning) -> str:
    """What it comes to, in a few words."""
    measured = tuning.measured
    if not tuning.queries:
        return "No query to advise on"
    if measured is None:
        if round(tuning.saved_share * 100) <= 0:
            return "No index saves work, by estimate"
        return f"{tuning.saved_share * 100:.0f} % less work, by estimate"
    if measured.refused:
        return "No set of indexes that slows no query"
    return measured_headline(measured)


def tuning_facts(tuning: Tuning) -> list[tuple[str, str]]:
    """Label and sentence."""
    if tuning.queries:
        facts = [("Cost", _cost(tuning)), ("Room", _room(tuning)), ("Search", _search(tuning))]
    else:
        facts = [("Cost", f"no query of {fold(tuning.source)} was estimated")]
    for asked in tuning.asked:
        facts.append(
            (
                "Why",
                f"{fold(asked.definition)} ({bytes_text(asked.bytes)}, alone it saves "
                f"{asked.saved_alone:,.0f}): {fold(asked.verdict)}",
            )
        )
    if tuning.drops:
        go = "goes" if len(tuning.drops) == 1 else "go"
        freed = bytes_text(tuning.freed_bytes)
        facts.append(("Freed", f"{freed} where {plural(len(tuning.drops), 'index')} {go}"))
    if tuning.measured is not None:
        return facts + measured_facts(tuning.measured)
    worse = sum(query.worse for query in tuning.queries)
    if worse:
        facts.append(("Worse", f"{plural(worse, 'query')}, listed first"))
    return facts


def _cost(tuning: Tuning) -> str:
    change = change_text(
        tuning.before, tuning.after, f"{tuning.before:,.0f}", f"{tuning.after:,.0f}"
    )
    queries = plural(len(tuning.queries), "query")
    return f"{change}, the planner's estimate for {queries} of {fold(tuning.source)}"


def _room(tuning: Tuning) -> str:
    room = f"{bytes_text(tuning.bytes)} for {plural(len(tuning.indexes), 'index')}"
    if tuning.budget_bytes is not None:
        room += f", of {bytes_text(tuning.budget_bytes)}"
    return room + _rough(tuning) + _as_built(tuning)


def _rough(tuning: Tuning) -> str:
    """What it may come to, where the sizes of some are of the right order only."""
    if all(index.most_bytes is None for index in tuning.indexes):
        return ""
    least = sum(i.bytes if i.least_bytes is None else i.least_bytes for i in tuning.indexes)
    most = sum(i.bytes if i.most_bytes is None else i.most_bytes for i in tuning.indexes)
    return f" (rough: {bytes_text(least)} to {bytes_text(most)})"


def _as_built(tuning: Tuning) -> str:
    """What the copy says of the estimate."""
    built = () if tuning.measured is None else tuning.measured.indexes
    if tuning.measured is None or not built or len(built) < len(tuning.indexes):
        return ""
    if not all(write.rows for write in tuning.measured.writes):
        return ""  # the copy has no rows of some table
    return f" ({bytes_text(sum(index.bytes for index in built))} as they were built on the copy)"


def _search(tuning: Tuning) -> str:
    tried = f"{plural(tuning.tried, 'index')} tried with {tuning.planner_calls:,} plans"
    within = tuning.within_share
    if within < 0.0005:
        return f"{tried}: by the planner's costs no other set of them is better"
    end = "" if tuning.complete else " (its time was up: --effort gives more)"
    return (
        f"{tried}: by the planner's costs no other set of them is better by more than "
        f"{within:.1%}{end}"
    )


@dataclass(frozen=True, slots=True)
class EffectRow:
    """One query, in the cells below `EFFECT_HEADINGS`."""

    cells: tuple[str, str, str, str]
    worse: bool = False


def effect_rows(tuning: Tuning, *, every: bool) -> list[EffectRow]:
    """Those that got worse, then those that save most; without `every` the first dozen, and none
    that stays as it is. Times where they were measured, else the planner's cost."""
    if tuning.measured is not None:
        return [EffectRow(*row) for row in measured_rows(tuning.measured, None if every else SHOWN)]
    ordered = sorted(
        tuning.queries,
        key=lambda q: (not q.worse, -abs(q.before - q.after) * q.weight, q.fingerprint),
    )
    shown = ordered if every else [q for q in ordered if q.before != q.after][:SHOWN]
    return [_estimated_row(effect) for effect in shown]


def _estimated_row(effect: QueryEffect) -> EffectRow:
    cells = (
        f"{effect.before:,.0f}",
        f"{effect.after:,.0f}",
        f"{effect.calls:,}",
        fold(effect.text),
    )
    return EffectRow(cells, effect.worse)
