"""Advice to drop indexes, as findings."""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.catalog import Index, MaterializedView, Table
from dbwright.model.finding import (
    Confidence,
    Evidence,
    Finding,
    Fix,
    Proof,
    ProofLevel,
)
from dbwright.model.page import why_it_matters
from dbwright.model.snapshot import Snapshot
from dbwright.model.tuning import DropReason, IndexDrop, Tuning
from dbwright.sql.index_drop import drop_index
from dbwright.tune.indexes.droppable import counted_days, counting_since
from dbwright.tune.pages.registry import page_of

__all__ = ["REDUNDANT_RULE", "drop_findings", "existing_indexes"]

REDUNDANT_RULE = "tune/redundant-index"
STANDBYS = "scans on standbys are not counted here: look at pg_stat_user_indexes on each one first"
YOUNGER = "an index that was made later has counted for a shorter time"

Relation = Table | MaterializedView


def drop_findings(snapshot: Snapshot, tuning: Tuning) -> Iterator[Finding]:
    """One for each index that can go whatever else is done; those that an advised index replaces
    are told with that one. In the order of `Tuning.drops`."""
    existing = existing_indexes(snapshot)
    for drop in tuning.drops:
        if drop.reason is not DropReason.REPLACED:
            relation, index = existing[drop.name]
            fix = drop_index(index, relation, risk=_risk(drop))
            if fix is not None:
                yield _finding(snapshot, tuning, drop, index, fix)


def existing_indexes(snapshot: Snapshot) -> dict[str, tuple[Relation, Index]]:
    """All indexes of the snapshot with what they are on, by their qualified names."""
    catalog = snapshot.catalog
    relations: tuple[Relation, ...] = (*catalog.tables, *catalog.materialized_views)
    return {
        index.qualified: (relation, index) for relation in relations for index in relation.indexes
    }


def _finding(
    snapshot: Snapshot, tuning: Tuning, drop: IndexDrop, index: Index, fix: Fix
) -> Finding:
    page = page_of(REDUNDANT_RULE)
    unused = drop.reason is DropReason.UNUSED
    confidence = page.confidence
    if unused:
        doubtful = _has_standby(snapshot) or snapshot.catalog.server.in_recovery
        confidence = Confidence.LOW if doubtful else Confidence.MEDIUM
    return Finding(
        rule=REDUNDANT_RULE,
        severity=page.severity,
        confidence=confidence,
        object=index.ref,
        message=f"{drop.name} on {drop.table} {_message(snapshot, drop)}",
        why=why_it_matters(page.page),
        key=f"{REDUNDANT_RULE}:{drop.name}",
        evidence=_evidence(snapshot, drop),
        fix=fix,
        proof=_proof(tuning, drop),
    )


def _message(snapshot: Snapshot, drop: IndexDrop) -> str:
    if drop.reason is DropReason.REPEATED:
        return f"has the keys of {drop.keeper}, which serves all that it does"
    if drop.reason is DropReason.PREFIX:
        return f"has the first keys of {drop.keeper}, which serves all that it does"
    since = counting_since(snapshot)
    return f"was not used once since {since:%Y-%m-%d}, and no query of the workload uses it"


def _evidence(snapshot: Snapshot, drop: IndexDrop) -> Evidence:
    since, days = counting_since(snapshot), counted_days(snapshot)
    wal = drop.wal_bytes_per_day
    return {
        "reason": drop.reason.value,
        "served_by": drop.keeper,
        "freed_bytes": drop.bytes,
        "scans": drop.scans,
        "counted_since": None if since is None else f"{since:%Y-%m-%d}",
        "counted_days": None if days is None else round(days, 1),
        "standby_seen": _has_standby(snapshot),
        "queries_planned_without_it": drop.queries,
        "wal_bytes_per_day_saved": None if wal is None else round(wal),
    }


def _proof(tuning: Tuning, drop: IndexDrop) -> Proof:
    if not tuning.queries:
        return Proof()
    return Proof(
        level=ProofLevel.ESTIMATED,
        before=f"the workload costs {drop.cost_before:,.0f}",
        after=f"the workload costs {drop.cost_after:,.0f}",
        reproduce="EXPLAIN on a twin with the index hidden",
    )


def _risk(drop: IndexDrop) -> str:
    return f"{STANDBYS}; {YOUNGER}" if drop.reason is DropReason.UNUSED else ""


def _has_standby(snapshot: Snapshot) -> bool:
    return bool(snapshot.activity and snapshot.activity.standbys)
