"""Which statistics target of a column mends the estimates of its questions, tried on rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from dbwright.model.catalog import Catalog, Column, MaterializedView, Table
from dbwright.model.finding import Fix, LockMode
from dbwright.model.names import quote
from dbwright.model.plan import Plan
from dbwright.tune.statistics.asked import Question
from dbwright.tune.statistics.effects import Replanned, changes, planned, queries_of
from dbwright.tune.statistics.known import Known, Limits
from dbwright.tune.statistics.trial import Relation
from dbwright.tune.workload.weighted import Weighted

__all__ = ["Finer", "finer", "target_fix"]

TARGETS = (100, 300, 1000, 3000, 10_000)
"""That are tried; the last one is the server's highest."""
DEFAULT = 100
"""Of default_statistics_target."""
CLUMPED = 0.3
"""Correlation of a row's rank with that of the row before it."""
NEIGHBOURS = """
SELECT corr(place, before) FROM (
    SELECT place, lag(place) OVER (ORDER BY part, number) AS before FROM (
        SELECT tableoid AS part, ctid AS number, rank() OVER (ORDER BY {}) AS place FROM {}
    ) AS ranked
) AS beside
"""
_Plans = Mapping[str, Plan | None]


@dataclass(frozen=True, slots=True)
class Finer:
    """A target that mends estimates, and what it does to the one that is most wrong."""

    column: Column
    old: int
    new: int
    question: Question
    before: float
    """Rows that the planner expects with the old target and fresh statistics."""
    real: int
    after: float
    cases: int
    served: tuple[Question, ...]
    changed: tuple[Replanned, ...]
    """Queries whose plans change on the copy; empty for a sample."""


def finer(
    connection: psycopg.Connection[Any],
    catalog: Catalog,
    relation: Relation,
    known: Sequence[Known],
    limits: Limits,
    *,
    sampled: bool,
) -> Iterator[Finer]:
    """Of each column whose questions (of this column alone) are estimated wrong, the lowest target
    that mends most of them. A sample tells nothing of a column whose neighbours are alike: it has
    whole pages of some values, and none of others. Raises psycopg.Error, also for a time-out."""
    for column in relation.columns:
        own = [one for one in known if one.question.keys == (quote(column.name),)]
        wrong = [one for one in own if one.worst(one.estimates(connection), limits) is not None]
        if not wrong or (sampled and _is_clumped(connection, relation, column)):
            continue
        queries = {} if sampled else queries_of(one.question for one in wrong)
        with connection.transaction(force_rollback=True):
            column_of = _Column(connection, relation, column, wrong, queries)
            found = _lowest(column_of, _current(catalog, column), limits)
        if found is not None:
            yield found


def target_fix(catalog: Catalog, relation: Relation, column: Column, new: int) -> Fix:
    """ALTER … SET STATISTICS and ANALYZE; on a partitioned table for all partitions, and back to
    what each of them had."""
    name = quote(column.name)
    back = [_alter(relation, column, column.statistics_target)]
    for child in _below(catalog, relation):
        own = next((one for one in child.columns if one.name == column.name), column)
        if own.statistics_target != column.statistics_target:
            back.append(_alter(child, own, own.statistics_target))
    analyze = f"ANALYZE {relation.qualified} ({name});"
    return Fix(
        up=f"{_alter(relation, column, new)};\n{analyze}",
        down="\n".join(f"{statement};" for statement in back) + f"\n{analyze}",
        lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
        risk="ANALYZE reads more rows, and planning looks at more values",
    )


@dataclass(frozen=True, slots=True)
class _Column:
    """A column whose target is changed, in a transaction that is rolled back."""

    connection: psycopg.Connection[Any]
    relation: Relation
    column: Column
    wrong: Sequence[Known]
    queries: Mapping[str, Weighted]

    def with_target(self, target: int | None) -> tuple[list[tuple[float, ...]], _Plans]:
        """The estimates and the plans; None leaves the target as it is."""
        name = quote(self.column.name)
        if target is not None:
            self.connection.execute(_alter(self.relation, self.column, target).encode())
        self.connection.execute(f"ANALYZE {self.relation.qualified} ({name})".encode())
        estimates = [one.estimates(self.connection) for one in self.wrong]
        return estimates, planned(self.connection, self.queries)


def _is_clumped(connection: psycopg.Connection[Any], relation: Relation, column: Column) -> bool:
    """Do rows that lie beside one another hold values that are near? Raises psycopg.Error."""
    row = connection.execute(NEIGHBOURS.format(quote(column.name), relation.qualified).encode())
    found = row.fetchone()
    return found is not None and found[0] is not None and abs(found[0]) > CLUMPED


def _lowest(tried: _Column, old: int, limits: Limits) -> Finer | None:
    before, plans = tried.with_target(None)
    best: Finer | None = None
    for target in (each for each in TARGETS if each > old):
        after, new_plans = tried.with_target(target)
        pairs = list(zip(tried.wrong, before, after, strict=True))
        mended = [pair for pair in pairs if pair[0].mended(pair[1], pair[2], limits)]
        if len(mended) > (0 if best is None else len(best.served)):
            known, was, is_ = max(mended, key=lambda pair: pair[0].mean_error(pair[1]))
            place = known.worst(was, limits)
            assert place is not None
            best = Finer(
                column=tried.column,
                old=old,
                new=target,
                question=known.question,
                before=was[place],
                real=known.real[place],
                after=is_[place],
                cases=len(known.cases),
                served=tuple(one.question for one, _, _ in mended),
                changed=changes(tried.queries, plans, new_plans),
            )
        if len(mended) == len(tried.wrong):
            break
    return best


def _current(catalog: Catalog, column: Column) -> int:
    if column.statistics_target is not None:
        return column.statistics_target
    setting = catalog.setting("default_statistics_target")
    return DEFAULT if setting is None else int(setting.value)


def _alter(relation: Relation, column: Column, target: int | None) -> str:
    """Without a semicolon. None: back to the default."""
    words = "ALTER MATERIALIZED VIEW" if isinstance(relation, MaterializedView) else "ALTER TABLE"
    number = -1 if target is None else target
    name = quote(column.name)
    return f"{words} {relation.qualified} ALTER COLUMN {name} SET STATISTICS {number}"


def _below(catalog: Catalog, relation: Relation) -> Iterator[Table]:
    if isinstance(relation, Table):
        for child in catalog.children(relation):
            yield child
            yield from _below(catalog, child)
