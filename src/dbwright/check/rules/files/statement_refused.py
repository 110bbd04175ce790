"""A statement of the SQL files was refused by the server.

## What it finds

Statements that the throw-away server did not take when the files were loaded, with the server's
own words and what to do about it. A warning where it only lacks what another refused statement
would have made. A notice where the reason is the sandbox's: it does not have the extension, or does
not run such things for a file (COPY from a program, ALTER SYSTEM, psql's commands).

## Why it matters

The files don't make the database they describe: an installation or a migration would stop here,
and what the statement declares was not checked.

## How to fix

Mend the statement as the advice says, or bring the files into the order in which they build on one
another. Begin with the errors: the warnings go with them. For extensions that the sandbox lacks,
check the running database.

## When to ignore

The statement is for another product or version, or needs what only the real server has.

## Sources

- PostgreSQL manual, Appendix A Error Codes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.finding import ObjectRef, Severity
from dbwright.model.snapshot import RefusedStatement, Snapshot

BAD = Example(
    files={
        "1_orders.sql": "CREATE TABLE orders (\n"
        "    id bigint PRIMARY KEY,\n"
        "    user_id bigint REFERENCES users\n"
        ");\n",
        "2_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\n",
    },
    objects=("1_orders.sql:1",),
    fix_mends=False,
)

GOOD = Example(
    files={
        "1_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\n",
        "2_orders.sql": "CREATE TABLE orders (\n"
        "    id bigint PRIMARY KEY,\n"
        "    user_id bigint REFERENCES users\n"
        ");\n",
    },
)

SHOWN = 80

SANDBOX_STATES = frozenset(["42501", "57014"])
"""Refused for what the sandbox does not let a file do, or for taking longer than it may."""

# The words of sandbox/hints.py and hints_extension.py.
NOT_INSTALLED = "sandbox's server does not have"
CAUSE = "The statement that makes it was refused, at "
CAUSE_END = ": mend that first."


@rule(severity=Severity.ERROR, bad=BAD, good=GOOD)
def statement_refused(snapshot: Snapshot) -> Iterator[Fault]:
    seen: Counter[str] = Counter()
    limits: set[str] = set()
    for refused in snapshot.refused:
        name = f"{refused.location.file}:{refused.location.line}"
        seen[name] += 1
        cause = _cause(refused)
        limit = _is_limit(refused) or cause in limits
        if limit:
            limits.add(name)
        yield Fault(
            object=ObjectRef("statement", name),
            message=refused.message or f"not run: {_beginning(refused)}",
            evidence={
                "statement": _beginning(refused),
                "sqlstate": refused.sqlstate or None,
                "follows_from": cause,
            },
            advice=refused.hint,
            severity=Severity.NOTICE if limit else Severity.WARNING if cause else None,
            # Several on one line are told apart by their number.
            detail=str(seen[name]) if seen[name] > 1 else "",
            location=refused.location,
        )


def _is_limit(refused: RefusedStatement) -> bool:
    """Does it say something about the sandbox and nothing about the file?"""
    return (
        not refused.message or refused.sqlstate in SANDBOX_STATES or NOT_INSTALLED in refused.hint
    )


def _cause(refused: RefusedStatement) -> str | None:
    """`file:line` of the refused statement without which this one can't work."""
    if not refused.hint.startswith(CAUSE):
        return None
    return refused.hint.removeprefix(CAUSE).removesuffix(CAUSE_END)


def _beginning(refused: RefusedStatement) -> str:
    """Its first words on one line; no more, for the rest may be data."""
    text = " ".join(refused.statement.split())
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
