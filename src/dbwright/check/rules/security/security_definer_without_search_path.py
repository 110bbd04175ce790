"""A SECURITY DEFINER function looks up names in its caller's search_path.

## What it finds

A SECURITY DEFINER function or procedure without a `search_path` of its own, or with one that holds
`"$user"` or a schema in which everybody may create objects. Where the path is safe but for
`pg_temp`, which is searched first unless it is named, it is a notice. So is a function that nobody
but its owner may call. Not functions in C, and not bodies in standard SQL (BEGIN ATOMIC), whose
names were looked up when they were made.

## Why it matters

The caller chooses what the names in it mean: with a table of the same name in a temporary schema,
or a function or operator in a schema of its own, it runs its code with the owner's rights.

## How to fix

Set the search_path on the function: the schemas it needs, in which only trusted roles may create,
and `pg_temp` last.

## When to ignore

Every name in the body is written with its schema, operators included.

## Sources

- PostgreSQL manual, CREATE FUNCTION, Writing SECURITY DEFINER Functions Safely.
- CVE-2007-2138; CVE-2018-1058.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.security._functions import alter_function, callers, is_trigger
from dbwright.check.rules.security._grants import public_may
from dbwright.model.catalog import Catalog, Function
from dbwright.model.finding import Severity
from dbwright.model.names import quote
from dbwright.sql.lexer import significant

BAD = (
    Example(
        """
CREATE TABLE accounts (id bigint PRIMARY KEY, active boolean);
CREATE FUNCTION close_account(account bigint) RETURNS void LANGUAGE sql SECURITY DEFINER
AS 'UPDATE accounts SET active = false WHERE id = account';
""",
        objects=("public.close_account(account bigint)",),
    ),
    Example(
        """
CREATE SCHEMA api;
CREATE FUNCTION api.one() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = api
AS 'SELECT 1';
""",
        objects=("api.one()",),
    ),
)
GOOD = Example(
    """
CREATE SCHEMA api;
CREATE FUNCTION api.one() RETURNS int LANGUAGE sql SECURITY DEFINER
SET search_path = api, pg_temp AS 'SELECT 1';
CREATE FUNCTION api.two() RETURNS int LANGUAGE sql SECURITY DEFINER
SET search_path = '' AS 'SELECT 2';
CREATE FUNCTION api.three() RETURNS int LANGUAGE sql AS 'SELECT 3';
"""
)


class _Weakness(NamedTuple):
    text: str
    severity: Severity | None = None


@rule(
    severity=Severity.WARNING,
    needs=("catalog.functions", "catalog.schemas", "catalog.roles"),
    bad=BAD,
    good=GOOD,
)
def security_definer_without_search_path(catalog: Catalog) -> Iterator[Fault]:
    everybodys = {s.name for s in catalog.schemas if public_may(s.grants, "CREATE")}
    for function in catalog.functions:
        if not function.security_definer or function.language in ("c", "internal"):
            continue
        if function.language == "sql" and not function.source:
            continue
        weakness = _weakness(function, everybodys)
        if weakness is None:
            continue
        owner = catalog.role(function.owner)
        superuser = owner is not None and owner.superuser
        severity = weakness.severity
        if severity is None:
            called = is_trigger(function) or callers(function)
            severity = Severity.NOTICE if not called else Severity.ERROR if superuser else None
        yield Fault(
            object=function.ref,
            message=f"{function.signature} is SECURITY DEFINER and {weakness.text}",
            evidence={
                "owner": function.owner,
                "owner_is_superuser": owner.superuser if owner else None,
                "search_path": dict(function.settings).get("search_path"),
                "callers": callers(function),
            },
            severity=severity,
            fix=alter_function(
                function,
                f"SET search_path = {_safe_path(catalog, function, everybodys)}",
                _back(function),
                risk="name every other schema that the body uses without writing it",
            ),
        )


def _weakness(function: Function, everybodys: set[str]) -> _Weakness | None:
    path = dict(function.settings).get("search_path")
    if path is None:
        return _Weakness("has no search_path of its own")
    schemas = _schemas(path)
    if "$user" in schemas:
        return _Weakness('its search_path holds "$user"')
    unsafe = sorted(everybodys.intersection(schemas))
    if unsafe:
        return _Weakness(f"everybody may create objects in {', '.join(map(quote, unsafe))}")
    if [s for s in schemas if s] and schemas[-1] != "pg_temp" and schemas != ["pg_catalog"]:
        return _Weakness("its search_path does not end with pg_temp", Severity.NOTICE)
    return None


def _schemas(path: str) -> list[str]:
    """The names in a search_path, as they are without their quotes."""
    return [
        token.text[1:-1].replace('""', '"') if token.kind == "identifier" else token.lower
        for token in significant(path)
        if token.text != ","
    ]


def _safe_path(catalog: Catalog, function: Function, everybodys: set[str]) -> str:
    known = {schema.name for schema in catalog.schemas}
    path = dict(function.settings).get("search_path")
    wanted = [function.schema, "public"] if path is None else _schemas(path)
    names = [s for s in dict.fromkeys(wanted) if s in known and s not in everybodys]
    return ", ".join([*map(quote, names or ["pg_catalog"]), "pg_temp"])


def _back(function: Function) -> str:
    path = dict(function.settings).get("search_path")
    return "RESET search_path" if path is None else f"SET search_path = {path}"
