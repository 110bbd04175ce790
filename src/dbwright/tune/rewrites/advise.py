"""Which queries of a workload should be written another way, and the proof that they may be.

A rewrite is only shown when the planner of a twin finds it cheaper by a tenth, and both texts gave
the same rows on everything that was made to tell them apart. What differs is thrown away, counted,
and kept with its counter-example. What the best rewrite gives is rewritten again, as long as that
makes it cheaper: each text is proven equal to the original, not to the one before it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import psycopg

from dbwright.model.finding import Finding
from dbwright.model.measured import MeasuredRewrite
from dbwright.model.snapshot import Snapshot
from dbwright.progress import Progress, silent
from dbwright.sandbox.twin.twin import Twin
from dbwright.sql.parse import SyntaxProblem
from dbwright.tune.rewrites.counts import Refused, RewriteCounts
from dbwright.tune.rewrites.data import Row
from dbwright.tune.rewrites.findings import Better, Shown, better_finding, template_finding
from dbwright.tune.rewrites.parameters import sent_with_parameters, with_parameters
from dbwright.tune.rewrites.proof import Prover
from dbwright.tune.rewrites.registry import all_rewrites
from dbwright.tune.rewrites.rewrite import Rewrite, Rewritten
from dbwright.tune.rewrites.source import Source, read_source
from dbwright.tune.rewrites.verdict import Outcome, Verdict
from dbwright.tune.workload.weighted import Weighted

__all__ = ["advise_rewrites"]

Timed = Callable[[str, str], MeasuredRewrite | None]
"""Runs the original and the rewritten text; None where it can't."""

logger = logging.getLogger(__name__)

CHEAPER = 0.9
"""Of the cost of what it is made of: at most that much."""
DEEP = 3
"""Rewrites of one query, one after another."""
SECONDS = 60.0


def advise_rewrites(
    queries: Sequence[Weighted],
    snapshot: Snapshot,
    twin: Twin,
    *,
    rewrites: Iterable[Rewrite] | None = None,
    thresholds: Mapping[str, Mapping[str, object]] | None = None,
    samples: Mapping[str, Sequence[Row]] | None = None,
    timed: Timed | None = None,
    seconds: float = SECONDS,
    progress: Progress = silent,
) -> tuple[list[Finding], RewriteCounts]:
    """The findings, those that save most first, and what became of the rest.

    thresholds: by the rewrite's id. samples: rows of the real tables (by qualified name), on which
    rewrites are tried as well. timed: what runs both texts on rows; a text that is no faster, or
    gives other rows, is thrown away. seconds: after that no further query is begun. Raises
    psycopg.Error where the twin's server is gone.
    """
    counts = RewriteCounts()
    found: list[tuple[float, Finding]] = []
    heaviest = _heaviest(queries)
    known = tuple(all_rewrites() if rewrites is None else rewrites)
    end = time.monotonic() + seconds
    with Prover(snapshot, twin.server) as prover:
        advisor = _Advisor(snapshot, twin, prover, known, thresholds or {}, samples, timed, counts)
        for number, query in enumerate(heaviest):
            progress("rewriting queries", number, len(heaviest))
            if time.monotonic() > end:
                counts.untried = len(heaviest) - number
                break
            found += advisor.of_query(query)
    found.sort(key=lambda pair: (-pair[0], pair[1].key))
    counts.shown = len(found)
    return [finding for _, finding in found], counts


def _heaviest(queries: Sequence[Weighted]) -> list[Weighted]:
    """Of each query the variant that counts most."""
    best: dict[str, Weighted] = {}
    for weighted in queries:
        key = weighted.query.fingerprint or weighted.query.text
        if key not in best or weighted.weight > best[key].weight:
            best[key] = weighted
    return list(best.values())


@dataclass(frozen=True)
class _Advisor:
    snapshot: Snapshot
    twin: Twin
    prover: Prover
    rewrites: tuple[Rewrite, ...]
    thresholds: Mapping[str, Mapping[str, object]]
    samples: Mapping[str, Sequence[Row]] | None
    timed: Timed | None
    counts: RewriteCounts

    def of_query(self, weighted: Weighted) -> Iterator[tuple[float, Finding]]:
        """What is saved (cost, all calls), and the finding."""
        source = self._source(weighted.statement)
        if source is None:
            return
        self.counts.queries += 1
        before = self._cost(weighted.statement)
        if before is None:
            return
        made = list(self._made(source))
        for rewrite, rewritten in made:
            if not rewritten.provable:
                self.counts.templates += 1
                yield 0.0, template_finding(rewrite, weighted, rewritten, before)
        firsts = self._proven(source, made, before)
        if not firsts:
            return
        # Several may be about the same part of the query: only one of them can be followed.
        for best in firsts:
            steps = [best, *self._further(source, best)]
            measured = self.timed(source.text, steps[-1].rewritten.text) if self.timed else None
            if measured is not None and not self._holds(source, steps, measured):
                continue
            others = [other for other in firsts if other is not best]
            shown = self._shown(weighted, steps)
            finding = better_finding(weighted, before, steps, others, measured, shown)
            yield (before - steps[-1].cost) * weighted.weight, finding
            return

    def _shown(self, weighted: Weighted, steps: Sequence[Better]) -> Shown:
        """The last text, as the application may send it."""
        sent, last = sent_with_parameters(weighted.query), steps[-1].rewritten.text
        if sent is None:
            return Shown(last)
        taken = [(step.rewrite, step.rewritten.text) for step in steps]
        text = with_parameters(sent, taken, self._source, self._written)
        return Shown(last, only_these_values=True) if text is None else Shown(text)

    def _holds(self, source: Source, steps: Sequence[Better], measured: MeasuredRewrite) -> bool:
        """Are the rows the same, and is it faster? Counted where not."""
        last = steps[-1]
        if measured.equal is False:
            self.counts.different += 1
            verdict = Verdict(Outcome.DIFFERENT, f"{measured.note}, on the rows of the database")
            refused = Refused(steps[0].rewrite.id, source.text, last.rewritten.text, verdict)
            self.counts.refused.append(refused)
            return False
        # An index may stay that gains a query nothing; another text is there for nothing else.
        before, after = measured.before, measured.after
        faster = before.timed_out or (not after.timed_out and after.seconds < before.seconds)
        self.counts.slower += not faster
        return faster

    def _source(self, text: str) -> Source | None:
        try:
            return read_source(text, self.snapshot.catalog, self.snapshot.statistics)
        except SyntaxProblem:
            return None

    def _made(self, source: Source) -> Iterator[tuple[Rewrite, Rewritten]]:
        """What the rewrites make of a text, counted."""
        for rewrite, rewritten in self._written(source):
            self.counts.rewritten += 1
            yield rewrite, rewritten

    def _written(self, source: Source) -> Iterator[tuple[Rewrite, Rewritten]]:
        for rewrite in self.rewrites:
            settings = self.thresholds.get(rewrite.id, {})
            try:
                texts = list(rewrite.function(source, source.catalog, **settings))
            except Exception as problem:  # one bug must not hide what the others find
                logger.exception("rewrite %s broke", rewrite.id)
                self.counts.broken[rewrite.id] = f"{type(problem).__name__}: {problem}"
                continue
            yield from ((rewrite, text) for text in texts)

    def _proven(
        self, source: Source, made: Iterable[tuple[Rewrite, Rewritten]], before: float
    ) -> list[Better]:
        """Of each rewrite the cheapest text that is equal, the cheapest of all first."""
        found: dict[str, Better] = {}
        for cost, rewrite, rewritten in self._cheaper(made, before):
            if rewrite.id not in found:
                verdict = self._judged(rewrite, source, rewritten)
                if verdict.equal:
                    found[rewrite.id] = Better(rewrite, rewritten, cost, verdict)
        return list(found.values())

    def _further(self, original: Source, first: Better) -> Iterator[Better]:
        """What the rewrites make of their own texts, the cheapest that is equal each time."""
        seen = {original.text}
        step = first
        for _ in range(1, DEEP):
            seen.add(step.rewritten.text)
            source = self._source(step.rewritten.text)
            if source is None:
                return
            made = ((r, text) for r, text in self._made(source) if text.text not in seen)
            for cost, rewrite, rewritten in self._cheaper(made, step.cost):
                verdict = self._judged(rewrite, original, rewritten)
                if verdict.equal:
                    step = Better(rewrite, rewritten, cost, verdict)
                    yield step
                    break
            else:
                return

    def _cheaper(
        self, made: Iterable[tuple[Rewrite, Rewritten]], before: float
    ) -> list[tuple[float, Rewrite, Rewritten]]:
        """Those that can be proven and cost less, the cheapest first."""
        found: list[tuple[float, Rewrite, Rewritten]] = []
        for rewrite, rewritten in made:
            after = self._cost(rewritten.text) if rewritten.provable else None
            if after is None:
                continue
            if after > CHEAPER * before:
                self.counts.not_cheaper += 1
                continue
            found.append((after, rewrite, rewritten))
        return sorted(found, key=lambda each: (each[0], each[1].id))

    def _cost(self, statement: str) -> float | None:
        try:
            return float(self.twin.explain(statement)["Plan"]["Total Cost"])
        except psycopg.Error as problem:
            if problem.sqlstate is None:  # it is not the statement: the server is gone
                raise
            self.counts.not_planned += 1
            return None

    def _judged(self, rewrite: Rewrite, original: Source, rewritten: Rewritten) -> Verdict:
        verdict = self.prover.prove(original.text, rewritten.text, samples=self.samples)
        if verdict.outcome is Outcome.DIFFERENT:
            self.counts.different += 1
            refused = Refused(rewrite.id, original.text, rewritten.text, verdict)
            self.counts.refused.append(refused)
        elif verdict.outcome is Outcome.NOT_COMPARABLE:
            self.counts.not_comparable += 1
        return verdict
