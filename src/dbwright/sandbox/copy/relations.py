"""Which relations have the rows that a query reads, how large they are, and whether there is room.

A view's rows are in the tables that it reads, a partitioned table's in its partitions.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dbwright.errors import UsageError
from dbwright.model.catalog import Catalog, MaterializedView, Table, TableKind
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.model.statistics import Statistics, TableStatistics

__all__ = ["Relation", "Stored", "require_room", "size_on_copy", "stored_relations"]

Relation = Table | MaterializedView
PAGE = 8192
SPARE_BYTES = 200 << 20
"""Of the disk: an empty server, and what sorting takes."""
WRITTEN_ANEW = 1.2
"""Copied bytes take so many times their room while indexes are built."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What was asked for, as the relations that hold its rows."""

    relations: tuple[Relation, ...]
    whole: dict[str, tuple[str, ...]]
    """Of partitioned tables and parents: what their rows are in, by qualified names."""
    skipped: tuple[Skipped, ...]


def stored_relations(catalog: Catalog, names: Iterable[str]) -> Stored:
    """The relations with rows of these tables, partitioned tables, and views."""
    found: dict[str, Relation] = {}
    whole: dict[str, tuple[str, ...]] = {}
    left: list[Skipped] = []
    views = {view.qualified: view for view in catalog.views}
    kept = {view.qualified: view for view in catalog.materialized_views}
    waiting, seen = list(names), set[str]()
    while waiting:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        table = catalog.find_table(name)
        if table is not None:
            members = list(_members(catalog, table))
            stored = [member for member in members if member.stores_rows]
            found.update((member.qualified, member) for member in stored)
            left += [_foreign(member) for member in members if member.kind is TableKind.FOREIGN]
            if len(members) > 1 or not table.stores_rows:
                whole[name] = tuple(
                    m.qualified for m in members if m.kind is not TableKind.PARTITIONED
                )
        elif name in kept:
            found[name] = kept[name]
        elif name in views:
            waiting += views[name].depends_on
        else:
            left.append(Skipped("copy.tables", "there is no table of that name", "", (name,)))
    return Stored(tuple(found.values()), whole, tuple(left))


def _members(catalog: Catalog, table: Table) -> Iterator[Table]:
    yield table
    for child in catalog.children(table):
        yield from _members(catalog, child)


def _foreign(table: Table) -> Skipped:
    reason = "the rows of a foreign table are on another server, so it is left out"
    return Skipped("copy.tables", reason, "", (table.qualified,))


def size_on_copy(
    relations: Sequence[Relation], statistics: Statistics | None, rows: int | None
) -> int:
    """About how many bytes they take with their indexes; with `rows`, of a sample."""
    total = 0.0
    for relation in relations:
        counted = None if statistics is None else statistics.of(relation)
        if counted is None:
            continue
        share = 1.0 if rows is None else min(1.0, rows / max(1.0, counted.best_rows))
        total += share * _bytes(counted)
    return round(total)


def _bytes(counted: TableStatistics) -> float:
    if counted.total_bytes is not None:
        return counted.total_bytes
    return counted.pages * PAGE


def require_room(
    snapshot: Snapshot,
    bytes_: int,
    most_bytes: int | None,
    *,
    what: str = "a copy of the queries' tables",
    fewer: str = "name fewer queries",
) -> None:
    """Raises UsageError where that is more than is wanted, or than the disk takes. `what` takes so
    much, and what makes it `fewer`, in words."""
    told = _size(bytes_)
    if most_bytes is not None and bytes_ > most_bytes:
        raise UsageError(
            f"the tables of the queries take {told} on {snapshot.target}, and at most "
            f"{_size(most_bytes)} are to be copied",
            "allow more with --copy-limit, or name fewer queries",
        )
    place = tempfile.gettempdir()
    free = shutil.disk_usage(place).free
    if bytes_ * WRITTEN_ANEW + SPARE_BYTES > free:
        raise UsageError(
            f"{what} takes {told}, and {_size(free)} are free in {place}",
            f"set TMPDIR to a folder with more room, or {fewer}",
        )


def _size(bytes_: int) -> str:
    for unit, name in ((1 << 40, "TB"), (1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "kB")):
        if bytes_ >= unit:
            return f"{bytes_ / unit:,.1f} {name}"
    return f"{bytes_} bytes"
