"""Rows for the tables of the documents: plain texts, each from something that was read or run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbwright.agent.work.evidence import Evidence
from dbwright.agent.work.queries.judge import FoundQuery
from dbwright.agent.work.volumes import Volume
from dbwright.check.describe import described_rules
from dbwright.configuration import Configuration
from dbwright.model.catalog import Catalog, Table
from dbwright.model.names import quote
from dbwright.model.sensitive_names import personal_name, secret_name
from dbwright.model.tuning import QueryEffect, Tuning
from dbwright.render.units import bytes_text
from dbwright.sql.fingerprint import fingerprint
from dbwright.sql.parse import SyntaxProblem

__all__ = [
    "Row",
    "features",
    "key_rows",
    "monitoring_rows",
    "places_of",
    "project_rows",
    "sensitive_columns",
    "table_rows",
    "volume_rows",
]

Row = tuple[str, ...]

SHOWN = 8
"""Names in one cell."""
MONITORED = ("activity", "maintenance")
"""Topics of `check` whose rules look at a server at work."""
LARGEST = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}
PERCENT = 100


def some(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def project_rows(evidence: Evidence) -> Iterator[Row]:
    for one in evidence.project.found:
        told = f"not read: {one.unread}" if one.unread else some(one.holds)
        yield one.path, one.kind.value, one.tool, one.engine, told


def source_of(volume: Volume) -> str:
    return "assumed" if volume.is_assumed else "context.json"


def volume_rows(evidence: Evidence) -> Iterator[Row]:
    for one in evidence.sized.tables:
        growth = one.volume.growth_per_month
        yield (
            one.table,
            f"{one.volume.rows:,}",
            source_of(one.volume),
            "" if one.heap_bytes is None else bytes_text(one.heap_bytes),
            "" if one.index_bytes is None else bytes_text(one.index_bytes),
            "" if growth is None else f"{growth:,} rows a month",
        )


def table_rows(catalog: Catalog) -> Iterator[Row]:
    for table in catalog.tables:
        if table.is_partition:
            continue
        key = table.primary_key
        yield (
            table.qualified,
            f"{len(table.columns)}",
            ", ".join(map(quote, key.columns)) if key else "none",
            some(
                [f"{', '.join(map(quote, f.columns))} → {f.references}" for f in table.foreign_keys]
            )
            or "",
            some([quote(one.name) for one in table.indexes if not one.backs_constraint]) or "",
            _kind(catalog, table),
        )


def _kind(catalog: Catalog, table: Table) -> str:
    if table.partition_key is not None:
        definition = table.partition_key.definition or table.partition_key.strategy
        return f"{len(catalog.children(table))} partitions by {definition}"
    return "row level security" if table.row_security else table.kind.value


def key_rows(evidence: Evidence) -> Iterator[Row]:
    """How much of the room of each number that is a key the rows will take."""
    for table in evidence.built.catalog.tables:
        key = table.primary_key
        if table.is_partition or key is None or len(key.columns) != 1:
            continue
        column = table.column(key.columns[0])
        largest = LARGEST.get(column.base_type)
        if largest is None:
            continue
        volume = evidence.volumes.of(table)
        share = PERCENT * volume.rows / largest
        full = ""
        if volume.growth_per_month and not volume.is_assumed:
            months = max(0, largest - volume.rows) / volume.growth_per_month
            full = f"in {months:,.0f} months" if months < 12_000 else "not within 1,000 years"
        yield (
            f"{table.qualified}.{quote(column.name)}",
            column.type,
            f"{volume.rows:,} ({source_of(volume)})",
            f"{share:.2f}%" if share >= 0.01 else "below 0.01%",
            full,
        )


def monitoring_rows(configuration: Configuration) -> Iterator[Row]:
    """The thresholds that `dbwright check` holds a live server against."""
    for rule in described_rules():
        if rule.topic not in MONITORED or not rule.thresholds:
            continue
        settings = configuration.rules.get(rule.id)
        own = {} if settings is None else settings.thresholds
        limits = ", ".join(f"{t.name} = {own.get(t.name, t.default)}" for t in rule.thresholds)
        yield rule.id, rule.severity.value, rule.title.rstrip("."), limits


def sensitive_columns(catalog: Catalog) -> Iterator[Row]:
    """By their names alone."""
    for table in catalog.tables:
        if table.is_partition:
            continue
        for column in table.columns:
            secret = secret_name(column.name)
            what = f"a secret ({secret})" if secret else ""
            if not what and personal_name(column.name):
                what = "personal data"
            if what:
                yield f"{table.qualified}.{quote(column.name)}", column.type, what


def features(catalog: Catalog) -> Iterator[str]:
    """What of PostgreSQL's own the schema uses."""
    columns = [column for table in catalog.tables for column in table.columns]
    types = {column.base_type for column in columns}
    indexes = [index for table in catalog.tables for index in table.indexes]
    methods = {index.method for index in indexes} - {"btree"}
    found = {
        "jsonb": "jsonb" in types,
        "arrays": any(column.is_array for column in columns),
        "ranges": any(name.endswith("range") for name in types),
        "full text search": "tsvector" in types,
        "enums and domains": bool(catalog.types),
        "generated columns": any(column.generated for column in columns),
        "identity columns": any(column.identity for column in columns),
        "partitions": any(table.partition_key is not None for table in catalog.tables),
        "partial indexes": any(index.partial for index in indexes),
        "indexes on expressions": any(key.column is None for i in indexes for key in i.keys),
        "covering indexes": any(index.include for index in indexes),
        "exclusion constraints": any(table.exclusions for table in catalog.tables),
        "row level security": any(table.row_security for table in catalog.tables),
        "triggers": any(table.triggers for table in catalog.tables),
        "functions": bool(catalog.functions),
        "materialized views": bool(catalog.materialized_views),
    }
    yield from (name for name, is_used in found.items() if is_used)
    if methods:
        yield f"indexes of {', '.join(sorted(methods))}"
    extensions = sorted(one.name for one in catalog.extensions if one.name != "plpgsql")
    if extensions:
        yield f"extensions: {', '.join(extensions)}"


def places_of(tuning: Tuning, queries: Sequence[FoundQuery]) -> dict[str, list[str]]:
    """Where each query that was planned stands, by its fingerprint."""
    places: dict[str, list[str]] = {effect.fingerprint: [] for effect in tuning.queries}
    for one in queries:
        try:
            name = fingerprint(one.text)
        except SyntaxProblem:
            continue
        if name in places and one.place not in places[name]:
            places[name].append(one.place)
    return places


def gain(effect: QueryEffect) -> str:
    """`1,240 → 8.4`, in the planner's units."""
    return f"{effect.before:,.1f} → {effect.after:,.1f}"
