"""A normalized query with values again, so that it can be planned as it is really run.

What was seen of a query stands first: a call with its constants. Where only `$1` was seen, values
come from the statistics of the column that each is compared with: the most common one, one from
the middle of the histogram, a rare one. The weights say which share of the calls each stands for,
as if calls asked for values as often as rows have them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from dbwright.model.snapshot import Snapshot
from dbwright.model.workload import Query
from dbwright.sql.fingerprint import fingerprint
from dbwright.sql.parameter_places import parameter_places
from dbwright.sql.parameters import numbers_in, squashed_in
from dbwright.tune.workload.defaults import told_type
from dbwright.tune.workload.slots import Slot, Use, slots_of
from dbwright.tune.workload.values import ARRAY_LENGTH, Typical, typical_value
from dbwright.tune.workload.writing import Constant, Takes, is_same, written

__all__ = ["TypesOf", "Variant", "concrete", "seen_variants"]

TypesOf = Callable[[str], Sequence[str]]
"""The types of a text's `$1`, `$2` …; empty where they can't be told."""

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


def concrete(
    query: Query,
    snapshot: Snapshot,
    *,
    types: Sequence[str] = (),
    takes: Takes | None = None,
) -> tuple[Variant, ...]:
    """Up to three statements that stand for the query, the heaviest first; constants that are in
    the text stay as they are. None for the rare query whose parameters no constant can replace.

    types: of `$1`, `$2` … as the server says them (`parameter_types`); empty where none is asked.
    takes: does the server take a statement? Where none is asked, each has the query's fingerprint
        (`- $1` with a constant is another query).
    Raises SyntaxProblem for a query that does not parse.
    """
    seen = seen_variants(query, takes=takes)
    if seen:
        return seen
    if not numbers_in(query.text):
        return (Variant(query.text, 1.0, "plain"),)
    name = fingerprint(query.text)
    slots = slots_of(query.text, snapshot.catalog)
    squashed = squashed_in(query.text)
    weights = _weights(slots, snapshot)
    found: dict[str, tuple[Typical, float]] = {}
    for typical in Typical:
        constants = {
            number: _constant(slot, typical, _at(types, number), number in squashed, snapshot)
            for number, slot in slots.items()
        }
        text = written(query.text, name, constants, takes)
        if text is not None:
            first, weight = found.get(text, (typical, 0.0))
            found[text] = (first, weight + weights[typical])
    total = sum(weight for _, weight in found.values())
    variants = [Variant(text, weight / total, kind) for text, (kind, weight) in found.items()]
    return tuple(sorted(variants, key=lambda variant: (-variant.weight, variant.text)))


def seen_variants(
    query: Query, *, types_of: TypesOf = lambda _: (), takes: Takes | None = None
) -> tuple[Variant, ...]:
    """The calls that were seen with all their constants. `types_of` says the types of a text's
    parameters: a log has all values as text."""
    typical = _with_parameters(query, query.example, query.parameters, types_of, takes)
    slowest = _with_parameters(query, query.slowest, query.slowest_parameters, types_of, takes)
    if typical is None:
        return () if slowest is None else (Variant(slowest, 1.0, "slowest"),)
    if slowest is None or slowest == typical:
        return (Variant(typical, 1.0, "seen"),)
    return (
        Variant(typical, 1.0 - SLOWEST_WEIGHT, "seen"),
        Variant(slowest, SLOWEST_WEIGHT, "slowest"),
    )


def _with_parameters(
    query: Query,
    text: str | None,
    values: Sequence[str | None],
    types_of: TypesOf,
    takes: Takes | None,
) -> str | None:
    """A call with its values in the text; None where they are not all known."""
    if text is None:
        return None
    numbers = numbers_in(text)
    name = query.fingerprint or fingerprint(query.text)
    if not numbers:
        return text if is_same(text, name) else None
    if numbers[-1] > len(values):
        return None
    types, places = types_of(text), parameter_places(text)
    constants = {
        n: Constant((values[n - 1],), _at(types, n), bool(places[n].cast)) for n in numbers
    }
    return written(text, name, constants, takes)


def _at(types: Sequence[str], number: int) -> str:
    return types[number - 1] if number <= len(types) else ""


def _constant(
    slot: Slot, typical: Typical, known: str, is_list: bool, snapshot: Snapshot
) -> Constant:
    """What is likely to stand in a parameter's place."""
    type_name = known or told_type(slot)
    count = max(2, ARRAY_LENGTH[typical]) if is_list else 1
    ranked = (replace(slot, rank=slot.rank + turn) for turn in range(count))
    values = dict.fromkeys(typical_value(each, typical, type_name, snapshot) for each in ranked)
    if not type_name and slot.use in (Use.LIMIT, Use.OFFSET):
        type_name = "bigint"
    elif not type_name and slot.column is not None and slot.use is not Use.ARRAY:
        type_name = "" if slot.column.is_array else slot.column.base_type
    return Constant(tuple(values), type_name, bool(slot.place.cast))


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
