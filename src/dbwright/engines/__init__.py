"""The only code that reads a target."""

from __future__ import annotations
