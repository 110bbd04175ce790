"""Reading a database once, to work on it elsewhere."""

from __future__ import annotations
