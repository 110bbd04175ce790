"""New objects will be open to everybody.

## What it finds

ALTER DEFAULT PRIVILEGES that grant PUBLIC something on tables, sequences, schemas or large objects
made later. Not functions and types: PostgreSQL itself gives PUBLIC those.

## Why it matters

Nobody sees it when a table is made: it is open to every role from its first moment on.

## How to fix

Take PUBLIC out of the default privileges, and name the roles that should have them.

## When to ignore

The schema is for reference data that everybody may read.

## Sources

- PostgreSQL manual, ALTER DEFAULT PRIVILEGES.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.security._grants import granted
from dbwright.model.catalog import PUBLIC, Catalog, DefaultPrivilege
from dbwright.model.finding import Fix, ObjectRef, Severity
from dbwright.model.names import quote

BAD = Example(
    """
CREATE SCHEMA shop;
ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO PUBLIC;
""",
    objects=("dbwright in shop on tables",),
)
GOOD = Example(
    """
CREATE SCHEMA shop;
ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO pg_monitor;
"""
)

TYPES = frozenset(["tables", "sequences", "schemas", "large objects"])


@rule(severity=Severity.WARNING, needs=("catalog.default_privileges",), bad=BAD, good=GOOD)
def public_in_default_privileges(catalog: Catalog) -> Iterator[Fault]:
    for default in catalog.default_privileges:
        privileges = sorted(granted(default.grants, PUBLIC))
        if not privileges or default.object_type not in TYPES:
            continue
        place = quote(default.role) + (f" in {quote(default.schema)}" if default.schema else "")
        yield Fault(
            object=ObjectRef("default privileges", f"{place} on {default.object_type}"),
            message=f"{default.object_type} that {place} makes will give everybody "
            f"{', '.join(privileges)}",
            evidence={"privileges": privileges},
            fix=_fix(default, ", ".join(privileges)),
        )


def _fix(default: DefaultPrivilege, privileges: str) -> Fix:
    start = f"ALTER DEFAULT PRIVILEGES FOR ROLE {quote(default.role)}"
    if default.schema is not None:
        start += f" IN SCHEMA {quote(default.schema)}"
    what = f"{privileges} ON {default.object_type.upper()}"
    return Fix(
        up=f"{start} REVOKE {what} FROM PUBLIC;",
        down=f"{start} GRANT {what} TO PUBLIC;",
        risk="objects that exist keep their privileges; programs that rely on it need grants",
    )
