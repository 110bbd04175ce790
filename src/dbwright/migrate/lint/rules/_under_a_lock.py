"""What is told of a statement that works on all rows while its lock makes others wait."""

from __future__ import annotations

from dbwright.migrate.lint.hazard import HazardFault
from dbwright.migrate.lint.held import lock_words, waiters
from dbwright.migrate.lint.size import Duration
from dbwright.migrate.lint.statement import brief, table_ref
from dbwright.model.finding import Evidence, LockMode
from dbwright.model.judged import JudgedMigration, JudgedRun, JudgedStatement

__all__ = ["work_under_a_lock"]


def work_under_a_lock(
    run: JudgedRun,
    file: JudgedMigration,
    step: JudgedStatement,
    table: str,
    long: Duration,
    *,
    mode: LockMode,
    does: str,
    why: str,
    advice: str,
    who: str = "",
    evidence: Evidence | None = None,
    detail: str = "",
) -> HazardFault:
    """The statement `does` something to the table (qualified) under its lock, since `why`; `who`
    waits, where that is not whom the lock's mode tells."""
    return HazardFault(
        table_ref(file, table),
        f"`{brief(step.text)}` {does} under {lock_words(mode)}, since {why}: "
        f"{who or waiters(mode)} {long.words}",
        {
            "lock": mode.value,
            "reason": why,
            **(evidence or {}),
            "server_major": run.major,
            **long.evidence,
        },
        advice=advice,
        severity=long.severity,
        step=step,
        detail=detail,
    )
