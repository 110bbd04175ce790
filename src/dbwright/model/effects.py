"""What a statement does to a database besides its result: locks, rewrites, scans, builds."""

from __future__ import annotations

from dataclasses import dataclass

from dbwright.model.finding import LockMode, ObjectRef

__all__ = ["Effects", "IndexBuild", "Refusal", "TableLock"]


@dataclass(frozen=True, slots=True)
class TableLock:
    """The strongest lock that a statement took on one relation."""

    object: ObjectRef
    mode: LockMode


@dataclass(frozen=True, slots=True)
class IndexBuild:
    """An index whose entries are all written."""

    index: ObjectRef
    table: ObjectRef
    new: bool
    """False for one that was there before, and is built again."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The server's own words on a statement that it did not take."""

    sqlstate: str
    message: str
    detail: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Effects:
    """What one statement does, as a server did it; of relations that were there before it alone.

    A relation that the statement makes, or that one before it in the same transaction made, is
    nobody else's yet: its locks block nobody, and it holds no rows.
    """

    statement: str
    locks: tuple[TableLock, ...] = ()
    """On relations, those that statements before it in the transaction held already left out; by
    name."""
    rewritten: tuple[ObjectRef, ...] = ()
    """Tables and materialized views whose rows are written anew."""
    emptied: tuple[ObjectRef, ...] = ()
    """Tables that lose all rows at once (TRUNCATE)."""
    scanned: tuple[ObjectRef, ...] = ()
    """Tables that are read as a whole."""
    built: tuple[IndexBuild, ...] = ()
    validated: tuple[str, ...] = ()
    """Names of the foreign keys whose rows are checked."""
    proofs: tuple[str, ...] = ()
    """The server's own words on what it need not check, since a constraint proves it."""
    created: tuple[ObjectRef, ...] = ()
    dropped: tuple[ObjectRef, ...] = ()
    transactional: bool = True
    """Can it run in a transaction block?"""
    waits_for_transactions: bool = False
    """Does it wait for transactions that were open before it, whatever they hold locks on?"""
    refusal: Refusal | None = None

    @property
    def strongest(self) -> LockMode | None:
        """None where it locks nothing that was there before."""
        order = list(LockMode)
        return max((lock.mode for lock in self.locks), key=order.index, default=None)

    def lock_on(self, name: str) -> LockMode | None:
        """The lock on the relation of this name, as `ObjectRef` writes it; None for none."""
        return next((lock.mode for lock in self.locks if lock.object.name == name), None)
