"""From rows of dependencies.sql to who needs what, by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from dbwright.engines.postgresql.session import Row
from dbwright.model.catalog import Catalog, Dependency, MaterializedView, Table
from dbwright.model.finding import ObjectRef
from dbwright.model.names import qualify, quote

__all__ = ["dependencies"]

PARTS = frozenset({"rule", "constraint", "policy", "trigger"})
"""Kinds that are a part of a relation, and named so."""


def dependencies(
    catalog: Catalog,
    rows: Sequence[Row],
    columns: Mapping[int, Mapping[int, str]],
    collations: Iterable[Row],
    others: Iterable[Row] = (),
) -> tuple[Dependency, ...]:
    """Rows that name an object which was not read (an extension's own) are left out.

    `columns`: names by oid of the relation and position; `others`: rows of other_objects.sql.
    """
    wanted = {row.oid for row in rows} | {row.needs_oid for row in rows}
    known = {(kind, one.oid): one.ref for kind, one in _objects(catalog) if one.oid in wanted}
    known |= {
        ("collation", c.oid): ObjectRef("collation", qualify(c.schema, c.name)) for c in collations
    }
    known |= {(one.class_, one.oid): ObjectRef(one.kind, one.name) for one in others}
    return tuple(_found(rows, known, columns))


class _Object(Protocol):
    @property
    def oid(self) -> int: ...
    @property
    def ref(self) -> ObjectRef: ...


def _objects(catalog: Catalog) -> Iterator[tuple[str, _Object]]:
    """All that has an oid, with the kind that the rows give it. Few of a large schema are wanted:
    their references are left to be made."""
    for relation in catalog.relations():
        yield "relation", relation
    for sequence in catalog.sequences:
        yield "relation", sequence
    for function in catalog.functions:
        yield "function", function
    for type_ in catalog.types:
        yield "type", type_
    indexed: tuple[Table | MaterializedView, ...] = catalog.tables
    indexed += catalog.materialized_views
    for table in indexed:
        for index in table.indexes:
            yield "index", index


def _found(
    rows: Sequence[Row],
    known: Mapping[tuple[str, int], ObjectRef],
    columns: Mapping[int, Mapping[int, str]],
) -> Iterator[Dependency]:
    def ref(kind: str, oid: int, part: int, name: str | None) -> ObjectRef | None:
        if kind == "extension":
            return ObjectRef(kind, quote(name or ""))
        if kind == "statistics":
            return ObjectRef(kind, name) if name else None
        if kind == "domain constraint":
            domain = known.get(("type", oid))
            return domain and ObjectRef("constraint", f"{domain.name}.{quote(name or '')}")
        whole = known.get(("relation" if kind in PARTS or kind == "default" else kind, oid))
        if whole is None or not (kind in PARTS or part):
            return whole
        if kind in PARTS:
            return ObjectRef(kind, f"{whole.name}.{quote(name or '')}")
        column = columns.get(oid, {}).get(part)
        if column is None:
            return whole
        return ObjectRef(
            "default" if kind == "default" else "column", f"{whole.name}.{quote(column)}"
        )

    for row in rows:
        found = ref(row.kind, row.oid, row.part, row.name)
        needs = ref(row.needs_kind, row.needs_oid, row.needs_part, row.needs_name)
        if found is not None and needs is not None and found != needs:
            yield Dependency(found, needs)
