"""Examples of an insight: a query whose plan must make it speak (BAD), and one that must not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["PlanExample"]


@dataclass(frozen=True, slots=True)
class PlanExample:
    """`sql` runs in a fresh database, statement by statement; then `query` is explained."""

    query: str
    sql: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Of the session in which the query is explained."""
    analyze: bool = True
    oldest: int = 12
    newest: int | None = None
    majors: tuple[int, ...] = ()
    """Only on these; for what depends on how a server was built."""
    options: Mapping[str, object] = field(default_factory=dict)
    """Thresholds."""
    object: str = ""
    """For a bad example: the exact name of what must be found; empty: anything."""
    fix_mends: bool = False
    """For a bad example: run the fix, explain again, and the insight must be silent."""
    settings_mend: bool = False
    """For a bad example: set what the evidence says (`work_mem_bytes`), and it must be silent."""
