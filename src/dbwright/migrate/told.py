"""What a command line tells (digits are a version), and how names stand in the tables it gets."""

from __future__ import annotations

from dbwright.errors import UsageError

__all__ = ["cell", "target_and_version"]


def target_and_version(*words: str | None) -> tuple[str | None, str | None]:
    """In any order, each once or not at all. Raises UsageError."""
    given = [word for word in words if word is not None]
    versions = [word for word in given if word.isdecimal()]
    targets = [word for word in given if not word.isdecimal()]
    for kind, found in (("version", versions), ("target", targets)):
        if len(found) > 1:
            raise UsageError(
                f"{found[0]} and {found[1]}: there can be one {kind}",
                "give a target and a version, or one of them",
            )
    return next(iter(targets), None), next(iter(versions), None)


def cell(text: str) -> str:
    """A name in a table of Markdown: one line, and no column's end."""
    return " ".join(text.split()).replace("|", "\\|")
