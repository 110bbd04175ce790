"""Advice about indexes, as findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbwright.model.catalog import Catalog, MaterializedView, Table
from dbwright.model.finding import (
    Confidence,
    Finding,
    Fix,
    LockMode,
    ObjectRef,
    Proof,
    ProofLevel,
    Severity,
)
from dbwright.model.tuning import IndexAdvice, Tuning
from dbwright.sql.index_build import build_index
from dbwright.tune.indexes.candidate import CandidateIndex

__all__ = ["RULE", "index_findings"]

RULE = "tune/missing-index"
WHY = (
    "Queries of the workload read far more of the table than they need. The planner of a server "
    "with the same schema and statistics takes the index as soon as it is there."
)
LARGE_SHARE = 0.1
"""Of the workload's cost: what makes a missing index a warning."""
SHOWN_QUERIES = 5


def index_findings(
    catalog: Catalog, tuning: Tuning, candidates: Sequence[CandidateIndex]
) -> Iterator[Finding]:
    """One for each index of the advice, which `candidates` are in the same order; those that save
    most come first."""
    relations: dict[int, Table | MaterializedView] = {t.oid: t for t in catalog.tables}
    relations.update((view.oid, view) for view in catalog.materialized_views)
    pairs = zip(tuning.indexes, candidates, strict=True)
    for advice, candidate in sorted(pairs, key=lambda pair: (-pair[0].saved_last, pair[0].name)):
        relation = relations[candidate.table_oid]
        yield _finding(catalog, tuning, advice, candidate, relation)


def _finding(
    catalog: Catalog,
    tuning: Tuning,
    advice: IndexAdvice,
    candidate: CandidateIndex,
    relation: Table | MaterializedView,
) -> Finding:
    up, down = build_index(catalog, relation, advice.name, f" {advice.definition}")
    requires = "".join(f"CREATE EXTENSION IF NOT EXISTS {name};\n" for name in candidate.requires)
    served = [tuning.queries[number] for number in advice.queries]
    before = sum(query.before * query.weight for query in served)
    after = sum(query.after * query.weight for query in served)
    share = advice.saved_last / tuning.before if tuning.before else 0.0
    return Finding(
        rule=RULE,
        severity=Severity.WARNING if share >= LARGE_SHARE else Severity.NOTICE,
        confidence=Confidence.MEDIUM,
        object=ObjectRef(relation.ref.kind, relation.qualified),
        message=f"{relation.qualified} has no index {advice.definition}: "
        f"{len(served)} {'query costs' if len(served) == 1 else 'queries cost'} "
        f"{before:,.0f} instead of {after:,.0f}",
        why=WHY,
        key=f"{RULE}:{candidate.signature}",
        evidence={
            "index_bytes": advice.bytes,
            "saved_share_of_workload": round(share, 4),
            "saved_share_alone": round(advice.saved_alone / tuning.before, 4)
            if tuning.before
            else 0.0,
            "queries": [_shown(query.text) for query in served[:SHOWN_QUERIES]],
            "wal_bytes_per_day": None
            if advice.wal_bytes_per_day is None
            else round(advice.wal_bytes_per_day),
            "updates_that_lose_hot_share": round(advice.updates_that_lose_hot_share, 3),
        },
        fix=Fix(
            up=requires + up,
            down=down,
            lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
            scans=True,
            transactional=False,
            seconds=round(advice.build_seconds, 1),
        ),
        proof=Proof(
            level=ProofLevel.ESTIMATED,
            before=f"cost {before:,.0f}",
            after=f"cost {after:,.0f}",
            reproduce="EXPLAIN on a twin: the same schema and statistics, no rows",
        ),
    )


def _shown(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 100 else f"{line[:99]}…"
