"""Advice about extended statistics, in words."""

from __future__ import annotations

from collections.abc import Sequence

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Confidence, Proof, ProofLevel
from dbwright.tune.advisors.advisor import Advice
from dbwright.tune.statistics.asked import Question
from dbwright.tune.statistics.choose import Mend
from dbwright.tune.statistics.counting import Asked
from dbwright.tune.statistics.create import MOST_TARGETS, analyze_fix, create_fix
from dbwright.tune.statistics.effects import Replanned, saved
from dbwright.tune.statistics.known import error
from dbwright.tune.statistics.seen import SeenError
from dbwright.tune.statistics.unfilled import Filled

__all__ = [
    "advice_to_analyze",
    "advice_to_create",
    "difference",
    "estimates",
    "many",
    "proof",
    "replanned_evidence",
]

SHOWN_QUERIES = 5


def advice_to_create(
    catalog: Catalog,
    asked: Asked,
    mend: Mend,
    changed: Sequence[Replanned],
    seen: SeenError | None,
    taken: set[tuple[str, str]],
) -> Advice:
    """`taken`: names of statistics that other advice has; those of this one are added."""
    relation, members = asked.relation, ", ".join(mend.option.members)
    fix = create_fix(catalog, relation, mend.option, taken)
    return Advice(
        object=asked.relation.ref,
        message=f"{relation.qualified}: the planner {_knows(mend)}, and expects "
        f"{difference(mend.question, mend.before, mend.real)}{asked.told}",
        evidence={
            "members": list(mend.option.members),
            "kinds": list(mend.option.kinds),
            **estimates(mend.before, mend.real, mend.after),
            "mean_error_before": round(mend.mean_before, 1),
            "mean_error_after": round(mend.mean_after, 1),
            "constants_tried": mend.cases,
            "asked": [question.shown for question in mend.served][:SHOWN_QUERIES],
            "sampled": asked.copied.sampled,
            **_seen(seen),
            **replanned_evidence(changed),
        },
        fix=fix,
        advice=""
        if fix
        else f"Create statistics on {members} on each of its partitions, which are more than "
        f"{MOST_TARGETS}, then ANALYZE.",
        proof=proof(asked, mend.question, mend.before, mend.real, mend.after),
        confidence=Confidence.MEDIUM if asked.copied.sampled else Confidence.HIGH,
        detail=members,
        saved=saved(changed),
    )


def _knows(mend: Mend) -> str:
    members = mend.option.members
    if len(members) == 1:
        return f"has no statistics of {members[0]}"
    return f"takes {', '.join(members)} for independent"


def advice_to_analyze(asked: Asked, found: Filled) -> Advice:
    """Where the statistics are declared already."""
    relation, name, question = asked.relation, found.statistics.qualified, found.known.question
    return Advice(
        object=asked.relation.ref,
        message=f"{relation.qualified}: the statistics {name} were never computed, and the planner "
        f"expects {difference(question, found.before, found.real)}{asked.told}",
        evidence={
            "statistics": name,
            **estimates(found.before, found.real, found.after),
            "asked": [question.shown],
            "sampled": asked.copied.sampled,
        },
        fix=analyze_fix(relation),
        proof=proof(asked, question, found.before, found.real, found.after),
        confidence=Confidence.MEDIUM if asked.copied.sampled else Confidence.HIGH,
        detail=name,
    )


def proof(asked: Asked, question: Question, before: float, real: int, after: float) -> Proof:
    """Measured where all rows were there; a sample's rows are those of the table only about."""
    sampled = asked.copied.sampled
    whole = "a sample" if sampled else "all"
    noun = "group" if question.groups else "row"
    return Proof(
        level=ProofLevel.ESTIMATED if sampled else ProofLevel.MEASURED,
        before=f"{many(before, noun)} expected, {real:,} there",
        after=f"{many(after, noun)} expected, {real:,} there",
        reproduce=f"EXPLAIN and count on a copy with {whole} of {asked.relation.qualified}'s rows: "
        f"{question.shown}",
    )


def difference(question: Question, before: float, real: int) -> str:
    """What is expected, and what is there."""
    if question.groups:
        return f"{many(before, 'group')} instead of {real:,} of {question.shown}"
    return f"{many(before, 'row')} instead of {real:,} where {question.shown}"


def many(count: float, noun: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"1 {noun}" if round(count) == 1 else f"{count:,.0f} {noun}s"


def estimates(before: float, real: int, after: float) -> dict[str, float]:
    """As evidence."""
    return {
        "rows_expected": round(before),
        "rows_there": real,
        "rows_expected_after": round(after),
        "error_before": round(error(before, real), 1),
        "error_after": round(error(after, real), 1),
    }


def _seen(seen: SeenError | None) -> dict[str, float]:
    """What a plan of the workload says."""
    if seen is None:
        return {}
    return {"rows_expected_in_a_plan": seen.expected, "rows_found_in_a_plan": seen.found}


def replanned_evidence(changed: Sequence[Replanned]) -> dict[str, int | list[str]]:
    """As evidence; nothing where no plan changes."""
    if not changed:
        return {}
    return {
        "queries_planned_another_way": len(changed),
        "costs": [
            f"{one.before:,.0f} -> {one.after:,.0f}: {_line(one.query.query.text)}"
            for one in changed[:SHOWN_QUERIES]
        ],
    }


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 100 else f"{line[:99]}…"
