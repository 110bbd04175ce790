"""What the server is doing now."""

from __future__ import annotations
