"""Asking a live target what its statistics do not say, where an index's size depends on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from dbwright.engines.postgresql.entries import EntriesWanted
from dbwright.model.catalog import Catalog, MaterializedView, Table, TableKind
from dbwright.model.entries import EntryKind, EntryStatistics
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.model.statistics import Statistics
from dbwright.progress import Progress, silent
from dbwright.tune.indexes.extent import extent_of, leaves
from dbwright.tune.indexes.key_kind import entry_kind, key_text
from dbwright.tune.indexes.sized import Sized, sized_candidate

__all__ = ["Count", "counted"]

Count = Callable[[EntriesWanted], EntryStatistics | Skipped]
Relation = Table | MaterializedView

QUESTIONS = 40
"""At most."""
WORTH_BYTES = 2**17
"""From so much doubt about an index's size on."""
DOUBTFUL = 0.3
"""The error of a B-tree from which its columns are taken to hang together, or not to be known."""


def counted(
    snapshot: Snapshot,
    sized: Sequence[Sized],
    count: Count,
    *,
    hypopg_unit: bool,
    progress: Progress = silent,
) -> tuple[Snapshot, list[Sized], list[Skipped]]:
    """The snapshot with what was counted, the candidates with their sizes by it, and what could
    not be counted. What matters most is asked first."""
    catalog, statistics = snapshot.catalog, snapshot.statistics
    assert statistics is not None
    doubts: dict[EntriesWanted, float] = {}
    for one in sized:
        for wanted in _wanted(one, catalog, statistics):
            doubt = one.size.bytes * one.size.error
            doubts[wanted] = max(doubt, doubts.get(wanted, 0.0))
    asked = sorted(doubts, key=lambda one: (-doubts[one], one.table, one.keys, one.kind))
    answers: list[EntryStatistics | Skipped] = []
    for number, wanted in enumerate(asked[:QUESTIONS]):
        progress("counting what indexes would hold", number, min(len(asked), QUESTIONS))
        answers.append(count(wanted))
    found = [answer for answer in answers if isinstance(answer, EntryStatistics)]
    skipped = _together(answer for answer in answers if isinstance(answer, Skipped))
    if not found:
        return snapshot, list(sized), skipped
    statistics = replace(statistics, entries=(*statistics.entries, *found))
    tables = {one.table_oid for one in found}
    again = [
        sized_candidate(one.candidate, one.relation, catalog, statistics, hypopg_unit)
        if one.relation.oid in tables
        else one
        for one in sized
    ]
    return replace(snapshot, statistics=statistics), again, skipped


def _together(skipped: Iterable[Skipped]) -> list[Skipped]:
    """What has one reason, told once."""
    found: dict[tuple[str, str], Skipped] = {}
    for one in skipped:
        place = one.reason, one.remedy
        before = found.get(place)
        found[place] = (
            one if before is None else replace(before, objects=(*before.objects, *one.objects))
        )
    return list(found.values())


def _wanted(one: Sized, catalog: Catalog, statistics: Statistics) -> Iterator[EntriesWanted]:
    """What would tell its size better."""
    size, relation = one.size, one.relation
    if size.bytes * size.error < WORTH_BYTES:
        return
    index = one.candidate.index("x")
    columns = {column.name: column for column in relation.columns}
    texts = tuple(sorted(key_text(key) for key in index.keys))
    if index.method == "gin":
        for key in index.keys:
            kind = entry_kind(key, columns.get(key.column or ""))
            if kind is not None:
                yield from _asking(relation, (key_text(key),), kind, catalog, statistics)
    elif index.method == "btree" and size.error > DOUBTFUL:
        yield from _asking(relation, texts, EntryKind.WHOLE, catalog, statistics)


def _asking(
    relation: Relation,
    keys: tuple[str, ...],
    kind: EntryKind,
    catalog: Catalog,
    statistics: Statistics,
) -> Iterator[EntriesWanted]:
    extent = extent_of(relation, catalog, statistics)
    if statistics.of_entries(relation, keys, kind) is not None or not extent.rows:
        return
    partitioned = isinstance(relation, Table) and relation.kind is TableKind.PARTITIONED
    parts = list(leaves(relation, catalog)) if partitioned else [relation]
    counts = [found for part in parts if (found := statistics.of(part)) is not None]
    yield EntriesWanted(
        relation.oid,
        relation.qualified,
        keys,
        kind,
        extent.rows,
        extent.pages or 0,
        sum(float(found.heap_bytes or 0) + (found.toast_bytes or 0) for found in counts),
        partitioned,
    )
