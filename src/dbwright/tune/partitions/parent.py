"""The partitioned table and its first partitions, as SQL. Nobody uses them yet, so no lock on them
matters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dbwright.model.catalog import Catalog, Table
from dbwright.model.names import literal, quote
from dbwright.sql.ddl import foreign_key_definition, index_definition, key_definition
from dbwright.sql.index_build import free_name
from dbwright.tune.partitions.candidates import Candidate
from dbwright.tune.partitions.keys import Names, changed_primary, kept_keys, stem
from dbwright.tune.partitions.layout import Layout

__all__ = ["create_parent", "create_partitions"]

COPIED = ("DEFAULTS", "CONSTRAINTS", "GENERATED", "IDENTITY", "STORAGE", "STATISTICS", "COMMENTS")
COMPRESSION_SINCE = 14


def create_parent(catalog: Catalog, candidate: Candidate, names: Names) -> Iterator[str]:
    """The partitioned table with everything that the table has, and no partition."""
    table, parent = candidate.table, names.qualified(names.parent)
    copied = [*COPIED, *(["COMPRESSION"] if catalog.server.major >= COMPRESSION_SINCE else [])]
    like = f"LIKE {table.qualified} {' '.join(f'INCLUDING {word}' for word in copied)}"
    yield f"CREATE TABLE {parent} ({like}) PARTITION BY RANGE ({quote(candidate.column.name)});"
    primary = changed_primary(catalog, candidate)
    if primary is not None:
        columns = ", ".join(map(quote, primary.columns))
        yield (
            f"ALTER TABLE {parent} ADD CONSTRAINT {quote(names.parent_primary)} "
            f"PRIMARY KEY ({columns});"
        )
    for number, key in enumerate(kept_keys(candidate)):
        definition = key_definition(key, primary=key is table.primary_key)
        yield f"ALTER TABLE {parent} ADD CONSTRAINT {quote(names.of_parent(number))} {definition};"
    yield from _indexes(catalog, table, parent)
    for reference in table.foreign_keys:
        definition = foreign_key_definition(reference)
        yield f"ALTER TABLE {parent} ADD CONSTRAINT {quote(reference.name)} {definition};"
    for grant in table.grants:
        if grant.grantee == table.owner:
            continue
        grantee = grant.grantee if grant.grantee == "PUBLIC" else quote(grant.grantee)
        yield f"GRANT {', '.join(grant.privileges)} ON {parent} TO {grantee};"
        if grant.grantable:
            given = ", ".join(grant.grantable)
            yield f"GRANT {given} ON {parent} TO {grantee} WITH GRANT OPTION;"
    if table.comment is not None:
        yield f"COMMENT ON TABLE {parent} IS {literal(table.comment)};"


def create_partitions(catalog: Catalog, layout: Layout, names: Names) -> Iterator[str]:
    """The empty ones that follow the first."""
    table, parent = layout.candidate.table, names.qualified(names.parent)
    own = [*table.options, *((f"toast.{name}", value) for name, value in table.toast_options)]
    options = ", ".join(f"{name} = {literal(value)}" for name, value in own)
    tail = f" WITH ({options})" if options else ""
    tail += f" TABLESPACE {quote(table.tablespace)}" if table.tablespace else ""
    for part in layout.parts[1:]:
        assert part.start is not None
        wanted = f"{stem(table.name)}_{layout.interval.suffix(part.start)}"
        name = names.qualified(free_name(catalog, table.schema, wanted))
        bound = part.bound(layout.candidate)
        yield f"CREATE TABLE {name} PARTITION OF {parent} {bound}{tail};"


def _indexes(catalog: Catalog, table: Table, parent: str) -> Iterator[str]:
    """Equal to the table's own, which are attached to them when it is. Those of the primary key
    and of constraints come with these."""
    taken: set[tuple[str, str]] = set()
    for index in table.indexes:
        if index.constraint is not None or index.primary:
            continue
        name = free_name(catalog, table.schema, f"{index.name}_parts", taken)
        taken.add((table.schema, name))
        yield f"{index_definition(replace(index, name=name), parent)};"
