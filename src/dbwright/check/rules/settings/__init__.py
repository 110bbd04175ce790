"""Server settings and versions."""

from __future__ import annotations
