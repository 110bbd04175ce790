"""From a judged run to findings."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from dbwright.migrate.lint.hazard import Hazard, HazardFault
from dbwright.migrate.lint.safe_way import safe_way
from dbwright.model.finding import Finding, Fix, Location, Proof, ProofLevel, Severity
from dbwright.model.judged import JudgedMigration, JudgedRun, JudgedStatement
from dbwright.model.report import Skipped

__all__ = ["HazardRun", "run_hazards"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HazardRun:
    """What came out: findings worst first, and what could not be decided."""

    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...]


def run_hazards(
    run: JudgedRun,
    hazards: Iterable[Hazard],
    *,
    thresholds: Mapping[str, Mapping[str, object]] | None = None,
    severities: Mapping[str, Severity] | None = None,
) -> HazardRun:
    """Run each hazard over all files. `thresholds` and `severities` (instead of its own, and of
    what it says of one fault): by the hazard's id.

    A hazard that breaks is skipped, told with its error, and logged with its traceback: one bug
    must not hide what the others find.
    """
    found: list[Finding] = []
    skipped: list[Skipped] = []
    ways = _Ways(run)
    for hazard in hazards:
        own = dict((thresholds or {}).get(hazard.id, {}))
        severity = (severities or {}).get(hazard.id)
        try:
            asked = list(_asked(hazard, run, own))
            found += [
                _finding(hazard, fault, file, step, severity, ways, run)
                for fault, file, step in asked
            ]
        except Exception as problem:
            logger.exception("hazard %s broke", hazard.id)
            reason = f"the rule broke: {type(problem).__name__}: {problem}"
            skipped.append(Skipped(hazard.id, reason, "please report it", rules=(hazard.id,)))
    return HazardRun(tuple(sorted(found, key=_order)), (*skipped, *ways.skipped))


Asked = tuple[HazardFault, JudgedMigration | None, JudgedStatement | None]


def _asked(hazard: Hazard, run: JudgedRun, options: Mapping[str, object]) -> Iterator[Asked]:
    """Its faults, with the file and the statement that it was asked for."""
    function, parts = hazard.function, hazard.parts
    if "step" not in parts and "file" not in parts:
        for fault in function(run, **options):
            yield fault, fault.file, fault.step
        return
    for file in run.migrations:
        known: dict[str, object] = {"run": run, "file": file}
        if "step" not in parts:
            for fault in function(*(known[part] for part in parts), **options):
                yield fault, file, fault.step
            continue
        for step in file.steps:
            known["step"] = step
            for fault in function(*(known[part] for part in parts), **options):
                yield fault, file, fault.step or step


class _Ways:
    """The safe way of each statement, looked for once."""

    def __init__(self, run: JudgedRun) -> None:
        self._run = run
        self._found: dict[int, Fix | None] = {}
        self.skipped: list[Skipped] = []
        """Statements of which it could not be worked out: a finding without a fix is still one."""

    def of(self, step: JudgedStatement, file: JudgedMigration) -> Fix | None:
        key = id(step)
        if key not in self._found:
            try:
                self._found[key] = safe_way(step, file, self._run)
            except Exception as problem:
                logger.exception("no safe way of %s", step.text)
                self._found[key] = None
                reason = (
                    f"the safe way of line {step.statement.line} could not be worked out: "
                    f"{type(problem).__name__}: {problem}"
                )
                self.skipped.append(Skipped(file.migration.path, reason, "please report it"))
        return self._found[key]


def _finding(
    hazard: Hazard,
    fault: HazardFault,
    file: JudgedMigration | None,
    step: JudgedStatement | None,
    severity: Severity | None,
    ways: _Ways,
    run: JudgedRun,
) -> Finding:
    fix = fault.fix
    if fix is None and hazard.planned and file is not None and step is not None:
        fix = ways.of(step, file)
    place = "" if file is None else str(file.migration)
    return Finding(
        rule=hazard.id,
        severity=severity or fault.severity or hazard.severity,
        confidence=fault.confidence or hazard.confidence,
        object=fault.object,
        message=fault.message,
        why=hazard.why,
        key=":".join(filter(None, (hazard.id, place, str(fault.object), fault.detail))),
        evidence={**fault.evidence, **_seen(step, run)},
        advice=fault.advice,
        fix=fix,
        proof=Proof(ProofLevel.STATED),
        location=_location(file, step),
    )


def _seen(step: JudgedStatement | None, run: JudgedRun) -> dict[str, str]:
    """Evidence: what the server that ran it did."""
    if step is None or step.effects.refusal is not None:
        return {}
    done = [
        *(f"rewrote {one.name}" for one in step.effects.rewritten),
        *(f"read all of {one.name}" for one in step.effects.scanned),
        *(f"built {one.index.name}" for one in step.effects.built),
        *(f"checked {name}" for name in step.effects.validated),
        *step.effects.proofs,
    ]
    return {"judged": f"PostgreSQL {run.major} {'; '.join(done)}"} if done else {}


def _location(file: JudgedMigration | None, step: JudgedStatement | None) -> Location | None:
    if file is None:
        return None
    line = step.statement.line if step is not None else 1
    if step is None and file.steps:
        line = file.steps[0].statement.line
    apart = "" if step is None else step.statement.path
    return Location(apart or file.migration.path, line)


def _order(finding: Finding) -> tuple[int, str, int, str]:
    place = finding.location
    return (
        finding.severity.rank,
        "" if place is None else place.file,
        0 if place is None else place.line,
        finding.rule,
    )
