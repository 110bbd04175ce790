"""A table as a partitioned one, in the nouns of the catalog: its parts, keys and indexes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dbwright.model.catalog import Index, IndexColumn, Key, PartitionKey, Table, TableKind
from dbwright.model.names import quote
from dbwright.tune.partitions.candidates import Candidate
from dbwright.tune.partitions.intervals import Interval

__all__ = ["Layout", "Part", "attached", "parent_table", "part_names", "part_tables", "spread"]

PREFIX = "dbwright_part"
"""Of the parts in a trial, which nobody sees."""


@dataclass(frozen=True, slots=True)
class Part:
    """One partition."""

    start: int | None
    """None: from the beginning."""
    end: int
    share: float
    """Of the table's rows."""

    def bound(self, candidate: Candidate) -> str:
        literal = candidate.line.axis.literal
        start = "MINVALUE" if self.start is None else literal(self.start)
        return f"FOR VALUES FROM ({start}) TO ({literal(self.end)})"


@dataclass(frozen=True)
class Layout:
    """A way to partition a table."""

    candidate: Candidate
    interval: Interval
    parts: tuple[Part, ...]


def spread(candidate: Candidate, interval: Interval) -> Layout:
    """All rows in the partition of their time, as it will be once the table has grown into it."""
    line = candidate.line
    found = interval.ranges(line.low, line.high)
    shares = [line.between(start, end) for start, end in found]
    total = sum(shares) or 1.0
    parts = (
        Part(*range_, share / total) for range_, share in zip(found, shares, strict=True) if share
    )
    return Layout(candidate, interval, tuple(parts))


def attached(
    candidate: Candidate, interval: Interval, ahead: tuple[tuple[int, int], ...]
) -> Layout:
    """As it is on the first day: the table is one partition, and empty ones follow."""
    old = Part(None, ahead[0][0], 1.0)
    return Layout(candidate, interval, (old, *(Part(*range_, 0.0) for range_ in ahead)))


def parent_table(candidate: Candidate) -> Table:
    """The partitioned table. Unique keys without the partition key get it."""
    table, name = candidate.table, candidate.column.name
    return replace(
        table,
        kind=TableKind.PARTITIONED,
        partition_key=PartitionKey("range", (name,), f"RANGE ({quote(name)})"),
        primary_key=None if table.primary_key is None else _with(table.primary_key, name),
        unique_constraints=tuple(_with(key, name) for key in table.unique_constraints),
        indexes=tuple(
            replace(_index_with(index, name), partitioned=True) for index in _usable(table)
        ),
        exclusions=(),
        triggers=(),
        options=(),
    )


def part_names(layout: Layout) -> tuple[str, ...]:
    """Of the tables of a trial."""
    return tuple(f"{PREFIX}_{number}" for number in range(len(layout.parts)))


def part_tables(layout: Layout, first_oid: int) -> Iterator[Table]:
    """The partitions, with oids from `first_oid` on that nothing else has: each table's, then
    those of its indexes."""
    parent = parent_table(layout.candidate)
    oid = first_oid
    for name, part in zip(part_names(layout), layout.parts, strict=True):
        indexes: list[Index] = []
        renamed: dict[str, str] = {}
        for place, index in enumerate(parent.indexes):
            own = renamed[index.name] = f"{name}_{place}"
            indexes.append(
                replace(
                    index,
                    oid=oid + 1 + place,
                    name=own,
                    constraint=None if index.constraint is None else own,
                    parent=replace(index, name=index.constraint or index.name).qualified,
                    partitioned=False,
                )
            )
        yield replace(
            parent,
            oid=oid,
            name=name,
            kind=TableKind.TABLE,
            partition_key=None,
            is_partition=True,
            inherits=(parent.qualified,),
            partition_bound=part.bound(layout.candidate),
            primary_key=_renamed(parent.primary_key, renamed),
            unique_constraints=tuple(
                key for each in parent.unique_constraints if (key := _renamed(each, renamed))
            ),
            indexes=tuple(indexes),
            foreign_keys=(),
            options=layout.candidate.table.options,
        )
        oid += 1 + len(indexes)


def _usable(table: Table) -> Iterator[Index]:
    return (index for index in table.indexes if index.valid)


def _with(key: Key, name: str) -> Key:
    return key if name in key.columns else replace(key, columns=(*key.columns, name))


def _index_with(index: Index, name: str) -> Index:
    """A unique index must have the partition key among its keys; an index of an exclusion
    constraint is only an index here."""
    if not index.unique or name in index.columns:
        return replace(index, exclusion=False)
    include = tuple(each for each in index.include if each != name)
    return replace(index, keys=(*index.keys, IndexColumn(name)), include=include, exclusion=False)


def _renamed(key: Key | None, names: dict[str, str]) -> Key | None:
    if key is None or key.index not in names:
        return None
    return replace(key, name=names[key.index], index=names[key.index])
