"""Candidates as hypothetical indexes of a twin."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psycopg

from dbwright.model.catalog import Table, TableKind
from dbwright.model.names import quote
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.sandbox.twin.hypothetical import Hypothetical, IndexFigures
from dbwright.sandbox.twin.what_if import WhatIf
from dbwright.tune.indexes.estimate import candidate_size
from dbwright.tune.indexes.expression_statistics import by_number
from dbwright.tune.indexes.sized import Sized

__all__ = ["make"]


def make(
    what_if: WhatIf,
    connection: psycopg.Connection[Any],
    sized: Sequence[Sized],
    names: Sequence[str],
    snapshot: Snapshot,
    skipped: list[Skipped],
) -> None:
    """`connection` is to the twin. Extensions that a candidate requires are created there; what
    can't be made is told."""
    by_name = dict(zip(names, sized, strict=True))
    _create_extensions(
        {name for one in sized for name in one.candidate.requires}, connection, skipped
    )
    # Of two that cost the same the planner takes the one with the higher oid (plancat.c reads them
    # backward): let that be the one that was written down first.
    backward = list(reversed(by_name.items()))
    backward.sort(key=_of_a_part)
    wanted = [
        Hypothetical(
            name,
            one.candidate.definition(name),
            one.candidate.schema,
            one.candidate.table,
            dict(by_number(one.candidate)),
        )
        for name, one in backward
    ]
    failed = what_if.add(wanted, _figures(what_if, by_name, snapshot))
    for name, problem in failed.items():
        signature = by_name[name].candidate.signature
        skipped.append(Skipped("tune.candidates", problem, "", (signature,)))


def _of_a_part(named: tuple[str, Sized]) -> bool:
    """Is it on a table that is a part of others? An index of the whole would take it as its own if
    it were there already."""
    relation = named[1].relation
    return isinstance(relation, Table) and bool(relation.inherits)


def _create_extensions(
    names: set[str], connection: psycopg.Connection[Any], skipped: list[Skipped]
) -> None:
    for name in sorted(names):
        try:
            connection.execute(f"CREATE EXTENSION IF NOT EXISTS {quote(name)}".encode())
        except psycopg.Error as problem:
            reason = f"the twin can't have it: {problem.diag.message_primary or problem}"
            skipped.append(Skipped("tune.extensions", reason, "", (name,)))


def _figures(
    what_if: WhatIf, by_name: Mapping[str, Sized], snapshot: Snapshot
) -> Callable[[Hypothetical, int], IndexFigures]:
    """The size on each table that an index is on: of a partitioned one, on each partition."""
    catalog, statistics = snapshot.catalog, snapshot.statistics
    assert statistics is not None
    here = what_if.table_names()

    def figure(index: Hypothetical, oid: int) -> IndexFigures:
        one = by_name[index.name]
        size = one.size
        if isinstance(one.relation, Table) and one.relation.kind is TableKind.PARTITIONED:
            part = catalog.find_table(here[oid])
            if part is not None:
                size = candidate_size(one.candidate, part, catalog, statistics)
        return IndexFigures(size.pages, size.tuples, size.height)

    return figure
