"""Building an index on a partitioned table: what its partitions have already is made a part of it.

The index is made on the parent alone, then on each partition without blocking writes, and attached.
An equal index of a partition is attached as it is; one that a failed CREATE INDEX CONCURRENTLY left
is built again; and an index of the parent to which only some partitions' are attached, as a
migration leaves it that broke off, is completed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dbwright.model.catalog import Catalog, Index, Table, TableKind
from dbwright.model.names import quote
from dbwright.sql.ddl import index_definition
from dbwright.sql.index_names import partition_name
from dbwright.sql.parse import SyntaxProblem, parse
from dbwright.sql.written_form import written_form

__all__ = ["on_partitions"]

HAVE_INDEXES = (TableKind.TABLE, TableKind.PARTITIONED)
"""A foreign table has none."""
NOT_COMPARED = ("idxname", "relation", "concurrent", "options", "tableSpace", "if_not_exists")
"""What the server, too, leaves out when it compares the index to attach (CompareIndexInfo)."""


def on_partitions(
    catalog: Catalog, table: Table, word: str, name: str, tail: str
) -> tuple[str, str]:
    """Statements that build it, and that take it back: `word` begins CREATE INDEX, `tail` is what
    follows the table. Dropping the parent's index drops its parts, so that what a partition had
    before is built again."""
    building = _Building(catalog, word, tail, _form(f"{word} x ON t{tail}"))
    qualified = f"{quote(table.schema)}.{quote(name)}"
    begun = building.fitting(table)
    if begun is not None and begun.partitioned and not begun.valid:
        building.up.append(f"ALTER INDEX {begun.qualified} RENAME TO {quote(name)};")
        building.complete(table, begun, name)
    else:
        building.make(table, name)
    down = [f"DROP INDEX {qualified};", *building.again]
    return "\n".join(building.up), "\n".join(down)


@dataclass(slots=True)
class _Building:
    catalog: Catalog
    word: str
    tail: str
    form: str | None
    """Of the definition; None where it can't be compared."""
    up: list[str] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    """Builds what the partitions had."""
    taken: set[tuple[str, str]] = field(default_factory=set)

    def make(self, table: Table, name: str) -> None:
        """On a partitioned table and all below it."""
        self.taken.add((table.schema, name))
        self.up.append(f"{self.word} {quote(name)} ON ONLY {table.qualified}{self.tail};")
        for child in self._children(table):
            self._attach(child, name, f"{quote(table.schema)}.{quote(name)}")

    def complete(self, table: Table, begun: Index, name: str) -> None:
        """`begun` has that name by now."""
        self.taken.add((table.schema, name))
        for child in self._children(table):
            own = next((own for own in child.indexes if own.parent == begun.qualified), None)
            if own is None:
                self._attach(child, name, f"{quote(table.schema)}.{quote(name)}")
            elif own.partitioned and not own.valid:
                self.complete(child, own, own.name)

    def _children(self, table: Table) -> list[Table]:
        return [child for child in self.catalog.children(table) if child.kind in HAVE_INDEXES]

    def _attach(self, child: Table, name: str, parent: str) -> None:
        own = self.fitting(child)
        if own is None:
            part = partition_name(self.catalog, child.schema, child.name, name, self.taken)
            self._build(child, part)
            attached = f"{quote(child.schema)}.{quote(part)}"
        else:
            attached = own.qualified
            if own.valid:
                self.again += _again(self.catalog, child, own)
            elif own.partitioned:
                self.complete(child, own, own.name)
            else:
                self.up.append(f"REINDEX INDEX CONCURRENTLY {attached};")
        self.up.append(f"ALTER INDEX {parent} ATTACH PARTITION {attached};")

    def _build(self, child: Table, name: str) -> None:
        if child.kind is TableKind.PARTITIONED:
            self.make(child, name)
            return
        self.taken.add((child.schema, name))
        self.up.append(f"{self.word} CONCURRENTLY {quote(name)} ON {child.qualified}{self.tail};")

    def fitting(self, table: Table) -> Index | None:
        """An index of the table that can be a part; one that is valid, if there is such."""
        fits = [own for own in table.indexes if self._fits(own)]
        return max(fits, key=lambda own: own.valid, default=None)

    def _fits(self, own: Index) -> bool:
        if self.form is None or own.parent is not None:
            return False
        if own.backs_constraint or own.replica_identity:
            return False  # it can't be dropped, so that there would be no way back
        return _definition(own) == self.form


def _definition(own: Index) -> str | None:
    try:
        return _form(index_definition(own, "t"))
    except ValueError:
        return None  # an expression was not readable


def _form(create_index: str) -> str | None:
    try:
        (statement,) = parse(create_index).statements
    except SyntaxProblem:
        return None
    parts = {name: part for name, part in statement.node.items() if name not in NOT_COMPARED}
    return written_form(dict(sorted(parts.items())))


def _again(catalog: Catalog, table: Table, index: Index) -> list[str]:
    """The statements that build an index anew, with its parts under their names."""
    if not index.partitioned:
        return [f"{index_definition(index, table.qualified, concurrently=True)};"]
    lines = [f"{index_definition(index, f'ONLY {table.qualified}')};"]
    for child in catalog.children(table):
        for own in child.indexes:
            if own.parent == index.qualified:
                lines += _again(catalog, child, own)
                lines.append(f"ALTER INDEX {index.qualified} ATTACH PARTITION {own.qualified};")
    return lines
