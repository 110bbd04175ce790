"""A normalized query with values again, so that it can be planned as it is really run.

What was seen of a query stands first: a call with its constants. Where only `$1` was seen, values
come from the statistics of the column that each is compared with: the most common one, one from
the middle of the histogram, a rare one. The weights say which share of the calls each stands for,
as if calls asked for values as often as rows have them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dbwright.model.snapshot import Snapshot
from dbwright.model.workload import Query
from dbwright.sql.fingerprint import fingerprint
from dbwright.sql.parameters import numbers_in, with_values
from dbwright.sql.parse import SyntaxProblem
from dbwright.tune.workload.defaults import told_type
from dbwright.tune.workload.slots import Slot, Use, slots_of
from dbwright.tune.workload.values import Typical, as_literal, typical_value

__all__ = ["Variant", "concrete", "seen_variants"]

SLOWEST_WEIGHT = 0.1
"""Of the slowest call that was seen, beside a typical one."""

WEIGHTS = {Typical.COMMON: 0.5, Typical.MIDDLE: 0.4, Typical.TAIL: 0.1}
"""Where no frequency is known."""

LEAST_WEIGHT = 0.05


@dataclass(frozen=True, slots=True)
class Variant:
    """A query with constants in the place of its parameters."""

    text: str
    weight: float
    """The share of the calls that it stands for; those of one query add up to 1."""
    kind: str
    """`seen`, `slowest`, `common`, `middle`, `tail`; `plain` for a query without parameters."""


def concrete(query: Query, snapshot: Snapshot, *, types: Sequence[str] = ()) -> tuple[Variant, ...]:
    """Up to three statements that stand for the query, the heaviest first. Each has the query's
    fingerprint; constants that are in the text stay as they are. None for the rare query whose
    parameters no constant can replace (`- $1` with a constant is another query).

    types: of `$1`, `$2` … as the server says them (`parameter_types`); empty where none is asked.
    Raises SyntaxProblem for a query that does not parse.
    """
    seen = seen_variants(query)
    if seen:
        return seen
    numbers = numbers_in(query.text)
    if not numbers:
        return (Variant(query.text, 1.0, "plain"),)
    name = fingerprint(query.text)
    slots = slots_of(query.text, snapshot.catalog)
    weights = _weights(slots, snapshot)
    found: dict[str, tuple[Typical, float]] = {}
    for typical in Typical:
        text = _filled(query.text, name, slots, typical, types, snapshot)
        if text is not None:
            first, weight = found.get(text, (typical, 0.0))
            found[text] = (first, weight + weights[typical])
    total = sum(weight for _, weight in found.values())
    variants = [Variant(text, weight / total, kind) for text, (kind, weight) in found.items()]
    return tuple(sorted(variants, key=lambda variant: (-variant.weight, variant.text)))


def seen_variants(query: Query) -> tuple[Variant, ...]:
    """The calls that were seen with all their constants."""
    typical = _with_parameters(query, query.example, query.parameters)
    slowest = _with_parameters(query, query.slowest, query.slowest_parameters)
    if typical is None:
        return () if slowest is None else (Variant(slowest, 1.0, "slowest"),)
    if slowest is None or slowest == typical:
        return (Variant(typical, 1.0, "seen"),)
    return (
        Variant(typical, 1.0 - SLOWEST_WEIGHT, "seen"),
        Variant(slowest, SLOWEST_WEIGHT, "slowest"),
    )


def _with_parameters(query: Query, text: str | None, values: Sequence[str | None]) -> str | None:
    """A call with its values in the text; None where they are not all known."""
    if text is None:
        return None
    numbers = numbers_in(text)
    if numbers and numbers[-1] > len(values):
        return None
    given = {n: _shown(values[n - 1]) for n in numbers}
    filled = with_values(text, given)
    return filled if _is_same(filled, query.fingerprint or fingerprint(query.text)) else None


def _shown(value: str | None) -> str:
    """A value that was seen: its type is not known, so the server finds it from the context."""
    return "NULL" if value is None else as_literal(value, "", False)


def _filled(
    text: str,
    name: str,
    slots: Mapping[int, Slot],
    typical: Typical,
    types: Sequence[str],
    snapshot: Snapshot,
) -> str | None:
    """The text with one value for each parameter; None where no way of writing them fits."""
    values: dict[int, tuple[str, str]] = {}
    for number, slot in slots.items():
        known = types[number - 1] if number <= len(types) else ""
        type_name = known or told_type(slot)
        value = typical_value(slot, typical, type_name, snapshot)
        if not type_name and slot.use in (Use.LIMIT, Use.OFFSET):
            type_name = "bigint"
        elif not type_name and slot.column is not None and slot.use is not Use.ARRAY:
            type_name = "" if slot.column.is_array else slot.column.base_type
        values[number] = (value, type_name)
    for all_quoted in (False, True):
        given = {
            n: as_literal(value, type_name, all_quoted or bool(slots[n].place.cast))
            for n, (value, type_name) in values.items()
        }
        filled = with_values(text, given)
        if _is_same(filled, name):
            return filled
    return None


def _is_same(text: str, name: str) -> bool:
    try:
        return fingerprint(text) == name
    except SyntaxProblem:
        return False


def _weights(slots: Mapping[int, Slot], snapshot: Snapshot) -> Mapping[Typical, float]:
    """By how common the values are of the column whose most common value is most common."""
    if snapshot.statistics is None:
        return WEIGHTS
    best: tuple[float, ...] = ()
    for slot in slots.values():
        if slot.use is not Use.EQUAL or slot.table is None or slot.column is None:
            continue
        statistics = snapshot.statistics.of_column(slot.table, slot.column)
        if statistics is not None and statistics.common_frequencies[:1] > best[:1]:
            best = statistics.common_frequencies
    if not best:
        return WEIGHTS
    common, all_common = best[0], min(1.0, sum(best))
    return {
        Typical.COMMON: max(LEAST_WEIGHT, common),
        Typical.MIDDLE: max(LEAST_WEIGHT, 1.0 - all_common),
        Typical.TAIL: max(LEAST_WEIGHT, all_common - common),
    }
