"""A policy calls a function for each row that gives the same for all of them.

## What it finds

A call in a policy, outside of a sub-select, that has no column among its arguments: of a function
of yours that is not IMMUTABLE (`auth.uid()`, `current_tenant()`), or of `current_setting()`. A
table with fewer than `small_rows` rows, or only calls of `current_setting()`, make it a notice.

## Why it matters

The condition is added to each query on the table, and where no index serves it the function runs
once for each row that is read: a million times for a count over a million rows.

## How to fix

Put the call into a sub-select: `(SELECT auth.uid())`. The planner then runs it once, before the
query. The fix writes exactly that.

## When to ignore

The function must give another value for each row (one that counts or logs).

## Sources

- PostgreSQL manual, Function Volatility Categories.
- Supabase documentation, Row Level Security, "Call functions with select"; splinter, lint 0003
  auth_rls_initplan.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.security._policies import alter_policy, calls_without_columns
from dbwright.model.catalog import Catalog, Policy, Table
from dbwright.model.finding import Fix, LockMode, Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics

TABLE = """
CREATE FUNCTION tenant() RETURNS text LANGUAGE sql STABLE
AS $$ SELECT current_setting('app.tenant') $$;
CREATE TABLE notes (id bigint PRIMARY KEY, tenant text NOT NULL);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
"""

BAD = Example(
    TABLE
    + """
CREATE POLICY own ON notes USING (tenant = tenant());
CREATE POLICY add ON notes FOR INSERT WITH CHECK (tenant = current_setting('app.tenant'));
""",
    objects=("public.notes.own", "public.notes.add"),
)
GOOD = Example(
    TABLE
    + """
CREATE POLICY own ON notes USING (tenant = (SELECT tenant()));
CREATE POLICY short ON notes AS RESTRICTIVE USING (lower(tenant) = tenant);
"""
)

SETTING = "current_setting"


@rule(severity=Severity.WARNING, needs=("catalog.policies",), bad=BAD, good=GOOD)
def policy_calls_function_per_row(
    catalog: Catalog,
    statistics: Statistics | None,
    *,
    small_rows: Annotated[int, "a table with fewer rows is only a notice"] = 1000,
) -> Iterator[Fault]:
    own = {f"{f.schema}.{f.name}" for f in catalog.functions if f.volatility != "immutable"}
    functions = frozenset(own | {SETTING})
    for table in catalog.tables:
        for policy in table.policies if table.row_security else ():
            calls = _calls(policy, functions)
            if not calls:
                continue
            counted = statistics.of(table) if statistics else None
            small = counted is not None and counted.best_rows < small_rows
            only_setting = all(call.startswith(f"{SETTING}(") for call in calls)
            yield Fault(
                object=table.policy_ref(policy.name),
                message=f"the policy {quote(policy.name)} on {table.qualified} calls "
                f"{', '.join(calls)} for each row",
                evidence={
                    "calls": calls,
                    "command": policy.command,
                    "rows": counted.best_rows if counted else None,
                },
                severity=Severity.NOTICE if small or only_setting else None,
                fix=_fix(table, policy, functions),
            )


def _calls(policy: Policy, functions: frozenset[str]) -> list[str]:
    found = {
        expression[start:end]: None
        for expression in (policy.using, policy.check)
        if expression is not None
        for start, end in calls_without_columns(expression, functions)
    }
    return list(found)


def _fix(table: Table, policy: Policy, functions: frozenset[str]) -> Fix:
    using, check = (
        None if expression is None else _wrapped(expression, functions)
        for expression in (policy.using, policy.check)
    )
    return Fix(
        up=alter_policy(table, policy, using, check),
        down=alter_policy(table, policy, policy.using, policy.check),
        lock=LockMode.ACCESS_EXCLUSIVE,
        risk="a function that should run for each row must stay as it is",
    )


def _wrapped(expression: str, functions: frozenset[str]) -> str:
    # From the end, so that what stands before keeps its place.
    for start, end in reversed(calls_without_columns(expression, functions)):
        expression = f"{expression[:start]}(SELECT {expression[start:end]}){expression[end:]}"
    return expression
