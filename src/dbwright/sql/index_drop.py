"""Dropping an index beside running work, and the way back."""

from __future__ import annotations

from dbwright.model.catalog import Index, MaterializedView, Table
from dbwright.model.finding import Fix, LockMode
from dbwright.sql.ddl import index_definition

__all__ = ["drop_index"]


def drop_index(index: Index, table: Table | MaterializedView, *, risk: str = "") -> Fix | None:
    """Dropping without blocking, and the very same index again.

    None where it must not be dropped (it backs a constraint, or is part of a partitioned
    index), or could not be made again (its expression was not readable).
    """
    if index.backs_constraint or index.replica_identity or index.parent is not None:
        return None
    concurrently = not index.partitioned
    try:
        again = index_definition(index, table.qualified, concurrently=concurrently)
    except ValueError:
        return None
    word = "CONCURRENTLY " if concurrently else ""
    return Fix(
        up=f"DROP INDEX {word}{index.qualified};",
        down=f"{again};",
        lock=LockMode.SHARE_UPDATE_EXCLUSIVE if concurrently else LockMode.ACCESS_EXCLUSIVE,
        transactional=not concurrently,
        risk=risk,
    )
