"""Triggers are switched off, for everybody.

## What it finds

DISABLE TRIGGER on a table that was there before; `session_replication_role = replica`. At severity
error where triggers of foreign keys are among them (ALL), or the file does not switch them on
again.

## Why it matters

Until they are on again, rows come in that no trigger and (with ALL, or as a replica) no foreign
key has seen, also those of others; nothing checks them later.

## How to fix

Let the trigger ask a setting of the session, and leave it on.

## When to ignore

Nobody else writes meanwhile, and the rows are known to be right.

## Sources

- PostgreSQL manual, ALTER TABLE, DISABLE TRIGGER; session_replication_role.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.statement import Command, commands, file_ref, table_ref
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedMigration, JudgedStatement

BEFORE = """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER seen BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION nothing();
"""
OFF, ON = "ALTER TABLE users DISABLE TRIGGER seen;", "ALTER TABLE users ENABLE TRIGGER seen;"
BAD = (
    MigrationExample(OFF, BEFORE, objects=("public.users",), severity="error"),
    MigrationExample(f"{OFF}{ON}", BEFORE, objects=("public.users",), severity="warning"),
)
GOOD = (MigrationExample(f"{BEFORE}{OFF}"), MigrationExample(ON, BEFORE))
SWITCHES = ("AT_DisableTrig", "AT_DisableTrigAll", "AT_DisableTrigUser")


@hazard(severity=Severity.WARNING, bad=BAD, good=GOOD)
def disables_triggers(step: JudgedStatement, file: JudgedMigration) -> Iterator[HazardFault]:
    if step.kind == "VariableSetStmt" and step.node.get("name") == "session_replication_role":
        values = [one.get("A_Const", {}).get("sval", {}) for one in step.node.get("args", ())]
        if any(value.get("sval", "").lower() == "replica" for value in values):
            yield HazardFault(
                file_ref(file),
                "as a replica, this session's rows are seen by no trigger and no foreign key",
                advice="Let the triggers ask a setting of the session.",
                severity=Severity.ERROR,
            )
    for command in commands(step, file, *SWITCHES):
        if file.is_new(command.table, step):
            continue
        which = command.name or ("all" if command.kind == "AT_DisableTrigAll" else "all of users")
        left_off = not _switched_on(file, command)
        also = ", and this file does not switch it on again" if left_off else ""
        hard = left_off or command.kind == "AT_DisableTrigAll"
        yield HazardFault(
            table_ref(file, command.table),
            f"triggers of {command.table} are switched off for everybody ({which}){also}",
            advice="Let the trigger ask a setting of the session, and leave it on.",
            severity=Severity.ERROR if hard else None,
            detail=which,
        )


def _switched_on(file: JudgedMigration, off: Command) -> bool:
    wanted = off.kind.replace("Disable", "Enable")
    return any(
        (on.table, on.name) == (off.table, off.name)
        for step in file.steps
        for on in commands(step, file, wanted)
    )
