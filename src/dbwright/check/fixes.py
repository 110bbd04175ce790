"""Common fixes, each with the lock that its statement takes (PostgreSQL manual, Explicit Locking).

A fix that rules write in the same words again and again has its place here.
"""

from __future__ import annotations

from collections.abc import Sequence

from dbwright.model.catalog import Catalog, Table, TableKind
from dbwright.model.finding import Fix, LockMode
from dbwright.model.names import quote
from dbwright.sql.index_build import build_index, free_name

__all__ = [
    "alter_table",
    "create_index",
    "scan_seconds",
]

READ_BYTES_PER_SECOND = 200e6
"""A cautious rate for reading a table from a cloud disk, used in estimates."""


def scan_seconds(size_bytes: int | None) -> float | None:
    """Roughly how long reading that much takes."""
    return None if size_bytes is None else round(size_bytes / READ_BYTES_PER_SECOND, 1)


def alter_table(
    table: Table,
    up: str,
    down: str,
    *,
    lock: LockMode = LockMode.ACCESS_EXCLUSIVE,
    rewrites: bool = False,
    scans: bool = False,
    seconds: float | None = None,
    risk: str = "",
) -> Fix:
    """`up` and `down` are the parts after ALTER TABLE and the table's name."""
    word = "ALTER FOREIGN TABLE" if table.kind is TableKind.FOREIGN else "ALTER TABLE"
    return Fix(
        up=f"{word} {table.qualified} {up};",
        down=f"{word} {table.qualified} {down};" if down else "",
        lock=lock,
        rewrites=rewrites,
        scans=scans,
        seconds=seconds,
        risk=risk,
    )


def create_index(
    catalog: Catalog,
    table: Table,
    keys: Sequence[str],
    *,
    suffix: str = "idx",
    method: str = "btree",
    unique: bool = False,
    include: Sequence[str] = (),
    where: str = "",
    size_bytes: int | None = None,
    name_from: Sequence[str] = (),
    risk: str = "",
) -> Fix:
    """An index built without blocking writes. `keys` are SQL: quoted columns or expressions.

    On a partitioned table CONCURRENTLY is not possible: the index is made on the parent alone,
    then on each partition concurrently, and attached.
    """
    stem = "_".join([table.name, *(name_from or keys), suffix])
    name = free_name(catalog, table.schema, stem)
    tail = f" USING {method}" if method != "btree" else ""
    tail += f" ({', '.join(keys)})"
    if include:
        tail += f" INCLUDE ({', '.join(map(quote, include))})"
    if where:
        tail += f" WHERE {where}"
    up, drop = build_index(catalog, table, name, tail, unique=unique)
    return Fix(
        up=up,
        down=drop,
        lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
        scans=True,
        transactional=False,
        seconds=scan_seconds(size_bytes),
        risk=risk,
    )
