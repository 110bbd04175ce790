"""ALTER TABLE … ADD COLUMN."""

from __future__ import annotations

from dbwright.migrate.locks.words import (
    BATCHES,
    EXCLUSIVELY,
    TABLE,
    only,
)
from dbwright.model.lock_fact import LockFact

__all__ = ["FACTS"]

_EACH_ROW = "Each row gets a value of its own, so all rows are written anew."

FACTS = (
    LockFact(
        id="add-column-nullable",
        form="ALTER TABLE … ADD COLUMN … type",
        examples=(
            "ALTER TABLE items ADD extra integer",
            "ALTER TABLE items ADD COLUMN extra text NULL",
            'ALTER TABLE items ADD extra varchar(10) COLLATE "C", ADD another jsonb',
            "ALTER TABLE items ADD extra integer DEFAULT NULL",
        ),
        locks=EXCLUSIVELY,
        why="Only the catalog changes: rows that are there lack the column, which reads as null.",
    ),
    LockFact(
        id="add-column-constant-default",
        form="ALTER TABLE … ADD COLUMN … [NOT NULL] DEFAULT constant",
        examples=(
            "ALTER TABLE items ADD extra integer DEFAULT 7",
            "ALTER TABLE items ADD extra integer NOT NULL DEFAULT 7",
            "ALTER TABLE items ADD extra text DEFAULT 'a' || 'b'",
            "ALTER TABLE items ADD extra jsonb NOT NULL DEFAULT '{}'",
            "ALTER TABLE items ADD extra integer[] DEFAULT '{1,2}'",
            "ALTER TABLE items ADD extra integer[] DEFAULT ARRAY[1, 2]",
            "ALTER TABLE items ADD extra mood DEFAULT 'sad'",
            "ALTER TABLE items ADD extra text DEFAULT md5('a')",
            "ALTER TABLE items ADD extra boolean NOT NULL DEFAULT false",
            "ALTER TABLE items ADD extra timestamptz DEFAULT '2026-01-01'",
        ),
        locks=EXCLUSIVELY,
        why="The value is computed once and kept in the catalog for the rows that are there.",
    ),
    LockFact(
        id="add-column-stable-default",
        form="ALTER TABLE … ADD COLUMN … DEFAULT now(), or another stable expression",
        examples=(
            "ALTER TABLE items ADD extra timestamptz NOT NULL DEFAULT now()",
            "ALTER TABLE items ADD extra timestamptz DEFAULT now() + interval '1 day'",
            "ALTER TABLE items ADD extra date DEFAULT current_date",
            "ALTER TABLE items ADD extra timestamptz DEFAULT current_timestamp",
            "ALTER TABLE items ADD extra text DEFAULT current_user",
            "ALTER TABLE items ADD extra timestamptz DEFAULT statement_timestamp()",
            "ALTER TABLE items ADD extra bigint DEFAULT txid_current()",
        ),
        locks=EXCLUSIVELY,
        why="The value is computed once: all rows that are there get the same one.",
    ),
    LockFact(
        id="add-column-quiet-function-default",
        form="ALTER TABLE … ADD COLUMN … DEFAULT f(), f IMMUTABLE or STABLE",
        examples=(
            "ALTER TABLE items ADD extra integer DEFAULT fixed()",
            "ALTER TABLE items ADD extra integer DEFAULT steady() NOT NULL",
            "ALTER TABLE items ADD extra integer DEFAULT fixed() + 1",
        ),
        locks=EXCLUSIVELY,
        why="The server believes what the function is declared as, and computes it once.",
    ),
    LockFact(
        id="add-column-volatile-default",
        form="ALTER TABLE … ADD COLUMN … DEFAULT random(), or another volatile expression",
        examples=(
            "ALTER TABLE items ADD extra timestamptz DEFAULT clock_timestamp()",
            "ALTER TABLE items ADD extra text DEFAULT timeofday()",
            "ALTER TABLE items ADD extra double precision DEFAULT random()",
            "ALTER TABLE items ADD extra bigint DEFAULT nextval('numbers')",
            "ALTER TABLE items ADD extra integer NOT NULL DEFAULT (random() * 10)::integer",
        ),
        locks=EXCLUSIVELY,
        rewrites=only(TABLE),
        why=_EACH_ROW,
        safe=BATCHES,
    ),
    LockFact(
        id="add-column-random-uuid",
        form="ALTER TABLE … ADD COLUMN … DEFAULT gen_random_uuid()",
        examples=("ALTER TABLE items ADD extra uuid DEFAULT gen_random_uuid()",),
        locks=EXCLUSIVELY,
        rewrites=only(TABLE),
        since=13,
        why=_EACH_ROW,
        safe=BATCHES,
    ),
    LockFact(
        id="add-column-volatile-function-default",
        form="ALTER TABLE … ADD COLUMN … DEFAULT f(), f VOLATILE (as functions are by default)",
        examples=(
            "ALTER TABLE items ADD extra integer DEFAULT changing()",
            "ALTER TABLE items ADD extra integer NOT NULL DEFAULT changing()",
        ),
        locks=EXCLUSIVELY,
        rewrites=only(TABLE),
        why=_EACH_ROW,
        safe=f"Declare the function STABLE if it is. Else: {BATCHES}",
    ),
    LockFact(
        id="add-column-inlined-function-default",
        form="ALTER TABLE … ADD COLUMN … DEFAULT f(), f VOLATILE in SQL whose body is a constant",
        examples=(
            "ALTER TABLE items ADD extra integer DEFAULT inlined()",
            "ALTER TABLE items ADD extra integer NOT NULL DEFAULT inlined()",
        ),
        locks=EXCLUSIVELY,
        why="The planner puts the function's body in its place before it asks what is volatile.",
    ),
    LockFact(
        id="add-column-identity",
        form="ALTER TABLE … ADD COLUMN … serial, or … GENERATED … AS IDENTITY",
        examples=(
            "ALTER TABLE items ADD extra serial",
            "ALTER TABLE items ADD extra bigserial",
            "ALTER TABLE items ADD extra bigint GENERATED ALWAYS AS IDENTITY",
            "ALTER TABLE items ADD extra integer GENERATED BY DEFAULT AS IDENTITY",
        ),
        locks=EXCLUSIVELY,
        rewrites=only(TABLE),
        why="Each row gets the next value of the sequence, so all rows are written anew.",
        safe=(
            "Add a plain column, set its default to a sequence's nextval, fill it in batches, make "
            "it NOT NULL by way of a validated CHECK, then ADD GENERATED … AS IDENTITY."
        ),
    ),
    LockFact(
        id="add-column-stored",
        form="ALTER TABLE … ADD COLUMN … GENERATED ALWAYS AS (…) STORED",
        examples=(
            "ALTER TABLE items ADD extra integer GENERATED ALWAYS AS (amount + 1) STORED",
            "ALTER TABLE items ADD extra text GENERATED ALWAYS AS (upper(name)) STORED",
        ),
        locks=EXCLUSIVELY,
        rewrites=only(TABLE),
        why="The value of each row is computed and stored, so all rows are written anew.",
        safe=(
            "A plain column that a trigger keeps, filled in batches; or VIRTUAL from 18 on, or the "
            "expression in a view."
        ),
    ),
    LockFact(
        id="add-column-virtual",
        form="ALTER TABLE … ADD COLUMN … GENERATED ALWAYS AS (…) [VIRTUAL]",
        examples=(
            "ALTER TABLE items ADD extra integer GENERATED ALWAYS AS (amount + 1) VIRTUAL",
            "ALTER TABLE items ADD extra integer GENERATED ALWAYS AS (amount + 1)",
        ),
        locks=EXCLUSIVELY,
        since=18,
        why="Nothing is stored: the value is computed when it is read.",
    ),
    LockFact(
        id="add-column-if-not-exists",
        form="ALTER TABLE … ADD COLUMN IF NOT EXISTS, of a column that exists",
        examples=(
            "ALTER TABLE items ADD COLUMN IF NOT EXISTS amount integer",
            "ALTER TABLE items ADD COLUMN IF NOT EXISTS amount text NOT NULL DEFAULT md5('a')",
        ),
        locks=EXCLUSIVELY,
        why="It does nothing, even where the column's type, default or constraints differ.",
        safe="Look in the catalog which columns there are, and leave IF NOT EXISTS out.",
    ),
)
