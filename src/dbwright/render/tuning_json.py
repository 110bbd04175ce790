"""What tuning came to, for programs: a part of `schemas/report.schema.json`."""

from __future__ import annotations

from dataclasses import asdict

from dbwright.model.measured import DroppedIndex, Measured, MeasuredQuery, Run
from dbwright.model.tuning import IndexDrop, Tuning

__all__ = ["tuning_document"]

Document = dict[str, object]


def _present(document: Document) -> Document:
    """Without what is unknown or empty."""
    return {name: value for name, value in document.items() if value not in (None, "", (), [], {})}


def tuning_document(tuning: Tuning) -> Document:
    return {
        "source": tuning.source,
        "cost_before": tuning.before,
        "cost_after": tuning.after,
        "within_share": round(tuning.within_share, 4),
        "indexes_tried": tuning.tried,
        "planner_calls": tuning.planner_calls,
        "complete": tuning.complete,
        **_present({"budget_bytes": tuning.budget_bytes}),
        "indexes": [
            {
                "name": index.name,
                "table": index.table,
                "definition": index.definition,
                "bytes": index.bytes,
                "saved_alone": index.saved_alone,
                "saved_last": index.saved_last,
                "queries": list(index.queries),
                "build_seconds": index.build_seconds,
                **_present({"wal_bytes_per_day": index.wal_bytes_per_day}),
                "updates_that_lose_hot_share": index.updates_that_lose_hot_share,
                **_present({"replaces": list(index.replaces)}),
                **_present({"least_bytes": index.least_bytes, "most_bytes": index.most_bytes}),
            }
            for index in tuning.indexes
        ],
        **_present(
            {
                "drops": [_drop_document(drop) for drop in tuning.drops],
                "asked": [asdict(asked) for asked in tuning.asked],
            }
        ),
        "queries": [
            {
                "text": query.text,
                "fingerprint": query.fingerprint,
                "calls": query.calls,
                "weight": query.weight,
                "cost_before": query.before,
                "cost_after": query.after,
                "indexes": list(query.indexes),
            }
            for query in tuning.queries
        ],
        **_present({"measured": tuning.measured and _measured_document(tuning.measured)}),
    }


def _drop_document(drop: IndexDrop) -> Document:
    return _present({**asdict(drop), "reason": drop.reason.value})


def _measured_document(measured: Measured) -> Document:
    return {
        "refused": measured.refused,
        "seconds": round(measured.seconds, 1),
        "queries": [_query_document(query) for query in measured.queries],
        "indexes": [asdict(index) for index in measured.indexes],
        "dropped": [_dropped_document(dropped) for dropped in measured.dropped],
        "taken_back": [_dropped_document(kept) for kept in measured.taken_back],
        "writes": [_present(asdict(write)) for write in measured.writes],
        **_present(
            {
                "reason": measured.reason,
                "constants": measured.constants and _present(asdict(measured.constants)),
            }
        ),
    }


def _dropped_document(dropped: DroppedIndex) -> Document:
    return {
        **asdict(dropped),
        "before": _run_document(dropped.before),
        "after": _run_document(dropped.after),
    }


def _query_document(query: MeasuredQuery) -> Document:
    return {
        **asdict(query),
        "before": query.before and _run_document(query.before),
        "after": query.after and _run_document(query.after),
        "slower": query.slower,
    }


def _run_document(run: Run) -> Document:
    return asdict(run)
