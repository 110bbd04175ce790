"""What holds rows and is vacuumed, and when autovacuum comes to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dbwright.model.catalog import Catalog, MaterializedView, Table
from dbwright.model.partitions import partition_root

__all__ = [
    "Stored",
    "analyze_trigger",
    "grouped",
    "insert_trigger",
    "is_off",
    "named",
    "root",
    "stored",
    "vacuum_trigger",
]

Stored = Table | MaterializedView


def stored(catalog: Catalog) -> Iterator[Stored]:
    """Tables and materialized views with a heap of their own; partitions among them."""
    for table in catalog.tables:
        if table.stores_rows:
            yield table
    yield from catalog.materialized_views


def root(catalog: Catalog, relation: Stored) -> Stored:
    """The partitioned table at the top of a partition; anything else itself."""
    return partition_root(catalog, relation) if isinstance(relation, Table) else relation


def grouped(
    catalog: Catalog, relations: Iterable[Stored]
) -> Iterator[tuple[Stored, tuple[Stored, ...]]]:
    """The relations, partitions of one table together under the table at the top."""
    found: dict[int, tuple[Stored, list[Stored]]] = {}
    for relation in relations:
        top = root(catalog, relation)
        found.setdefault(top.oid, (top, []))[1].append(relation)
    for top, members in found.values():
        yield top, tuple(members)


def named(top: Stored, members: tuple[Stored, ...]) -> str:
    """A group of `grouped` in words."""
    if members == (top,):
        return top.qualified
    if len(members) == 1:
        return f"{members[0].qualified}, a partition of {top.qualified}"
    return f"{len(members)} partitions of {top.qualified}"


def is_off(options: Sequence[tuple[str, str]]) -> bool:
    """Do the storage parameters switch autovacuum off? (Any spelling of a boolean counts.)"""
    if not options:
        return False
    value = dict(options).get("autovacuum_enabled", "true").lower()
    return value == "0" or any(
        word.startswith(value) for word in ("false", "no", "off") if value not in ("", "o")
    )


def vacuum_trigger(catalog: Catalog, relation: Stored, rows: float | None) -> float:
    """With more dead rows than that, autovacuum vacuums (manual, The Autovacuum Daemon)."""
    trigger = _scaled(catalog, relation, "vacuum", 50, 0.2, rows)
    most = _parameter(catalog, relation, "autovacuum_vacuum_max_threshold", -1)
    return trigger if most < 0 else min(trigger, most)


def analyze_trigger(catalog: Catalog, relation: Stored, rows: float | None) -> float:
    """With more changed rows than that, autovacuum analyzes."""
    return _scaled(catalog, relation, "analyze", 50, 0.1, rows)


def insert_trigger(catalog: Catalog, relation: Stored, rows: float | None) -> float | None:
    """With more inserted rows than that, autovacuum vacuums; None: inserts never call it."""
    if catalog.server.major < 13:
        return None
    if _parameter(catalog, relation, "autovacuum_vacuum_insert_threshold", 1000) < 0:
        return None
    return _scaled(catalog, relation, "vacuum_insert", 1000, 0.2, rows)


def _scaled(
    catalog: Catalog,
    relation: Stored,
    kind: str,
    threshold: float,
    scale: float,
    rows: float | None,
) -> float:
    threshold = _parameter(catalog, relation, f"autovacuum_{kind}_threshold", threshold)
    scale = _parameter(catalog, relation, f"autovacuum_{kind}_scale_factor", scale)
    return threshold + scale * (rows or 0.0)


def _parameter(catalog: Catalog, relation: Stored, name: str, default: float) -> float:
    """The relation's own, else the server's."""
    own = dict(relation.options).get(name)
    if own is not None:
        return float(own)
    setting = catalog.setting(name)
    return default if setting is None else float(setting.value)
