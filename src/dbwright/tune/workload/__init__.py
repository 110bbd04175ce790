"""What a database runs: from wherever that is written down, as one list of queries."""

from __future__ import annotations
