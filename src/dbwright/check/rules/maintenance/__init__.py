"""Vacuum, bloat, statistics and transaction ids."""

from __future__ import annotations
