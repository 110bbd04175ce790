"""Putting the pieces of a host in, and taking them out: all that can be refused is, before the
first file is written."""

from __future__ import annotations

import difflib
import os
import stat
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from dbwright.agent.install.piece import OwnFile, Piece
from dbwright.errors import FileUnreadable

__all__ = ["Change", "carry_out", "planned"]


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a file; None is no file."""

    path: Path
    shown: str
    """From the root."""
    before: str | None
    after: str | None
    executable: bool = False

    @property
    def diff(self) -> str:
        """As `diff -u` writes it; empty where nothing changes."""
        lines = difflib.unified_diff(
            (self.before or "").splitlines(keepends=True),
            (self.after or "").splitlines(keepends=True),
            "/dev/null" if self.before is None else f"a/{self.shown}",
            "/dev/null" if self.after is None else f"b/{self.shown}",
        )
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def planned(
    pieces: Iterable[Piece], root: Path, *, take_out: bool, force: bool
) -> tuple[Change, ...]:
    """What would change. Raises UsageError, FileUnreadable."""
    wanted = list(pieces)
    keeper = next((one for one in wanted if isinstance(one, OwnFile)), None)
    record = keeper.remembered(_read(root / keeper.path)) if keeper is not None else None
    found = []
    kept = record
    for piece in wanted:
        if isinstance(piece, OwnFile):
            continue
        before = _read(root / piece.path)
        if take_out:
            after = piece.taken_out(before, force, record)
        else:
            after, kept = piece.put_in(before, force, record)
        found.append(Change(root / piece.path, piece.path, before, after))
    own = []
    for piece in wanted:
        if not isinstance(piece, OwnFile):
            continue
        before = _read(root / piece.path)
        one = replace(piece, record=kept) if piece is keeper else piece
        after = one.taken_out(before, force) if take_out else one.put_in(before, force)
        own.append(Change(root / piece.path, piece.path, before, after, piece.executable))
    changes = tuple(change for change in (*own, *found) if change.before != change.after)
    for change in changes:
        _require_writable(change)
    return changes


def _require_writable(change: Change) -> None:
    """A file that was made read-only was meant to be: replacing it would go past that."""
    real = Path(os.path.realpath(change.path))
    if change.before is not None and not real.stat().st_mode & 0o222:
        raise FileUnreadable(
            f"{change.shown} is read-only, so nothing was changed",
            f"make it writable (chmod u+w {change.shown}), then try again",
        )


def carry_out(changes: Iterable[Change], root: Path) -> None:
    """Each file whole, or not at all. Folders that have become empty go too.

    Raises FileUnreadable.
    """
    for change in changes:
        try:
            if _read(change.path) != change.before:
                raise FileUnreadable(
                    f"{change.shown} was changed in this moment by another program",
                    "run it again",
                )
            if change.after is None:
                # Where a link stands for it, the link is somebody's.
                Path(os.path.realpath(change.path)).unlink(missing_ok=True)
                _remove_empty(change.path.parent, root)
            else:
                _write(change.path, change.after, change.executable)
        except OSError as problem:
            raise FileUnreadable(
                f"can't write {change.path}: {problem.strerror}", "mend that, and run it again"
            ) from None


def _read(path: Path) -> str | None:
    try:
        # Bytes, so that line ends stay as they are.
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or "it is no UTF-8"
        raise FileUnreadable(f"can't read {path}: {reason}", "mend it, then try again") from None


def _write(path: Path, text: str, executable: bool) -> None:
    # Through a link to the file it stands for: people keep their settings elsewhere.
    real = Path(os.path.realpath(path))
    real.parent.mkdir(parents=True, exist_ok=True)
    mode, owner = _mode_and_owner(real, executable)
    handle, beside = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        Path(beside).chmod(mode)
        if owner is not None:
            os.chown(beside, *owner)
        Path(beside).replace(real)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def _mode_and_owner(file: Path, executable: bool) -> tuple[int, tuple[int, int] | None]:
    """What a file that replaces it must have; the owner, where that is somebody else."""
    try:
        found = file.stat()
    except FileNotFoundError:
        masked = os.umask(0)
        os.umask(masked)
        return (0o777 if executable else 0o666) & ~masked, None
    owner = (found.st_uid, found.st_gid)
    own = (os.geteuid(), os.getegid())
    return stat.S_IMODE(found.st_mode), None if owner == own else owner


def _remove_empty(folder: Path, root: Path) -> None:
    while (
        folder != root
        and folder.is_relative_to(root)
        and not folder.is_symlink()
        and not any(folder.iterdir())
    ):
        folder.rmdir()
        folder = folder.parent
