"""Columns whose statistics are too coarse: from the questions of a workload to advice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import psycopg

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Confidence, ObjectRef
from dbwright.model.names import quote
from dbwright.model.report import Skipped
from dbwright.sandbox.copy.copy import Copy
from dbwright.tune.advisors.advisor import Advice
from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.statistics.asked import Question
from dbwright.tune.statistics.counting import (
    Asked,
    count_questions,
    session,
    tables_asked,
    too_long,
)
from dbwright.tune.statistics.effects import saved
from dbwright.tune.statistics.known import Limits
from dbwright.tune.statistics.target import Finer, finer, target_fix
from dbwright.tune.statistics.told import difference, estimates, proof, replanned_evidence

__all__ = ["coarse"]

SHOWN = 5


def coarse(
    bench: Workbench,
    copy: Copy,
    questions: Sequence[Question],
    limits: Limits,
    part: str,
    seconds: float,
) -> Iterator[Advice | Skipped]:
    """The advice for each table that has rows on the copy. Raises psycopg.Error where the server
    is gone."""
    catalog = bench.snapshot.catalog
    for asked in tables_asked(copy, questions, part, seconds, bench.progress):
        if isinstance(asked, Skipped):
            yield asked
            continue
        sampled, own = asked.copied.sampled, asked.limits(limits, bench.statistics)
        with session(copy) as connection:
            known, skipped = count_questions(connection, asked, part)
            yield from skipped
            try:
                found = list(
                    finer(connection, catalog, asked.relation, known, own, sampled=sampled)
                )
            except psycopg.errors.QueryCanceled:
                yield too_long(asked, part, "trying targets takes too long")
                continue
        for one in found:
            yield _advice(catalog, asked, one)


def _advice(catalog: Catalog, asked: Asked, found: Finer) -> Advice:
    relation, question = asked.relation, found.question
    name = f"{relation.qualified}.{quote(found.column.name)}"
    return Advice(
        object=ObjectRef("column", name),
        message=f"{name}: with a statistics target of {found.old} the planner expects "
        f"{difference(question, found.before, found.real)}{asked.told}",
        evidence={
            "target": found.old,
            "target_that_helps": found.new,
            **estimates(found.before, found.real, found.after),
            "constants_tried": found.cases,
            "asked": [one.shown for one in found.served][:SHOWN],
            "sampled": asked.copied.sampled,
            **replanned_evidence(found.changed),
        },
        fix=target_fix(catalog, relation, found.column, found.new),
        proof=proof(asked, question, found.before, found.real, found.after),
        confidence=Confidence.MEDIUM if asked.copied.sampled else Confidence.HIGH,
        saved=saved(found.changed),
    )
