"""What is slow, why, and what would make it faster: from the target's own figures and plans."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dbwright.agent.handoff.payloads.diagnose_query_performance import (
    DIAGNOSTICS,
    Diagnosis,
    Suspected,
)
from dbwright.agent.handoff.work import Answer, Work, done, findings_document, skipped, tried
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
    found: Answer = {}
    for name in dict.fromkeys(wanted):
        part = PARTS.get(name)
        if part is None:
            known = ", ".join(DIAGNOSTICS)
            found[name] = skipped("dbwright has no such diagnostic", f"ask for: {known}")
        else:
            work.progress(name.replace("_", " "))
            found[name] = tried(lambda part=part: part(work, payload))  # type: ignore[misc]
    work.progress("checking")
    found["findings"] = tried(lambda: _findings(work))
    return found


def _slow_queries(work: Work, payload: Diagnosis) -> dict[str, Any]:
    with opened(
        resolve(work.target, work.configuration), workload=True, progress=work.progress
    ) as source:
        workload = source.snapshot.workload
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


def _missing_indexes(work: Work, payload: Diagnosis) -> dict[str, Any]:
    """`tune` over the suspected queries, or else over what the target has seen."""
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


def _pool_state(work: Work, payload: Diagnosis) -> dict[str, Any]:
    """Of the server itself; a pooler before it is not asked."""
    with opened(resolve(work.target, work.configuration), progress=work.progress) as source:
        activity, catalog = source.snapshot.activity, source.snapshot.catalog
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


def _explained_plans(work: Work, payload: Diagnosis) -> dict[str, Any]:
    if not payload.suspected_queries:
        return skipped("no query is suspected", "write suspected_queries")
    plans = []
    for one in payload.suspected_queries:
        suspected = _suspected(one)
        place = {"where": suspected.where} if suspected.where else {}
        plan = tried(lambda sql=suspected.sql: _explained(work, sql))  # type: ignore[misc]
        plans.append({"sql": suspected.sql, **place, **plan})
    return done(plans=plans)


def _explained(work: Work, sql: str) -> dict[str, Any]:
    from dbwright.render import render_explanation
    from dbwright.tune.explain import explain

    found = explain(
        on=work.target, target=sql, progress=work.progress, configuration=work.configuration
    )
    return done(
        total_cost=found.plan.root.total_cost,
        plan=render_explanation(found, "terminal", width=120).splitlines(),
        findings=findings_document(tuple(remark.finding for remark in found.remarks)),
    )


def _findings(work: Work) -> dict[str, Any]:
    from dbwright.check.check import check

    report = check(
        work.target,
        only=("activity", "indexes", "maintenance", "settings"),
        progress=work.progress,
        configuration=work.configuration,
    )
    is_snapshot = isinstance(resolve(work.target, work.configuration), SnapshotFile)
    return done(
        target=report.target,
        of="a snapshot" if is_snapshot else "the target as it is now",
        counts={severity.value: count for severity, count in report.counts.items()},
        worst=findings_document(report.findings, 20),
    )


def _suspected(one: Suspected | str) -> Suspected:
    return Suspected(sql=one) if isinstance(one, str) else one


PARTS: dict[str, Callable[[Work, Diagnosis], dict[str, Any]]] = {
    "slow_queries": _slow_queries,
    "missing_indexes": _missing_indexes,
    "pool_state": _pool_state,
    "explained_plans": _explained_plans,
}
