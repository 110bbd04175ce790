"""The text of a file."""

from __future__ import annotations

from pathlib import Path

from dbwright.errors import BadMigration, FileUnreadable

__all__ = ["text_of"]


def text_of(path: Path) -> str:
    """A file's text, which is UTF-8. Raises FileUnreadable, BadMigration."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as problem:
        raise FileUnreadable(
            f"can't read {path}: {problem.strerror}", "see that it is a file that you may read"
        ) from None
    except UnicodeDecodeError as problem:
        raise BadMigration(
            f"{path} is not UTF-8: byte {problem.start + 1} can't be read", "save it as UTF-8"
        ) from None
    if "\0" in text:
        # The server's protocol ends a statement there: the rest, such as its WHERE, would be lost.
        line = text.count("\n", 0, text.index("\0")) + 1
        raise BadMigration(
            f"{path}, line {line}: a byte is zero, which no SQL has", "save it as UTF-8, not UTF-16"
        )
    return text
