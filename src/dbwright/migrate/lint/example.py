"""Examples of a hazard: a migration that must make it speak (BAD), and one that must not (GOOD)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["MigrationExample"]


@dataclass(frozen=True, slots=True)
class MigrationExample:
    """`sql` is a migration, as a file would hold it; `before` made the database that it is for."""

    sql: str
    before: str = ""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Bytes of tables, by qualified name, as a target's statistics would tell; a row has a hundred
    of them. Empty: nothing is known, as where files alone are judged."""
    options: Mapping[str, object] = field(default_factory=dict)
    """Thresholds, as dbwright.toml would set them."""
    objects: tuple[str, ...] = ()
    """For a bad example: the exact names of what must be found; empty: anything."""
    severity: str = ""
    """For a bad example: how bad it must be; empty: whatever it is."""
    oldest: int = 12
    newest: int | None = None
