"""The folder of a job: `.claude/workspaces/JOB-…`, with its context and its artifacts.

Nothing in it leads out of the repository: not its own path, not that of an artifact.
"""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dbwright.agent.paths import Outside, inside, shown
from dbwright.agent.work.context import Context, read_context
from dbwright.errors import BadWorkspace, FileUnreadable

__all__ = ["WORKSPACES", "Workspace", "chosen_in_words", "find_workspace"]

WORKSPACES = Path(".claude/workspaces")
"""From the root of the repository."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A job's folder in a repository."""

    root: Path
    """The repository's."""
    folder: Path
    """With symbolic links followed."""
    chosen: str
    """Why it is this one, in words."""
    context: Context

    @property
    def name(self) -> str:
        """From the root, as it is written in events."""
        return shown(self.root, self.folder)

    @property
    def artifacts(self) -> Path:
        """The folder of what agents write."""
        return self.folder / "artifacts"

    def artifact(self, name: str) -> Path:
        """Where an artifact is or will be. Raises BadWorkspace where that is not in the folder."""
        try:
            folder = inside(self.root, shown(self.root, self.folder) + "/artifacts")
            path = inside(folder, name)
        except Outside as problem:
            raise BadWorkspace(
                f"the artifact {name!r} is not used: {problem}", "name one in artifacts/"
            ) from None
        if path == folder:
            raise BadWorkspace(f"{name!r} names no artifact", "name a file in artifacts/")
        return path

    def write(self, name: str, content: str | bytes) -> str:
        """Write an artifact, whole or not at all, over what was there; its path from the root.

        `name` may have folders (`schema/tables.sql`); they are made. Raises BadWorkspace,
        FileUnreadable.
        """
        path = self.artifact(name)
        data = content.encode("utf-8") if isinstance(content, str) else content
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, data)
        except OSError as problem:
            raise FileUnreadable(
                f"can't write {path}: {problem.strerror}", "see who may write there, and its disk"
            ) from None
        return shown(self.root, path)


def find_workspace(root: Path, named: Path | None = None, ticket: str = "") -> Workspace:
    """The workspace to work in: the one that is named; else, of those in .claude/workspaces, one
    whose context.json names the ticket; else the newest.

    The newest is the one whose context.json (where there is none: whose folder) was changed last:
    names are counted differently from team to team. Where two were changed at the same moment, as
    after a checkout, the one with the highest number in its name. Raises BadWorkspace.
    """
    if named is not None:
        return _opened(root, _real(root, named), "named")
    try:
        names = [path.name for path in (root / WORKSPACES).iterdir() if path.name[:4] == "JOB-"]
    except FileNotFoundError:
        names = []
    except OSError as problem:
        raise BadWorkspace(
            f"can't read {root / WORKSPACES}: {problem.strerror}", "see who may read it"
        ) from None
    folders = [path for path in (_real(root, WORKSPACES / name) for name in names) if path.is_dir()]
    if not folders:
        raise BadWorkspace(
            f"there is no workspace {root / WORKSPACES}/JOB-…",
            "run this in the root of the team's repository, or name one with --workspace",
        )
    by_age = sorted(folders, key=_age)
    if ticket:
        for folder in reversed(by_age):
            if read_context(_context_file(root, folder)).ticket_id == ticket:
                return _opened(root, folder, f"its context.json names {ticket}")
    why = "the only one" if len(by_age) == 1 else f"of {len(by_age)} the one changed last"
    return _opened(root, by_age[-1], why)


def chosen_in_words(workspace: Workspace, ticket: str) -> str:
    """Why it is this one, and whether it is another ticket's."""
    other = workspace.context.ticket_id
    if not other or other == ticket:
        return workspace.chosen
    return f"{workspace.chosen}; its context.json names another ticket, {other}"


def _real(root: Path, written: Path) -> Path:
    try:
        return inside(root, written)
    except Outside as problem:
        raise BadWorkspace(
            f"the workspace {written} is not used: {problem}", "name one in the repository"
        ) from None


def _opened(root: Path, folder: Path, chosen: str) -> Workspace:
    if not folder.is_dir():
        raise BadWorkspace(f"there is no folder {folder}", "check --workspace")
    return Workspace(root, folder, chosen, read_context(_context_file(root, folder)))


def _context_file(root: Path, folder: Path) -> Path:
    return _real(root, Path(shown(root, folder)) / "context.json")


def _age(folder: Path) -> tuple[int, list[tuple[int, str]]]:
    """Sorts the newest last."""
    try:
        changed = (folder / "context.json").stat().st_mtime_ns
    except OSError:
        changed = folder.stat().st_mtime_ns
    parts = re.findall(r"\d+|\D+", folder.name)
    return changed, [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _replace(path: Path, data: bytes) -> None:
    """Beside it first, then in its place. Raises OSError."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
