"""What tuning came to, in words and rows that every format shows."""

from __future__ import annotations

from dbwright.model.tuning import QueryEffect, Tuning
from dbwright.render.text import fold, plural
from dbwright.render.units import bytes_text

__all__ = ["EFFECT_HEADINGS", "effect_row", "effects", "tuning_facts"]

SHOWN = 12
EFFECT_HEADINGS = ("before", "after", "calls", "query")


def tuning_facts(tuning: Tuning) -> list[tuple[str, str]]:
    """Label and sentence."""
    facts = [
        (
            "Cost",
            f"{tuning.before:,.0f} → {tuning.after:,.0f} ({-tuning.saved_share:+.0%}), the "
            f"planner's estimate for {plural(len(tuning.queries), 'query')} of "
            f"{fold(tuning.source)}",
        )
    ]
    room = f"{bytes_text(tuning.bytes)} for {plural(len(tuning.indexes), 'index')}"
    if tuning.budget_bytes is not None:
        room += f", of {bytes_text(tuning.budget_bytes)}"
    facts.append(("Room", room))
    facts.append(("Search", _search(tuning)))
    for asked in tuning.asked:
        facts.append(
            (
                "Why",
                f"{fold(asked.definition)} ({bytes_text(asked.bytes)}, alone it saves "
                f"{asked.saved_alone:,.0f}): {fold(asked.verdict)}",
            )
        )
    worse = sum(query.worse for query in tuning.queries)
    if worse:
        facts.append(("Worse", f"{plural(worse, 'query')}, listed first"))
    return facts


def _search(tuning: Tuning) -> str:
    tried = f"{plural(tuning.tried, 'index')} tried with {tuning.planner_calls:,} plans"
    within = tuning.within_share
    if within < 0.0005:
        return f"{tried}: no other set of them is better"
    end = "" if tuning.complete else " (its time was up: --effort gives more)"
    return f"{tried}: no other set of them is better by more than {within:.1%}{end}"


def effects(tuning: Tuning, *, every: bool) -> list[QueryEffect]:
    """Those that got worse, then those that save most; without `every` the first dozen, and none
    that stays as it is."""
    ordered = sorted(
        tuning.queries,
        key=lambda q: (not q.worse, -abs(q.before - q.after) * q.weight, q.fingerprint),
    )
    return ordered if every else [q for q in ordered if q.before != q.after][:SHOWN]


def effect_row(effect: QueryEffect) -> tuple[str, str, str, str]:
    """The cells below `EFFECT_HEADINGS`."""
    return (
        f"{effect.before:,.0f}",
        f"{effect.after:,.0f}",
        f"{effect.calls:,}",
        fold(effect.text),
    )
