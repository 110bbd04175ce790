"""Advice about indexes, as findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbwright.model.catalog import MaterializedView, Table
from dbwright.model.finding import (
    Evidence,
    Finding,
    Fix,
    LockMode,
    ObjectRef,
    Proof,
    ProofLevel,
    Severity,
)
from dbwright.model.page import why_it_matters
from dbwright.model.snapshot import Snapshot
from dbwright.model.tuning import IndexAdvice, Tuning
from dbwright.sql.index_build import build_index
from dbwright.sql.index_drop import drop_index
from dbwright.tune.drop_findings import drop_findings, existing_indexes
from dbwright.tune.indexes.candidate import CandidateIndex
from dbwright.tune.measured.findings import index_proof
from dbwright.tune.pages.registry import page_of

__all__ = ["MISSING_RULE", "index_findings"]

MISSING_RULE = "tune/missing-index"
LARGE_SHARE = 0.1
"""Of the workload's cost: what makes a missing index a warning."""
SHOWN_QUERIES = 5
EXTENSION_STAYS = "the way back leaves the extension: other indexes may use it by then"


def index_findings(
    snapshot: Snapshot, tuning: Tuning, candidates: Sequence[CandidateIndex]
) -> Iterator[Finding]:
    """One for each index of the advice, which `candidates` are in the same order; those that save
    most come first. Then one for each that can go."""
    catalog = snapshot.catalog
    relations: dict[int, Table | MaterializedView] = {t.oid: t for t in catalog.tables}
    relations.update((view.oid, view) for view in catalog.materialized_views)
    pairs = zip(tuning.indexes, candidates, strict=True)
    for advice, candidate in sorted(pairs, key=lambda pair: (-_worth(pair[0]), pair[0].name)):
        relation = relations[candidate.table_oid]
        fix = _fix(snapshot, tuning, advice, candidate, relation)
        yield _finding(tuning, advice, candidate, relation, fix)
    yield from drop_findings(snapshot, tuning)


def _worth(advice: IndexAdvice) -> float:
    """Between what it saves by itself and what it adds to the others: two indexes that may do each
    other's work add little each, and together all that they save."""
    return (advice.saved_alone + advice.saved_last) / 2


def _finding(
    tuning: Tuning,
    advice: IndexAdvice,
    candidate: CandidateIndex,
    relation: Table | MaterializedView,
    fix: Fix,
) -> Finding:
    page = page_of(MISSING_RULE)
    served = [tuning.queries[number] for number in advice.queries]
    before = sum(query.before * query.weight for query in served)
    after = sum(query.after * query.weight for query in served)
    share = advice.saved_last / tuning.before if tuning.before else 0.0
    return Finding(
        rule=MISSING_RULE,
        severity=page.severity
        if _worth(advice) >= LARGE_SHARE * tuning.before
        else Severity.NOTICE,
        confidence=page.confidence,
        object=ObjectRef(relation.ref.kind, relation.qualified),
        message=f"{relation.qualified} has no index {advice.definition}: "
        f"{len(served)} {'query costs' if len(served) == 1 else 'queries cost'} "
        f"{before:,.0f} instead of {after:,.0f}{_replaced(advice)}",
        why=why_it_matters(page.page),
        key=f"{MISSING_RULE}:{candidate.signature}",
        evidence=_evidence(tuning, advice, share, [_shown(q.text) for q in served]),
        fix=fix,
        proof=(index_proof(tuning.measured, advice.name) if tuning.measured else None)
        or Proof(
            level=ProofLevel.ESTIMATED,
            before=f"cost {before:,.0f}",
            after=f"cost {after:,.0f}",
            reproduce="EXPLAIN on a twin: the same schema and statistics, no rows",
        ),
    )


def _evidence(
    tuning: Tuning, advice: IndexAdvice, share: float, queries: Sequence[str]
) -> Evidence:
    """Shares are of the workload's cost, or of all updates."""
    alone = advice.saved_alone / tuning.before if tuning.before else 0.0
    wal, hot = advice.wal_bytes_per_day, advice.updates_that_lose_hot_share
    return {
        "index_bytes": advice.bytes,
        **_range(advice),
        "saved_fraction": round(share, 4),
        "saved_alone_fraction": round(alone, 4),
        **({} if wal is None else {"wal_bytes_per_day": round(wal)}),
        **({"hot_lost_fraction": round(hot, 3)} if hot else {}),
        **_freed(tuning, advice),
        "queries": list(queries[:SHOWN_QUERIES]),
    }


def _range(advice: IndexAdvice) -> Evidence:
    """Of a size that is rough."""
    if advice.least_bytes is None or advice.most_bytes is None:
        return {}
    return {"rough_size_from_bytes": advice.least_bytes, "to_bytes": advice.most_bytes}


def _fix(
    snapshot: Snapshot,
    tuning: Tuning,
    advice: IndexAdvice,
    candidate: CandidateIndex,
    relation: Table | MaterializedView,
) -> Fix:
    """Build the index (and count the values of its expressions), then drop those that it replaces;
    and back in the other order."""
    up, down = build_index(snapshot.catalog, relation, advice.name, f" {advice.definition}")
    if any(key.column is None for key in candidate.keys):
        # Until then the planner takes every two-hundredth row to have any value of an expression.
        up += f"\nANALYZE {relation.qualified};"
    requires = "".join(f"CREATE EXTENSION IF NOT EXISTS {name};\n" for name in candidate.requires)
    lock = LockMode.SHARE_UPDATE_EXCLUSIVE
    existing = existing_indexes(snapshot) if advice.replaces else {}
    for name in advice.replaces:
        table, index = existing[name]
        dropping = drop_index(index, table)
        if dropping is not None and dropping.lock is not None:
            up, down = f"{up}\n{dropping.up}", f"{dropping.down}\n{down}"
            lock = max(lock, dropping.lock, key=list(LockMode).index)
    return Fix(
        up=requires + up,
        down=down,
        lock=lock,
        scans=True,
        transactional=False,
        seconds=round(advice.build_seconds, 1),
        risk=EXTENSION_STAYS if requires else "",
    )


def _replaced(advice: IndexAdvice) -> str:
    if not advice.replaces:
        return ""
    return f"; it takes the place of {', '.join(advice.replaces)}"


def _freed(tuning: Tuning, advice: IndexAdvice) -> Evidence:
    """What dropping those that it replaces gives back."""
    drops = [drop for drop in tuning.drops if drop.name in advice.replaces]
    if not drops:
        return {}
    written = [drop.wal_bytes_per_day for drop in drops if drop.wal_bytes_per_day is not None]
    return {
        "replaces": [drop.name for drop in drops],
        "freed_bytes": sum(drop.bytes or 0 for drop in drops),
        "wal_bytes_per_day_saved": round(sum(written)) if written else None,
    }


def _shown(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 100 else f"{line[:99]}…"
