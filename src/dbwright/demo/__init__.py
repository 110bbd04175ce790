"""The demo shop, and what is wrong with it on purpose."""

from __future__ import annotations
