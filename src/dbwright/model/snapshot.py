"""Everything that was read from one target, at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dbwright.model.activity import Activity
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Location
from dbwright.model.report import Skipped
from dbwright.model.statistics import Statistics
from dbwright.model.workload import Workload

__all__ = ["RefusedStatement", "Snapshot"]


@dataclass(frozen=True, slots=True)
class RefusedStatement:
    """A statement of a file that the sandbox's server did not take."""

    location: Location
    statement: str
    """Its beginning, at most 400 characters."""
    sqlstate: str
    message: str
    """The server's own words."""
    hint: str = ""
    """What to do about it."""


@dataclass(frozen=True)
class Snapshot:
    """Catalog, statistics, activity and workload; parts that were not read are None."""

    target: str
    """As a person would name it; never with a password."""
    catalog: Catalog
    statistics: Statistics | None = None
    activity: Activity | None = None
    workload: Workload | None = None
    skipped: tuple[Skipped, ...] = ()
    refused: tuple[RefusedStatement, ...] = ()
    locations: Mapping[str, Location] = field(default_factory=dict)
    """Where files declare an object, by `str(ObjectRef)`."""
    from_files: bool = False
    """Was it loaded from SQL files? Then settings, roles and counters are the sandbox's own."""
    redacted: bool = False
