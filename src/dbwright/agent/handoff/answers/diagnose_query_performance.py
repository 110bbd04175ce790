"""What is slow, why, and what would make it faster: from the target's own figures and plans."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbwright.agent.handoff.payloads.diagnose_query_performance import (
    DIAGNOSTICS,
    Diagnosis,
    Suspected,
)
from dbwright.agent.handoff.work import Answer, Work, done, findings_document, skipped, tried
from dbwright.model.snapshot import Snapshot
from dbwright.model.workload import Query
from dbwright.target import SnapshotFile, opened, resolve

__all__ = ["answer"]

MOST_QUERIES = 10
EFFORT_SECONDS = 15.0


def answer(work: Work) -> Answer:
    """The diagnostics that were asked for (all where none was), and what `check` finds wrong in the
    way the server and its sessions stand."""
    payload = work.handoff.payload
    assert isinstance(payload, Diagnosis)
    wanted = payload.diagnostics_needed or DIAGNOSTICS
    with opened(
        resolve(work.target, work.configuration), workload=True, progress=work.progress
    ) as source:
        seen = _Seen(work, payload, source.snapshot)
    found: Answer = {}
    for name in dict.fromkeys(wanted):
        part = PARTS.get(name)
        if part is None:
            known = ", ".join(DIAGNOSTICS)
            found[name] = skipped("dbwright has no such diagnostic", f"ask for: {known}")
        else:
            work.progress(name.replace("_", " "))
            found[name] = tried(lambda part=part: part(seen))  # type: ignore[misc]
    work.progress("checking")
    found["findings"] = tried(lambda: _findings(seen))
    return found


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was asked, and the target as it was read."""

    work: Work
    payload: Diagnosis
    snapshot: Snapshot


def _slow_queries(seen: _Seen) -> dict[str, Any]:
    workload = seen.snapshot.workload
    if workload is None or not workload.queries:
        return skipped(
            "the target tells of no queries", "CREATE EXTENSION pg_stat_statements, or name a log"
        )
    queries = sorted(workload.queries, key=lambda one: -(one.total_seconds or 0.0))
    total = sum(one.total_seconds or 0.0 for one in queries)
    return done(
        source=workload.source,
        since=workload.since and workload.since.isoformat(),
        different_queries=len(queries),
        queries=[_query(one, total) for one in queries[:MOST_QUERIES]],
    )


def _query(query: Query, total: float) -> dict[str, Any]:
    mean, seconds = query.mean_seconds, query.total_seconds
    return {
        "sql": query.text,
        "calls": query.calls,
        "total_seconds": None if seconds is None else round(seconds, 3),
        "mean_ms": None if mean is None else round(mean * 1000, 3),
        "share": None if seconds is None or not total else round(seconds / total, 4),
    }


def _missing_indexes(seen: _Seen) -> dict[str, Any]:
    """`tune` over the suspected queries, or else over what the target has seen."""
    work, payload = seen.work, seen.payload
    from dbwright.tune.tune import tune

    with tempfile.TemporaryDirectory(prefix="dbwright-") as folder:
        workload: tuple[str, ...] = ()
        if payload.suspected_queries:
            file = Path(folder) / "suspected.sql"
            texts = (_suspected(one).sql.strip().rstrip(";") for one in payload.suspected_queries)
            file.write_text("".join(f"{text};\n" for text in texts), encoding="utf-8")
            workload = (str(file),)
        report = tune(
            work.target,
            workload=workload,
            effort=EFFORT_SECONDS,
            progress=work.progress,
            configuration=work.configuration,
        )
    missing = tuple(one for one in report.findings if one.rule == "tune/missing-index")
    return done(
        of="the suspected queries" if payload.suspected_queries else "the target's queries",
        indexes=findings_document(missing),
        skipped=[{"part": one.part, "reason": one.reason} for one in report.skipped],
    )


def _pool_state(seen: _Seen) -> dict[str, Any]:
    """Of the server itself; a pooler before it is not asked."""
    activity, catalog = seen.snapshot.activity, seen.snapshot.catalog
    if activity is None:
        return skipped("the target's sessions are not known", "name a live database")
    clients = [one for one in activity.sessions if one.is_client]
    figures = {
        name: int(setting.value)
        for name in ("max_connections", "superuser_reserved_connections", "reserved_connections")
        if (setting := catalog.setting(name)) is not None
    }
    ages = [activity.seconds_since(one.transaction_started_at) or 0.0 for one in clients]
    return done(
        captured_at=activity.captured_at.isoformat(),
        **figures,
        sessions=len(clients),
        by_state=dict(sorted(Counter(one.state or "unknown" for one in clients).items())),
        by_application=dict(Counter(one.application for one in clients).most_common(10)),
        waiting=dict(
            Counter(
                f"{one.wait_event_type}: {one.wait_event}"
                for one in clients
                if one.state == "active" and one.wait_event_type
            ).most_common(10)
        ),
        blocked=sum(bool(one.blocked_by) for one in clients),
        oldest_transaction_seconds=round(max(ages, default=0.0), 3),
        not_examined="a pooler before the server",
    )


def _explained_plans(seen: _Seen) -> dict[str, Any]:
    work, payload = seen.work, seen.payload
    if not payload.suspected_queries:
        return skipped("no query is suspected", "write suspected_queries")
    plans = []
    for one in payload.suspected_queries:
        suspected = _suspected(one)
        place = {"where": suspected.where} if suspected.where else {}
        plan = tried(lambda sql=suspected.sql: _explained(work, sql))  # type: ignore[misc]
        plans.append({"sql": suspected.sql, **place, **plan})
    if all(plan["status"] == "failed" for plan in plans):
        return {"status": "failed", "reason": "none of them could be explained", "plans": plans}
    return done(plans=plans)


def _explained(work: Work, sql: str) -> dict[str, Any]:
    from dbwright.render import render_explanation
    from dbwright.tune.explain import explain

    # With the end of a line it is no `-`, which would be read from stdin.
    found = explain(
        f"{sql}\n", on=work.target, progress=work.progress, configuration=work.configuration
    )
    return done(
        total_cost=found.plan.root.total_cost,
        plan=render_explanation(found, "terminal", width=120).splitlines(),
        findings=findings_document(tuple(remark.finding for remark in found.remarks)),
    )


def _findings(seen: _Seen) -> dict[str, Any]:
    from dbwright.check.check import check

    work = seen.work
    report = check(
        work.target,
        only=("activity", "indexes", "maintenance", "settings"),
        progress=work.progress,
        configuration=work.configuration,
    )
    of = "a snapshot" if isinstance(resolve(work.target, work.configuration), SnapshotFile) else ""
    if seen.snapshot.from_files:
        of = "SQL files"
    return done(
        target=report.target,
        of=of or "the target as it is now",
        counts={severity.value: count for severity, count in report.counts.items()},
        worst=findings_document(report.findings, 20),
    )


def _suspected(one: Suspected | str) -> Suspected:
    return Suspected(sql=one) if isinstance(one, str) else one


PARTS: dict[str, Callable[[_Seen], dict[str, Any]]] = {
    "slow_queries": _slow_queries,
    "missing_indexes": _missing_indexes,
    "pool_state": _pool_state,
    "explained_plans": _explained_plans,
}
