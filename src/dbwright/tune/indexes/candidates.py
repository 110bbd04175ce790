"""The indexes that might serve one query.

Forms first, search second: here every index that a role of a column asks for is written down; which
of them are worth their place is for the planner to say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from dbwright.model.catalog import Catalog, MaterializedView, Table, TableKind
from dbwright.model.statistics import Statistics
from dbwright.sql.scope import Statement
from dbwright.tune.indexes.candidate import CandidateIndex, CandidateKey, Partial
from dbwright.tune.indexes.existing import exists, unique_prefix
from dbwright.tune.indexes.other_methods import other_methods
from dbwright.tune.indexes.partial import partials
from dbwright.tune.indexes.roles import usage_of
from dbwright.tune.indexes.sequences import Keys, key_sequences
from dbwright.tune.indexes.usage import Usage, is_ordered
from dbwright.tune.indexes.widths import too_wide

__all__ = ["DEFAULT_LIMITS", "Limits", "candidates"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is tried."""

    width: int = 3
    """Keys of an index; an ORDER BY may have more."""
    included: int = 8
    """Columns of INCLUDE."""
    included_bytes: int = 120
    """Of an average row's INCLUDE columns."""
    most: int = 60
    """Candidates of one query."""
    smallest_pages: int = 2
    """Tables of fewer pages get none."""


DEFAULT_LIMITS = Limits()


def candidates(
    statement: Statement,
    catalog: Catalog,
    statistics: Statistics | None,
    *,
    limits: Limits = DEFAULT_LIMITS,
    available: Collection[str] = (),
) -> tuple[CandidateIndex, ...]:
    """The candidates of a statement, the most promising first, at most `limits.most`; none that
    exists already, none twice. The result depends on the arguments alone.

    `available` are extensions that the server could create (a candidate that needs one says so).
    """
    found: dict[CandidateIndex, CandidateIndex] = {}
    groups: list[list[CandidateIndex]] = []
    for usage in _usages(statement, catalog, statistics):
        if usage.pages is not None and usage.rows and usage.pages < limits.smallest_pages:
            continue
        group: dict[CandidateIndex, CandidateIndex] = {}
        for candidate in _of_usage(usage, catalog, limits, available):
            if exists(candidate, usage.table) or unique_prefix(candidate, usage.table):
                continue
            group[candidate] = _merged(group.get(candidate), candidate)
        groups.append(sorted(group.values(), key=_rank))
    for candidate in _in_turns(groups):
        if candidate in found or len(found) < limits.most:
            found[candidate] = _merged(found.get(candidate), candidate)
    return tuple(sorted(found.values(), key=_rank))


def _usages(
    statement: Statement, catalog: Catalog, statistics: Statistics | None
) -> Iterator[Usage]:
    views = {view.qualified: view for view in catalog.materialized_views}
    for relation in statement.relations:
        if not relation.stored or relation.qualified is None:
            continue
        name = relation.qualified
        table: Table | MaterializedView | None = catalog.find_table(name) or views.get(name)
        if table is None or (isinstance(table, Table) and table.kind is TableKind.FOREIGN):
            continue
        for one in (table, *_inheriting(table, catalog)):
            usage = usage_of(statement, relation, one, catalog, statistics)
            if not (relation.target and not usage.predicates and not usage.joins):
                yield usage


def _inheriting(table: Table | MaterializedView, catalog: Catalog) -> Iterator[Table]:
    """The tables that are read with it, each by indexes of its own: those made by INHERITS. (An
    index of a partitioned table is one of all its partitions.)"""
    if isinstance(table, Table) and table.kind is TableKind.TABLE:
        for child in catalog.children(table):
            if child.kind is TableKind.TABLE:
                yield child
                yield from _inheriting(child, catalog)


def _of_usage(
    usage: Usage, catalog: Catalog, limits: Limits, available: Collection[str]
) -> Iterator[CandidateIndex]:
    settled = partials(usage)
    anchor = _anchor(usage)
    if anchor is not None:
        for partial, _ in settled:
            yield from _forms(usage, anchor, partial, limits)
    for sequence in _sequences(usage, limits):
        yield from _forms(usage, sequence, None, limits)
        for partial, columns in settled:
            rest = _without(sequence, columns)
            if rest is not None:
                yield from _forms(usage, rest, partial, limits)
        mostly_null = _present(usage, sequence)
        if mostly_null is not None:
            yield from _forms(usage, sequence, mostly_null, limits)
    for other in other_methods(usage, catalog, available):
        keys = Keys(other.keys, (other.reason,), other.share)
        yield _candidate(usage, keys, other.method, other.requires)


def _sequences(usage: Usage, limits: Limits) -> Iterator[Keys]:
    some = False
    for sequence in key_sequences(usage, limits.width):
        some = True
        yield sequence
    if not some and usage.needed and not usage.whole_row:
        # Nothing to look up: a narrow copy of the table is still read faster.
        key = CandidateKey(column=usage.needed[0])
        if len(usage.needed) < len(usage.table.columns):
            yield Keys((key,), ("narrow",))


def _forms(
    usage: Usage, sequence: Keys, partial: Partial | None, limits: Limits
) -> Iterator[CandidateIndex]:
    """With and without the other columns that the query needs."""
    plain = _candidate(usage, sequence)
    plain = replace(plain, partial=partial)
    if partial is not None:
        plain = replace(plain, reasons=(*plain.reasons, "partial"))
    if sequence.reasons != ("narrow",):
        yield plain
    keys = {key.column for key in sequence.keys}
    fixed = set() if partial is None else {column for column, _ in partial.fixed}
    include = tuple(name for name in usage.needed if name not in keys | fixed)
    # A column that the predicate settles is still fetched where the query shows it.
    shown = tuple(name for name in usage.needed if name not in keys)
    if usage.whole_row or not shown or not _fits(usage, shown, limits):
        return
    if len(keys | set(shown)) >= len(usage.table.columns):
        return  # a copy of the whole table
    yield replace(plain, include=shown, reasons=(*plain.reasons, "covering"))
    if include and include != shown:
        yield replace(plain, include=include, reasons=(*plain.reasons, "covering"))


def _candidate(
    usage: Usage, sequence: Keys, method: str = "btree", requires: tuple[str, ...] = ()
) -> CandidateIndex:
    return CandidateIndex(
        table_oid=usage.table.oid,
        schema=usage.table.schema,
        table=usage.table.name,
        keys=sequence.keys,
        method=method,
        requires=requires,
        reasons=tuple(dict.fromkeys(sequence.reasons)),
        read_share=sequence.share,
        lead_share=sequence.lead,
    )


def _anchor(usage: Usage) -> Keys | None:
    """A key for a partial index whose predicate alone finds the rows."""
    table = usage.table
    primary = table.primary_key if isinstance(table, Table) else None
    if primary is not None:
        return Keys((CandidateKey(column=primary.columns[0]),), ())
    ordered = (column for column in table.columns if is_ordered(column))
    first = next(ordered, None)
    return None if first is None else Keys((CandidateKey(column=first.name),), ())


def _without(sequence: Keys, columns: frozenset[str]) -> Keys | None:
    """The sequence without the columns that the predicate settles; None where none is left."""
    keys = tuple(key for key in sequence.keys if key.column not in columns)
    return replace(sequence, keys=keys) if keys else None


def _present(usage: Usage, sequence: Keys) -> Partial | None:
    """Leave out the NULLs of a column that is mostly NULL."""
    first = sequence.keys[0].column
    statistics = usage.statistics.get(first or "")
    looked_up = any(c.key == sequence.keys[0] for c in (*usage.fixed, *usage.ranges, *usage.joins))
    nulls = any(p.column == first and p.kind.value == "null-test" for p in usage.predicates)
    if first is None or statistics is None or not looked_up or nulls:
        return None
    if statistics.null_fraction < 0.5:
        return None
    share = 1 - statistics.null_fraction
    return Partial(f"{sequence.keys[0].text} IS NOT NULL", share, (), (first,))


def _fits(usage: Usage, columns: tuple[str, ...], limits: Limits) -> bool:
    if len(columns) > limits.included:
        return False
    width = 0
    for name in columns:
        statistics, column = usage.statistics.get(name), usage.column(name)
        if statistics is not None:
            if column is not None and column.type_length < 0 and too_wide(statistics):
                return False
            width += statistics.average_width
        elif column is not None:
            width += column.type_length if column.type_length > 0 else 32
    return width <= limits.included_bytes


def _merged(known: CandidateIndex | None, other: CandidateIndex) -> CandidateIndex:
    if known is None:
        return other
    reasons = tuple(dict.fromkeys((*known.reasons, *other.reasons)))
    return replace(
        known,
        reasons=reasons,
        read_share=min(known.read_share, other.read_share),
        lead_share=min(known.lead_share, other.lead_share),
    )


def _rank(candidate: CandidateIndex) -> tuple[float, int, float, tuple[object, ...]]:
    """What reads least comes first: of the rows, and of each row. Of the same keys in another
    order the one whose first key finds least: others have more use of it."""
    share = candidate.read_share
    if candidate.covering:
        share *= 0.3
    if candidate.partial is not None and candidate.partial.share is not None:
        share = min(share, candidate.partial.share)
    width = len(candidate.keys) + len(candidate.include)
    return round(share, 9), width, round(candidate.lead_share, 9), candidate.order


def _in_turns(groups: list[list[CandidateIndex]]) -> Iterator[CandidateIndex]:
    """One of each relation in turn, so that none is left without."""
    for place in range(max((len(group) for group in groups), default=0)):
        yield from (group[place] for group in groups if place < len(group))
