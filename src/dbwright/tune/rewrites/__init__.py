"""Queries written another way: the same rows, proven by running both, for less."""

from __future__ import annotations
