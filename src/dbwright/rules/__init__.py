"""What is looked for, and why: what `check`, `explain` and `tune` find, in one list."""

from __future__ import annotations
