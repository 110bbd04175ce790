"""A row of the lock table: what one form of DDL does to those who use the tables meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from dbwright.model.finding import LockMode

__all__ = ["LockFact", "LockRole"]


class LockRole(StrEnum):
    """What a relation is to the statement that locks it."""

    TABLE = "table"
    """The one that is altered, or whose index, trigger, type … is."""
    REFERENCED = "referenced"
    """A foreign key of the table points to it."""
    REFERENCING = "referencing"
    """Its foreign key points to the table."""
    PARENT = "parent"
    """A partitioned table, or one that is inherited from."""
    PARTITION = "partition"
    """Each of them, where the statement names the partitioned table alone."""
    DEFAULT_PARTITION = "default partition"
    INDEX = "index"
    """Told where its lock is stronger than all others: so readers of the table may wait for it."""
    SEQUENCE = "sequence"
    """Told where more than ACCESS SHARE is taken, beside which nextval goes on."""
    VIEW = "view"
    MATERIALIZED_VIEW = "materialized view"


@dataclass(frozen=True, slots=True)
class LockFact:
    """What the server does for each statement of one form. All of it holds for tables of any size;
    how long it takes depends on the size only where something is rewritten, scanned or built."""

    id: str
    form: str
    """In SQL, … for what does not matter, and words for what SQL does not show."""
    examples: tuple[str, ...]
    """Statements of this form on the sample schema."""
    locks: Mapping[LockRole, LockMode]
    """The strongest lock on the relations of each role; those that are not named aren't locked."""
    why: str
    """What the server has to do, one sentence."""
    safe: str = ""
    """The safe way; empty where it is safe as it is, with a short lock_timeout."""
    rewrites: frozenset[LockRole] = frozenset()
    """Of which relations all rows are written anew, and all indexes built."""
    empties: frozenset[LockRole] = frozenset()
    scans: frozenset[LockRole] = frozenset()
    """What is read as a whole, and not rewritten."""
    builds: frozenset[LockRole] = frozenset()
    """Of what indexes are built, while the relation itself is not rewritten."""
    refused: str = ""
    """SQLSTATE, where the server does not take it."""
    transactional: bool = True
    """Can it run in a transaction block?"""
    waits: bool = False
    """Does it wait for transactions that were open before it, whatever they lock?"""
    since: int = 12
    """The first major for which this holds."""
    before: int | None = None
    """The first major for which it does not hold any more."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Settings of the session on which the verdict depends."""
    after: tuple[str, ...] = ()
    """Statements that ran before it in the same transaction, where that matters."""

    def holds_for(self, major: int) -> bool:
        """Does a server of this major do so?"""
        return self.since <= major and (self.before is None or major < self.before)

    @property
    def blocks_reads(self) -> bool:
        """Does a SELECT from one of the relations wait?"""
        return any(mode.blocks_reads for mode in self.locks.values())

    @property
    def blocks_writes(self) -> bool:
        """Does an INSERT, UPDATE or DELETE on one of the relations wait?"""
        return any(mode.blocks_writes for mode in self.locks.values())

    @property
    def takes_long(self) -> bool:
        """Does it take the longer the more rows there are?"""
        return bool(self.rewrites or self.scans or self.builds)
