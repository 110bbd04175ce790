"""Everybody may call a function that runs with its owner's rights.

## What it finds

A SECURITY DEFINER function or procedure that PUBLIC may EXECUTE. A warning where its owner is a
superuser or bypasses row level security; else, or where PUBLIC can't use its schema or a policy
calls it, a notice. Not functions of triggers: nobody can call them.

## Why it matters

PostgreSQL lets PUBLIC execute each new function. With SECURITY DEFINER every role that can connect,
and every one that is made later, does with it what only the owner may do.

## How to fix

Grant EXECUTE to the roles that need it and revoke it from PUBLIC, best in the transaction that
makes the function.

## When to ignore

It is meant for everybody and checks by itself what its caller may do.

## Sources

- PostgreSQL manual, CREATE FUNCTION, Writing SECURITY DEFINER Functions Safely: "you must
  revoke the default PUBLIC privileges and then grant execute privilege selectively".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.security._functions import is_trigger, keyword
from dbwright.check.rules.security._grants import public_may, public_schemas
from dbwright.model.catalog import Catalog, Function
from dbwright.model.finding import Fix, Severity

FUNCTION = """
CREATE FUNCTION drop_session(pid int) RETURNS boolean LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS 'SELECT pg_terminate_backend(pid)';
"""

BAD = Example(FUNCTION, objects=("public.drop_session(pid integer)",))
GOOD = Example(
    FUNCTION
    + """
REVOKE EXECUTE ON FUNCTION drop_session(int) FROM PUBLIC;
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS 'BEGIN RETURN NEW; END';
"""
)


@rule(
    severity=Severity.WARNING,
    needs=("catalog.functions", "catalog.schemas", "catalog.roles"),
    bad=BAD,
    good=GOOD,
)
def security_definer_executable_by_public(catalog: Catalog) -> Iterator[Fault]:
    usable = public_schemas(catalog)
    expressions = _policy_expressions(catalog)
    for function in catalog.functions:
        if not function.security_definer or is_trigger(function):
            continue
        if not public_may(function.grants, "EXECUTE"):
            continue
        owner = catalog.role(function.owner)
        powerful = owner is not None and (owner.superuser or owner.bypass_rls)
        in_policy = f"{function.qualified}(" in expressions
        reachable = function.schema in usable
        yield Fault(
            object=function.ref,
            message=f"everybody may call {function.signature} with the rights of {function.owner}"
            + (", a superuser" if owner is not None and owner.superuser else ""),
            evidence={
                "owner": function.owner,
                "owner_is_superuser": owner.superuser if owner else None,
                "schema_open_to_public": reachable,
                "called_by_a_policy": in_policy,
            },
            severity=None if powerful and reachable and not in_policy else Severity.NOTICE,
            fix=_fix(function),
        )


def _policy_expressions(catalog: Catalog) -> str:
    return "\n".join(
        expression
        for table in catalog.tables
        for policy in table.policies
        for expression in (policy.using, policy.check)
        if expression is not None
    )


def _fix(function: Function) -> Fix:
    what = f"EXECUTE ON {keyword(function)} {function.signature}"
    return Fix(
        up=f"REVOKE {what} FROM PUBLIC;",
        down=f"GRANT {what} TO PUBLIC;",
        risk="roles that call it, also through a policy or a view, need EXECUTE of their own first",
    )
