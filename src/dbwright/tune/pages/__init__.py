"""The pages of what `tune` finds by itself: not by an advisor, a rewrite or an insight."""

from __future__ import annotations
