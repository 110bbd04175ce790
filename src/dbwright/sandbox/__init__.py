"""Throw-away PostgreSQL servers, on which dbwright tries what it proposes.

    with start() as server:
        server.url()        # postgresql://dbwright@/postgres?host=/tmp/…

Each lives in a temporary folder, listens on a unix socket only, and is gone without a trace when
its owner is, however that ends.
"""

from __future__ import annotations

from dbwright.sandbox.programs import Programs, find_programs
from dbwright.sandbox.server import Server, start

__all__ = ["Programs", "Server", "find_programs", "start"]
