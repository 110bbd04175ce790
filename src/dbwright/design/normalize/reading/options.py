"""How sources are to be read."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MOST_COLUMNS", "ReadingOptions"]

MOST_COLUMNS = 200
"""That are looked through at once: each is compared with each other."""


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What a person said; None and empty for what is found out."""

    rows: int = 250_000
    """Read at most so many of each source; 0 for all."""
    columns: tuple[str, ...] = ()
    """Only these, where a source has them; empty for all."""
    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    header: bool = True
    """Does a CSV file's first row name its columns?"""
    null: tuple[str, ...] = ()
    """Texts that stand for NULL, besides the empty one, in CSV."""
    tables: tuple[str, ...] = ()
    """Of a database: only these."""

    @property
    def limit(self) -> int | None:
        return self.rows or None
