"""`dbwright agent uninstall`: taking out what `install` put in."""

from __future__ import annotations

from dbwright.agent.install_ import DryRun, Force, HostName, Project, User, changed
from dbwright.model.document import Document
from dbwright.operation import Effect, Example, operation

__all__ = ["uninstall"]


@operation(
    Effect.PLANS,
    examples=(
        Example("dbwright agent uninstall claude-code", "out of this folder"),
        Example("dbwright agent uninstall codex --user --dry-run", "only the diff"),
    ),
)
def uninstall(
    host: HostName,
    *,
    project: Project = False,
    user: User = False,
    dry_run: DryRun = False,
    force: Force = False,
) -> Document:
    """Take out of a coding agent exactly what `dbwright agent install` put in.

    Files and entries that were changed by hand since are refused.
    """
    return changed("agent uninstall", host, project, user, dry_run, force, take_out=True)
