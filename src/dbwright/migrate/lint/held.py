"""The locks of a migration's statements: those each takes, and those that it finds held."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dbwright.model.effects import TableLock
from dbwright.model.finding import LockMode, ObjectRef
from dbwright.model.judged import JudgedMigration, JudgedStatement

__all__ = [
    "Held",
    "in_transaction",
    "lock_words",
    "others_wait",
    "own_locks",
    "waiters",
    "with_locks_held",
]

MATERIALIZED_VIEW = "materialized view"
RELATIONS = ("table", MATERIALIZED_VIEW)


@dataclass(frozen=True, slots=True)
class Held:
    """A lock that is held when a statement begins."""

    object: ObjectRef
    mode: LockMode
    step: JudgedStatement
    """The statement that took it."""


@dataclass(slots=True)
class _Transaction:
    number: int
    locks: dict[str, Held] = field(default_factory=dict)
    """By the name under which the run found the relation."""


def own_locks(
    step: JudgedStatement, file: JudgedMigration, *, writes: bool = True
) -> tuple[TableLock, ...]:
    """The locks that the statement takes on tables that others use, and that make them wait."""
    return tuple(
        lock
        for lock in step.effects.locks
        if lock.object.kind in RELATIONS
        and not file.is_new(lock.object.name, step)
        and (others_wait(lock.mode, lock.object) if writes else lock.mode.blocks_reads)
    )


def others_wait(mode: LockMode, relation: ObjectRef) -> bool:
    """Does the lock keep the application waiting? Of a materialized view there are only readers."""
    return mode.blocks_reads if relation.kind == MATERIALIZED_VIEW else mode.blocks_writes


def with_locks_held(
    file: JudgedMigration,
) -> Iterator[tuple[JudgedStatement, Mapping[str, Held]]]:
    """Each statement, with the locks on tables that the statements before it in its transaction
    took; also those that block nobody."""
    current = _Transaction(-1)
    for step in file.steps:
        if step.transaction != current.number or not step.effects.transactional:
            current = _Transaction(step.transaction)
        now = {then: name for name, then in step.renamed.items()}
        yield step, {now.get(name, name): held for name, held in current.locks.items()}
        if not step.effects.transactional:
            current = _Transaction(-1)
            continue
        for lock in step.effects.locks:
            if lock.object.kind in RELATIONS and not file.is_new(lock.object.name, step):
                found = step.renamed.get(lock.object.name, lock.object.name)
                current.locks[found] = Held(lock.object, lock.mode, step)


def in_transaction(step: JudgedStatement, file: JudgedMigration) -> bool:
    """Does the file run it in one transaction with others, or between BEGIN and COMMIT?"""
    if file.whole:
        return True
    return any(
        one is not step and one.transaction == step.transaction and one.effects.transactional
        for one in file.steps
    )


def lock_words(mode: LockMode) -> str:
    """As SQL writes it: ACCESS EXCLUSIVE."""
    return mode.name.replace("_", " ")


def waiters(mode: LockMode) -> str:
    """Who waits for it."""
    return "reads and writes wait" if mode.blocks_reads else "writes wait"
