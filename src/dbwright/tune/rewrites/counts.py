"""What became of all rewrites that were tried, and how it is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dbwright.model.report import Skipped
from dbwright.tune.rewrites.verdict import CounterExample, Verdict

__all__ = ["Refused", "RewriteCounts", "told"]

PART = "tune.rewrites"
SHOWN = 60
"""Characters of a query, and of each part of a counter-example."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A rewrite that was thrown away because it gave other rows."""

    rule: str
    query: str
    """The original."""
    rewritten: str
    verdict: Verdict


@dataclass(slots=True)
class RewriteCounts:
    """What became of all that was tried."""

    queries: int = 0
    """That were looked at."""
    rewritten: int = 0
    """Texts that the rewrites gave."""
    shown: int = 0
    templates: int = 0
    """Of those shown: advice that can't be proven by running."""
    not_cheaper: int = 0
    not_comparable: int = 0
    different: int = 0
    not_planned: int = 0
    """The twin could not plan them."""
    slower: int = 0
    """Texts that were no faster when run on rows, whatever the planner says."""
    untried: int = 0
    """Queries for which no time was left."""
    broken: dict[str, str] = field(default_factory=dict)
    """Rewrites that failed, by id, and how: please report it."""
    refused: list[Refused] = field(default_factory=list)


def told(counts: RewriteCounts) -> Iterator[Skipped]:
    """What became of rewrites that are not shown, where somebody should know: those that were
    refused, each with its counter-example in one line, and what was not tried."""
    for refused in counts.refused:
        yield Skipped(
            PART,
            f"{refused.rule} gave other rows and was thrown away: {_why(refused.verdict)}",
            "",
            (_line(refused.query),),
            (refused.rule,),
        )
    if counts.slower:
        texts = "1 text is" if counts.slower == 1 else f"{counts.slower:,} texts are"
        yield Skipped(PART, f"{texts} no faster when run, whatever the planner says: not shown")
    if counts.untried:
        queries = "1 query" if counts.untried == 1 else f"{counts.untried:,} queries"
        yield Skipped(PART, f"no time was left for {queries}", "give more --effort")
    for name, problem in sorted(counts.broken.items()):
        yield Skipped(PART, f"{name} failed: {problem}", "please report it", rules=(name,))


def _why(verdict: Verdict) -> str:
    example = verdict.counter_example
    if example is None:
        return verdict.reason
    rows = "; ".join(f"{name}: {_rows(own)}" for name, own in example.rows.items())
    got = example.error or _answer(example.rewritten)
    return f"{example.difference} with {rows or 'no rows'} ({_wanted(example)}, and not {got})"


def _wanted(example: CounterExample) -> str:
    return f"the answer is {_answer(example.original)}"


def _rows(rows: Sequence[Mapping[str, str | None]]) -> str:
    return _line(", ".join(_row(row) for row in rows))


def _row(row: Mapping[str, str | None]) -> str:
    return f"({', '.join(f'{name}={_value(value)}' for name, value in row.items())})"


def _answer(rows: Sequence[tuple[str | None, ...]]) -> str:
    if not rows:
        return "no rows"
    return _line(", ".join(f"({', '.join(map(_value, row))})" for row in rows))


def _value(value: str | None) -> str:
    return "NULL" if value is None else value


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"
