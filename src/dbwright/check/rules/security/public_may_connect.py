"""Every role of the cluster may connect to this database.

## What it finds

CONNECT for PUBLIC on the database that is checked, in a cluster with another database of users
(neither a template nor `postgres`). PostgreSQL grants it on each new database.

## Why it matters

An account for one application gets into the databases of the others, and there has all that is
granted to PUBLIC: functions, temporary tables, the catalog with its names.

## How to fix

Grant CONNECT to the roles of this database, then revoke it from PUBLIC.

## When to ignore

All databases belong to the same application, or pg_hba.conf says who may connect to which.

## Sources

- PostgreSQL manual, Privileges, defaults: PUBLIC has CONNECT and TEMPORARY by default.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.security._grants import public_may
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Fix, Severity
from dbwright.model.names import quote

BAD = Example("CREATE DATABASE accounting;", own_server=True)
GOOD = (
    Example(own_server=True),
    Example(
        """
CREATE DATABASE accounting;
DO $$ BEGIN
    EXECUTE format('REVOKE CONNECT ON DATABASE %I FROM PUBLIC', current_database());
END $$;
""",
        own_server=True,
    ),
)


@rule(severity=Severity.NOTICE, needs=("catalog.databases",), bad=BAD, good=GOOD)
def public_may_connect(catalog: Catalog) -> Iterator[Fault]:
    here = catalog.database
    others = [
        database.name
        for database in catalog.databases
        if database is not here
        and not database.is_template
        and database.allows_connections
        and database.name != "postgres"
    ]
    if here is None or not others or not public_may(here.grants, "CONNECT"):
        return
    name = quote(here.name)
    yield Fault(
        object=here.ref,
        message=f"every role of the cluster may connect to {name}; it has "
        f"{len(others)} other database{'' if len(others) == 1 else 's'}",
        evidence={"owner": here.owner, "other_databases": len(others)},
        fix=Fix(
            up=f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC;",
            down=f"GRANT CONNECT ON DATABASE {name} TO PUBLIC;",
            risk="grant CONNECT to the roles that use this database first",
        ),
    )
