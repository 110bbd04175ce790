"""An extension reaches out of the database.

## What it finds

Extensions whose functions open connections to other hosts (dblink, http, pg_net), read or write
files of the server (file_fdw, adminpack), or bring an untrusted language (plpython3u, plperlu …),
in which a function may do whatever the server's user may. A warning where PUBLIC may execute a
function in such a language, else a notice.

## Why it matters

After an SQL injection they are the way out: to send data away, to reach hosts behind the firewall,
to read files.

## How to fix

Drop the extension if nothing uses it; else revoke EXECUTE on its functions from PUBLIC and grant it
to the role that needs them. The fix drops it and fails, without harm, where objects depend on it.

## When to ignore

It is needed, and only the roles that need it may execute its functions.

## Sources

- PostgreSQL manual, Appendix F (dblink, file_fdw); Installing Procedural Languages.
- Release notes of 17: adminpack was removed.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.security._grants import public_may, public_schemas
from dbwright.model.catalog import Catalog, Extension
from dbwright.model.finding import Fix, LockMode, Severity
from dbwright.model.names import literal, quote

BAD = Example("CREATE EXTENSION dblink;", extensions=("dblink",), objects=("dblink",))
GOOD = Example("CREATE EXTENSION pg_trgm;", extensions=("pg_trgm",))

WHAT = {
    "adminpack": "writes files of the server, and can't be upgraded to PostgreSQL 17",
    "dblink": "opens connections from the server to other hosts",
    "file_fdw": "reads files of the server",
    "http": "sends requests from the server to other hosts",
    "pg_net": "sends requests from the server to other hosts",
    "plperlu": "brings an untrusted language",
    "plpython2u": "brings an untrusted language",
    "plpython3u": "brings an untrusted language",
    "plpythonu": "brings an untrusted language",
    "plr": "brings an untrusted language",
    "plsh": "brings an untrusted language",
    "pltclu": "brings an untrusted language",
}


@rule(
    severity=Severity.NOTICE,
    needs=("catalog.extensions", "catalog.functions", "catalog.schemas"),
    bad=BAD,
    good=GOOD,
)
def risky_extension(catalog: Catalog) -> Iterator[Fault]:
    usable = public_schemas(catalog)
    for extension in catalog.extensions:
        if extension.name not in WHAT:
            continue
        functions = [f for f in catalog.functions if f.language == extension.name]
        for_everybody = [
            f.signature for f in functions if public_may(f.grants, "EXECUTE") and f.schema in usable
        ]
        name = quote(extension.name)
        used = bool(functions) or _is_used(catalog, extension)
        yield Fault(
            object=extension.ref,
            message=f"the extension {name} {WHAT[extension.name]}"
            + (
                f", and everybody may call {len(for_everybody)} functions in it"
                if for_everybody
                else ""
            ),
            evidence={
                "version": extension.version,
                "schema": extension.schema,
                "functions": len(functions),
                "functions_for_everybody": for_everybody[:10],
            },
            severity=Severity.WARNING if for_everybody else None,
            fix=None if used else _fix(extension),
            advice="Revoke EXECUTE on its functions from PUBLIC, and grant it to the role that "
            "needs them."
            if used
            else "",
        )


def _is_used(catalog: Catalog, extension: Extension) -> bool:
    """Is there a server of it, or a function that may call it?"""
    wrappers = {extension.name, f"{extension.name}_fdw"}
    return any(server.wrapper in wrappers for server in catalog.foreign_servers) or any(
        extension.name in function.source for function in catalog.functions
    )


def _fix(extension: Extension) -> Fix:
    name = quote(extension.name)
    again = f"CREATE EXTENSION {name} WITH SCHEMA {quote(extension.schema)}"
    if extension.version != extension.available_version:
        again += f" VERSION {literal(extension.version)}"
    return Fix(
        up=f"DROP EXTENSION {name};",
        down=f"{again};",
        # dblink brings a composite type, which is a relation of its own.
        lock=LockMode.ACCESS_EXCLUSIVE if extension.name == "dblink" else None,
        risk="programs that call its functions break, and grants on them are lost",
    )
