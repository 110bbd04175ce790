"""Keys and constraints."""

from __future__ import annotations
