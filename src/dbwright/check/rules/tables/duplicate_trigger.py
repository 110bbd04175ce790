"""Two triggers of a table run the same function for the same event.

## What it finds

Enabled triggers of one table with the same function, timing and level, without a WHEN condition,
whose events overlap. Functions that read their arguments (TG_ARGV) or the trigger's name, or are
not written in PL/pgSQL, are left out, and so are partitions. Where only UPDATE overlaps it is a
notice, for the triggers may be made for different columns (UPDATE OF).

## Why it matters

The function runs twice for each row or statement: an audit trail gets two rows, a total counts
double, and every write takes longer.

## How to fix

Look at both with `\\d table` and drop one. Migrations that make a trigger under a new name and
forget the old one are the usual cause.

## When to ignore

The two are made for different columns, or the function is written to run twice.

## Sources

- PostgreSQL manual, CREATE TRIGGER: "If multiple triggers of the same kind are defined for the
  same event, they will be fired in alphabetical order by name".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog, Table, Trigger
from dbwright.model.finding import Confidence, Severity
from dbwright.model.names import quote

TABLE = """
CREATE TABLE accounts (id bigint PRIMARY KEY, changed_at timestamptz);
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN new.changed_at := now(); RETURN new; END';
CREATE TRIGGER stamp BEFORE INSERT OR UPDATE ON accounts
    FOR EACH ROW EXECUTE FUNCTION stamp();
"""

BAD = Example(
    TABLE
    + """
CREATE TRIGGER set_changed_at BEFORE INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION stamp();
""",
    objects=("public.accounts.stamp",),
    fix_mends=False,
)

GOOD = Example(
    TABLE
    + """
CREATE TRIGGER stamp_late AFTER INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION stamp();
CREATE TRIGGER stamp_some BEFORE INSERT ON accounts FOR EACH ROW WHEN (new.id > 9)
    EXECUTE FUNCTION stamp();
"""
)

TELLS_APART = ("tg_argv", "tg_nargs", "tg_name")
"""A function that reads these may do different things for two triggers."""


@rule(severity=Severity.WARNING, confidence=Confidence.MEDIUM, bad=BAD, good=GOOD)
def duplicate_trigger(catalog: Catalog) -> Iterator[Fault]:
    for table in catalog.tables:
        if table.is_partition or len(table.triggers) < 2:
            continue
        alike: dict[tuple[str, str, str], list[Trigger]] = {}
        for trigger in table.triggers:
            if trigger.enabled == "origin" and not trigger.conditional:
                key = (trigger.function, trigger.timing, trigger.level)
                alike.setdefault(key, []).append(trigger)
        for group in alike.values():
            if len(group) > 1 and _same_for_all(catalog, group[0].function):
                yield from _faults(table, group)


def _same_for_all(catalog: Catalog, name: str) -> bool:
    function = catalog.function(name)
    if function is None or function.language != "plpgsql":
        return False
    source = function.source.lower()
    return not any(word in source for word in TELLS_APART)


def _faults(table: Table, group: list[Trigger]) -> Iterator[Fault]:
    """Each trigger that does what one before it, in the order of firing, does already."""
    for number, trigger in enumerate(group):
        for earlier in group[:number]:
            both = [event for event in trigger.events if event in earlier.events]
            if both:
                yield _fault(table, earlier, trigger, both)
                break


def _fault(table: Table, first: Trigger, second: Trigger, both: list[str]) -> Fault:
    only_update = both == ["UPDATE"]
    return Fault(
        object=table.trigger_ref(second.name),
        message=f"the triggers {quote(first.name)} and {quote(second.name)} on {table.qualified} "
        f"both run {second.function} {second.timing} {' and '.join(both)}",
        evidence={"same_as": first.name, "function": second.function, "events": both},
        severity=Severity.NOTICE if only_update else None,
        confidence=Confidence.LOW if only_update else None,
        advice="Look at both definitions, and drop one of the triggers.",
    )
