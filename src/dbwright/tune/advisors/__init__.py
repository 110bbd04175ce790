"""What else makes a workload faster than indexes and other words: one advisor a file."""

from __future__ import annotations
