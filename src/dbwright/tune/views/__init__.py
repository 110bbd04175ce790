"""Materialized views for aggregates that are asked for again and again: found, costed, proven."""

from __future__ import annotations
