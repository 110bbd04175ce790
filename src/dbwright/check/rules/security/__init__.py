"""Privileges, row level security and secrets."""

from __future__ import annotations
