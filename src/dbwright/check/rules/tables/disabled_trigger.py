"""A trigger is switched off.

## What it finds

Triggers disabled by ALTER TABLE … DISABLE TRIGGER, and disabled event triggers. On a partitioned
table the parent's trigger is told, not each partition's. Triggers that fire on replicas only are
left alone: somebody chose that. The triggers behind foreign keys, which DISABLE TRIGGER ALL takes
along, are not seen here: `keys/rows-break-foreign-key` looks at what came of it.

## Why it matters

What the trigger keeps up (an audit trail, a total, a check) is no longer kept up, silently, for
every row written since.

## How to fix

Enable it again, then look at the rows that were written meanwhile. If nobody misses it, drop it.

## When to ignore

During a bulk load that switches it on again at its end.

## Sources

- PostgreSQL manual, ALTER TABLE, DISABLE/ENABLE TRIGGER; ALTER EVENT TRIGGER.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.fixes import alter_table
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog, EventTrigger, Table, Trigger
from dbwright.model.finding import Fix, LockMode, ObjectRef, Severity
from dbwright.model.names import quote
from dbwright.model.snapshot import Snapshot

TABLE = """
CREATE TABLE accounts (id bigint PRIMARY KEY, changed_at timestamptz);
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN new.changed_at := now(); RETURN new; END';
CREATE TRIGGER stamp BEFORE UPDATE ON accounts FOR EACH ROW EXECUTE FUNCTION stamp();
"""

BAD = Example(
    TABLE
    + """
ALTER TABLE accounts DISABLE TRIGGER stamp;
CREATE TABLE events (at date, changed_at timestamptz) PARTITION BY RANGE (at);
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TRIGGER seen AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION stamp();
ALTER TABLE events DISABLE TRIGGER seen;
CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION watch();
ALTER EVENT TRIGGER watch DISABLE;
""",
    objects=("public.accounts.stamp", "public.events.seen", "watch"),
)

GOOD = Example(TABLE + "ALTER TABLE accounts ENABLE REPLICA TRIGGER stamp;")


@rule(severity=Severity.WARNING, bad=BAD, good=GOOD)
def disabled_trigger(catalog: Catalog, snapshot: Snapshot) -> Iterator[Fault]:
    for table in catalog.tables:
        for trigger in table.triggers:
            if trigger.enabled == "disabled" and not _told_by_parent(catalog, table, trigger):
                yield _fault(table, trigger)
    # Of files, the sandbox has disabled them itself.
    for event_trigger in () if snapshot.from_files else catalog.event_triggers:
        if event_trigger.enabled == "disabled":
            yield _event_fault(event_trigger)


def _told_by_parent(catalog: Catalog, table: Table, trigger: Trigger) -> bool:
    """Version 12 does not say which triggers of a partition are its parent's: the name does."""
    if not table.is_partition or not table.inherits:
        return False
    parent = catalog.find_table(table.inherits[0])
    return parent is not None and any(
        t.name == trigger.name and t.enabled == "disabled" for t in parent.triggers
    )


def _fault(table: Table, trigger: Trigger) -> Fault:
    name = quote(trigger.name)
    return Fault(
        object=table.trigger_ref(trigger.name),
        message=f"the trigger {name} on {table.qualified} is disabled",
        evidence={
            "function": trigger.function,
            "timing": trigger.timing,
            "events": trigger.events,
        },
        advice="Enable it and check the rows written meanwhile, or drop it if it is not missed.",
        fix=alter_table(
            table,
            f"ENABLE TRIGGER {name}",
            f"DISABLE TRIGGER {name}",
            lock=LockMode.SHARE_ROW_EXCLUSIVE,
            risk="rows written while it was off are not treated by it",
        ),
    )


def _event_fault(trigger: EventTrigger) -> Fault:
    name = quote(trigger.name)
    return Fault(
        object=ObjectRef("event trigger", name),
        message=f"the event trigger {name} is disabled",
        evidence={"function": trigger.function, "event": trigger.event},
        advice="Enable it, or drop it if it is not missed.",
        fix=Fix(
            up=f"ALTER EVENT TRIGGER {name} ENABLE;",
            down=f"ALTER EVENT TRIGGER {name} DISABLE;",
            risk="it runs for each statement of its event in this database",
        ),
    )
