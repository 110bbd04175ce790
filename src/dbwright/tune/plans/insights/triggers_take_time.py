"""Triggers took a large part of the statement's time.

## What it finds

A trigger, or the check of a foreign key, that took at least half of the execution and more than a
tenth of a second.

## Why it matters

It runs for each row that the statement changes. The plan's nodes don't show it: only the list of
triggers below the plan does.

## How to fix

The check of a foreign key needs an index on the referencing columns, or each deleted row reads the
whole referencing table. A trigger of your own: let it run once for the statement, with transition
tables, or only when the columns in question change (WHEN, UPDATE OF).

## When to ignore

The trigger does the statement's real work.

## Sources

- PostgreSQL manual, Overview of Trigger Behavior; Foreign Keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.catalog import Catalog, ForeignKey, Table
from dbwright.model.finding import Fix, ObjectRef, Severity
from dbwright.model.plan import Plan, PlanTrigger
from dbwright.tune.plans.example import PlanExample
from dbwright.tune.plans.insight import PlanFault, insight
from dbwright.tune.plans.insights._tables import create_index

KEYS = """
CREATE TABLE makers (id int PRIMARY KEY);
CREATE TABLE cars (id int PRIMARY KEY, maker int REFERENCES makers);
INSERT INTO makers SELECT generate_series(1, 300);
INSERT INTO cars SELECT n, 1 FROM generate_series(1, 20000) n;
ANALYZE makers; ANALYZE cars;
"""
DELETE = "DELETE FROM makers WHERE id > 100"

BAD = PlanExample(
    DELETE, KEYS, options={"min_seconds": 0.0}, object="public.cars.cars_maker_fkey", fix_mends=True
)
GOOD = PlanExample(DELETE, KEYS + "CREATE INDEX ON cars (maker);", options={"min_seconds": 0.0})


@insight(severity=Severity.WARNING, bad=BAD, good=GOOD)
def triggers_take_time(
    plan: Plan,
    catalog: Catalog | None,
    *,
    min_seconds: Annotated[float, "of one trigger"] = 0.1,
    min_fraction: Annotated[float, "of the execution"] = 0.5,
) -> Iterator[PlanFault]:
    for trigger in plan.triggers:
        if trigger.seconds is None or not plan.seconds or not trigger.calls:
            continue
        fraction = trigger.seconds / plan.seconds
        if trigger.seconds < min_seconds or fraction < min_fraction:
            continue
        found = _foreign_key(catalog, plan, trigger)
        searches = found is not None and _changed(plan, trigger) == found[1].referenced_table
        if found is not None and searches and _has_index(*found):
            continue  # as cheap as it gets
        name = trigger.constraint or trigger.name
        yield PlanFault(
            None,
            f"{'the foreign key' if trigger.constraint else 'the trigger'} {name} took "
            f"{fraction:.0%} of the execution, in {trigger.calls:,} calls",
            {
                "seconds": trigger.seconds,
                "calls": trigger.calls,
                "execution_seconds": plan.seconds,
                "relation": trigger.relation,
            },
            _advice(trigger, searches),
            _fix(catalog, found) if searches else None,
            found[0].constraint_ref(found[1].name) if found else ObjectRef("trigger", name),
        )


def _changed(plan: Plan, trigger: PlanTrigger) -> str:
    """The table that the trigger is on: EXPLAIN's text names it only where there are several."""
    changing = (node.relation for node in plan.nodes if node.kind == "ModifyTable")
    return trigger.relation or next(changing, "")


def _advice(trigger: PlanTrigger, searches: bool) -> str:
    if searches:
        return ""
    if trigger.constraint:
        return (
            "Each new row's key is looked up in the referenced table, or the referencing rows are "
            "searched: for a large load add the constraint afterwards (NOT VALID, then VALIDATE)."
        )
    return "See what the trigger does for each row."


def _foreign_key(
    catalog: Catalog | None, plan: Plan, trigger: PlanTrigger
) -> tuple[Table, ForeignKey] | None:
    """The key of that name; its trigger stands on either of its tables."""
    if catalog is None or not trigger.constraint:
        return None
    found = [
        (table, key)
        for table in catalog.tables
        for key in table.foreign_keys
        if key.name == trigger.constraint
        and _changed(plan, trigger) in (table.name, key.referenced_table)
    ]
    return found[0] if len(found) == 1 else None


def _has_index(table: Table, key: ForeignKey) -> bool:
    wanted = set(key.columns)
    return any(
        set(index.columns[: len(wanted)]) == wanted and not index.partial and index.valid
        for index in table.indexes
    )


def _fix(catalog: Catalog | None, found: tuple[Table, ForeignKey] | None) -> Fix | None:
    if catalog is None or found is None:
        return None
    table, key = found
    return create_index(catalog, table, key.columns)
