"""Which indexes serve a workload, what they take, and what they cost."""

from __future__ import annotations
