"""The safe way of a statement as a finding's fix: what `migrate plan` would write."""

from __future__ import annotations

from dbwright.migrate.plan.move import Manner, Sequence
from dbwright.migrate.plan.safe import safe
from dbwright.model.finding import Fix
from dbwright.model.judged import JudgedMigration, JudgedRun, JudgedStatement

__all__ = ["safe_way"]

TOGETHER = (Manner.QUICK,)
CHANGES = ("UpdateStmt", "DeleteStmt")


def safe_way(step: JudgedStatement, file: JudgedMigration, run: JudgedRun) -> Fix | None:
    """None where `plan` knows no other way, or none that is better."""
    found = safe(step, file, run)
    if found is None or not found.up:
        return None
    if step.kind in CHANGES and found.up == (step.text,):
        return None  # it can't be cut into batches
    return Fix(
        up="\n".join(_up(found)),
        down="\n".join(_down(found)),
        transactional=len(found.moves) == 1 and found.moves[0].manner in TOGETHER,
        risk=_risk(found),
    )


def _up(found: Sequence) -> list[str]:
    lines: list[str] = []
    for move in found.moves:
        if move.deploy:
            lines.append(f"-- Before what follows, deploy {_line(move.deploy)}.")
        if len(found.moves) > 1 and move.note:
            lines.append(f"-- {_line(move.note)}")
        lines += [f"{statement};" for statement in move.up]
    return lines


def _down(found: Sequence) -> list[str]:
    return [f"{statement};" for move in reversed(found.moves) for statement in move.down]


def _risk(found: Sequence) -> str:
    several = (
        "each step is a transaction of its own: `dbwright migrate plan` writes them as files"
        if len(found.moves) > 1
        else ""
    )
    lost = [f"the way back can't bring again: {move.lost}" for move in found.moves if move.lost]
    return "; ".join(_line(text) for text in (several, *found.differs, *found.left, *lost) if text)


def _line(text: str) -> str:
    return " ".join(text.split())
