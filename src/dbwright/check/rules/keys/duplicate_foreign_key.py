"""Two foreign keys say the same.

## What it finds

Two FOREIGN KEY constraints of one table with the same columns and the same referenced columns,
whatever their order. Where their actions differ, both are told without a fix.

## Why it matters

Each insert looks for the parent twice, each delete of a parent for the children twice; where the
actions differ, the stricter one wins and the other one is never heard.

A migration that ran twice, or an ORM that declared again what was there, leaves such a pair.

## How to fix

Drop one. It is short, but takes an ACCESS EXCLUSIVE lock on both tables.

## When to ignore

Never for long.

## Sources

- PostgreSQL manual, Foreign Keys.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.keys._constraint import add_foreign_key, column_list
from dbwright.model.catalog import Catalog, ForeignKey, Table
from dbwright.model.finding import Fix, LockMode, Severity
from dbwright.model.names import quote

TABLES = """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    user_id bigint REFERENCES users,
    seller_id bigint REFERENCES users
);
"""

BAD = Example(
    TABLES + "ALTER TABLE orders ADD CONSTRAINT to_user FOREIGN KEY (user_id) REFERENCES users;",
    objects=("public.orders.to_user",),
)

CONTRADICTION = Example(
    TABLES
    + "ALTER TABLE orders ADD CONSTRAINT to_user FOREIGN KEY (user_id) REFERENCES users "
    + "ON DELETE CASCADE;",
    objects=("public.orders.to_user",),
    fix_mends=False,
)

GOOD = TABLES


@rule(severity=Severity.WARNING, bad=(BAD, CONTRADICTION), good=GOOD)
def duplicate_foreign_key(catalog: Catalog) -> Iterator[Fault]:
    for table in catalog.tables:
        if len(table.foreign_keys) < 2:
            continue
        first: dict[object, ForeignKey] = {}
        # The one to keep comes first: enforced, validated, then by its name.
        own = [key for key in table.foreign_keys if not key.inherited]
        for key in sorted(own, key=lambda k: (not k.enforced, not k.validated, k.name)):
            kept = first.setdefault(_target(key), key)
            if kept is not key:
                yield _fault(catalog, table, key, kept)


def _target(key: ForeignKey) -> object:
    pairs = zip(key.columns, key.referenced_columns, strict=True)
    return key.references, frozenset(pairs)


def _behaviour(key: ForeignKey) -> tuple[object, ...]:
    deferral = (key.deferrable, key.initially_deferred)
    actions = (key.on_update, key.on_delete, frozenset(key.on_delete_columns))
    return (*actions, key.match_full, *deferral)


def _fault(catalog: Catalog, table: Table, key: ForeignKey, kept: ForeignKey) -> Fault:
    same = _behaviour(key) == _behaviour(kept)
    name = quote(key.name)
    return Fault(
        object=table.constraint_ref(key.name),
        message=f"{name} of {table.qualified} ({column_list(key.columns)}) references "
        f"{key.references} like {quote(kept.name)} does"
        + ("" if same else ", but behaves differently"),
        evidence={
            "same_as": kept.name,
            "columns": key.columns,
            "references": key.references,
            "on_delete": [kept.on_delete, key.on_delete],
            "on_update": [kept.on_update, key.on_update],
        },
        advice="" if same else "Decide which of the two is meant, and drop the other.",
        fix=Fix(
            up=f"ALTER TABLE {table.qualified} DROP CONSTRAINT {name};",
            down=add_foreign_key(catalog, table, key),
            lock=LockMode.ACCESS_EXCLUSIVE,
            risk=f"it locks {key.references} as well",
        )
        if same
        else None,
    )
