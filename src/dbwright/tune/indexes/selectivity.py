"""Which share of a table's rows fulfils a predicate, by one column's statistics.

A rough cut of what the planner does (selfuncs.c), to rank candidates before the planner is asked.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from dbwright.model.statistics import ColumnStatistics
from dbwright.sql.lexer import significant
from dbwright.sql.scope.predicate import ComparedKind, Predicate, PredicateKind

__all__ = ["constant_value", "distinct_values", "plain_value", "share_of"]

EQUALITY = 0.005
RANGE = 1 / 3
PATTERN = 0.01
CONTAINS = 0.01
"""Where nothing is known; after DEFAULT_EQ_SEL and its neighbours of selfuncs.h."""


def share_of(
    predicate: Predicate, statistics: ColumnStatistics | None, rows: float | None
) -> float:
    """From 0 to 1. `statistics` are those of the predicate's column; None for an expression."""
    kind = predicate.kind
    if kind is PredicateKind.NULL_TEST:
        share = 0.01 if statistics is None else statistics.null_fraction
        return 1 - share if predicate.negated else share
    if kind is PredicateKind.BOOLEAN:
        return _of_value("f" if predicate.negated else "t", statistics, rows, 0.5)
    if kind is PredicateKind.EQUALITY:
        return _of_value(constant_value(predicate), statistics, rows, EQUALITY)
    if kind in (PredicateKind.IN_LIST, PredicateKind.ANY_ARRAY):
        values = [plain_value(text) for text in predicate.compared.texts] or [None] * 10
        if kind is PredicateKind.ANY_ARRAY:
            values = [None] * 10
        shares = [_of_value(value, statistics, rows, EQUALITY) for value in values[:100]]
        return min(sum(shares) * max(1.0, len(values) / 100), 1.0)
    if kind is PredicateKind.RANGE:
        return _of_range(predicate, statistics)
    share = {
        PredicateKind.LIKE: PATTERN,
        PredicateKind.LIKE_PREFIX: PATTERN,
        PredicateKind.LIKE_INFIX: PATTERN,
        PredicateKind.CONTAINS: CONTAINS,
    }.get(kind, 1.0)
    return 1 - share if predicate.negated else share


def distinct_values(statistics: ColumnStatistics, rows: float | None) -> float | None:
    """How many different values the column has, at least 1; None where that is not known."""
    if statistics.distinct > 0:
        return max(statistics.distinct, 1.0)
    if statistics.distinct < 0 and rows is not None:
        return max(-statistics.distinct * rows, 1.0)
    return None


def constant_value(predicate: Predicate) -> str | None:
    """The constant that the column must equal, without its quotes; None where it is none."""
    if predicate.kind is PredicateKind.BOOLEAN:
        return "f" if predicate.negated else "t"
    if predicate.compared.kind is not ComparedKind.CONSTANT or predicate.compared.text is None:
        return None
    return plain_value(predicate.compared.text)


def plain_value(text: str) -> str | None:
    """The value of a constant: of `'x'`, `'x'::text`, `-5`, `true`."""
    found = list(significant(text))
    if found and found[0].kind == "string" and found[0].text.startswith("'"):
        if len(found) == 1 or found[1].text == "::":
            return found[0].text[1:-1].replace("''", "'")
        return None
    words = "".join(token.text for token in found)
    if words.lower() in ("true", "false"):
        return words[0].lower()
    numeric = words.removeprefix("-").replace(".", "", 1)
    return words if numeric.isdigit() else None


def _of_value(
    value: str | None, statistics: ColumnStatistics | None, rows: float | None, default: float
) -> float:
    if statistics is None:
        return default
    if value is not None and not statistics.redacted:
        number = _number(value)
        for common, frequency in zip(
            statistics.common_values, statistics.common_frequencies, strict=False
        ):
            if common == value or (number is not None and _number(common) == number):
                return frequency
    distinct = distinct_values(statistics, rows)
    if distinct is None:
        return default
    if value is None or statistics.redacted:
        return (1 - statistics.null_fraction) / distinct
    rest = 1 - statistics.null_fraction - sum(statistics.common_frequencies)
    return max(rest, 0.0) / max(distinct - len(statistics.common_values), 1.0)


def _of_range(predicate: Predicate, statistics: ColumnStatistics | None) -> float:
    value = constant_value(predicate)
    if statistics is None or value is None or len(statistics.histogram) < 2:
        return RANGE
    below = _below(value, statistics.histogram)
    if below is None:
        return RANGE
    kept = 1 - statistics.null_fraction
    return kept * (below if predicate.operator.strip("~").startswith("<") else 1 - below)


def _below(value: str, histogram: Sequence[str]) -> float | None:
    """The share of the histogram that lies below a value: of numbers, or of ISO dates."""
    bounds = [_number(bound) for bound in histogram]
    wanted = _number(value)
    if wanted is not None and all(bound is not None for bound in bounds):
        numbers = [bound for bound in bounds if bound is not None]
        place = (bisect_left(numbers, wanted) + bisect_right(numbers, wanted)) / 2
    elif value[:4].isdigit() and value[4:5] == "-" and histogram[0][4:5] == "-":
        place = (bisect_left(histogram, value) + bisect_right(histogram, value)) / 2
    else:
        return None
    return min(max((place - 0.5) / (len(histogram) - 1), 0.0), 1.0)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
