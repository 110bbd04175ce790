"""SQL files as a target."""

from __future__ import annotations
