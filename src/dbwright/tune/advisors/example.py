"""Examples of an advisor: a database and a workload that make it speak (BAD), or not (GOOD).

The tests run each on real servers; the advisor's page prints them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dbwright.model.machine import Machine

__all__ = ["AdvisorExample"]


@dataclass(frozen=True, slots=True)
class AdvisorExample:
    """One situation. `sql` runs first, as superuser, statement by statement, then ANALYZE."""

    sql: str
    workload: str = ""
    """A .sql workload, with `-- calls: N` before queries."""
    machine: Machine | None = None
    rows: bool = False
    """Is there a copy with rows?"""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Server parameters; the example gets a server of its own."""
    thresholds: Mapping[str, object] = field(default_factory=dict)
    """As dbwright.toml would set them."""
    sessions: tuple[str, ...] = ()
    """Each runs in a connection of its own that stays open."""
    oldest: int = 12
    objects: tuple[str, ...] = ()
    """For a bad example: the names of the objects that must be found (any order); empty: at least
    one, whatever it is about."""
    fix_runs: bool = True
    """For a bad example: can the fix be run there, and taken back?"""
