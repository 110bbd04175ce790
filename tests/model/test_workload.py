"""Workloads in snapshots: older files are still read, and redaction leaves no values."""

from __future__ import annotations

import gzip
import json
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

from dbwright.engines import snapshot_file
from dbwright.model.catalog import Catalog, Server
from dbwright.model.snapshot import Snapshot
from dbwright.model.workload import Query, Workload
from dbwright.snapshot.redact import redacted

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SINCE_THE_FIRST = {
    "text", "fingerprint", "query_id", "calls", "total_seconds", "mean_seconds", "stddev_seconds",
    "rows", "shared_blocks_hit", "shared_blocks_read", "temporary_blocks", "user",
}  # fmt: skip
QUERY = Query(
    "SELECT a FROM t WHERE b = $1",
    "f00d",
    calls=3,
    example="SELECT a FROM t WHERE b = 'secret'",
    parameters=("secret", None),
    slowest="SELECT a FROM t WHERE b = 'secret'",
    slowest_parameters=("secret",),
    plan_text="Seq Scan on t\n  Filter: (b = 'secret'::text)",
    call_sites=("app.py:3 show",),
    users=("app",),
    first_seen=NOW,
)


def _snapshot(query: Query) -> Snapshot:
    catalog = Catalog("postgresql", Server("18.0", 180000, "shop", "app", False), NOW)
    return Snapshot("x", catalog, workload=Workload("server.log", (query,), NOW))


def test_a_file_of_the_first_version_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.dbw"
    snapshot_file.save(_snapshot(Query("SELECT 1", "f00d", calls=3, total_seconds=1.5)), path)
    header, _, body = gzip.decompress(path.read_bytes()).partition(b"\n")
    found = json.loads(body)
    (query,) = found["workload"]["queries"]
    assert set(query) == {field.name for field in fields(Query)}
    found["workload"]["queries"] = [{k: v for k, v in query.items() if k in SINCE_THE_FIRST}]
    path.write_bytes(gzip.compress(header + b"\n" + json.dumps(found).encode()))
    workload = snapshot_file.load(path).workload
    assert workload is not None
    assert workload.queries == (Query("SELECT 1", "f00d", calls=3, total_seconds=1.5),)


def test_nothing_of_a_query_changes_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "x.dbw"
    snapshot_file.save(_snapshot(QUERY), path)
    workload = snapshot_file.load(path).workload
    assert workload is not None and workload.queries == (QUERY,)


def test_redaction_leaves_no_values() -> None:
    workload = redacted(_snapshot(QUERY)).workload
    assert workload is not None
    (query,) = workload.queries
    assert "secret" not in repr(query)
    assert (query.text, query.calls, query.call_sites) == (QUERY.text, 3, QUERY.call_sites)
