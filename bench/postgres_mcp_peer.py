r"""The tuning advisor of postgres-mcp, run by the interpreter of an environment that has it.

    PYTHON bench/postgres_mcp_peer.py URL MEGABYTES SECONDS < queries.json

    pip install --no-deps postgres-mcp
    pip install 'pglast>=7.2,<8' 'mcp[cli]<2' 'psycopg[binary]' psycopg-pool instructor \
        attrs humanize

Plainly `pip install postgres-mcp` where the pglast 7.2 that it pins can be had. Settings as shipped
but for the budget and the time limit. Writes what it recommends as JSON. Its interface of tools
takes ten queries at most; the class behind it takes all. It lowers the case of a query, literals
too, before it plans it.

One thing is mended: it proposes indexes on names that a query defines itself (an alias, a column of
a subquery), and one of those, refused by HypoPG, ends the whole analysis. They are dropped.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from importlib.metadata import version
from typing import Any

from postgres_mcp.index.dta_calc import (  # type: ignore[import-not-found,unused-ignore]
    DatabaseTuningAdvisor,
)
from postgres_mcp.sql import (  # type: ignore[import-not-found,unused-ignore]
    DbConnPool,
    SqlDriver,
)

COLUMNS = "SELECT table_name, column_name FROM information_schema.columns"


class Mended(DatabaseTuningAdvisor):  # type: ignore[misc,unused-ignore]
    dropped = 0

    async def _filter_long_text_columns(self, candidates: list[Any], *rest: Any) -> list[Any]:
        rows = await self.sql_driver.execute_query(COLUMNS)
        known = {(row.cells["table_name"], row.cells["column_name"]) for row in rows}
        kept = [
            one for one in candidates if all((one.table, column) in known for column in one.columns)
        ]
        self.dropped = len(candidates) - len(kept)
        found: list[Any] = await super()._filter_long_text_columns(kept, *rest)
        return found


async def recommended(url: str, queries: list[str], megabytes: int, seconds: int) -> dict[str, Any]:
    pool = DbConnPool(url)
    await pool.pool_connect()
    try:
        advisor = Mended(SqlDriver(conn=pool), budget_mb=megabytes, max_runtime_seconds=seconds)
        began = time.perf_counter()
        found = await advisor.analyze_workload(query_list=queries, max_index_size_mb=megabytes)
        taken = time.perf_counter() - began
    finally:
        await pool.close()
    return {
        "versions": {name: version(name) for name in ("postgres-mcp", "pglast")},
        "statements": [one.definition for one in found.recommendations],
        "estimated_bytes": sum(one.estimated_size_bytes for one in found.recommendations),
        "queries": len(found.workload or ()),
        "dropped": advisor.dropped,
        "out_of_time": any("Time limit reached" in line for line in found.dta_traces),
        "error": found.error or "",
        "seconds": taken,
    }


if __name__ == "__main__":
    logging.disable()  # an error is in the answer
    answer = recommended(sys.argv[1], json.load(sys.stdin), int(sys.argv[2]), int(sys.argv[3]))
    print(json.dumps(asyncio.run(answer)))
