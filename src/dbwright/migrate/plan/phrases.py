"""Runs of moves that several forms share: a constraint validated while others write, an index built
beside them, NOT NULL that is proven before it is said."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from dbwright.migrate.plan.move import Manner, Move
from dbwright.migrate.plan.situation import Situation
from dbwright.model.catalog import Check, ForeignKey, Index, MaterializedView, Table, TableKind
from dbwright.model.names import quote
from dbwright.sql.ddl import (
    check_definition,
    foreign_key_definition,
    index_definition,
)
from dbwright.sql.index_build import build_index

__all__ = [
    "add_constraint",
    "built",
    "checked",
    "drop_constraint",
    "index_for",
    "leaves",
    "not_null",
    "referenced",
    "statements",
    "tail_of",
]


def add_constraint(table: str, name: str, definition: str) -> str:
    """ALTER TABLE … ADD CONSTRAINT."""
    return f"ALTER TABLE {table} ADD CONSTRAINT {quote(name)} {definition}"


def drop_constraint(table: str, name: str) -> str:
    """ALTER TABLE … DROP CONSTRAINT."""
    return f"ALTER TABLE {table} DROP CONSTRAINT {quote(name)}"


def statements(script: str) -> tuple[str, ...]:
    """Lines that end with a semicolon, each a statement of its own."""
    return tuple(line.removesuffix(";") for line in script.splitlines() if line.strip())


def checked(table: Table, check: Check) -> list[Move]:
    """A CHECK that new rows keep from now on, and old ones once they were read."""
    later = replace(check, validated=False)
    name = table.qualified
    return [
        Move(
            "The check holds for what is written from now on; rows that are there are not read.",
            (add_constraint(name, check.name, check_definition(later)),),
            (drop_constraint(name, check.name),),
            table=name,
            words=f"check {check.name}",
        ),
        _validated(table, check.name),
    ]


def referenced(situation: Situation, table: Table, key: ForeignKey) -> list[Move]:
    """A foreign key: its index, then the key for new rows, then the proof for the old ones."""
    if table.kind is TableKind.PARTITIONED and situation.major < 18:
        return _referenced_by_partitions(situation, table, key)
    later = replace(key, validated=False)
    name = table.qualified
    moves = index_for(situation, table, key)
    moves.append(
        Move(
            "The foreign key holds for what is written from now on; rows that are there are not "
            "read.",
            (add_constraint(name, key.name, foreign_key_definition(later)),),
            (drop_constraint(name, key.name),),
            table=name,
            words=f"foreign key {key.name}",
        )
    )
    return [*moves, _validated(table, key.name)]


def _referenced_by_partitions(situation: Situation, table: Table, key: ForeignKey) -> list[Move]:
    """Before version 18 a partitioned table takes no NOT VALID: each partition is proven, and the
    key of the parent takes theirs over."""
    moves = index_for(situation, table, key)
    later = foreign_key_definition(replace(key, validated=False))
    parts = list(leaves(situation, table))
    for leaf in parts:
        moves.append(
            Move(
                f"The foreign key of {leaf.qualified} alone, for what is written from now on.",
                (add_constraint(leaf.qualified, key.name, later),),
                (drop_constraint(leaf.qualified, key.name),),
                table=leaf.qualified,
                words=f"foreign key {key.name} of {leaf.name}",
            )
        )
        moves.append(_validated(leaf, key.name))
    again = [add_constraint(leaf.qualified, key.name, later) for leaf in parts]
    moves.append(
        Move(
            "The key of the whole table takes over those of its partitions, which are proven.",
            (add_constraint(table.qualified, key.name, foreign_key_definition(key)),),
            (drop_constraint(table.qualified, key.name), *again),
            table=table.qualified,
            words=f"foreign key {key.name}",
        )
    )
    return moves


def leaves(situation: Situation, table: Table) -> Iterator[Table]:
    """Partitions that have rows here, however deep."""
    for child in situation.before.children(table):
        if child.kind is TableKind.PARTITIONED:
            yield from leaves(situation, child)
        elif child.kind is TableKind.TABLE:
            yield child


def index_for(situation: Situation, table: Table, key: ForeignKey) -> list[Move]:
    """An index on the referencing columns, where there is none: without it each DELETE or UPDATE
    of a referenced row reads the whole table."""
    if any(_serves(index, key.columns) for index in table.indexes):
        return []
    wanted = "_".join((table.name, *key.columns, "idx"))
    name = situation.free_relation(table.schema, wanted)
    columns = ", ".join(quote(column) for column in key.columns)
    up, down = build_index(situation.before, table, name, f" ({columns})")
    return [
        Move(
            "An index first: without one, deleting a referenced row reads this whole table.",
            statements(up),
            statements(down),
            Manner.ALONE,
            table.qualified,
            f"index {table.name} {' '.join(key.columns)}",
        )
    ]


def _serves(index: Index, columns: Collection[str]) -> bool:
    """Can rows be found by these columns with it?"""
    leading = set(index.columns[: len(columns)])
    return index.valid and not index.partial and leading == set(columns)


def built(situation: Situation, table: Table | MaterializedView, index: Index) -> Move:
    """An index, beside running work."""
    tail = tail_of(index)
    up, down = build_index(situation.before, table, index.name, tail, unique=index.unique)
    return Move(
        "The index is built while others read and write.",
        statements(up),
        statements(down),
        Manner.ALONE,
        table.qualified,
        f"index {index.name}",
    )


def tail_of(index: Index) -> str:
    """What follows the table in its CREATE INDEX. Raises ValueError where it was not read."""
    anonymous = replace(index, name="i")
    return index_definition(anonymous, "t").partition(" ON t")[2]


def not_null(
    situation: Situation, table: Table, column: str, name: str | None = None
) -> list[Move]:
    """NOT NULL that is proven while others write. `name` is that of the constraint, which is an
    object of its own since version 18."""
    if situation.major >= 18:
        return _not_null_of_its_own(situation, table, column, name)
    proof = situation.free_constraint(table, column, "there")
    check = Check(proof, f"{quote(column)} IS NOT NULL", validated=False)
    text = add_constraint(table.qualified, proof, check_definition(check))
    altered = f"ALTER TABLE {table.qualified} ALTER COLUMN {quote(column)}"
    return [
        *checked(table, check),
        Move(
            "The check proves that no row has to be read; then it has done its work.",
            (f"{altered} SET NOT NULL", drop_constraint(table.qualified, proof)),
            (text, f"{altered} DROP NOT NULL"),
            table=table.qualified,
            words=f"not null {table.name} {column}",
        ),
    ]


def _not_null_of_its_own(
    situation: Situation, table: Table, column: str, name: str | None
) -> list[Move]:
    called = name or situation.free_constraint(table, column, "not_null")
    return [
        Move(
            "NOT NULL for what is written from now on; rows that are there are not read.",
            (add_constraint(table.qualified, called, f"NOT NULL {quote(column)} NOT VALID"),),
            (drop_constraint(table.qualified, called),),
            table=table.qualified,
            words=f"not null {table.name} {column}",
        ),
        _validated(table, called),
    ]


def _validated(table: Table, name: str) -> Move:
    return Move(
        "Rows that are there are read now, while others read and write.",
        (f"ALTER TABLE {table.qualified} VALIDATE CONSTRAINT {quote(name)}",),
        (),
        Manner.LONG,
        table.qualified,
        f"validate {name}",
    )
