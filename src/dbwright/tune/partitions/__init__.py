"""Partitioning large tables whose rows come in order of time: found, tried on a twin, written."""

from __future__ import annotations
