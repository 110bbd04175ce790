"""What is wrong, how we know, and how to mend it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = [
    "Confidence",
    "Evidence",
    "Finding",
    "Fix",
    "Location",
    "LockMode",
    "ObjectRef",
    "Proof",
    "ProofLevel",
    "Severity",
]

Evidence = Mapping[str, str | int | float | bool | Sequence[str | int | float] | None]
"""Figures by name; the name carries the unit (`size_bytes`, `age_seconds`)."""


class Severity(StrEnum):
    """How bad it is, worst first."""

    CRITICAL = "critical"
    """Data or service is being lost, or will be within days."""
    ERROR = "error"
    """Wrong: it will hurt, fix it."""
    WARNING = "warning"
    """Costs time, space or safety."""
    NOTICE = "notice"
    """Worth knowing; often right as it is."""

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)

    def at_least(self, other: Severity) -> bool:
        """Is this as bad as `other`, or worse?"""
        return self.rank <= other.rank


class Confidence(StrEnum):
    """How sure the rule is that the finding is true."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class LockMode(StrEnum):
    """Table-level locks as pg_locks names them, weakest first (manual, Explicit Locking)."""

    ACCESS_SHARE = "AccessShareLock"
    ROW_SHARE = "RowShareLock"
    ROW_EXCLUSIVE = "RowExclusiveLock"
    SHARE_UPDATE_EXCLUSIVE = "ShareUpdateExclusiveLock"
    SHARE = "ShareLock"
    SHARE_ROW_EXCLUSIVE = "ShareRowExclusiveLock"
    EXCLUSIVE = "ExclusiveLock"
    ACCESS_EXCLUSIVE = "AccessExclusiveLock"

    @property
    def blocks_reads(self) -> bool:
        """Does a plain SELECT wait for it?"""
        return self is LockMode.ACCESS_EXCLUSIVE

    @property
    def blocks_writes(self) -> bool:
        """Do INSERT, UPDATE and DELETE wait for it?"""
        return list(LockMode).index(self) >= list(LockMode).index(LockMode.SHARE)


class ProofLevel(StrEnum):
    """How far a piece of advice was proven."""

    STATED = "stated"
    """Read from the catalog alone."""
    ESTIMATED = "estimated"
    """Costed by the planner on a twin or with hypothetical indexes."""
    MEASURED = "measured"
    """Run before and after on a copy."""


@dataclass(frozen=True, slots=True, order=True)
class ObjectRef:
    """What a finding is about: `kind` in the manual's words, `name` as SQL would write it."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file, for targets that are files. Lines and columns start at 1."""

    file: str
    line: int
    column: int | None = None


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that mends the fault, and the change that takes it back."""

    up: str
    """SQL; each statement ends with a semicolon."""
    down: str
    """SQL that restores what was; empty where nothing can (then `risk` says so)."""
    lock: LockMode | None = None
    """The strongest lock it takes on a table that exists."""
    rewrites: bool = False
    """Does it write the whole table again?"""
    scans: bool = False
    """Does it read the whole table while the lock is held?"""
    transactional: bool = True
    """Can it run inside a transaction block?"""
    seconds: float | None = None
    """Estimated duration of the part under lock, or of the build; None where unknown."""
    risk: str = ""
    """What to check before running it."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What was tried, and what came out."""

    level: ProofLevel = ProofLevel.STATED
    before: str = ""
    after: str = ""
    reproduce: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of one object, with its evidence and its fix."""

    rule: str
    severity: Severity
    confidence: Confidence
    object: ObjectRef
    message: str
    """One sentence with the object and the figure."""
    why: str
    key: str
    """Stable from run to run: names the rule and the object, never a figure."""
    evidence: Evidence = field(default_factory=dict)
    advice: str = ""
    """What a person does where SQL alone is not enough."""
    fix: Fix | None = None
    proof: Proof = field(default_factory=Proof)
    location: Location | None = None
