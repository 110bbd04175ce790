"""From a plan's node to the table and the index in the catalog, and fixes for them."""

from __future__ import annotations

from collections.abc import Sequence

from dbwright.model.catalog import Catalog, Index, Table, TableKind
from dbwright.model.finding import Fix, LockMode, ObjectRef
from dbwright.model.names import qualify, quote
from dbwright.model.plan import PlanNode
from dbwright.model.statistics import Statistics
from dbwright.tune.plans.insights._conditions import Compared

__all__ = ["create_index", "index_of", "index_ref", "narrows", "table_of", "table_ref"]

NAME_BYTES = 63
RANGE_KEEPS = 1 / 3
"""Of a table's rows: what the planner takes for a range that it knows nothing of."""
FEW = 0.1


def table_of(catalog: Catalog | None, node: PlanNode) -> Table | None:
    """The table that the node reads. Without a schema (no VERBOSE) only if one has that name."""
    if catalog is None or not node.relation:
        return None
    if node.schema:
        return catalog.find_table(qualify(node.schema, node.relation))
    found = [table for table in catalog.tables if table.name == node.relation]
    return found[0] if len(found) == 1 else None


def index_of(catalog: Catalog | None, node: PlanNode) -> tuple[Table, Index] | None:
    """The index that the node uses, and its table. A bitmap's index scan names no table."""
    if catalog is None or not node.index:
        return None
    table = table_of(catalog, node)
    tables = (table,) if table is not None else catalog.tables
    found = [(t, i) for t in tables for i in t.indexes if i.name == node.index]
    return found[0] if len(found) == 1 else None


def table_ref(catalog: Catalog | None, node: PlanNode) -> ObjectRef:
    table = table_of(catalog, node)
    if table is not None:
        return table.ref
    names = (node.schema, node.relation) if node.schema else (node.relation,)
    return ObjectRef("table", qualify(*names))


def index_ref(node: PlanNode) -> ObjectRef:
    """An index is in its table's schema."""
    names = (node.schema, node.index) if node.schema else (node.index,)
    return ObjectRef("index", qualify(*names))


def narrows(statistics: Statistics | None, table: Table, condition: Compared) -> bool:
    """Do the compared columns alone leave few rows? Where they are a part of the condition, it may
    be the rest that rules rows out, which an index on them does not help."""
    if condition.whole:
        return True
    kept = RANGE_KEEPS if condition.ranges else 1.0
    for name in condition.equal:
        column = statistics.of_column(table, name) if statistics is not None else None
        rows = statistics.of(table) if statistics is not None else None
        if column is None:
            return True
        count = (rows.rows if rows is not None else None) or 1.0
        different = column.distinct if column.distinct >= 0 else -column.distinct * count
        kept *= max((1 / max(1.0, different), *column.common_frequencies[:1]))
    return kept <= FEW


def create_index(
    catalog: Catalog, table: Table, keys: Sequence[str], include: Sequence[str] = ()
) -> Fix | None:
    """An index built without blocking writes; `keys` are columns, `name DESC` for one downwards.

    None where it has to be made another way: on a partition (its parent's index would do) or a
    partitioned table, or where a key is no column of the table.
    """
    names = [key.removesuffix(" DESC") for key in keys]
    known = {column.name for column in table.columns}
    if not keys or table.kind is not TableKind.TABLE or table.is_partition:
        return None
    if not known.issuperset((*names, *include)):
        return None
    parts = [
        quote(n) + (" DESC" if k.endswith(" DESC") else "")
        for n, k in zip(names, keys, strict=True)
    ]
    name = _free_name(catalog, table, "_".join([table.name, *names]))
    covered = f" INCLUDE ({', '.join(map(quote, include))})" if include else ""
    return Fix(
        up=f"CREATE INDEX CONCURRENTLY {quote(name)} ON {table.qualified} "
        f"({', '.join(parts)}){covered};",
        down=f"DROP INDEX CONCURRENTLY {qualify(table.schema, name)};",
        lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
        scans=True,
        transactional=False,
        risk="each write to the table maintains it; dbwright tune weighs that for a whole workload",
    )


def _free_name(catalog: Catalog, table: Table, wanted: str) -> str:
    """A plain identifier that no relation of the schema has."""
    stem = "".join(c if c.isalnum() or c == "_" else "_" for c in wanted)
    number = 1
    while True:
        suffix = "_idx" if number == 1 else f"_idx{number}"
        room = NAME_BYTES - len(suffix.encode())
        name = stem.encode()[:room].decode(errors="ignore") + suffix
        if not catalog.has_relation(table.schema, name):
            return name
        number += 1
