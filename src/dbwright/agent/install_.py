"""`dbwright agent install`: the specialist in a coding agent."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from dbwright.agent.install import hosts
from dbwright.agent.install.host import Host, Scope
from dbwright.agent.install.run import Change, carry_out, planned
from dbwright.discovery import declared_in
from dbwright.errors import UsageError
from dbwright.model.document import Document
from dbwright.operation import Effect, Example, Parameter, operation

__all__ = ["DryRun", "Force", "HostName", "Project", "User", "all_hosts", "changed", "install"]


def all_hosts() -> dict[str, Host]:
    """By name."""
    return {host.name: host for host in declared_in(hosts, Host)}


HostName = Annotated[
    str,
    Parameter(
        "claude-code, opencode, vscode, cursor, codex, or git",
        "HOST",
        argument=True,
        known=all_hosts,
    ),
]
Project = Annotated[bool, Parameter("in this folder, for who works on it [default]")]
User = Annotated[bool, Parameter("in your home folder, for all projects")]
DryRun = Annotated[bool, Parameter("show what would change; write nothing")]
Force = Annotated[bool, Parameter("also over what was changed by hand, or is not dbwright's")]


@operation(
    Effect.PLANS,
    examples=(
        Example("dbwright agent install claude-code", "agent, skills and .mcp.json, here"),
        Example("dbwright agent install opencode --user", "for all projects"),
        Example("dbwright agent install vscode --dry-run", "only the diff"),
        Example("dbwright agent install git", "a pre-commit hook that reviews changes"),
    ),
)
def install(
    host: HostName,
    *,
    project: Project = False,
    user: User = False,
    dry_run: DryRun = False,
    force: Force = False,
) -> Document:
    """Make dbwright known to a coding agent: its definition, commands, and MCP server.

    What is there is kept: entries are merged into settings without touching another byte, and a
    file that is not dbwright's, or was changed by hand since, is refused. The diff is shown.
    `dbwright agent uninstall` takes out exactly what was put in.
    """
    return changed("agent install", host, project, user, dry_run, force, take_out=False)


def changed(
    command: str,
    name: str,
    project: bool,
    user: bool,
    dry_run: bool,
    force: bool,
    *,
    take_out: bool,
) -> Document:
    """Puts the pieces of the host in, or takes them out. Raises UsageError, FileUnreadable."""
    if project and user:
        raise UsageError("--project and --user are two places", "give one of them")
    known = all_hosts()
    if name not in known:
        raise UsageError(f"there is no host {name!r}", f"there are: {', '.join(sorted(known))}")
    host, scope = known[name], Scope.USER if user else Scope.PROJECT
    root = Path.home() if user else Path.cwd()
    changes = planned(host.pieces(scope), root, take_out=take_out, force=force)
    if not dry_run:
        carry_out(changes, root)
    done = _done(changes, take_out, dry_run)
    after = "" if take_out or dry_run or not changes else f"Next: {host.after}.\n"
    return Document(
        command,
        "".join(change.diff for change in changes) + f"{host.title}: {done}.\n{after}",
        {
            "host": name,
            "scope": scope.value,
            "root": str(root),
            "written": not dry_run,
            "files": [_data(change) for change in changes],
        },
        plain=True,
    )


def _done(changes: Iterable[Change], take_out: bool, dry_run: bool) -> str:
    names = [change.shown for change in changes]
    if not names:
        return "nothing is there" if take_out else "all is there already"
    what = "would be changed" if dry_run else "changed"
    return f"{len(names)} files {what}: {', '.join(names)}"


def _data(change: Change) -> dict[str, str]:
    made = "removed" if change.after is None else "added" if change.before is None else "changed"
    return {"path": change.shown, "change": made, "diff": change.diff}
