"""A constraint was added NOT VALID and never validated.

## What it finds

FOREIGN KEY, CHECK and (version 18) NOT NULL constraints, also those of domains, that are marked NOT
VALID. A constraint that is NOT ENFORCED (version 18) is a notice.

## Why it matters

Rows that were there before it may break the constraint: nothing has looked. The planner does not
use it, and the first UPDATE of such a row fails.

NOT VALID is the right first step on a live table; the second one was forgotten.

## How to fix

Validate it. That reads the table once while reads and writes go on. Where rows break it, the
statement fails and names the first: repair them, and validate again.

## When to ignore

Old rows are known to break the constraint and are to stay as they are.

## Sources

- PostgreSQL manual, ALTER TABLE: ADD table_constraint [ NOT VALID ], VALIDATE CONSTRAINT, and the
  Notes on validating without blocking writes.
- PostgreSQL 18 release notes: NOT ENFORCED, and NOT VALID for NOT NULL constraints.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbwright.check.example import Example
from dbwright.check.fixes import scan_seconds
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog, Check, Table, TableKind, TypeKind
from dbwright.model.finding import Fix, LockMode, ObjectRef, Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics
from dbwright.sql.ddl import check_definition, foreign_key_definition

BAD = Example(
    """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, price numeric);
ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users NOT VALID;
ALTER TABLE orders ADD CHECK (price >= 0) NOT VALID;
CREATE DOMAIN percentage AS numeric;
CREATE TABLE discounts (id bigint PRIMARY KEY, share percentage);
ALTER DOMAIN percentage ADD CONSTRAINT at_most_100 CHECK (VALUE <= 100) NOT VALID;
""",
    objects=(
        "public.orders.orders_price_check",
        "public.orders.orders_user_id_fkey",
        "public.percentage.at_most_100",
    ),
)

BAD_18 = Example(
    """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users NOT ENFORCED);
ALTER TABLE orders ADD CONSTRAINT has_user NOT NULL user_id NOT VALID;
""",
    oldest=18,
    objects=("public.orders.has_user", "public.orders.orders_user_id_fkey"),
)

GOOD = """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users, price numeric);
ALTER TABLE orders ADD CHECK (price >= 0) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT orders_price_check;
"""


@dataclass(frozen=True, slots=True)
class _Constraint:
    name: str
    kind: str
    enforced: bool
    definition: str | None
    """As it stands now, after the name; None where it could not be read."""


@rule(severity=Severity.WARNING, bad=(BAD, BAD_18), good=GOOD)
def constraint_not_validated(catalog: Catalog, statistics: Statistics | None) -> Iterator[Fault]:
    for table in catalog.tables:
        # Constraints of a foreign table are never enforced here: they only describe it.
        if table.kind is not TableKind.FOREIGN:
            for constraint in _of_table(table):
                counted = statistics.of(table) if statistics else None
                yield _fault(table, constraint, counted.heap_bytes if counted else None)
    yield from _of_domains(catalog)


def _of_table(table: Table) -> Iterator[_Constraint]:
    for key in table.foreign_keys:
        if not key.inherited and not (key.validated and key.enforced):
            yield _Constraint(key.name, "foreign key", key.enforced, foreign_key_definition(key))
    for check in table.checks:
        if not check.inherited and not (check.validated and check.enforced):
            yield _Constraint(check.name, "check", check.enforced, _definition(check))
    for none in table.not_nulls:
        if not none.inherited and not none.validated:
            definition = f"NOT NULL {quote(none.column)} NOT VALID"
            yield _Constraint(none.name, "not-null constraint", True, definition)


def _definition(check: Check) -> str | None:
    return None if check.expression is None else check_definition(check)


def _fault(table: Table, constraint: _Constraint, size_bytes: int | None) -> Fault:
    state = "is NOT VALID" if constraint.enforced else "is NOT ENFORCED: nothing checks it"
    return Fault(
        object=table.constraint_ref(constraint.name),
        message=f"the {constraint.kind} {quote(constraint.name)} of {table.qualified} {state}"
        + ("; rows that were there before it may break it" if constraint.enforced else ""),
        evidence={
            "constraint": constraint.kind,
            "enforced": constraint.enforced,
            "size_bytes": size_bytes,
        },
        severity=None if constraint.enforced else Severity.NOTICE,
        advice=""
        if constraint.enforced
        else "Where rows should keep to it, add it again ENFORCED; otherwise it is a note.",
        fix=_validate(table, constraint, size_bytes)
        if constraint.enforced
        else _enforce(table, constraint, size_bytes),
    )


def _validate(table: Table, constraint: _Constraint, size_bytes: int | None) -> Fix:
    alter, name = f"ALTER TABLE {table.qualified}", quote(constraint.name)
    down = ""
    if constraint.definition is not None:
        down = f"{alter} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} {constraint.definition};"
    return Fix(
        up=f"{alter} VALIDATE CONSTRAINT {name};",
        down=down,
        lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
        scans=True,
        seconds=scan_seconds(size_bytes),
        risk="fails at the first row that breaks it, and changes nothing then",
    )


def _enforce(table: Table, constraint: _Constraint, size_bytes: int | None) -> Fix | None:
    """Version 18 can switch a foreign key over; a check has to be dropped and added again."""
    if constraint.kind != "foreign key":
        return None
    alter = f"ALTER TABLE {table.qualified} ALTER CONSTRAINT {quote(constraint.name)}"
    return Fix(
        up=f"{alter} ENFORCED;",
        down=f"{alter} NOT ENFORCED;",
        lock=LockMode.ACCESS_EXCLUSIVE,
        scans=True,
        seconds=scan_seconds(size_bytes),
        risk="nobody can read the table meanwhile, and it fails at the first row that breaks it",
    )


def _of_domains(catalog: Catalog) -> Iterator[Fault]:
    for domain in catalog.types:
        if domain.kind is not TypeKind.DOMAIN:
            continue
        for check in domain.checks:
            if check.validated:
                continue
            name, alter = quote(check.name), f"ALTER DOMAIN {domain.qualified}"
            used = any(
                column.domain == domain.qualified
                for columns in catalog.columns_by_type.values()
                for _, column in columns
            )
            definition = _definition(check)
            yield Fault(
                object=ObjectRef("constraint", f"{domain.qualified}.{name}"),
                message=f"the check {name} of the domain {domain.qualified} is NOT VALID; values "
                "that were there before it may break it",
                evidence={"constraint": "check of a domain", "enforced": True},
                fix=Fix(
                    up=f"{alter} VALIDATE CONSTRAINT {name};",
                    down=f"{alter} DROP CONSTRAINT {name};\n"
                    f"{alter} ADD CONSTRAINT {name} {definition};"
                    if definition
                    else "",
                    lock=LockMode.SHARE if used else None,
                    scans=used,
                    risk="reads every table with a column of the domain while writes to it wait",
                ),
            )
