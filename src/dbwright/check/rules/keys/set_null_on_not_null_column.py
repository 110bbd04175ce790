"""A foreign key would set a column to NULL that must not be NULL.

## What it finds

ON DELETE SET NULL or ON UPDATE SET NULL (or SET DEFAULT without a default) on a column that is
declared NOT NULL or is part of the primary key.

## Why it matters

The action never works: deleting the referenced row fails with a violation of NOT NULL, in a table
that the statement does not even name.

## How to fix

Decide what is meant. If a row may be without its parent, drop NOT NULL; if it goes with the parent,
use ON DELETE CASCADE; if it keeps the parent from being deleted, use NO ACTION. In a key of several
columns where only some must stay (a tenant's id), name those to be set: from version 15 on, ON
DELETE SET NULL (column).

## When to ignore

Never: the action can't do what it says.

## Sources

- PostgreSQL manual, Foreign Keys, and CREATE TABLE: SET NULL [ ( column_name [, ... ] ) ].
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.keys._constraint import add_foreign_key, column_list
from dbwright.model.catalog import Catalog, Column, ForeignKey, Table
from dbwright.model.finding import Fix, LockMode, Severity
from dbwright.model.names import quote

BAD = Example(
    """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users ON DELETE SET NULL
);
""",
    objects=("public.orders.orders_user_id_fkey",),
    fix_mends=False,
)

TENANT = Example(
    """
CREATE TABLE users (tenant_id bigint, id bigint, PRIMARY KEY (tenant_id, id));
CREATE TABLE posts (
    tenant_id bigint NOT NULL,
    id bigint,
    author_id bigint,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT written_by FOREIGN KEY (tenant_id, author_id) REFERENCES users ON DELETE SET NULL
);
""",
    oldest=15,
    objects=("public.posts.written_by",),
)

GOOD = """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    user_id bigint REFERENCES users ON DELETE SET NULL,
    seller_id bigint NOT NULL DEFAULT 1 REFERENCES users ON DELETE SET DEFAULT,
    buyer_id bigint NOT NULL REFERENCES users ON DELETE CASCADE
);
"""


@rule(severity=Severity.ERROR, bad=(BAD, TENANT), good=GOOD)
def set_null_on_not_null_column(catalog: Catalog) -> Iterator[Fault]:
    for table in catalog.tables:
        for key in table.foreign_keys:
            if key.inherited or not key.enforced:
                continue
            on_delete = _refusing(table, key.on_delete, key.on_delete_columns or key.columns)
            on_update = _refusing(table, key.on_update, key.columns)
            if not on_delete and not on_update:
                continue
            event, action = ("DELETE", key.on_delete) if on_delete else ("UPDATE", key.on_update)
            columns = on_delete or on_update
            verb = "is" if len(columns) == 1 else "are"
            yield Fault(
                object=table.constraint_ref(key.name),
                message=f"{quote(key.name)} of {table.qualified} says ON {event} {action}, but "
                f"{column_list(columns)} {verb} NOT NULL"
                + (" and without a default" if action == "SET DEFAULT" else ""),
                evidence={
                    "columns": columns,
                    "references": key.references,
                    "on_delete": key.on_delete,
                    "on_update": key.on_update,
                },
                advice=f"Drop NOT NULL, or use ON {event} CASCADE or NO ACTION: what is meant?",
                fix=_fix(catalog, table, key, on_delete, on_update),
            )


def _refusing(table: Table, action: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that the action would set to NULL in vain."""
    if action not in ("SET NULL", "SET DEFAULT"):
        return ()
    found = (table.column(name) for name in columns)
    return tuple(c.name for c in found if c.not_null and (action == "SET NULL" or _bare(c)))


def _bare(column: Column) -> bool:
    return column.default is None and column.identity is None


def _fix(
    catalog: Catalog,
    table: Table,
    key: ForeignKey,
    on_delete: tuple[str, ...],
    on_update: tuple[str, ...],
) -> Fix | None:
    """Only where it is plain what is meant: the columns that may be NULL are to be set."""
    left = tuple(name for name in key.columns if name not in on_delete)
    if catalog.server.major < 15 or on_update or not left or key.on_delete_columns:
        return None
    drop = f"ALTER TABLE {table.qualified} DROP CONSTRAINT {quote(key.name)};\n"
    return Fix(
        up=drop + add_foreign_key(catalog, table, replace(key, on_delete_columns=left)),
        down=drop + add_foreign_key(catalog, table, key),
        lock=LockMode.ACCESS_EXCLUSIVE,
        scans=key.validated,
        risk="validating reads the table: commit before the last statement on a large one",
    )
