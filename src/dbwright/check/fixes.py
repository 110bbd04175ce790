"""Common fixes, each with the lock that its statement takes (PostgreSQL manual, Explicit Locking).

A fix that rules write in the same words again and again has its place here.
"""

from __future__ import annotations

from collections.abc import Sequence

from dbwright.model.catalog import (
    Catalog,
    Index,
    MaterializedView,
    Setting,
    Table,
    TableKind,
)
from dbwright.model.finding import Fix, LockMode
from dbwright.model.names import literal, quote
from dbwright.sql.ddl import index_definition
from dbwright.sql.index_build import build_index, free_name

__all__ = [
    "alter_table",
    "change_setting",
    "create_index",
    "drop_index",
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


def change_setting(setting: Setting, value: str, *, risk: str = "") -> Fix:
    """ALTER SYSTEM, and the way back; says where only a restart makes it count."""
    restart = setting.context == "postmaster"
    again = "-- then restart the server" if restart else "SELECT pg_reload_conf();"
    from_system = (setting.source_file or "").endswith("postgresql.auto.conf")
    back = (
        f"ALTER SYSTEM SET {setting.name} = {literal(_with_unit(setting))};"
        if from_system
        else f"ALTER SYSTEM RESET {setting.name};"
    )
    return Fix(
        up=f"ALTER SYSTEM SET {setting.name} = {literal(value)};\n{again}",
        down=f"{back}\n{again}",
        transactional=False,
        risk=risk or ("takes effect only after a restart" if restart else ""),
    )


def _with_unit(setting: Setting) -> str:
    # '8kB' and the like are multiples that SET does not take as units: those stay bare numbers.
    return (
        setting.value
        if not setting.unit or setting.unit[0].isdigit()
        else setting.value + setting.unit
    )
