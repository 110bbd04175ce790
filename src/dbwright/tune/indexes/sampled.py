"""What a column holds, from what ANALYZE says of a sample of it.

ANALYZE's number of different values is an estimate of a known bias (Haas and Stokes, in analyze.c,
compute_scalar_stats): it supposes that all values have as many rows, and that the sample's rows
come from anywhere. Values by chance, or with a long tail, are counted too few (by 15 % and more of
a third of the rows), and values that lie side by side in a large table far too few (a quarter).
So it is read backwards here: which classes of values make that estimator say what it said?
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from dbwright.tune.indexes.duplicates import UNIQUE, KeyClass, binned
from dbwright.tune.indexes.widths import KeyWidth

__all__ = ["Sampling", "column_classes", "seldom_met"]

CLUSTERED = 0.99
"""From this correlation on equal values are taken to lie side by side in the table."""
SKEWED = 0.1
FEW = 5
"""Common values with more than this share of the rows tell how the frequencies of the others fall
if there are at least so many."""
SURELY_UNIQUE = 0.9999
STEEPEST = 6.0
STEPS = 10
RARE = 1e-3
"""Rows that a key has on average, below which it is unique."""

Estimate = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How ANALYZE looks at a table: so many `rows`, from so many `pages` of the table's
    `of_pages`."""

    rows: float
    pages: float
    of_pages: float

    @staticmethod
    def of(table_rows: float, table_pages: float, target: int = 100) -> Sampling:
        """300 rows for each unit of the statistics target, from as many pages (analyze.c)."""
        most = 300.0 * max(target, 1)
        return Sampling(min(most, table_rows), min(most, table_pages), table_pages)


@lru_cache(maxsize=4096)
def column_classes(
    width: KeyWidth, rows: float, sampling: Sampling | None = None
) -> tuple[KeyClass, ...]:
    """The classes of values of one column, with so many rows in the table. Without `sampling` the
    number of different values is taken as exact."""
    classes = [KeyClass(1, frequency) for frequency in width.frequencies if frequency > 0]
    look = _Look(rows * (1 - width.null_fraction), len(classes), sampling or Sampling(rows, 1, 1))
    if width.null_fraction > 0:
        classes.append(KeyClass(1, width.null_fraction, null=True))
    rest = 1 - sum(found.probability for found in classes)
    if rest > 1e-6 and rows >= 1:
        counted = width.distinct if width.distinct > 0 else -width.distinct * rows
        classes += _rest(width, rest, rows, max(counted, look.common + 0.5), look)
    return binned(classes)


def seldom_met(classes: Sequence[KeyClass], rows: float, sampling: Sampling) -> float:
    """The share of the rows whose keys may have others like them, of which the sample hardly ever
    met two: how often they repeat is not known well."""
    return sum(
        found.share
        for found in classes
        if found.probability * rows > 0.05 and found.probability * sampling.rows < 0.1
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """A sample of the `rows` that are not null, which holds all of the `common` values."""

    rows: float
    common: int
    sampling: Sampling

    @property
    def taken(self) -> float:
        """The sample's share of the rows."""
        return min(1.0, self.sampling.rows / max(self.rows, 1.0))

    def estimate(self, classes: Sequence[KeyClass], rows: float, pages: float = 1.0) -> float:
        """What the estimator says on average of such classes. `pages` is the share of the pages
        that were read where equal values lie side by side (it meets twice what it should not)."""
        seen, once = float(self.common), 0.0
        for found in classes:
            expected = found.probability * rows * self.taken
            missed = math.exp(-expected / pages)
            seen += found.keys * pages * (1 - missed)
            once += found.keys * expected * missed
        return self._estimate(seen, once)

    def estimate_equal(self, share: float, each: float, rows: float, pages: float) -> float:
        """The same of keys that have the same number of rows each, and a `share` of all."""
        missed = max(1 - self.taken / pages, 0.0)
        seen = self.common + share * rows / each * pages * (1 - missed**each)
        once = share * rows * self.taken * missed ** max(each - 1, 0.0)
        return self._estimate(seen, once)

    def _estimate(self, seen: float, once: float) -> float:
        sample = self.taken * self.rows
        return sample * seen / max(sample - once * (1 - self.taken), 1e-9)


def _rest(
    width: KeyWidth, share: float, rows: float, counted: float, look: _Look
) -> tuple[KeyClass, ...]:
    """The classes of the values that are not common: a `share` of the rows. `counted` values are
    said to be in the whole table."""
    if counted >= SURELY_UNIQUE * look.rows:
        return _alike(0.0, share, rows)
    if abs(width.correlation or 0.0) >= CLUSTERED:
        return _alike(_clustered(share, rows, counted, look), share, rows)
    each = _solve(lambda e: look.estimate(_alike(e, share, rows), rows), counted, 1e-4, 1e9)
    if _is_skewed(width.frequencies, each, look):

        def falling(exponent: float) -> tuple[KeyClass, ...]:
            return _power_law(exponent, width.frequencies[-1], look.common, share, rows)

        if look.estimate(falling(0.0), rows) < counted:
            return falling(
                _solve(lambda e: -look.estimate(falling(e), rows), -counted, 1e-3, STEEPEST)
            )
    return _alike(each, share, rows)


def _is_skewed(frequencies: Sequence[float], each: float, look: _Look) -> bool:
    """Are the common values so by more than chance, if the others have `each` so many rows? And
    do they tell how these fall on: a few with half of the rows do not."""
    if not frequencies or (len(frequencies) < FEW and sum(frequencies) >= SKEWED):
        return False
    met = each * look.taken
    return min(frequencies) * look.sampling.rows > met + 5 * math.sqrt(met) + 4


def _clustered(share: float, rows: float, counted: float, look: _Look) -> float:
    """Rows of a value where equal values lie side by side."""
    pages = min(1.0, look.sampling.pages / max(look.sampling.of_pages, 1.0))
    by_chance = _solve(
        lambda e: look.estimate(_alike(e, share, rows), rows, pages), counted, 1e-4, 1e9
    )
    equal = _solve(lambda e: look.estimate_equal(share, e, rows, pages), counted, 1.0, 1e9)
    # Children of a parent: as a rule more alike in number than by chance, less than all equal.
    # By chance the mean counts those with no row at all.
    return by_chance if equal <= 1.0 else (by_chance + equal) / 2


def _alike(each: float, share: float, rows: float) -> tuple[KeyClass, ...]:
    if each <= RARE:
        return (KeyClass(UNIQUE, share / UNIQUE),)
    return (KeyClass(share * rows / each, each / rows),)


def _power_law(
    exponent: float, last: float, common: int, share: float, rows: float
) -> tuple[KeyClass, ...]:
    """Values whose frequencies fall on from the `last` of the common ones as rank ** -exponent,
    until they have their `share` of the rows; what is too rare is unique."""
    start = float(common)
    end = _last_rank(exponent, share / (last * start)) * start
    if exponent > 0:
        rare = math.log(max(last * rows / RARE, 1.0)) / exponent
        end = min(end, start * math.exp(min(rare, 60.0)))
    classes: list[KeyClass] = []
    edge = start
    for step in range(STEPS):
        following = start * (end / start) ** ((step + 1) / STEPS)
        mass = last * start * (_area(exponent, following / start) - _area(exponent, edge / start))
        if following > edge and mass > 0:
            classes.append(KeyClass(following - edge, mass / (following - edge)))
        edge = following
    left = share - sum(found.share for found in classes)
    if left > 1e-6:
        classes.append(KeyClass(UNIQUE, left / UNIQUE))
    return tuple(classes)


def _area(exponent: float, rank: float) -> float:
    """Below x ** -exponent from 1 to `rank`."""
    if abs(exponent - 1) < 1e-6:
        return math.log(rank)
    return float((rank ** (1 - exponent) - 1) / (1 - exponent))


def _last_rank(exponent: float, area: float) -> float:
    """Where the area below x ** -exponent from 1 on is so large; a very high one if nowhere."""
    if abs(exponent - 1) < 1e-6:
        return math.exp(min(area, 60.0))
    base = 1 + (1 - exponent) * area
    if base <= 0:
        return math.exp(60.0)
    return math.exp(min(math.log(base) / (1 - exponent), 60.0))


def _solve(estimate: Estimate, counted: float, low: float, high: float) -> float:
    """Where the estimate, which falls from `low` to `high`, is `counted`; an end where nowhere."""
    if estimate(low) <= counted:
        return 0.0 if low < 1 else low
    for _ in range(40):
        middle = math.sqrt(low * high)
        if estimate(middle) > counted:
            low = middle
        else:
            high = middle
    return math.sqrt(low * high)
