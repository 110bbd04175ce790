"""The quality checks of a completed ticket, made of what was really run."""

from __future__ import annotations

from collections.abc import Sequence

from dbwright.agent.events.quality import QualityCheck, QualityChecks
from dbwright.agent.work.evidence import Evidence
from dbwright.model.finding import Finding, Severity
from dbwright.render.text import plural

__all__ = ["OTHER_TOPICS", "quality_checks"]

OTHER_TOPICS = ("files", "indexes", "keys", "maintenance", "settings", "tables", "types")
"""Of `check`, all but security."""


def quality_checks(evidence: Evidence) -> QualityChecks:
    return QualityChecks(
        schema=_schema(evidence),
        performance=_performance(evidence),
        security=_security(evidence),
        migrations=_migrations(evidence),
    )


def _schema(evidence: Evidence) -> QualityCheck:
    """Validated: the server took all of it, its DDL makes the same again, and `check` finds no
    error in it."""
    built = evidence.built
    if built.refused:
        return _failed("statement", "is refused", "are refused", built.refused)
    if built.differences:
        return QualityCheck.failed(f"its DDL makes another schema: {built.differences[0]}")
    found = evidence.errors(*OTHER_TOPICS)
    return _by_findings(found) or QualityCheck("validated")


def _performance(evidence: Evidence) -> QualityCheck:
    """Analyzed: the planner was asked for the queries of the code, and each fits the schema."""
    if not evidence.queries.queries:
        return QualityCheck.skipped("the code holds no query that could be read")
    if evidence.misfits:
        told = [f"{one.query.place}: {one.message}" for one in evidence.misfits]
        return _failed("query", "does not fit the schema", "do not fit the schema", told)
    tuning = None if evidence.tuned is None else evidence.tuned.tuning
    if tuning is None or not tuning.queries:
        return QualityCheck.skipped("none of the code's queries could be planned")
    return QualityCheck("analyzed")


def _security(evidence: Evidence) -> QualityCheck:
    """Reviewed: the rules of security that files can answer were run, and found no error."""
    if not evidence.checked.rules_run:
        return QualityCheck.skipped("no rule was run")
    return _by_findings(evidence.errors("security")) or QualityCheck("reviewed")


def _migrations(evidence: Evidence) -> QualityCheck:
    """Tested: each was run, lint found no error, and each was taken back to what was before. Where
    one has no way back, that is told instead."""
    lint = evidence.linted
    if lint is None:
        return QualityCheck.skipped("there are no migrations that could be run")
    if evidence.built.refused:
        return _failed("statement", "is refused", "are refused", evidence.built.refused)
    broken = [f"{one.migration}: {one.problems[0]}" for one in evidence.ways_back if one.problems]
    if broken:
        return _failed("way back", "does not restore", "do not restore what was", broken)
    errors = [one for one in lint.findings if one.severity.at_least(Severity.ERROR)]
    failed = _by_findings(errors)
    if failed is not None:
        return failed
    without = [one.migration for one in evidence.ways_back if not one.has_down]
    if without:
        return QualityCheck.skipped(_without_way_back(evidence, without))
    if not evidence.ways_back:
        return QualityCheck.skipped("no file of SQL could be taken back; they ran, lint is content")
    return QualityCheck("tested")


def _without_way_back(evidence: Evidence, without: Sequence[str]) -> str:
    back = len(evidence.ways_back) - len(without)
    files = plural(len(evidence.ways_back), "file")
    have = "has" if len(without) == 1 else "have"
    told = f"{len(without):,} of {files} {have} no way back ({', '.join(without[:3])}"
    told += ", …)" if len(without) > 3 else ")"
    told += f"; {back:,} taken back to what was before" if back else ""
    return f"{told}; all ran, and lint found no error"


def _by_findings(found: Sequence[Finding]) -> QualityCheck | None:
    if not found:
        return None
    return _failed("error", "was found", "were found", [f"{f.rule}: {f.message}" for f in found])


def _failed(noun: str, one: str, many: str, told: Sequence[str]) -> QualityCheck:
    plural = f"{noun[:-1]}ies" if noun.endswith("y") and noun != "way" else f"{noun}s"
    plural = "ways back" if noun == "way back" else plural
    count = f"1 {noun} {one}" if len(told) == 1 else f"{len(told):,} {plural} {many}"
    return QualityCheck.failed(f"{count}: {told[0]}")
