"""Paths that files name: none may lead out of the repository."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

__all__ = ["Outside", "inside", "shown"]


class Outside(ValueError):
    """The path leads out of the folder that it has to stay in; its text says how."""


def inside(root: Path, written: str | Path) -> Path:
    """The path that is meant, from `root`, with all symbolic links followed.

    What need not be there yet is fine. Raises Outside for `..` that leads out, an absolute path or
    a symbolic link to elsewhere, and for what no file can be called.
    """
    text = os.fspath(written)
    if not text or "\0" in text:
        raise Outside("it is empty" if not text else "it holds a zero byte")
    base = Path(os.path.realpath(root))
    name = base.name or str(base)
    is_absolute = Path(text).is_absolute()
    if not is_absolute and not Path(os.path.normpath(base / text)).is_relative_to(base):
        raise Outside(f"its .. leads out of {name}")
    try:
        real = Path(os.path.realpath(base / text))
    except OSError as problem:
        raise Outside(problem.strerror or str(problem)) from None
    if not real.is_relative_to(base):
        how = "it is absolute, and not in" if is_absolute else "a symbolic link in it leads out of"
        raise Outside(f"{how} {name}")
    return real


def shown(root: Path, path: Path) -> str:
    """The path from the root, with slashes, as it is written in events and answers."""
    base = Path(os.path.realpath(root))
    return str(PurePosixPath(*Path(os.path.realpath(path)).relative_to(base).parts))
