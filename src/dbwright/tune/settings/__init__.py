"""Advice about server parameters, autovacuum, fillfactor and pools: what the advisors compute."""

from __future__ import annotations
