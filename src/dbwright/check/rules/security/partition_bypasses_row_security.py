"""Partitions can be read past the row level security of their table.

## What it finds

A table with row level security whose partitions, or tables that inherit from it, have privileges
granted to others and no row level security of their own. One finding for the parent.

## Why it matters

The parent's policies count only for queries that name the parent: whoever names the partition reads
all of its rows.

## How to fix

Take the privileges on the partitions away; queries through the parent don't need them. The fix does
that for each partition.

## When to ignore

The grantees may read all rows anyway, and work with single partitions on purpose (a load job).

## Sources

- PostgreSQL manual, Inheritance: "Inherited queries perform access permission checks on the
  parent table only"; the parent's policies are applied to rows of its children in such queries,
  and a child's own only when it is named in the query.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.security._grants import grantee_name, others_with
from dbwright.check.rules.security._roles import bypasses_row_security
from dbwright.model.catalog import Catalog, Grant, Table
from dbwright.model.finding import Fix, Severity
from dbwright.model.names import quote

TABLE = """
CREATE TABLE notes (id bigint, author name) PARTITION BY RANGE (id);
CREATE TABLE notes_1 PARTITION OF notes FOR VALUES FROM (1) TO (1000);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON notes USING (author = current_user);
GRANT SELECT ON notes TO PUBLIC;
"""

BAD = Example(TABLE + "GRANT SELECT ON notes_1 TO PUBLIC;", objects=("public.notes",))
GOOD = Example(TABLE)

ROWS = ("SELECT", "INSERT", "UPDATE", "DELETE")


@rule(severity=Severity.WARNING, needs=("catalog.policies", "catalog.roles"), bad=BAD, good=GOOD)
def partition_bypasses_row_security(catalog: Catalog) -> Iterator[Fault]:
    for table in catalog.tables:
        if not table.row_security:
            continue
        open_children = {
            child: grantees
            for child in _below(catalog, table)
            if (grantees := _bound_grantees(catalog, table, child))
        }
        if not open_children:
            continue
        count = len(open_children)
        yield Fault(
            object=table.ref,
            message=f"{count} partition{'' if count == 1 else 's'} of {table.qualified} can be "
            "read past its row level security by "
            + ", ".join(map(grantee_name, sorted(set().union(*open_children.values())))),
            evidence={
                "partitions": [child.qualified for child in open_children],
                "partition_count": count,
            },
            fix=_fix(open_children),
        )


def _below(catalog: Catalog, table: Table) -> Iterator[Table]:
    """Its children without row level security, and theirs."""
    for child in catalog.children(table):
        if not child.row_security:
            yield child
            yield from _below(catalog, child)


def _bound_grantees(catalog: Catalog, parent: Table, child: Table) -> frozenset[str]:
    return frozenset(
        role
        for role in others_with(child, ROWS)
        if not bypasses_row_security(catalog, role, parent)
    )


def _fix(open_children: dict[Table, frozenset[str]]) -> Fix:
    up: list[str] = []
    down: list[str] = []
    for child, grantees in open_children.items():
        for grant, columns in _grants(child):
            kinds = [p for p in grant.privileges if p in ROWS]
            if grant.grantee in grantees and kinds:
                who = grantee_name(grant.grantee)
                what = ", ".join(f"{kind}{columns}" for kind in kinds)
                up.append(f"REVOKE {what} ON {child.qualified} FROM {who};")
                down.append(f"GRANT {what} ON {child.qualified} TO {who};")
    return Fix(
        up="\n".join(up),
        down="\n".join(down),
        risk="programs that name a partition directly lose access to it",
    )


def _grants(table: Table) -> Iterator[tuple[Grant, str]]:
    """Its grants, and those on its columns with the columns in parentheses."""
    yield from ((grant, "") for grant in table.grants)
    for column in table.columns:
        yield from ((grant, f" ({quote(column.name)})") for grant in column.grants)
