"""Making the next partitions of a table, without stopping its readers and writers."""

from __future__ import annotations

from datetime import datetime

from dbwright.check.rules.tables._partitions import (
    DAY,
    Coverage,
    Range,
    default_partition,
    next_ranges,
    write_bound,
)
from dbwright.model.catalog import Catalog, Table
from dbwright.model.finding import Fix, LockMode
from dbwright.model.names import quote
from dbwright.sql.index_build import free_name

__all__ = ["new_partitions"]

AT_MOST = 31
"""More at a time is a job's work."""

REFERENCED_SINCE = 15

LIKE = "INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE"
"""Indexes and foreign keys come with ATTACH; an identity column would be refused by it."""


def new_partitions(
    catalog: Catalog, table: Table, found: Coverage, last: Range, until: datetime
) -> Fix | None:
    """Partitions after `last`, in its rhythm, up to the one that holds `until`; None where the
    rhythm is not clear."""
    ranges = next_ranges(last, until, AT_MOST)
    if not ranges or table.partition_key is None:
        return None
    up: list[str] = []
    down: list[str] = []
    for each in ranges:
        name = _name(catalog, table, each)
        start, end = write_bound(found, each.start), write_bound(found, each.end)
        up += [
            f"CREATE TABLE {name} (LIKE {table.qualified} {LIKE});",
            f"ALTER TABLE {table.qualified} ATTACH PARTITION {name} "
            f"FOR VALUES FROM ({start}) TO ({end});",
        ]
        down.append(f"ALTER TABLE {table.qualified} DETACH PARTITION {name};")
    default = default_partition(catalog, table)
    risk = "taking it back detaches the new partitions and keeps their rows in tables of their own"
    if default is not None:
        risk = (
            f"reads {default.qualified} whole under ACCESS EXCLUSIVE, and fails if it holds rows "
            "that belong into the new partitions: move those first; " + risk
        )
    return Fix(
        up="\n".join(up),
        down="\n".join(down),
        lock=_lock(catalog, table, default),
        scans=default is not None,
        risk=risk,
    )


def _lock(catalog: Catalog, table: Table, default: Table | None) -> LockMode:
    if default is not None:
        return LockMode.ACCESS_EXCLUSIVE
    # Since 15 the partition also gets triggers for the foreign keys that point to its parent.
    referenced = catalog.server.major >= REFERENCED_SINCE and catalog.referencing(table)
    if table.foreign_keys or referenced:
        return LockMode.SHARE_ROW_EXCLUSIVE
    return LockMode.SHARE_UPDATE_EXCLUSIVE


def _name(catalog: Catalog, table: Table, each: Range) -> str:
    """`events_2026_11`: as much of the start as tells it apart from its neighbours."""
    start = each.start
    if each.width > 360 * DAY and start.month == start.day == 1:
        form = "%Y"
    elif each.width > 27 * DAY and start.day == 1:
        form = "%Y_%m"
    elif each.width >= DAY:
        form = "%Y_%m_%d"
    else:
        form = "%Y_%m_%d_%H" if each.width >= DAY / 24 else "%Y_%m_%d_%H%M%S"
    name = free_name(catalog, table.schema, f"{table.name}_{start:{form}}")
    return f"{quote(table.schema)}.{quote(name)}"
