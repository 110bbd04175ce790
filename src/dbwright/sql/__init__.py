"""Text <-> structure: the only code that knows SQL's lexis and a parser of it."""

from __future__ import annotations
