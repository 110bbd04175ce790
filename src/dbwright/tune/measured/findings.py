"""What was measured, as proofs of findings, as findings, and as the advice that is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Finding, Fix, ObjectRef, Proof, ProofLevel
from dbwright.model.measured import CostConstants, Measured, MeasuredQuery, time_text
from dbwright.model.names import literal, quote
from dbwright.model.page import why_it_matters
from dbwright.model.tuning import QueryEffect, Tuning
from dbwright.tune.indexes.candidate import CandidateIndex
from dbwright.tune.pages.registry import page_of

__all__ = ["CONSTANTS_RULE", "constants_finding", "index_proof", "left_of"]

CONSTANTS_RULE = "tune/misfitting-cost-constants"
REPRODUCE = (
    "on a copy with all rows, in its caches: EXPLAIN (ANALYZE, BUFFERS, TIMING OFF), both ways by "
    "turns, the median"
)
MACHINE = (
    "The times are of the machine that measured them, with the data in its caches: set these where "
    "production is alike, and watch the slowest queries."
)


def constants_finding(catalog: Catalog, measured: Measured) -> Finding | None:
    """None where other constants were not shown to be better."""
    constants = measured.constants
    if constants is None or not constants.better:
        return None
    page = page_of(CONSTANTS_RULE)
    database = catalog.server.database
    gained = 1 - constants.seconds_after / constants.seconds_before
    queries = "1 query" if constants.changed == 1 else f"{constants.changed} queries"
    return Finding(
        rule=CONSTANTS_RULE,
        severity=page.severity,
        confidence=page.confidence,
        object=ObjectRef("database", quote(database)),
        message=f"with other cost constants {queries} of {quote(database)} get other plans, and "
        f"take {gained:.0%} less time",
        why=why_it_matters(page.page),
        key=f"{CONSTANTS_RULE}:{quote(database)}",
        evidence={
            **{f"{name}_before": value for name, value in constants.before.items()},
            **{f"{name}_fitted": value for name, value in constants.fitted.items()},
            "plans_timed": constants.plans,
            "cost_off_from_time_before": round(constants.error_before, 3),
            "cost_off_from_time_after": round(constants.error_after, 3),
        },
        advice=MACHINE,
        fix=Fix(
            up="\n".join(
                _set(database, name, f"{constants.fitted[name]:g}") for name in _changed(constants)
            ),
            down="\n".join(_as_before(catalog, name) for name in _changed(constants)),
            risk="Sessions that are open keep the old constants.",
        ),
        proof=Proof(
            level=ProofLevel.MEASURED,
            before=f"{time_text(constants.seconds_before)} for the queries whose plans change",
            after=f"{time_text(constants.seconds_after)}, and none of them slower",
            reproduce=REPRODUCE,
        ),
    )


def index_proof(measured: Measured, name: str) -> Proof | None:
    """What the queries that use the index of that name take without and with it, times their
    weight; None where none was run."""
    served = [q for q in measured.queries if name in q.indexes and q.measured]
    before = after = 0.0
    ended = False
    for query in served:
        assert query.before is not None and query.after is not None
        before += query.weight * query.before.seconds
        after += query.weight * query.after.seconds
        ended = ended or query.before.timed_out
    if not served:
        return None
    return Proof(
        level=ProofLevel.MEASURED,
        before=f"{'more than ' if ended else ''}{time_text(before)}",
        after=f"{time_text(after)}, {_answers(served)}",
        reproduce=REPRODUCE,
    )


def _answers(served: Sequence[MeasuredQuery]) -> str:
    equal = sum(query.equal is True for query in served)
    if equal == len(served):
        return "the same rows"
    if any(query.equal is False for query in served):
        return "OTHER ROWS"
    return f"the same rows where that can be told ({equal} of {len(served)} queries)"


def left_of(
    tuning: Tuning, candidates: Sequence[CandidateIndex], measured: Measured
) -> tuple[Tuning, tuple[CandidateIndex, ...]]:
    """The advice without what slows a query. Costs of queries that lose an index are estimated by
    what the copy's planner says of them."""
    kept, drops = measured.kept, tuple(tuning.drops[place] for place in measured.drops)
    gone = {drop.name for drop in drops}
    names = {tuning.indexes[number].name for number in kept}
    queries = tuple(_effect(effect, names, measured) for effect in tuning.queries)
    left = replace(
        tuning,
        indexes=tuple(
            replace(
                index,
                replaces=tuple(name for name in index.replaces if name in gone),
                queries=tuple(n for n, query in enumerate(queries) if index.name in query.indexes),
            )
            for index in (tuning.indexes[number] for number in kept)
        ),
        drops=drops,
        queries=queries,
        after=tuning.after
        if queries == tuning.queries
        else sum(query.after * query.weight for query in queries),
    )
    return left, tuple(candidates[number] for number in kept)


def _effect(effect: QueryEffect, names: set[str], measured: Measured) -> QueryEffect:
    if names.issuperset(effect.indexes):
        return effect
    own = [
        query
        for query in measured.queries
        if (query.fingerprint, query.text) == (effect.fingerprint, effect.text)
    ]
    before = sum(query.weight * query.cost_before for query in own)
    after = sum(query.weight * query.cost_after for query in own)
    used = {name for query in own for name in query.indexes}
    return replace(
        effect,
        after=effect.before * (after / before if before else 1.0),
        indexes=tuple(sorted(used)),
    )


def _changed(constants: CostConstants) -> list[str]:
    return [name for name in constants.fitted if constants.fitted[name] != constants.before[name]]


def _set(database: str, name: str, value: str) -> str:
    return f"ALTER DATABASE {quote(database)} SET {name} = {literal(value)};"


def _as_before(catalog: Catalog, name: str) -> str:
    database = catalog.server.database
    for override in catalog.setting_overrides:
        if (override.name, override.database, override.role) == (name, database, None):
            return _set(database, name, override.value)
    return f"ALTER DATABASE {quote(database)} RESET {name};"
