"""The nouns: frozen, slotted, no input or output. Sizes in bytes, times in seconds, UTC."""

from __future__ import annotations
