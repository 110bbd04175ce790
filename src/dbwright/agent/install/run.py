"""Putting the pieces of a host in, and taking them out: all that can be refused is, before the
first file is written."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dbwright.agent.install.piece import Piece
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
    found = []
    for piece in pieces:
        path = root / piece.path
        before = _read(path)
        after = piece.taken_out(before, force) if take_out else piece.put_in(before, force)
        if before != after:
            found.append(Change(path, piece.path, before, after, piece.executable))
    return tuple(found)


def carry_out(changes: Iterable[Change], root: Path) -> None:
    """Each file whole, or not at all. Folders that have become empty go too.

    Raises FileUnreadable.
    """
    for change in changes:
        try:
            if change.after is None:
                change.path.unlink(missing_ok=True)
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
    mode = real.stat().st_mode & 0o777 if real.exists() else 0o755 if executable else 0o644
    handle, beside = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        Path(beside).chmod(mode)
        Path(beside).replace(real)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def _remove_empty(folder: Path, root: Path) -> None:
    while folder != root and folder.is_relative_to(root) and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
