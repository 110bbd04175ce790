"""What an advisor works with: what was read, the workload, a twin, and rows where there are any."""

from __future__ import annotations

from dataclasses import dataclass, field

import psycopg

from dbwright.model.machine import Machine
from dbwright.model.snapshot import Snapshot
from dbwright.model.statistics import Statistics
from dbwright.progress import Progress, silent
from dbwright.sandbox.copy.copy import Copy
from dbwright.sandbox.twin.twin import Twin
from dbwright.tune.workload.weighted import Weighted

__all__ = ["Workbench"]


@dataclass(frozen=True)
class Workbench:
    """Given to every advisor. The twin is everybody's: write to it only inside a transaction that
    is rolled back, or in a database of your own on its server."""

    snapshot: Snapshot
    """With statistics."""
    queries: tuple[Weighted, ...]
    """Those of the workload that can be planned."""
    twin: Twin
    machine: Machine | None = None
    """None where nobody said what the server runs on."""
    copy: Copy | None = None
    """Rows of the tables that the queries read, a sample or all; None for a snapshot."""
    progress: Progress = field(default=silent)

    @property
    def statistics(self) -> Statistics:
        """Of the snapshot."""
        assert self.snapshot.statistics is not None
        return self.snapshot.statistics

    def cost(self, statement: str) -> float | None:
        """The planner's, on the twin; None where it can't plan the statement.

        Raises psycopg.Error where the twin's server is gone.
        """
        try:
            return float(self.twin.explain(statement)["Plan"]["Total Cost"])
        except psycopg.Error as problem:
            if problem.sqlstate is None:
                raise
            return None
