"""Reading PostgreSQL, versions 12 to 18."""

from __future__ import annotations
