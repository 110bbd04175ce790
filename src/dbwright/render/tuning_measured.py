"""What came of trying advice on a copy with rows, in words and rows that every format shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dbwright.model.measured import (
    CostConstants,
    DroppedIndex,
    Measured,
    MeasuredQuery,
    MeasuredWrite,
    Run,
)
from dbwright.render.text import fold, joined, plural
from dbwright.render.units import seconds_text, short

__all__ = ["change_text", "measured_facts", "measured_headline", "measured_rows"]

SHOWN_TEXT = 60
SAME = 0.005
"""A share that would be shown as nothing."""

Cells = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class _Spent:
    """Seconds of all calls of the statements that were run."""

    before: float
    after: float
    at_least_before: bool
    """Were some ended by the time-out? Then it was more."""
    at_least_after: bool


def measured_headline(measured: Measured) -> str:
    """Of a set that was not refused: what was run, and no more than that, in a few words."""
    changed = [query for query in measured.queries if query.changed]
    spent = _spent(changed)
    if not changed:
        return "Nothing that a new index makes faster"
    if not spent.before:
        return "No query could be run"
    queries = _queries(query for query in changed if query.measured)
    less = 1 - spent.after / spent.before
    if abs(less) < SAME:
        return f"As much time as before for {queries}, measured"
    # What was ended before it was done took longer: so much is saved, or more.
    least = "At least " if spent.at_least_before and not spent.at_least_after and less > 0 else ""
    share = f"{abs(less) * 100:.0f} % {'less' if less >= 0 else 'more'} time"
    return f"{least}{share} for {queries}, measured"


def change_text(before: float, after: float, from_: str, to: str) -> str:
    """`from → to (-46%)`."""
    share = after / before - 1 if before else 0.0
    return f"{from_} → {to} ({'as before' if abs(share) < SAME else f'{share:+.0%}'})"


def measured_facts(measured: Measured) -> list[tuple[str, str]]:
    """Label and sentence."""
    facts = [("Measured", _run_text_of(measured))]
    if measured.refused:
        facts.append(("Refused", fold(measured.reason) or "each set slows a query"))
    if measured.slower:
        facts.append(("Slower", f"{_queries(measured.slower)}, listed first"))
    facts += [("Not run", text) for text in _not_run(measured)]
    facts += [("Left out", _taken_text(dropped)) for dropped in measured.dropped]
    facts += [("Kept", _taken_text(kept)) for kept in measured.taken_back]
    if measured.constants is not None:
        facts.append(("Constants", _constants_text(measured.constants)))
    return facts + [("Writes", _write_text(write)) for write in measured.writes]


def measured_rows(measured: Measured, most: int | None) -> list[tuple[Cells, bool]]:
    """Cells, and whether it got slower. One for each statement, with the calls that it stands for;
    where several stand for a query, with the constants of each. `most`: None for all, with those
    whose plan stays."""
    texts = Counter(query.text for query in measured.queries)
    shown = [query for query in measured.queries if query.changed or most is None][:most]
    return [
        (
            (
                _cell(query.before),
                _cell(query.after) if query.changed else "as before",
                _calls(query.weight),
                fold(query.statement if texts[query.text] > 1 else query.text)
                + (f" ({fold(query.note)})" if query.note else ""),
            ),
            query.slower,
        )
        for query in shown
    ]


def _spent(queries: Iterable[MeasuredQuery]) -> _Spent:
    before = after = 0.0
    more_before = more_after = False
    for query in queries:
        if query.before is not None and query.after is not None:
            before += query.weight * query.before.seconds
            after += query.weight * query.after.seconds
            more_before = more_before or query.before.timed_out
            more_after = more_after or query.after.timed_out
    return _Spent(before, after, more_before, more_after)


def _queries(queries: Iterable[MeasuredQuery]) -> str:
    """How many of the workload: one query may stand there as several statements."""
    return plural(len({(query.fingerprint, query.text) for query in queries}), "query")


def _run_text_of(measured: Measured) -> str:
    tried = [query for query in measured.queries if query.measured]
    spent = _spent(tried)
    if not tried:
        return "no query with another plan was run"
    before = f"{'more than ' if spent.at_least_before else ''}{seconds_text(spent.before)}"
    after = f"{'more than ' if spent.at_least_after else ''}{seconds_text(spent.after)}"
    text = (
        f"{_queries(tried)} with another plan, run on a copy with all rows: "
        f"{change_text(spent.before, spent.after, before, after)} for all their calls"
    )
    unequal = [query for query in tried if query.equal is False]
    return f"{text}; {_queries(unequal)} gave OTHER ROWS" if unequal else text


def _not_run(measured: Measured) -> Iterator[str]:
    """Queries whose plan changes, of which nobody knows what that does."""
    left = [query for query in measured.queries if query.changed and not query.measured]
    for note in dict.fromkeys(query.note for query in left):
        yield f"{_queries(query for query in left if query.note == note)}: {fold(note)}"


def _taken_text(taken: DroppedIndex) -> str:
    query = fold(taken.query)
    text = query if len(query) <= SHOWN_TEXT else f"{query[: SHOWN_TEXT - 1]}…"
    return f"{fold(taken.name)} on {fold(taken.table)}: {fold(taken.reason)} ({text})"


def _constants_text(constants: CostConstants) -> str:
    values = ", ".join(f"{name} {value:g}" for name, value in constants.fitted.items())
    off = f"{constants.error_before:.0%} → {constants.error_after:.0%}"
    fitted = f"{values} fit {plural(constants.plans, 'plan')} best (cost off from time {off})"
    if constants.better:
        spent = (
            f"{seconds_text(constants.seconds_before)} → {seconds_text(constants.seconds_after)}"
        )
        changed = plural(constants.changed, "statement")
        return f"{fitted}, and make {changed} faster: {spent}"
    return f"{fitted}; not advised: {fold(constants.reason)}"


def _write_text(write: MeasuredWrite) -> str:
    columns = joined(write.updated_columns)
    parts = [
        _rates_text(verb, *rates, *wal)
        for verb, rates, wal in (
            (
                "inserts",
                (write.inserts_per_second_before, write.inserts_per_second_after),
                (write.insert_wal_bytes_before, write.insert_wal_bytes_after),
            ),
            (
                f"updates of {columns}",
                (write.updates_per_second_before, write.updates_per_second_after),
                (write.update_wal_bytes_before, write.update_wal_bytes_after),
            ),
        )
        if all(rates)
    ]
    hot = [
        f"{share:.0%}"
        for share in (write.hot_share_before, write.hot_share_after)
        if share is not None
    ]
    if len(set(hot)) > 1:
        parts.append(f"HOT updates {hot[0]} → {hot[1]}")
    if write.note:
        parts.append(fold(write.note))
    return f"{fold(write.table)}, {plural(len(write.indexes), 'new index')}: {'; '.join(parts)}"


def _rates_text(
    verb: str,
    before: float | None,
    after: float | None,
    wal_before: float | None,
    wal_after: float | None,
) -> str:
    """Times depend on what else the machine does; what is logged does not."""
    assert before and after
    rates = "as fast as before" if after >= before else f"{after / before - 1:+.0%}"
    if not wal_before or wal_after is None:
        return f"{verb} {rates}"
    return f"{verb} {rates} (WAL {wal_after / wal_before - 1:+.0%})"


def _cell(run: Run | None) -> str:
    return "-" if run is None else str(run)


def _calls(weight: float) -> str:
    return f"{weight:,.0f}" if weight >= 10 or weight == round(weight) else short(weight)
