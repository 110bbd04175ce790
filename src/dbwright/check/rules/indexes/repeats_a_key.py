"""An index repeats a key.

## What it finds

An index over exactly the columns, and in the order, of a primary key, a unique or exclusion
constraint, or a unique index of the same table; and a UNIQUE constraint that repeats the primary
key or another UNIQUE constraint. What stays is always the key: nothing that it guarantees is lost.

Partial indexes, other operator classes (`text_pattern_ops`), other collations and further included
columns make an index useful of its own, so those are not reported.

## Why it matters

PostgreSQL has already made an index for the key, and a unique index finds rows as well as any
other; the second one costs a write with each row, disk and cache, and serves nothing.

## How to fix

Drop the index CONCURRENTLY, or the repeated constraint. The key stays.

## When to ignore

A foreign key may rest on the repeated UNIQUE constraint or unique index instead of on the other
one. PostgreSQL refuses to drop it then; no SQL is offered in that case.

## Sources

- PostgreSQL manual, Unique Indexes: "there's no need to manually create indexes on unique
  columns; doing so would just duplicate the automatically-created index".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.fixes import alter_table
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog, Index, Table
from dbwright.model.finding import Fix, Severity
from dbwright.model.index_use import count
from dbwright.model.names import quote
from dbwright.model.redundant_indexes import (
    REFERENCED,
    Reason,
    Redundant,
    may_be_referenced,
    redundant_indexes,
)
from dbwright.model.statistics import Statistics
from dbwright.sql.ddl import key_definition
from dbwright.sql.index_drop import drop_index

BAD = Example(
    """
CREATE TABLE users (
    id bigint PRIMARY KEY,
    email text NOT NULL UNIQUE,
    code text CONSTRAINT users_code UNIQUE CONSTRAINT users_code_deferred UNIQUE DEFERRABLE,
    nick text
);
CREATE INDEX users_id ON users (id DESC);
CREATE UNIQUE INDEX users_email ON users (email);
CREATE UNIQUE INDEX users_nick ON users (nick);
CREATE INDEX users_nick_again ON users (nick);
""",
    objects=(
        "public.users.users_code_deferred",
        "public.users_email",
        "public.users_id",
        "public.users_nick_again",
    ),
)

RESTED_ON = Example(
    """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE UNIQUE INDEX users_id ON users (id);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));
""",
    objects=("public.users_id",),
    fix_mends=False,
)

GOOD = """
CREATE TABLE users (
    id bigint PRIMARY KEY,
    email text NOT NULL UNIQUE,
    code text UNIQUE DEFERRABLE,
    name text,
    deleted_at timestamptz,
    UNIQUE (name, code),
    UNIQUE (code, name)
);
CREATE INDEX ON users (email) WHERE deleted_at IS NULL;
CREATE INDEX ON users (email text_pattern_ops);
CREATE INDEX ON users (id) INCLUDE (name);
CREATE UNIQUE INDEX ON users (code);
CREATE INDEX ON users USING hash (email);
CREATE UNIQUE INDEX ON users (lower(email));
"""


@rule(severity=Severity.WARNING, bad=(BAD, RESTED_ON), good=GOOD)
def repeats_a_key(catalog: Catalog, statistics: Statistics | None) -> Iterator[Fault]:
    for found in redundant_indexes(catalog, Reason.KEY):
        table, index = found.table, found.index
        counted = count(catalog, statistics, table, index)
        ref, name = index.ref, index.qualified
        if index.constraint is not None and isinstance(table, Table):
            ref = table.constraint_ref(index.constraint)
            name = f"the constraint {quote(index.constraint)} of {table.qualified}"
        referenced = may_be_referenced(catalog, found)
        yield Fault(
            object=ref,
            message=f"{name} repeats {_key_name(found.keeper)}",
            evidence={
                "repeats": found.keeper.qualified,
                "table": table.qualified,
                "size_bytes": counted.size_bytes,
                "scans": counted.scans,
            },
            fix=None if referenced else _fix(found),
            advice=REFERENCED if referenced else "",
        )


def _key_name(keeper: Index) -> str:
    if keeper.primary:
        return f"the primary key, {keeper.qualified}"
    if keeper.constraint is not None:
        return f"the constraint {quote(keeper.constraint)}"
    return f"the unique index {keeper.qualified}"


def _fix(found: Redundant) -> Fix | None:
    """None where the constraint could not be written again as it was."""
    table, index = found.table, found.index
    if index.constraint is None or not isinstance(table, Table):
        return drop_index(index, table)
    key = next((key for key in table.keys if key.name == index.constraint), None)
    if key is None or index.include:
        return None
    name = quote(key.name)
    return alter_table(
        table,
        f"DROP CONSTRAINT {name}",
        f"ADD CONSTRAINT {name} {key_definition(key, primary=False)}",
        risk="INSERT … ON CONFLICT ON CONSTRAINT must name the other one; the way back builds "
        "the index under the lock",
    )
