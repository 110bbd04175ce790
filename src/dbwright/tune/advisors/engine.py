"""Running advisors at a workbench."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

import psycopg

from dbwright.model.finding import Finding
from dbwright.model.report import Skipped
from dbwright.tune.advisors.advisor import Advice, Advisor
from dbwright.tune.advisors.workbench import Workbench

__all__ = ["run_advisors"]

logger = logging.getLogger(__name__)


def run_advisors(
    bench: Workbench,
    advisors: Iterable[Advisor],
    thresholds: Mapping[str, Mapping[str, object]] | None = None,
) -> tuple[tuple[Finding, ...], tuple[Skipped, ...]]:
    """The findings, those that save most first, and what could not be said.

    `thresholds` by the advisor's id. An advisor that breaks is skipped, told with its error, and
    logged with its traceback: one bug must not hide what the others find. Raises psycopg.Error
    where a server that all need is gone.
    """
    given: list[tuple[Advisor, Advice]] = []
    skipped: list[Skipped] = []
    known = tuple(advisors)
    for number, advisor in enumerate(known):
        bench.progress(f"asking {advisor.id}", number, len(known))
        own: list[Advice] = []
        try:
            for told in advisor.function(bench, **(thresholds or {}).get(advisor.id, {})):
                if isinstance(told, Skipped):
                    skipped.append(told)
                else:
                    own.append(told)
        except Exception as problem:
            if isinstance(problem, psycopg.Error) and problem.sqlstate is None:
                raise
            logger.exception("advisor %s broke", advisor.id)
            reason = f"the advisor broke: {type(problem).__name__}: {problem}"
            skipped.append(Skipped(advisor.id, reason, "please report it", rules=(advisor.id,)))
        given += [(advisor, advice) for advice in own]
    given.sort(key=lambda pair: (-pair[1].saved, pair[0].id, pair[1].object))
    return tuple(_finding(advisor, advice) for advisor, advice in given), tuple(skipped)


def _finding(advisor: Advisor, advice: Advice) -> Finding:
    return Finding(
        rule=advisor.id,
        severity=advice.severity or advisor.severity,
        confidence=advice.confidence or advisor.confidence,
        object=advice.object,
        message=advice.message,
        why=advisor.why,
        key=":".join(filter(None, (advisor.id, str(advice.object), advice.detail))),
        evidence=advice.evidence,
        advice=advice.advice,
        fix=advice.fix,
        proof=advice.proof,
    )
