"""A role or a database has a setting that changes what is safe or true.

## What it finds

ALTER ROLE … SET and ALTER DATABASE … SET of settings that weaken durability, hide damage, switch
off triggers and foreign keys, forbid the planner a method, change its costs, or change which
tables a name means (`search_path`) or whether row security applies.

## Why it matters

Such settings stand in no configuration file and are not seen by other sessions: the same statement
behaves differently for one role, and who looks for the reason looks elsewhere.

## How to fix

Reset it, if nobody knows what it is for. The fix takes effect for new sessions.

## When to ignore

It is meant and written down: a `search_path` for each tenant, `synchronous_commit = off` for a
role that writes what may be lost, `session_replication_role` for a replication program.

## Sources

- PostgreSQL manual, Parameter Interaction via SQL; ALTER ROLE; ALTER DATABASE.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog, SettingOverride
from dbwright.model.finding import Fix, ObjectRef, Severity
from dbwright.model.names import literal, quote

BAD = Example(
    """
    CREATE ROLE loader LOGIN;
    CREATE ROLE "the reporter" LOGIN;
    ALTER ROLE loader SET session_replication_role = 'replica';
    ALTER ROLE "the reporter" IN DATABASE postgres SET enable_hashjoin = off;
    ALTER DATABASE postgres SET synchronous_commit = off;
    """,
    own_server=True,
    objects=('"the reporter"', "loader", "postgres"),
)
GOOD = Example(
    """
    CREATE ROLE reporter LOGIN;
    ALTER ROLE reporter SET work_mem = '64MB';
    ALTER ROLE reporter SET statement_timeout = '10min';
    ALTER ROLE reporter SET enable_hashjoin = on;
    """,
    own_server=True,
)

OFF = frozenset(("off", "false", "no", "0", "f", "n", "of"))
ON = frozenset(("on", "true", "yes", "1", "t", "y"))
COSTS = frozenset(
    (
        "cpu_index_tuple_cost",
        "cpu_operator_cost",
        "cpu_tuple_cost",
        "parallel_setup_cost",
        "parallel_tuple_cost",
        "random_page_cost",
        "seq_page_cost",
    )
)
HARM: dict[str, tuple[frozenset[str], str, Severity]] = {
    "geqo": (OFF, "large joins may take for ever to plan", Severity.NOTICE),
    "ignore_checksum_failure": (ON, "damaged pages are read as if whole", Severity.ERROR),
    "row_security": (OFF, "queries under row security fail", Severity.NOTICE),
    "session_replication_role": (
        frozenset(("replica",)),
        "triggers and foreign keys are not checked",
        Severity.ERROR,
    ),
    "standard_conforming_strings": (OFF, "backslashes escape in strings", Severity.WARNING),
    "synchronous_commit": (OFF, "a crash loses its last commits", Severity.NOTICE),
    "transform_null_equals": (ON, "= NULL means IS NULL", Severity.WARNING),
    "zero_damaged_pages": (ON, "damaged pages lose their rows", Severity.ERROR),
}
"""The values that are meant, what they do, and how bad that is."""


@rule(severity=Severity.WARNING, needs=("catalog.setting_overrides",), bad=BAD, good=GOOD)
def hidden_override(catalog: Catalog) -> Iterator[Fault]:
    for override in catalog.setting_overrides:
        found = _harm(catalog, override)
        if found is None:
            continue
        what, severity = found
        where = _where(override)
        yield Fault(
            object=_object(override),
            message=f"{override.name} = {override.value} for {where}: {what}",
            evidence={
                "setting": override.name,
                "value": override.value,
                "role": override.role,
                "database": override.database,
            },
            severity=severity,
            detail=_detail(override),
            fix=_fix(override, where),
            advice="Keep it if somebody knows what it is for." if severity.rank > 1 else "",
        )


def _harm(catalog: Catalog, override: SettingOverride) -> tuple[str, Severity] | None:
    name, value = override.name, override.value.lower()
    if name in HARM:
        values, what, severity = HARM[name]
        return (what, severity) if value in values else None
    known = catalog.setting(name)
    if name.startswith("enable_"):
        usual = known is None or known.default == "on"
        return ("the planner avoids it", Severity.WARNING) if usual and value in OFF else None
    if name == "search_path":
        return "the same name may mean another table", Severity.NOTICE
    if name in COSTS:
        return "the planner compares plans differently", Severity.NOTICE
    return None


def _where(override: SettingOverride) -> str:
    """As ALTER names it."""
    if override.role is None and override.database is not None:
        return f"DATABASE {quote(override.database)}"
    role = "ROLE ALL" if override.role is None else f"ROLE {quote(override.role)}"
    inside = f" IN DATABASE {quote(override.database)}" if override.database is not None else ""
    return role + inside


def _object(override: SettingOverride) -> ObjectRef:
    if override.role is not None:
        return ObjectRef("role", quote(override.role))
    if override.database is not None:
        return ObjectRef("database", quote(override.database))
    return ObjectRef("role", "ALL")


def _detail(override: SettingOverride) -> str:
    """Tells the settings of one role apart, also those for one database only."""
    inside = override.database if override.role is not None else None
    return override.name if inside is None else f"{override.name} in {inside}"


def _fix(override: SettingOverride, where: str) -> Fix | None:
    if override.name == "search_path":
        return None  # often right, and a list that can't be set back from one string
    return Fix(
        up=f"ALTER {where} RESET {override.name};",
        down=f"ALTER {where} SET {override.name} = {literal(override.value)};",
        risk="it counts for new sessions; make sure that nobody relies on it",
    )
