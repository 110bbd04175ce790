"""Reading PostgreSQL server logs: stderr, csvlog, jsonlog."""

from __future__ import annotations

from dbwright.engines.postgresql.logs.counts import LogCounts
from dbwright.engines.postgresql.logs.reading import LogReading, read_log

__all__ = ["LogCounts", "LogReading", "read_log"]
