"""Which queries of a workload should be written another way, and the proof that they may be.

A rewrite is only shown when the planner of a twin finds it cheaper by a tenth, and both texts gave
the same rows on everything that was made to tell them apart. What differs is thrown away, counted,
and kept with its counter-example.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import psycopg

from dbwright.model.finding import Finding, ObjectRef, Proof, ProofLevel
from dbwright.model.snapshot import Snapshot
from dbwright.progress import Progress, silent
from dbwright.sandbox.twin.twin import Twin
from dbwright.sql.fingerprint import fingerprint
from dbwright.sql.parse import SyntaxProblem
from dbwright.tune.rewrites.data import Row
from dbwright.tune.rewrites.proof import Prover
from dbwright.tune.rewrites.registry import all_rewrites
from dbwright.tune.rewrites.rewrite import Rewrite, Rewritten
from dbwright.tune.rewrites.source import Source, read_source
from dbwright.tune.rewrites.verdict import Outcome, Verdict
from dbwright.tune.workload.weighted import Weighted

__all__ = ["Refused", "RewriteCounts", "advise_rewrites"]

logger = logging.getLogger(__name__)

CHEAPER = 0.9
"""Of the original's cost: at most that much."""
SECONDS = 60.0
SHOWN = 100
"""Characters of a query."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A rewrite that was thrown away because it gave other rows."""

    rule: str
    query: str
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
    untried: int = 0
    """Queries for which no time was left."""
    broken: dict[str, str] = field(default_factory=dict)
    """Rewrites that failed, by id, and how: please report it."""
    refused: list[Refused] = field(default_factory=list)


def advise_rewrites(
    queries: Sequence[Weighted],
    snapshot: Snapshot,
    twin: Twin,
    *,
    rewrites: Iterable[Rewrite] | None = None,
    samples: Mapping[str, Sequence[Row]] | None = None,
    seconds: float = SECONDS,
    progress: Progress = silent,
) -> tuple[list[Finding], RewriteCounts]:
    """The findings, those that save most first, and what became of the rest.

    samples: rows of the real tables (by qualified name), on which rewrites are tried as well.
    seconds: after that no further query is begun. Raises psycopg.Error where the twin's server is
    gone.
    """
    counts = RewriteCounts()
    found: list[tuple[float, Finding]] = []
    heaviest = _heaviest(queries)
    known = tuple(all_rewrites() if rewrites is None else rewrites)
    end = time.monotonic() + seconds
    with Prover(snapshot, twin.server) as prover:
        for number, query in enumerate(heaviest):
            progress("rewriting queries", number, len(heaviest))
            if time.monotonic() > end:
                counts.untried = len(heaviest) - number
                break
            found += _of_query(query, _Advisor(snapshot, twin, prover, samples, counts), known)
    found.sort(key=lambda pair: (-pair[0], pair[1].key))
    counts.shown = len(found)
    return [finding for _, finding in found], counts


@dataclass(frozen=True)
class _Advisor:
    snapshot: Snapshot
    twin: Twin
    prover: Prover
    samples: Mapping[str, Sequence[Row]] | None
    counts: RewriteCounts

    def cost(self, statement: str) -> float | None:
        try:
            return float(self.twin.explain(statement)["Plan"]["Total Cost"])
        except psycopg.Error as problem:
            if problem.sqlstate is None:  # it is not the statement: the server is gone
                raise
            self.counts.not_planned += 1
            return None


@dataclass(frozen=True, slots=True)
class _Better:
    """A text that is equal and cheaper."""

    rewrite: Rewrite
    rewritten: Rewritten
    cost: float
    verdict: Verdict


def _heaviest(queries: Sequence[Weighted]) -> list[Weighted]:
    """Of each query the variant that counts most."""
    best: dict[str, Weighted] = {}
    for weighted in queries:
        key = weighted.query.fingerprint or weighted.query.text
        if key not in best or weighted.weight > best[key].weight:
            best[key] = weighted
    return list(best.values())


def _of_query(
    weighted: Weighted, advisor: _Advisor, rewrites: tuple[Rewrite, ...]
) -> Iterator[tuple[float, Finding]]:
    """What is saved (cost, all calls), and the finding."""
    try:
        source = read_source(weighted.statement, advisor.snapshot.catalog)
    except SyntaxProblem:
        return
    if source is None:
        return
    advisor.counts.queries += 1
    before = advisor.cost(weighted.statement)
    if before is None:
        return
    better: list[_Better] = []
    for rewrite in rewrites:
        own: list[_Better] = []
        for rewritten in _texts(rewrite, source, advisor.counts):
            advisor.counts.rewritten += 1
            if not rewritten.provable:
                advisor.counts.templates += 1
                yield 0.0, _template(rewrite, weighted, rewritten, before)
                continue
            after = advisor.cost(rewritten.text)
            if after is None:
                continue
            if after > CHEAPER * before:
                advisor.counts.not_cheaper += 1
                continue
            verdict = _judged(rewrite, source, rewritten, advisor)
            if verdict.equal:
                own.append(_Better(rewrite, rewritten, after, verdict))
        better += sorted(own, key=lambda one: one.cost)[:1]
    if better:
        # Several may be about the same part of the query: only one of them can be followed.
        best, *others = sorted(better, key=lambda one: (one.cost, one.rewrite.id))
        yield (before - best.cost) * weighted.weight, _finding(weighted, before, best, others)


def _texts(rewrite: Rewrite, source: Source, counts: RewriteCounts) -> list[Rewritten]:
    try:
        return list(rewrite.function(source, source.catalog))
    except Exception as problem:  # one bug must not hide what the others find
        logger.exception("rewrite %s broke", rewrite.id)
        counts.broken[rewrite.id] = f"{type(problem).__name__}: {problem}"
        return []


def _judged(rewrite: Rewrite, source: Source, rewritten: Rewritten, advisor: _Advisor) -> Verdict:
    verdict = advisor.prover.prove(source.text, rewritten.text, samples=advisor.samples)
    if verdict.outcome is Outcome.DIFFERENT:
        advisor.counts.different += 1
        refused = Refused(rewrite.id, source.text, rewritten.text, verdict)
        advisor.counts.refused.append(refused)
    elif verdict.outcome is Outcome.NOT_COMPARABLE:
        advisor.counts.not_comparable += 1
    return verdict


def _finding(
    weighted: Weighted, before: float, best: _Better, others: Sequence[_Better]
) -> Finding:
    rewrite, verdict = best.rewrite, best.verdict
    return Finding(
        rule=rewrite.id,
        severity=rewrite.severity,
        confidence=rewrite.confidence,
        object=ObjectRef("query", _line(weighted.query.text)),
        message=f"written another way the query costs {best.cost:,.0f} instead of {before:,.0f}: "
        f"{_begun(rewrite.title)}",
        why=rewrite.why,
        key=_key(rewrite, weighted),
        evidence={
            "cost_before": round(before, 2),
            "cost_after": round(best.cost, 2),
            "calls": weighted.query.calls,
            "data_sets": verdict.data_sets,
            "different_answers": verdict.telling,
            "other_rewrites": [f"{one.rewrite.id}: cost {one.cost:,.0f}" for one in others],
        },
        advice=f"{_sentence(best.rewritten.note)}\n\n{best.rewritten.text}",
        proof=Proof(
            level=ProofLevel.ESTIMATED,
            before=f"cost {before:,.0f}",
            after=f"cost {best.cost:,.0f}",
            reproduce=f"EXPLAIN both on a twin; {verdict.reason}",
        ),
    )


def _template(rewrite: Rewrite, weighted: Weighted, rewritten: Rewritten, before: float) -> Finding:
    return Finding(
        rule=rewrite.id,
        severity=rewrite.severity,
        confidence=rewrite.confidence,
        object=ObjectRef("query", _line(weighted.query.text)),
        message=f"the query costs {before:,.0f}: {_begun(rewrite.title)}",
        why=rewrite.why,
        key=_key(rewrite, weighted),
        evidence={"cost_before": round(before, 2), "calls": weighted.query.calls},
        advice=f"{_sentence(rewritten.note)} A template, not proven:\n\n{rewritten.text}",
        proof=Proof(level=ProofLevel.STATED),
    )


def _key(rewrite: Rewrite, weighted: Weighted) -> str:
    own = weighted.query.fingerprint or fingerprint(weighted.query.text)
    return f"{rewrite.id}:{own}"


def _begun(title: str) -> str:
    """To follow a colon."""
    begun = title[:1].lower() + title[1:] if title[1:2].islower() else title
    return begun.removesuffix(".")


def _sentence(note: str) -> str:
    return f"{note[:1].upper()}{note[1:]}."


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"
