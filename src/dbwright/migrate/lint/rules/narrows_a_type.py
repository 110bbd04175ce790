"""A column's new type has no place for all values of the old one.

## What it finds

ALTER COLUMN TYPE to a shorter text, a smaller number, fewer digits, a coarser time, from text to
what not every text can be, on tables that were there before and are not known to be empty.

## Why it matters

Where a value does not fit, the migration fails, or (digits behind the point, parts of a second,
the time of a day, texts under an explicit cast) the rest is cut off without a word.

## How to fix

Look first: SELECT count(*) … WHERE the value does not survive the cast. To hold new values to a
length, add a CHECK as NOT VALID and leave the type.

## When to ignore

The values were looked at.

## Sources

- PostgreSQL manual, ALTER TABLE; Data Types.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.size import rows_of
from dbwright.migrate.lint.statement import column_ref, commands, found_column
from dbwright.model.catalog import Column
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedMigration, JudgedRun, JudgedStatement
from dbwright.sql.lexer import significant

BEFORE = "CREATE TABLE items (code varchar(20), price numeric(12, 4), made timestamp, n bigint);"
BAD = (
    MigrationExample(
        "ALTER TABLE items ALTER code TYPE varchar(10);", BEFORE, objects=("public.items.code",)
    ),
    MigrationExample("ALTER TABLE items ALTER price TYPE numeric(12, 2);", BEFORE),
    MigrationExample("ALTER TABLE items ALTER made TYPE date;", BEFORE),
    MigrationExample("ALTER TABLE items ALTER n TYPE integer;", BEFORE),
    MigrationExample("ALTER TABLE items ALTER n TYPE double precision;", BEFORE),
    MigrationExample("ALTER TABLE items ALTER n TYPE numeric(12, 2);", BEFORE),
    MigrationExample("ALTER TABLE items ALTER code TYPE integer USING code::integer;", BEFORE),
)
GOOD = (
    MigrationExample("ALTER TABLE items ALTER code TYPE varchar(30);", BEFORE),
    MigrationExample("ALTER TABLE items ALTER code TYPE text;", BEFORE),
    MigrationExample("ALTER TABLE items ALTER price TYPE numeric(14, 4);", BEFORE),
    MigrationExample("ALTER TABLE items ALTER n TYPE numeric(21, 2);", BEFORE),
    MigrationExample("ALTER TABLE items ALTER n TYPE text;", BEFORE),
    MigrationExample("ALTER TABLE items ALTER n TYPE integer;", BEFORE, {"public.items": 0}),
)
SIZES = {"smallint": 1, "integer": 2, "bigint": 3, "numeric": 4}
FLOATS = {"real": 1, "double precision": 2, "numeric": 3}
DIGITS = {"smallint": 5, "integer": 10, "bigint": 19, "double precision": 15, "real": 6}
"""Of the largest value; of floats those that are kept."""
WORDS = ("character varying", "character", "text")
CUT = {
    ("json", "jsonb"): "the order of keys, and all but the last of equal ones, are lost",
    ("inet", "cidr"): "addresses with bits behind their mask are refused",
    ("bigint", "oid"): "larger and negative values are refused",
}
TEXTS = ("character varying", "character", "text", "bit varying", "bit")
TIMES = ("timestamp without time zone", "timestamp with time zone")


@hazard(severity=Severity.WARNING, bad=BAD, good=GOOD)
def narrows_a_type(
    step: JudgedStatement, file: JudgedMigration, run: JudgedRun
) -> Iterator[HazardFault]:
    for command in commands(step, file, "AT_AlterColumnType"):
        then = step.renamed.get(command.table, command.table)
        before = found_column(file.before, then, command.name)
        after = found_column(file.after, command.table, command.name)
        if before is None or after is None or file.is_new(command.table, step):
            continue
        lost = _lost(before, after)
        if not lost or rows_of(run, step, command.table) == 0:
            continue
        yield HazardFault(
            column_ref(command.table, command.name),
            f"{command.name} of {command.table} changes from {before.type} to {after.type}: {lost}",
            {"before": before.type, "after": after.type},
            advice="Count the rows whose value does not survive the cast before it runs.",
        )


def _lost(before: Column, after: Column) -> str:
    """What may go wrong with a value; empty for nothing."""
    one, other = before.base_type, after.base_type
    if before.is_array or after.is_array:
        return ""
    if one in TEXTS and other in TEXTS:
        if before.domain is not None and before.length is None:
            return ""  # how long its values are, the domain tells
        if after.length is not None and (before.length is None or after.length < before.length):
            return "longer values are refused, or cut off by an explicit cast"
        return ""
    if one in SIZES and other in SIZES and SIZES[other] < SIZES[one]:
        rounded = ", and digits behind the point are rounded away" if one == "numeric" else ""
        return f"larger values are refused{rounded}"
    if one in FLOATS and other in FLOATS and FLOATS[other] < FLOATS[one]:
        return "digits are rounded away"
    if one in ("real", "double precision") and other in DIGITS:
        return "larger values are refused, and digits behind the point are rounded away"
    if one in DIGITS and DIGITS[one] > DIGITS.get(other, DIGITS[one]):
        return "digits of large values are rounded away"
    if one in DIGITS and other == "numeric" and (has := _modifiers(after.type)):
        places = has[0] - (has[1] if len(has) > 1 else 0)
        return "larger values are refused" if places < DIGITS[one] else ""
    if one in WORDS and other not in TEXTS:
        return f"what is not written as {other} is refused"
    if (one, other) in CUT:
        return CUT[one, other]
    if one in TIMES and other in ("date", "time without time zone", "time with time zone"):
        return "a part of each time is cut off"
    return _fewer_digits(before, after) if one == other else ""


def _fewer_digits(before: Column, after: Column) -> str:
    had, has = _modifiers(before.type), _modifiers(after.type)
    if before.base_type == "numeric" and has:
        scale, kept = (had[1] if len(had) > 1 else 0), (has[1] if len(has) > 1 else 0)
        if not had or kept < scale:
            return "digits behind the point are rounded away"
        return "larger values are refused" if has[0] - kept < had[0] - scale else ""
    is_time = before.base_type.startswith(("timestamp", "time", "interval"))
    if is_time and has and (had[0] if had else 6) > has[0]:
        return "parts of a second are rounded away"
    return ""


def _modifiers(type_: str) -> list[int]:
    """The numbers in the parentheses of a type."""
    return [int(token.text) for token in significant(type_) if token.kind == "number"]
