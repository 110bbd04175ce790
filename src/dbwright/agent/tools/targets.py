"""The tool `targets`."""

from __future__ import annotations

from dataclasses import dataclass

from dbwright.agent.tool.answer import Answer
from dbwright.agent.tool.context import Context
from dbwright.agent.tool.tool import tool
from dbwright.errors import DbwrightError
from dbwright.operation import Effect
from dbwright.target import Files, Live, SnapshotFile

__all__ = ["targets"]

KINDS = {Live: "live database", SnapshotFile: "snapshot", Files: "SQL files"}


@dataclass(frozen=True, slots=True)
class TargetLine:
    """A target that may be named."""

    name: str
    kind: str
    """live database, snapshot, SQL files, or unknown."""
    problem: str = ""


@tool(Effect.READS, when="you don't know yet which databases there are", title="List targets")
def targets(context: Context) -> Answer[TargetLine]:
    """List the databases, snapshots and schema files that the other tools can be pointed at.

    Nothing is connected to. Files and folders below the working folder can be named as well.
    """
    found = tuple(_line(context, name) for name in sorted(context.configuration.targets))
    writing = "Migrations may be run." if context.allow_write else "All is read-only."
    return Answer(
        summary=f"{len(found)} targets. {writing} Files are looked for in {context.root.name}/.",
        items=found,
    )


def _line(context: Context, name: str) -> TargetLine:
    try:
        return TargetLine(name, KINDS[type(context.opened(name))])
    except DbwrightError as problem:
        return TargetLine(name, "unknown", problem.message)
