"""What is looked for, and why: the rules of `check` and the insights of `explain` in one list."""

from __future__ import annotations
