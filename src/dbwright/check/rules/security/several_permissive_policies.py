"""Several permissive policies for the same role and command.

## What it finds

A table on which a role has more than `most` permissive policies for one command. A policy for ALL
counts for each command, one for PUBLIC for each role. One finding a table, with the role and
command that has the most.

## Why it matters

They are joined by OR: each row may be tested by each of them, an index serves an OR badly, and
whoever narrows one policy is surprised that rows are still let through by another.

## How to fix

Join them into one policy with OR. Where two have the same command and roles the fix does that, and
which rows are let through stays exactly the same.

## When to ignore

The table is small, or the separate policies are easier to understand and fast enough.

## Sources

- PostgreSQL manual, CREATE POLICY, Application of Multiple Policies.
- Supabase splinter, lint 0006 multiple_permissive_policies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.security._grants import grantee_name
from dbwright.check.rules.security._policies import alter_policy, create_policy, drop_policy
from dbwright.model.catalog import PUBLIC, Catalog, Policy, Table
from dbwright.model.finding import Fix, LockMode, Severity

TABLE = """
CREATE TABLE notes (id bigint PRIMARY KEY, author name NOT NULL, reader name);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY authors ON notes FOR SELECT USING (author = current_user);
"""

BAD = (
    Example(
        TABLE + "CREATE POLICY readers ON notes FOR SELECT USING (reader = current_user);",
        objects=("public.notes",),
    ),
    Example(
        TABLE + "CREATE POLICY everything ON notes TO pg_monitor USING (id > 0);",
        objects=("public.notes",),
        fix_mends=False,
    ),
)
GOOD = Example(
    TABLE
    + """
CREATE POLICY writers ON notes FOR INSERT WITH CHECK (author = current_user);
CREATE POLICY not_zero ON notes AS RESTRICTIVE USING (id <> 0);
"""
)

COMMANDS = ("SELECT", "INSERT", "UPDATE", "DELETE")


@rule(severity=Severity.NOTICE, needs=("catalog.policies",), bad=BAD, good=GOOD)
def several_permissive_policies(
    catalog: Catalog,
    *,
    most: Annotated[int, "so many for one role and command are left alone"] = 1,
) -> Iterator[Fault]:
    for table in catalog.tables:
        permissive = [policy for policy in table.policies if policy.permissive]
        if not table.row_security or len(permissive) <= most:
            continue
        role, command, together = _worst(permissive)
        if len(together) <= most:
            continue
        fix = _joined(table, permissive)
        yield Fault(
            object=table.ref,
            message=f"{table.qualified} has {len(together)} permissive policies "
            f"for {command} by {grantee_name(role)}",
            evidence={
                "policies": [policy.name for policy in together],
                "role": role,
                "command": command,
            },
            fix=fix,
            advice="" if fix else "Join them into one policy with OR, or give each its own roles.",
        )


def _worst(policies: Sequence[Policy]) -> tuple[str, str, list[Policy]]:
    """The role and command with the most policies, PUBLIC and SELECT first."""
    roles = sorted({role for policy in policies for role in policy.roles}, key=_public_first)
    worst: tuple[str, str, list[Policy]] = ("", "", [])
    for role in roles:
        for command in COMMANDS:
            together = [
                policy
                for policy in policies
                if policy.command in ("ALL", command)
                and (role in policy.roles or PUBLIC in policy.roles)
            ]
            if len(together) > len(worst[2]):
                worst = (role, command, together)
    return worst


def _public_first(role: str) -> tuple[bool, str]:
    return role != PUBLIC, role


def _joined(table: Table, policies: Sequence[Policy]) -> Fix | None:
    """Make one policy of those with the same command and roles; None where there are none such,
    or others would be left that still overlap."""
    first = policies[0]
    same = [p for p in policies if (p.command, p.roles) == (first.command, first.roles)]
    if len(same) != len(policies):
        return None
    try:
        down = [create_policy(table, policy) for policy in same[1:]]
    except ValueError:
        return None
    usings = [policy.using for policy in same if policy.using is not None]
    # Without WITH CHECK, USING says what may be written.
    checks = [policy.check if policy.has_check else policy.using for policy in same]
    using = _any_of(usings) if usings else None
    check = _any_of(filter(None, checks)) if any(policy.has_check for policy in same) else None
    return Fix(
        up="\n".join(
            [alter_policy(table, first, using, check)]
            + [drop_policy(table, policy) for policy in same[1:]]
        ),
        down="\n".join([_restored(table, first), *down]),
        lock=LockMode.ACCESS_EXCLUSIVE,
        risk="run it in one transaction; tests that name the policies have to be changed",
    )


def _restored(table: Table, policy: Policy) -> str:
    """A WITH CHECK can't be taken away again by ALTER POLICY: drop it and make it anew."""
    return f"{drop_policy(table, policy)}\n{create_policy(table, policy)}"


def _any_of(expressions: Iterable[str]) -> str:
    return " OR ".join(f"({expression})" for expression in expressions)
