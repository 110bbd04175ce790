"""Primary keys and unique constraints over indexes that are built beside running work."""

from __future__ import annotations

from dataclasses import replace

from dbwright.migrate.plan.move import Manner, Move
from dbwright.migrate.plan.phrases import add_constraint, drop_constraint
from dbwright.migrate.plan.situation import Situation
from dbwright.model.catalog import Index, Key, Table, TableKind
from dbwright.model.names import qualify, quote
from dbwright.sql.ddl import index_definition, key_definition

__all__ = ["keyed"]


def keyed(
    situation: Situation, table: Table, key: Key, index: Index, *, primary: bool
) -> list[Move]:
    """A primary key or unique constraint over a unique index that is built before. One move: its
    way back drops both, for a constraint takes its index along."""
    if table.kind is TableKind.PARTITIONED:
        return [_keyed_partitions(situation, table, key, index, primary=primary)]
    name = table.qualified
    words = f"{'primary key' if primary else 'unique'} {key.name}"
    return [
        Move(
            "The unique index is built while others read and write; then the constraint takes it.",
            _built_key(table, key, index, primary),
            (drop_constraint(name, key.name),),
            Manner.ALONE,
            name,
            words,
        )
    ]


def _built_key(table: Table, key: Key, index: Index, primary: bool) -> tuple[str, str]:
    plain = replace(index, primary=False, constraint=None)
    return (
        index_definition(plain, table.qualified, concurrently=True),
        add_constraint(table.qualified, key.name, _using(key, index.name, primary)),
    )


def _keyed_partitions(
    situation: Situation, table: Table, key: Key, index: Index, *, primary: bool
) -> Move:
    """The constraint of the parent alone is invalid until each partition has its own attached."""
    definition = key_definition(key, primary=primary)
    up = [f"ALTER TABLE ONLY {table.qualified} ADD CONSTRAINT {quote(key.name)} {definition}"]
    up += _partition_keys(situation, table, key, index, primary)
    return Move(
        "The constraint of the parent alone; it counts once each partition has its own, which is "
        "built while others read and write.",
        tuple(up),
        (drop_constraint(table.qualified, key.name),),
        Manner.ALONE,
        table.qualified,
        f"{'primary key' if primary else 'unique'} {key.name}",
    )


def _partition_keys(
    situation: Situation, table: Table, key: Key, index: Index, primary: bool
) -> list[str]:
    up: list[str] = []
    parent = qualify(table.schema, index.name)
    for child in situation.before.children(table):
        part = situation.free_relation(child.schema, f"{child.name}_{key.name}")
        own = replace(index, schema=child.schema, name=part)
        own_key = replace(key, name=part, index=part)
        if child.kind is TableKind.PARTITIONED:
            definition = key_definition(key, primary=primary)
            alone = f"ALTER TABLE ONLY {child.qualified} ADD CONSTRAINT {quote(part)} {definition}"
            up += [alone, *_partition_keys(situation, child, own_key, own, primary)]
        elif child.kind is TableKind.TABLE:
            up += _built_key(child, own_key, own, primary)
        else:
            continue
        up.append(f"ALTER INDEX {parent} ATTACH PARTITION {qualify(child.schema, part)}")
    return up


def _using(key: Key, index: str, primary: bool) -> str:
    words = ["PRIMARY KEY" if primary else "UNIQUE", "USING INDEX", quote(index)]
    if key.deferrable:
        words.append("DEFERRABLE")
    if key.initially_deferred:
        words.append("INITIALLY DEFERRED")
    return " ".join(words)
