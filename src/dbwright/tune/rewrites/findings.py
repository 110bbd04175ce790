"""Rewrites of a query as findings: proven ones, and templates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbwright.model.finding import Confidence, Finding, ObjectRef, Proof, ProofLevel
from dbwright.model.measured import MeasuredRewrite
from dbwright.sql.fingerprint import fingerprint
from dbwright.tune.rewrites.rewrite import Rewrite, Rewritten
from dbwright.tune.rewrites.verdict import Verdict
from dbwright.tune.workload.weighted import Weighted

__all__ = ["Better", "Shown", "better_finding", "template_finding"]

SHOWN = 100
"""Characters of a query."""
ONLY_THESE = (
    "The constants stand for the query's parameters, and it was only proven for them: another "
    "value may need another text."
)


@dataclass(frozen=True, slots=True)
class Better:
    """A text that is equal to the original, and cheaper than what it was made of."""

    rewrite: Rewrite
    rewritten: Rewritten
    cost: float
    verdict: Verdict
    """Of the text beside the original."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A text as it is shown."""

    text: str
    only_these_values: bool = False
    """Does it stand for some values of the query's parameters alone?"""


def better_finding(
    weighted: Weighted,
    before: float,
    steps: Sequence[Better],
    others: Sequence[Better],
    measured: MeasuredRewrite | None = None,
    shown: Shown | None = None,
) -> Finding:
    """The rewrites of `steps`, made one after another, and what else would have been a first one.

    `before` is the original's cost; the last of the steps has the text that was proven. `measured`:
    where both were run. `shown`: that text with the query's parameters.
    """
    first, last = steps[0], steps[-1]
    text = shown or Shown(last.rewritten.text)
    notes = _notes(steps) + (f"\n\n{ONLY_THESE}" if text.only_these_values else "")
    rewrite = first.rewrite
    more = f", in {len(steps)} steps" if len(steps) > 1 else ""
    return Finding(
        rule=rewrite.id,
        severity=min((step.rewrite.severity for step in steps), key=lambda each: each.rank),
        confidence=Confidence.LOW if text.only_these_values else rewrite.confidence,
        object=ObjectRef("query", _line(weighted.query.text)),
        message=f"written another way{more} the query costs {last.cost:,.0f} instead of "
        f"{before:,.0f}: {_begun(rewrite.title)}",
        why=rewrite.why,
        key=_key(rewrite, weighted),
        evidence={
            "cost_before": round(before, 2),
            "cost_after": round(last.cost, 2),
            "calls": weighted.query.calls,
            "data_sets": last.verdict.data_sets,
            "different_answers": last.verdict.telling,
            **({"steps": [_told(step) for step in steps]} if len(steps) > 1 else {}),
            "other_rewrites": [_told(one) for one in others],
            **({"for_these_values": True} if text.only_these_values else {}),
            **last.rewritten.evidence,
            "rewritten": text.text.splitlines(),
        },
        advice=notes,
        proof=_proof(before, last, measured),
    )


def _proof(before: float, last: Better, measured: MeasuredRewrite | None) -> Proof:
    if measured is None:
        return Proof(
            level=ProofLevel.ESTIMATED,
            before=f"cost {before:,.0f}",
            after=f"cost {last.cost:,.0f}",
            reproduce=f"EXPLAIN both on a twin; {last.verdict.reason}",
        )
    rows = "the same rows" if measured.equal else f"its rows could not be compared: {measured.note}"
    return Proof(
        level=ProofLevel.MEASURED,
        before=str(measured.before),
        after=f"{measured.after}, {rows}",
        reproduce=f"run both by turns on a copy with all rows; {last.verdict.reason}",
    )


def template_finding(
    rewrite: Rewrite, weighted: Weighted, rewritten: Rewritten, before: float
) -> Finding:
    """What can't be proven by running, as advice."""
    return Finding(
        rule=rewrite.id,
        severity=rewrite.severity,
        confidence=rewrite.confidence,
        object=ObjectRef("query", _line(weighted.query.text)),
        message=f"the query costs {before:,.0f}: {_begun(rewrite.title)}",
        why=rewrite.why,
        key=_key(rewrite, weighted),
        evidence={
            "cost_before": round(before, 2),
            "calls": weighted.query.calls,
            **rewritten.evidence,
            "rewritten": rewritten.text.splitlines(),
        },
        advice=f"{_sentence(rewritten.note)} A template, not proven.",
        proof=Proof(level=ProofLevel.STATED),
    )


def _told(step: Better) -> str:
    return f"{step.rewrite.id}: cost {step.cost:,.0f}"


def _notes(steps: Sequence[Better]) -> str:
    """What was done; numbered where it was more than one thing."""
    if len(steps) == 1:
        return _sentence(steps[0].rewritten.note)
    return "\n".join(
        f"{number}. {step.rewrite.id} (cost {step.cost:,.0f}): {step.rewritten.note}."
        for number, step in enumerate(steps, start=1)
    )


def _key(rewrite: Rewrite, weighted: Weighted) -> str:
    own = weighted.query.fingerprint or fingerprint(weighted.query.text)
    return f"{rewrite.id}:{own}"


def _begun(title: str) -> str:
    """To follow a colon."""
    word = title[1:2].islower() or title.startswith("A ")  # and no name in capitals
    begun = title[:1].lower() + title[1:] if word else title
    return begun.removesuffix(".")


def _sentence(note: str) -> str:
    return f"{note[:1].upper()}{note[1:]}."


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"
