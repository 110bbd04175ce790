"""What holds rows and is vacuumed: its storage parameters, when autovacuum comes, its upkeep."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from dbwright.check.fixes import scan_seconds
from dbwright.model.catalog import Catalog, MaterializedView, Table
from dbwright.model.finding import Fix, LockMode
from dbwright.model.statistics import Statistics

__all__ = [
    "Stored",
    "analyze",
    "analyze_trigger",
    "change_options",
    "day",
    "grouped",
    "insert_trigger",
    "is_analyzed",
    "is_off",
    "named",
    "root",
    "stored",
    "vacuum",
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
    while isinstance(relation, Table) and relation.is_partition and relation.inherits:
        parent = catalog.find_table(relation.inherits[0])
        if parent is None:
            break
        relation = parent
    return relation


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


def is_analyzed(statistics: Statistics, relation: Stored) -> bool:
    """Does the planner know anything of it? The server may forget when it was analyzed (after a
    crash), but not what it found."""
    counted = statistics.of(relation)
    if counted is not None and counted.last_analyze is not None:
        return True
    return any(statistics.of_column(relation, column) for column in relation.columns)


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


def change_options(relation: Stored, wanted: Mapping[str, str | None], *, risk: str = "") -> Fix:
    """Set storage parameters (None: reset), and back to what they were."""
    now = dict(relation.options)
    if isinstance(relation, Table):
        now |= {f"toast.{name}": value for name, value in relation.toast_options}
    before = {name: now.get(name) for name in wanted}
    return Fix(
        up=_alter(relation, wanted),
        down=_alter(relation, before),
        lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
        risk=risk,
    )


def vacuum(relation: Stored, words: str, size_bytes: int | None, *, risk: str = "") -> Fix:
    """VACUUM with the words in parentheses; there is nothing to take back."""
    return Fix(
        up=f"VACUUM ({words}) {relation.qualified};",
        down="",
        lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
        scans=True,
        transactional=False,
        seconds=scan_seconds(size_bytes),
        risk=risk,
    )


def analyze(relation: Stored) -> Fix:
    """It reads a sample only, so the size does not matter much."""
    return Fix(up=f"ANALYZE {relation.qualified};", down="", lock=LockMode.SHARE_UPDATE_EXCLUSIVE)


def day(moment: datetime | None) -> str | None:
    """Of a report, which must not change from minute to minute."""
    return None if moment is None else f"{moment:%Y-%m-%d}"


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


def _alter(relation: Stored, options: Mapping[str, str | None]) -> str:
    word = "TABLE" if isinstance(relation, Table) else "MATERIALIZED VIEW"
    head = f"ALTER {word} {relation.qualified}"
    values = [f"{name} = {value}" for name, value in options.items() if value is not None]
    gone = [name for name, value in options.items() if value is None]
    lines = [f"{head} SET ({', '.join(values)});"] if values else []
    lines += [f"{head} RESET ({', '.join(gone)});"] if gone else []
    return "\n".join(lines)
