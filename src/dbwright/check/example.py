"""Examples of a rule: SQL that must make it speak (BAD), and SQL that must not (GOOD).

The tests run each on real servers; the rule's page prints them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Example"]


@dataclass(frozen=True, slots=True)
class Example:
    """One situation. `sql` runs first, as superuser, statement by statement, in autocommit."""

    sql: str = ""
    sessions: tuple[str, ...] = ()
    """Each runs in a connection of its own that stays open; a statement that waits is left
    waiting. They start in order, each after the one before is idle or waits for a lock."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Server parameters; the example gets a server of its own."""
    hba: str | None = None
    """pg_hba.conf of a server of its own."""
    own_server: bool = False
    """It makes roles, slots or other objects of the cluster: run it on a server of its own."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Instead of a live database: these .sql files are the target."""
    as_role: str | None = None
    """Check as this role (made by `sql`) instead of the superuser."""
    standby: str | None = None
    """A streaming standby (named `standby`) follows the server, and has caught up; then this
    runs on it. `sessions` come after that, on the primary."""
    on_standby: bool = False
    """Check the standby instead of the primary; fixes run there too."""
    oldest: int = 12
    """First major version that understands it."""
    newest: int | None = None
    """Last major version on which it holds."""
    extensions: tuple[str, ...] = ()
    """Contrib modules that the server's installation must have."""
    objects: tuple[str, ...] = ()
    """For a bad example: the exact names of the objects that must be found (any order);
    empty: at least one finding, whatever its object."""
    options: Mapping[str, object] = field(default_factory=dict)
    """Thresholds, as dbwright.toml would set them."""
    fix_mends: bool = True
    """For a bad example: run the findings' fixes, and the rule must be silent after."""
