"""What tuning came to, in words and rows that every format shows."""

from __future__ import annotations

from dataclasses import dataclass

from dbwright.model.measured import Measured, MeasuredQuery, MeasuredWrite, Run
from dbwright.model.tuning import QueryEffect, Tuning
from dbwright.render.text import fold, plural
from dbwright.render.units import bytes_text, seconds_text

__all__ = ["EFFECT_HEADINGS", "EffectRow", "effect_rows", "headline", "tuning_facts"]

SHOWN = 12
SHOWN_TEXT = 60
EFFECT_HEADINGS = ("before", "after", "calls", "query")


def headline(tuning: Tuning) -> str:
    """What it comes to, in a few words."""
    measured = tuning.measured
    if measured is None:
        return f"{tuning.saved_share * 100:.0f} % less work, by estimate"
    if measured.refused:
        return "No set of indexes that slows no query"
    before, after = _seconds(measured)
    if not before:
        return "Nothing that a new index makes faster"
    less = 1 - after / before
    return f"{abs(less) * 100:.0f} % {'less' if less >= 0 else 'more'} time, measured"


def _seconds(measured: Measured) -> tuple[float, float]:
    """Of all calls of the queries that were run, before and after."""
    tried = [query for query in measured.queries if query.measured]
    before = sum(q.weight * q.before.seconds for q in tried if q.before is not None)
    after = sum(q.weight * q.after.seconds for q in tried if q.after is not None)
    return before, after


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
    if tuning.drops:
        facts.append(
            (
                "Freed",
                f"{bytes_text(tuning.freed_bytes)} where {plural(len(tuning.drops), 'index')} go",
            )
        )
    if tuning.measured is not None:
        facts += _measured_facts(tuning.measured)
        return facts
    worse = sum(query.worse for query in tuning.queries)
    if worse:
        facts.append(("Worse", f"{plural(worse, 'query')}, listed first"))
    return facts


def _measured_facts(measured: Measured) -> list[tuple[str, str]]:
    tried = [query for query in measured.queries if query.measured]
    before, after = _seconds(measured)
    unequal = sum(query.equal is False for query in tried)
    text = (
        f"{plural(len(tried), 'query')} with another plan, run on a copy with all rows: "
        f"{seconds_text(before)} → {seconds_text(after)} for all their calls"
    )
    if unequal:
        text += f"; {plural(unequal, 'query')} gave OTHER ROWS"
    facts = [("Measured", text)]
    if measured.refused:
        facts.append(("Refused", fold(measured.reason)))
    if measured.slower:
        facts.append(("Slower", f"{plural(len(measured.slower), 'query')}, listed first"))
    facts += [
        (
            "Left out",
            f"{fold(dropped.name)} on {fold(dropped.table)}: {fold(dropped.reason)} "
            f"({dropped.before} → {dropped.after}: {fold(dropped.query)[:SHOWN_TEXT]})",
        )
        for dropped in measured.dropped
    ]
    facts += [
        ("Kept", f"{fold(kept.name)} on {fold(kept.table)}: {fold(kept.reason)}")
        for kept in measured.taken_back
    ]
    if measured.constants is not None and measured.constants.reason:
        facts.append(("Constants", fold(measured.constants.reason)))
    return facts + [("Writes", _write_text(write)) for write in measured.writes]


def _write_text(write: MeasuredWrite) -> str:
    parts = [
        f"{verb} {before:,.0f}/s → {after:,.0f}/s ({after / before - 1:+.0%})"
        for verb, before, after in (
            ("inserts", write.inserts_per_second_before, write.inserts_per_second_after),
            ("updates", write.updates_per_second_before, write.updates_per_second_after),
        )
        if before and after
    ]
    if write.hot_share_before is not None and write.hot_share_after is not None:
        parts.append(f"HOT updates {write.hot_share_before:.0%} → {write.hot_share_after:.0%}")
    if write.note:
        parts.append(fold(write.note))
    return f"{fold(write.table)}: {', '.join(parts)}"


def _search(tuning: Tuning) -> str:
    tried = f"{plural(tuning.tried, 'index')} tried with {tuning.planner_calls:,} plans"
    within = tuning.within_share
    if within < 0.0005:
        return f"{tried}: no other set of them is better"
    end = "" if tuning.complete else " (its time was up: --effort gives more)"
    return f"{tried}: no other set of them is better by more than {within:.1%}{end}"


@dataclass(frozen=True, slots=True)
class EffectRow:
    """One query, in the cells below `EFFECT_HEADINGS`."""

    cells: tuple[str, str, str, str]
    worse: bool = False


def effect_rows(tuning: Tuning, *, every: bool) -> list[EffectRow]:
    """Those that got worse, then those that save most; without `every` the first dozen, and none
    that stays as it is. Times where they were measured, else the planner's cost."""
    if tuning.measured is not None:
        tried = [q for q in tuning.measured.queries if q.changed or every]
        return [_measured_row(query) for query in (tried if every else tried[:SHOWN])]
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


def _measured_row(query: MeasuredQuery) -> EffectRow:
    note = f" ({fold(query.note)})" if query.note else ""
    cells = (
        _run_text(query.before),
        _run_text(query.after) if query.changed else "as before",
        f"{query.calls:,}",
        fold(query.text) + note,
    )
    return EffectRow(cells, query.slower)


def _run_text(run: Run | None) -> str:
    return "-" if run is None else str(run)
