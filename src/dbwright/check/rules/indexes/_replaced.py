"""A fix that builds a better index beside the old one, then drops the old one."""

from __future__ import annotations

from dataclasses import replace

from dbwright.check.fixes import scan_seconds
from dbwright.check.rules.indexes._partitioned import build_on_partitions
from dbwright.model.catalog import Catalog, Index, Table
from dbwright.model.finding import Fix, LockMode
from dbwright.model.names import quote
from dbwright.sql.ddl import index_definition
from dbwright.sql.index_build import free_name

__all__ = ["replace_index"]

PARTITIONED = "the way back blocks writes to all partitions while it builds"


def replace_index(
    catalog: Catalog, table: Table, old: Index, new: Index, *, size_bytes: int | None, risk: str
) -> Fix | None:
    """`new` is `old` with other fields; its name is chosen here. `size_bytes`: of the table.

    None where the old one must not be dropped (it backs a constraint, is the replica identity or
    a part of a partitioned index), or can't be written again.
    """
    if old.backs_constraint or old.replica_identity or old.parent is not None:
        return None
    columns = "_".join(key.column or "expr" for key in new.keys)
    name = free_name(catalog, table.schema, f"{table.name}_{columns}_idx")
    new = replace(new, name=name, clustered=False)
    word = "" if old.partitioned else "CONCURRENTLY "
    concurrently = not old.partitioned
    try:
        if old.partitioned:
            build = "\n".join(build_on_partitions(catalog, table, new))
        else:
            build = f"{index_definition(new, table.qualified, concurrently=True)};"
        again = f"{index_definition(old, table.qualified, concurrently=concurrently)};"
    except ValueError:
        return None
    return Fix(
        up=f"{build}\nDROP INDEX {word}{old.qualified};",
        down=f"{again}\nDROP INDEX {word}{quote(table.schema)}.{quote(name)};",
        # Only the last step on a partitioned table waits for readers, and it is short.
        lock=LockMode.ACCESS_EXCLUSIVE if old.partitioned else LockMode.SHARE_UPDATE_EXCLUSIVE,
        scans=not old.partitioned,
        transactional=False,
        seconds=scan_seconds(size_bytes),
        risk="; ".join(filter(None, (risk, PARTITIONED if old.partitioned else ""))),
    )
