"""ALTER TABLE … ALTER COLUMN … TYPE, of a column alone."""

from __future__ import annotations

from dbwright.migrate.locks.words import EXCLUSIVELY, SHADOW, TABLE, only
from dbwright.model.lock_fact import LockFact

__all__ = ["FACTS"]

_STORED = "The values are stored in another way, so all rows are written anew."
_CHECKED = "Each value has to be checked or cut, so all rows are written anew."
_KEPT = "The stored values are good for the new type as they are."

FACTS = (
    LockFact(
        id="type-text-wider",
        form="varchar(n) to a longer one, to varchar or to text; varchar to text and back",
        examples=(
            "ALTER TABLE items ALTER code TYPE varchar(40)",
            "ALTER TABLE items ALTER code TYPE varchar",
            "ALTER TABLE items ALTER code TYPE text",
            "ALTER TABLE items ALTER unlimited TYPE text",
            "ALTER TABLE items ALTER name TYPE varchar",
            "ALTER TABLE items ALTER code TYPE varchar(20)",
            "ALTER TABLE items ALTER code TYPE varchar(40) USING code",
            "ALTER TABLE items ALTER code TYPE varchar(40) USING code::varchar(40)",
        ),
        locks=EXCLUSIVELY,
        why=f"{_KEPT} Plain indexes are kept.",
    ),
    LockFact(
        id="type-text-narrower",
        form="varchar(n) to a shorter one; varchar or text to varchar(n)",
        examples=(
            "ALTER TABLE items ALTER code TYPE varchar(10)",
            "ALTER TABLE items ALTER unlimited TYPE varchar(20)",
            "ALTER TABLE items ALTER name TYPE varchar(20)",
        ),
        locks=EXCLUSIVELY,
        rewrites=only(TABLE),
        why=f"{_CHECKED} It fails where a value is too long.",
        safe="ADD CHECK (length(c) <= n) NOT VALID, then VALIDATE it, and leave the type.",
    ),
    LockFact(
        id="type-char",
        form="char(n) to another type or length; text or varchar to char(n)",
        examples=(
            "ALTER TABLE items ALTER letters TYPE char(8)",
            "ALTER TABLE items ALTER letters TYPE varchar(5)",
            "ALTER TABLE items ALTER letters TYPE text",
            "ALTER TABLE items ALTER code TYPE char(20)",
        ),
        locks=EXCLUSIVELY,
        rewrites=only(TABLE),
        why="char(n) is stored with its blanks, so all rows are written anew.",
        safe=SHADOW,
    ),
    LockFact(
        id="type-number",
        form="smallint, integer or bigint to one another or to numeric; real to double precision",
        examples=(
            "ALTER TABLE items ALTER amount TYPE bigint",
            "ALTER TABLE items ALTER tiny TYPE integer",
            "ALTER TABLE items ALTER big TYPE integer",
            "ALTER TABLE items ALTER amount TYPE numeric",
            "ALTER TABLE items ALTER big TYPE numeric(20, 0)",
            "ALTER TABLE items ALTER ratio TYPE double precision",
            "ALTER TABLE items ALTER exact TYPE double precision",
            "ALTER TABLE items ALTER id TYPE bigint",
            "ALTER TABLE items ALTER amount TYPE text",
        ),
        locks=EXCLUSIVELY,
        rewrites=only(TABLE),
        why=_STORED,
        safe=SHADOW,
    ),
    LockFact(
        id="type-integer-to-oid",
        form="integer to oid",
        examples=("ALTER TABLE items ALTER amount TYPE oid",),
        locks=EXCLUSIVELY,
        builds=only(TABLE),
        scans=only(TABLE),
        why="The stored values are the same, but indexes sort them in another way.",
        safe="DROP INDEX CONCURRENTLY before, CREATE INDEX CONCURRENTLY after it.",
    ),
    LockFact(
        id="type-numeric-wider",
        form="numeric(p, s) to a larger p with the same s, or to numeric",
        examples=(
            "ALTER TABLE items ALTER price TYPE numeric(12, 2)",
            "ALTER TABLE items ALTER price TYPE numeric",
            "ALTER TABLE items ALTER price TYPE numeric(10, 2)",
        ),
        locks=EXCLUSIVELY,
        why=f"{_KEPT} Indexes are kept.",
    ),
    LockFact(
        id="type-numeric-scale",
        form="numeric to another scale, a smaller precision, or from one without limits",
        examples=(
            "ALTER TABLE items ALTER price TYPE numeric(12, 3)",
            "ALTER TABLE items ALTER price TYPE numeric(8, 2)",
            "ALTER TABLE items ALTER price TYPE numeric(12, 0)",
            "ALTER TABLE items ALTER exact TYPE numeric(12, 2)",
        ),
        locks=EXCLUSIVELY,
        rewrites=only(TABLE),
        why=f"{_CHECKED} Digits that the new scale has no place for are lost.",
        safe=SHADOW,
    ),
    LockFact(
        id="type-bits-wider",
        form="varbit(n) to a longer one, or to varbit",
        examples=(
            "ALTER TABLE items ALTER flags TYPE varbit(8)",
            "ALTER TABLE items ALTER flags TYPE varbit",
        ),
        locks=EXCLUSIVELY,
        why=_KEPT,
    ),
    LockFact(
        id="type-bits",
        form="bit(n) to another length; varbit(n) to a shorter one",
        examples=(
            "ALTER TABLE items ALTER bits TYPE bit(8) USING bits::bit(8)",
            "ALTER TABLE items ALTER flags TYPE varbit(2)",
        ),
        locks=EXCLUSIVELY,
        rewrites=only(TABLE),
        why=_CHECKED,
        safe=SHADOW,
    ),
    LockFact(
        id="type-cidr-to-inet",
        form="cidr to inet",
        examples=("ALTER TABLE items ALTER net TYPE inet",),
        locks=EXCLUSIVELY,
        why=_KEPT,
    ),
    LockFact(
        id="type-inet-to-cidr",
        form="inet to cidr",
        examples=("ALTER TABLE items ALTER host TYPE cidr USING host::cidr",),
        locks=EXCLUSIVELY,
        rewrites=only(TABLE),
        why=_CHECKED,
        safe=SHADOW,
    ),
    LockFact(
        id="type-by-conversion",
        form="json to jsonb or back; jsonb, uuid or an enum to text; an enum to another one",
        examples=(
            "ALTER TABLE items ALTER doc TYPE jsonb",
            "ALTER TABLE items ALTER doc TYPE jsonb USING doc::jsonb",
            "ALTER TABLE items ALTER docb TYPE json",
            "ALTER TABLE items ALTER docb TYPE text",
            "ALTER TABLE items ALTER token TYPE text",
            "ALTER TABLE items ALTER state TYPE text",
            "ALTER TABLE items ALTER state TYPE feeling USING state::text::feeling",
            "ALTER TABLE items ALTER name TYPE mood USING name::mood",
        ),
        locks=EXCLUSIVELY,
        rewrites=only(TABLE),
        why=_STORED,
        safe=f"{SHADOW} To add or rename a value of an enum, ALTER TYPE.",
    ),
    LockFact(
        id="type-array",
        form="an array to another type of elements, even where the elements' change is free",
        examples=(
            "ALTER TABLE items ALTER tags TYPE varchar(20)[]",
            "ALTER TABLE items ALTER tags TYPE text[]",
            "ALTER TABLE items ALTER counts TYPE bigint[]",
        ),
        locks=EXCLUSIVELY,
        rewrites=only(TABLE),
        why="What is free for a type is not for arrays of it: they are converted one by one.",
        safe=SHADOW,
    ),
    LockFact(
        id="type-free-domain",
        form="a type to a domain over it without constraints, or back",
        examples=(
            "ALTER TABLE items ALTER name TYPE label",
            "ALTER TABLE items ALTER amount TYPE whole",
            "ALTER TABLE items ALTER labelled TYPE text",
            "ALTER TABLE items ALTER limited TYPE integer",
        ),
        locks=EXCLUSIVELY,
        why=_KEPT,
    ),
    LockFact(
        id="type-constrained-domain",
        form="a type to a domain over it with constraints",
        examples=(
            "ALTER TABLE items ALTER amount TYPE positive",
            "ALTER TABLE items ALTER amount TYPE present",
        ),
        locks=EXCLUSIVELY,
        rewrites=only(TABLE),
        why="The domain's constraints are checked row by row, by writing all rows anew.",
        safe="ADD CHECK … NOT VALID on the table, then VALIDATE it, and leave the type.",
    ),
    LockFact(
        id="type-other-using",
        form="… TYPE … USING an expression other than the column or its cast",
        examples=(
            "ALTER TABLE items ALTER amount TYPE integer USING amount + 1",
            "ALTER TABLE items ALTER code TYPE varchar(40) USING trim(code)",
            "ALTER TABLE items ALTER code TYPE text USING code || ''",
        ),
        locks=EXCLUSIVELY,
        rewrites=only(TABLE),
        why="The expression is computed for each row, so all rows are written anew.",
        safe=f"Leave USING out where the types allow it. Else: {SHADOW}",
    ),
    LockFact(
        id="type-several",
        form="several … TYPE clauses and ADD COLUMN in one ALTER TABLE",
        examples=(
            "ALTER TABLE items ALTER amount TYPE bigint, ALTER tiny TYPE integer, "
            "ADD extra integer DEFAULT changing()",
        ),
        locks=EXCLUSIVELY,
        rewrites=only(TABLE),
        why="All clauses share one rewrite.",
        safe=SHADOW,
    ),
)
