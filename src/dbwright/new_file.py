"""Writing a file that is not there yet."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

__all__ = ["write_new"]


def write_new(path: Path, content: bytes) -> None:
    """The file is there whole or not at all, whatever ends this process, and it takes the place of
    no other.

    Raises FileExistsError where something has that name, and any other OSError.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        os.link(temporary, path)  # unlike a rename it never replaces a file
    finally:
        Path(temporary).unlink()
