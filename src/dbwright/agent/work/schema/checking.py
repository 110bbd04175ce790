"""`check` on a schema without a server at work behind it."""

from __future__ import annotations

from dbwright.agent.work.schema.sized import alone
from dbwright.check.check import check_source
from dbwright.check.configure import choose
from dbwright.configuration import Configuration
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.model.report import Report, Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.target import FILES_DO_NOT_TELL, Source

__all__ = ["checked"]


def checked(catalog: Catalog, name: str, configuration: Configuration) -> Report:
    """What is wrong with the schema; what only a server at work could tell is told as not looked
    at."""
    left = (Skipped(part, "files don't tell it", "check a live one") for part in FILES_DO_NOT_TELL)
    snapshot = Snapshot(name, alone(catalog), skipped=tuple(left), from_files=True)
    return check_source(
        Source(snapshot, None), choose(configuration, (), ()), fail_on=Severity.ERROR
    )
