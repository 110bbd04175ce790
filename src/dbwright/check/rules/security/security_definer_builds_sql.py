"""A SECURITY DEFINER function puts text together and runs it as SQL.

## What it finds

A SECURITY DEFINER function in PL/pgSQL that others may call, with an EXECUTE of a text that is
more than constants and parts quoted by `quote_ident`, `quote_literal` or `format` with `%I` and
`%L`. With an argument of a text type it is an error, without one (or in a trigger) a notice. A
text that was put together in a variable before can't be followed: look at it.

## Why it matters

A caller that gets a piece of SQL into one of the parts runs it with the rights of the function's
owner: that is SQL injection with more privileges.

## How to fix

Hand values over with USING, and names through `format('%I', …)`. Where the function does not need
its owner's rights, make it SECURITY INVOKER.

## When to ignore

Every part that comes from outside is checked against a list before.

## Sources

- PostgreSQL manual, Executing Dynamic Commands; Example Quoting Values in
  Dynamic Queries.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.security._functions import callers, is_trigger
from dbwright.model.catalog import Catalog, Function
from dbwright.model.finding import Confidence, Severity
from dbwright.model.names import literal
from dbwright.sql.lexer import significant
from dbwright.sql.plpgsql import executes_unquoted_sql

TABLE = "CREATE TABLE users (email text PRIMARY KEY, newsletter boolean);"

BAD = Example(
    TABLE
    + """
CREATE FUNCTION subscribe(address text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    EXECUTE 'UPDATE users SET newsletter = true WHERE email = ''' || address || '''';
END $$;
""",
    objects=("public.subscribe(address text)",),
    fix_mends=False,
)
GOOD = Example(
    TABLE
    + """
CREATE FUNCTION subscribe(address text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    EXECUTE 'UPDATE users SET newsletter = true WHERE email = $1' USING address;
    EXECUTE format('UPDATE users SET newsletter = true WHERE email = %L', address);
END $$;
CREATE FUNCTION count_rows(name text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE rows bigint;
BEGIN
    EXECUTE 'SELECT count(*) FROM ' || name INTO rows;
    RETURN rows;
END $$;
"""
)

TEXT_TYPES = frozenset(
    "text varying character bpchar name json jsonb xml citext hstore anyelement any record".split()
)


@rule(
    severity=Severity.ERROR,
    confidence=Confidence.MEDIUM,
    needs=("catalog.functions",),
    bad=BAD,
    good=GOOD,
)
def security_definer_builds_sql(catalog: Catalog) -> Iterator[Fault]:
    for function in catalog.functions:
        if not function.security_definer or function.language != "plpgsql":
            continue
        who = callers(function)
        if not (who or is_trigger(function)) or "execute" not in function.source.lower():
            continue
        # Only the language and the body count.
        text = f"CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS {literal(function.source)}"
        if not executes_unquoted_sql(text):
            continue
        takes_text = _takes_text(function)
        yield Fault(
            object=function.ref,
            message=f"{function.signature} is SECURITY DEFINER and executes SQL with parts that "
            "are not quoted",
            evidence={"owner": function.owner, "callers": who, "takes_text": takes_text},
            severity=None if takes_text else Severity.NOTICE,
            confidence=None if takes_text else Confidence.LOW,
            advice="Hand values over with USING and names through format('%I', …), or make it "
            "SECURITY INVOKER.",
        )


def _takes_text(function: Function) -> bool:
    """Has one of its arguments a type that can carry SQL?"""
    depth = 0
    last = ""
    words: list[str] = []
    for token in significant(function.arguments):
        depth += (token.text in "([") - (token.text in ")]")
        if token.text == "," and depth == 0:
            words.append(last)
        elif depth == 0 and token.kind in ("word", "identifier"):
            last = token.lower
    return not TEXT_TYPES.isdisjoint([*words, last])
