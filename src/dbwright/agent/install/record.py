"""What an installation remembers of the entry that it put into a file which others write too.

It stands in the seal of the definition beside it, so it comes along wherever the project goes, and
who uninstalls on another machine takes out the same.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

__all__ = ["BLANK", "WHOLE", "Record"]

WHOLE = -1
"""As `made`: the file was not there."""
BLANK = -2
"""As `made`: the file held nothing but space."""


@dataclass(frozen=True, slots=True)
class Record:
    """Of an entry."""

    digest: str
    """Of what was put in: an entry of an older dbwright is told from one changed by hand."""
    made: int
    """How many of the objects around it were made for it; WHOLE or BLANK for all of the file."""
    gap: str = ""
    """The space that stood where it was put; only space."""

    @property
    def text(self) -> str:
        return json.dumps([self.digest, self.made, self.gap])

    @classmethod
    def of(cls, text: str) -> Record | None:
        """None for what is no record: then nothing is known."""
        try:
            digest, made, gap = json.loads(text)
        except (ValueError, TypeError):
            return None
        is_one = isinstance(digest, str) and type(made) is int and isinstance(gap, str)
        return cls(digest, made, gap) if is_one and not gap.strip() else None
