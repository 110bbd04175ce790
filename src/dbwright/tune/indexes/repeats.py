"""From how often entries repeat in a sample of rows to how often they do in the whole table.

Entries that the sample met often have their share of all rows. Of those that it met a few times
there are more that it never met. How many rows they have is taken as spread like
rate ** (-1 - d) * exp(-b * rate): with d near 1 nearly all are unique, with d above 0 and b = 0
they fall off as the words of a language do (Heaps' law), with d far below 0 all are alike frequent.
(Engen's extension of the negative binomial, as counts of species and of words are fitted to.) The
two numbers are those that make the counts of entries met once, twice … most likely.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from dbwright.model.entries import EntryStatistics, Repeats
from dbwright.tune.indexes.duplicates import UNIQUE, KeyClass, binned
from dbwright.tune.indexes.gin_size import GinEntries

__all__ = ["classes_of", "counted_entries", "rows_of_met"]

OFTEN = 8
"""Entries that are in more rows of the sample than this are as frequent as they were met."""
SLOPES = (
    *(1 - 10 ** (-place / 6) for place in range(18, -1, -1)),
    *(-(10 ** (place / 6)) + 1 for place in range(1, 10)),
)  # 0.999 … 0 … -30
SCALES = tuple(10 ** (place / 6) for place in range(-18, 19))
"""Of 1 / b, in rows of the sample: how frequent the most frequent ones are."""
MISFIT, SURE = 1e-3, 5.0
"""By so much (for each entry, and in all) the logarithm of the likelihood must rise to take some
for unique."""
FINER = 1.06
STEP = 1.25
"""By which the rates of two classes differ."""
RARE = 1e-3
"""Rows that an entry has on average, below which it is unique."""
HIGHEST = 3.0 * OFTEN
"""Rows in the sample, above which no entry is met seldom."""
ROUGHLY = 8.0
"""Bytes of an entry: those of about the same size are put together."""
NARROWEST = 2.0**-12
WHOLE = 0.99
"""From this share of the table on, the sample is the table."""


def classes_of(counted: EntryStatistics, rows: float) -> tuple[KeyClass, ...]:
    """The classes of entries of a table of so many rows; their shares add up to the entries that a
    row has."""
    return binned(found for part in counted_entries(counted, rows) for found in part.classes)


@lru_cache(maxsize=512)
def counted_entries(counted: EntryStatistics, rows: float) -> tuple[GinEntries, ...]:
    """The same, those apart that take different room in an index."""
    parts: dict[tuple[int, int], list[tuple[KeyClass, Repeats]]] = defaultdict(list)

    def add(classes: Iterable[KeyClass], like: Repeats) -> None:
        halves = round(-math.log2(min(max(like.spread, NARROWEST), 1.0)))
        parts[round(like.bytes / ROUGHLY), halves] += [(found, like) for found in classes]

    for group in counted.groups:
        often = [found for found in group if found.rows > OFTEN]
        seldom = [found for found in group if found.rows <= OFTEN]
        if counted.rows >= WHOLE * rows:
            for found in group:
                add([_exactly(found, rows)], found)
            continue
        for found in often:
            add([KeyClass(found.entries, found.rows / counted.rows)], found)
        if seldom:
            add(_seldom(seldom, counted.rows, rows), _mean(seldom))
    return tuple(
        GinEntries(
            binned(found for found, _ in part),
            sum(like.bytes for _, like in part) / len(part),
            sure=True,
            spread=2.0**-halves,
        )
        for (_, halves), part in sorted(parts.items())
    )


def _mean(group: Sequence[Repeats]) -> Repeats:
    """Of entries met seldom. How far the rows of one lie apart, those tell that were met twice."""
    number = sum(found.entries for found in group)
    twice = [found for found in group if found.rows > 1]
    several = sum(found.entries for found in twice)
    return Repeats(
        rows=sum(found.entries * found.rows for found in group) / number,
        entries=number,
        bytes=sum(found.entries * found.bytes for found in group) / number,
        spread=sum(found.entries * found.spread for found in twice) / several if several else 1.0,
    )


def rows_of_met(rows: float) -> float:
    """The mean of a Poisson distribution that is `rows` without its zeros: classes are of possible
    entries, of which some have no row."""
    if rows <= 1.0:
        return 0.0
    low, high = 0.0, rows
    for _ in range(40):
        middle = (low + high) / 2
        if middle / -math.expm1(-middle) < rows:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _exactly(found: Repeats, rows: float) -> KeyClass:
    """Of entries whose rows were all counted."""
    share = found.entries * found.rows / rows
    each = rows_of_met(found.rows)
    keys = share * rows / each if each > RARE else UNIQUE
    return KeyClass(keys, share / keys)


def _seldom(group: Sequence[Repeats], sampled: int, rows: float) -> list[KeyClass]:
    """Those that were met, and those that were not."""
    counts = [0.0] * (OFTEN + 1)
    for found in group:
        counts[round(found.rows)] += found.entries
    fit = _fitted(tuple(counts))
    share = (sum(place * count for place, count in enumerate(counts)) - fit.unique) / sampled
    classes = [KeyClass(UNIQUE, fit.unique / sampled / UNIQUE)]
    if share <= 0:
        return classes
    spread = [
        (rate, mass * _met_seldom(rate))
        for rate, mass in _spread(fit.slope, fit.decay, RARE * sampled / rows)
    ]
    factor = share / sum(mass for _, mass in spread)
    return classes + [
        KeyClass(UNIQUE, mass * factor / UNIQUE)
        if rate == 0
        else KeyClass(mass * factor * sampled / rate, rate / sampled)
        for rate, mass in spread
        if mass * factor > 1e-12
    ]


def _spread(slope: float, decay: float, lowest: float) -> list[tuple[float, float]]:
    """Rates (rows in the sample) and how many of the rows have entries of that rate, up to a
    factor; those below the lowest rate as 0."""
    rates = [0.0]
    logs = [(1 - slope) * math.log(lowest) - math.log(1 - slope) - decay * lowest]
    rate = lowest
    while rate < HIGHEST:
        middle = rate * math.sqrt(STEP)
        rates.append(middle)
        logs.append(-slope * math.log(middle) - decay * middle + math.log(rate * (STEP - 1)))
        rate *= STEP
    top = max(logs)
    return [(one, math.exp(log - top)) for one, log in zip(rates, logs, strict=True)]


@lru_cache(maxsize=4096)
def _met_seldom(rate: float) -> float:
    """The share of the rows of such entries where these are met at most so often in all."""
    term, below = math.exp(-rate), 0.0
    for others in range(OFTEN):
        below += term
        term *= rate / (others + 1)
    return below


@dataclass(frozen=True, slots=True)
class _Fit:
    slope: float
    decay: float
    unique: float = 0.0
    """Of the entries met once so many are beyond what slope and decay explain: they are unique."""
    likelihood: float = -math.inf
    """Its logarithm, each number of entries being a Poisson one."""


@lru_cache(maxsize=4096)
def _fitted(counts: tuple[float, ...]) -> _Fit:
    """To the numbers of entries met once, twice …"""
    if sum(counts[2:]) == 0:
        return _Fit(0.0, 1.0, unique=counts[1])
    alone, mixed = _best(counts, 1), _best(counts, 2)
    better = mixed.likelihood - alone.likelihood > MISFIT * sum(counts) + SURE
    return mixed if better else alone


def _best(counts: Sequence[float], first: int) -> _Fit:
    """The likeliest fit to entries met `first` times or more often."""
    tried = (_fit(counts, slope, scale, first) for slope in SLOPES for scale in SCALES)
    rough = max(tried, key=_likelihood)
    finer = (_fit(counts, rough.slope, FINER**n / rough.decay, first) for n in range(-6, 7))
    return max((rough, *finer), key=_likelihood)


def _likelihood(fit: _Fit) -> float:
    return fit.likelihood


def _fit(counts: Sequence[float], slope: float, scale: float, first: int) -> _Fit:
    """How well entries of such rates fit to those met `first` times or more often."""
    step = math.log1p(1 / scale)
    logs = [shape - j * step for j, shape in enumerate(_shapes(slope), start=1)]
    top = max(logs[first - 1 :])
    some = sum(counts[first:])
    level = math.log(some) - top - math.log(sum(math.exp(one - top) for one in logs[first - 1 :]))
    told = sum(n * (one + level) for n, one in zip(counts[first:], logs[first - 1 :], strict=True))
    likelihood, unique = told - some, 0.0
    if first > 1:
        once = math.exp(min(logs[0] + level, 50.0))
        unique = max(0.0, counts[1] - once)
        once += unique
        likelihood += (counts[1] * math.log(once) if counts[1] else 0.0) - once
    return _Fit(slope, 1 / scale, unique, likelihood)


@lru_cache(maxsize=64)
def _shapes(slope: float) -> tuple[float, ...]:
    """Of entries met j times there are Γ(j - d) / j! / (1 + b) ** (j - d): its first part."""
    return tuple(math.lgamma(j - slope) - math.lgamma(j + 1) for j in range(1, OFTEN + 1))
