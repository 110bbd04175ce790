"""Why a statement writes, reads or builds all of a table: from its tree and the catalog around it.

That it does, the judge has seen; this only finds the words.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.statement import Command, commands, found_column
from dbwright.model.judged import JudgedMigration, JudgedStatement
from dbwright.model.names import quote
from dbwright.sql.parse import Node

__all__ = ["TIMES", "UNKNOWN", "is_utc", "type_change", "why_built", "why_rewritten", "why_scanned"]

UNKNOWN = "each row is read"
"""Where the tree does not tell why."""
TIMES = ("timestamp without time zone", "timestamp with time zone")
UTC = frozenset("utc etc/utc uct etc/uct gmt etc/gmt zulu etc/zulu universal etc/universal".split())
SERIAL = frozenset("serial serial4 bigserial serial8 smallserial serial2".split())
WHOLE_TABLE = {
    "AT_SetLogged": "SET LOGGED writes the table to the log",
    "AT_SetUnLogged": "SET UNLOGGED gives it a new file",
    "AT_SetTableSpace": "it moves to another tablespace",
    "AT_SetAccessMethod": "another access method stores rows in another way",
    "AT_SetExpression": "the stored column is computed again",
}
STATEMENTS = {
    "VacuumStmt": "VACUUM FULL writes a new table",
    "ClusterStmt": "CLUSTER writes the rows in another order",
    "RefreshMatViewStmt": "REFRESH without CONCURRENTLY writes a new one",
}


def why_rewritten(step: JudgedStatement, file: JudgedMigration) -> str:
    """`n changes from integer to bigint`; never empty."""
    if step.kind in STATEMENTS:
        return STATEMENTS[step.kind]
    found = [words for command in commands(step, file) for words in _rewrites(command, step, file)]
    return "; ".join(found) or "what it runs stores the rows in another way"


def why_scanned(step: JudgedStatement, file: JudgedMigration) -> str:
    """`no CHECK proves that email holds no NULL`; never empty."""
    found = [words for command in commands(step, file) for words in _scans(command, step)]
    if step.kind == "AlterDomainStmt":
        found.append("each value of the domain is checked")
    if step.kind == "CreateStmt" and "partbound" in step.node:
        found.append("rows of the default partition may belong into the new one")
    return "; ".join(found) or UNKNOWN


def why_built(step: JudgedStatement, file: JudgedMigration) -> str:
    """`CREATE INDEX without CONCURRENTLY holds the lock for the whole build`; never empty."""
    if step.kind == "IndexStmt":
        return "CREATE INDEX without CONCURRENTLY holds its lock for the whole build"
    if step.kind == "ReindexStmt":
        return "REINDEX without CONCURRENTLY holds its lock for the whole build"
    kinds = [command.kind for command in commands(step, file)]
    if "AT_AlterColumnType" in kinds:
        return "an index on the column sorts or computes its values in another way"
    if step.kind != "AlterTableStmt":
        return "what it runs builds it under the table's lock"
    return "the constraint builds its index under the table's lock"


def type_change(
    command: Command, step: JudgedStatement, file: JudgedMigration
) -> tuple[str, str] | None:
    """The types before and after; None where the column was not there, or is gone."""
    then = step.renamed.get(command.table, command.table)
    before = found_column(file.before, then, command.name)
    after = found_column(file.after, command.table, command.name)
    return None if before is None or after is None else (before.type, after.type)


def is_utc(time_zone: str) -> bool:
    """Is it UTC, by any of its names?"""
    return time_zone.lower() in UTC


def _rewrites(command: Command, step: JudgedStatement, file: JudgedMigration) -> Iterator[str]:
    column = quote(command.name) if command.name else ""
    if command.kind in WHOLE_TABLE:
        yield WHOLE_TABLE[command.kind]
    elif command.kind == "AT_AlterColumnType":
        yield from _of_type(command, column, step, file)
    elif command.kind == "AT_AddColumn":
        definition = command.definition("ColumnDef")
        if definition is not None:
            yield from _of_column(definition, _domain(file, command.table, definition["colname"]))


def _of_type(
    command: Command, column: str, step: JudgedStatement, file: JudgedMigration
) -> Iterator[str]:
    change = type_change(command, step, file)
    if change is None:
        yield f"the values of {column} are stored in another way"
        return
    before, after = change
    zone = step.session.get("TimeZone", "")
    if {before, after} == set(TIMES) and not is_utc(zone):
        yield f"{column} changes from {before} to {after} while TimeZone is {zone}, not UTC"
    elif "raw_default" in (command.definition("ColumnDef") or {}):
        yield f"{column} changes from {before} to {after} by an expression for each row"
    elif before == after:
        yield f"the values of {column} are computed again"
    else:
        yield f"{column} changes from {before} to {after}"


def _domain(file: JudgedMigration, table: str, column: str) -> str | None:
    """Of the column that was added; None where it has none, or is gone again."""
    made = found_column(file.after, table, column)
    return None if made is None else made.domain


def _of_column(definition: Node, domain: str | None) -> Iterator[str]:
    name = quote(definition["colname"])
    kinds = _constraints(definition)
    names = definition.get("typeName", {}).get("names", ())
    if names and names[-1]["String"]["sval"] in SERIAL:
        yield f"{name} is serial: each row gets the next number of its sequence"
    elif "CONSTR_IDENTITY" in kinds:
        yield f"{name} is an identity: each row gets the next number of its sequence"
    elif "CONSTR_GENERATED" in kinds:
        yield f"{name} is stored, and computed for each row"
    elif domain is not None:
        volatile = ", or its default is volatile" if "CONSTR_DEFAULT" in kinds else ""
        yield f"the domain of {name} ({domain}) has constraints{volatile}"
    elif "CONSTR_DEFAULT" in kinds:
        yield f"the default of {name} is volatile: each row gets a value of its own"
    else:
        yield f"each row gets a value of {name}"


def _constraints(definition: Node) -> list[str]:
    return [one["Constraint"]["contype"] for one in definition.get("constraints", ())]


def _scans(command: Command, step: JudgedStatement) -> Iterator[str]:
    column = quote(command.name) if command.name else ""
    if command.kind == "AT_SetNotNull":
        yield f"no validated CHECK proves that {column} holds no NULL"
    elif command.kind == "AT_ValidateConstraint":
        yield f"each row is checked against {column}"
    elif command.kind == "AT_AttachPartition":
        yield "no CHECK proves that the rows belong into the partition"
    elif command.kind == "AT_AlterColumnType":
        keys = ", ".join(step.effects.validated)
        what = f"the foreign key {keys}" if keys else f"a CHECK on {column}"
        yield f"{what} is checked again"
    elif command.kind in ("AT_AddConstraint", "AT_AlterConstraint"):
        yield from _of_constraint(command.definition("Constraint") or {})
    elif command.kind == "AT_AddColumn":
        kinds = _constraints(command.definition("ColumnDef") or {})
        if "CONSTR_CHECK" in kinds:
            yield "the CHECK of the new column is tried on each row"
        elif "CONSTR_FOREIGN" in kinds:
            yield "the foreign key of the new column is looked up for each row"


def _of_constraint(constraint: Node) -> Iterator[str]:
    kind = constraint.get("contype", "")
    if kind == "CONSTR_FOREIGN":
        yield "each row is looked up in the referenced table"
    elif kind == "CONSTR_PRIMARY":
        yield "no validated CHECK proves that its columns hold no NULL"
    elif kind == "CONSTR_NOTNULL":
        yield "each row is checked for NULL"
    else:
        yield "each row is checked"
