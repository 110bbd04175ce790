"""Tables need each other's rows before their own.

## What it finds

Two or more tables whose foreign keys lead in a circle, where all the columns are NOT NULL and none
of the keys is deferrable. A key of a table to itself is not meant: a row may reference itself. If
all the tables hold rows already, it is a notice.

## Why it matters

No plain INSERT can add the first row of any of them: each needs a row of the next one first. The
tables have to be emptied, filled and copied with triggers off or with tricks.

One statement that inserts into all of them (WITH … INSERT) does work, for foreign keys are checked
at its end.

## How to fix

Make the keys DEFERRABLE: nothing changes until a transaction asks for it with SET CONSTRAINTS ALL
DEFERRED, and then they are checked at COMMIT. Or let one of the columns be NULL until its row is
there.

## When to ignore

The rows are always inserted together by one statement.

## Sources

- PostgreSQL manual, SET CONSTRAINTS; ALTER TABLE, ALTER CONSTRAINT.
- PostgreSQL manual, Data-Modifying Statements in WITH.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.keys._constraint import column_list
from dbwright.model.catalog import Catalog, ForeignKey, Table
from dbwright.model.finding import Fix, LockMode, Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics

TABLES = """
CREATE TABLE teams (id bigint PRIMARY KEY, owner_id bigint NOT NULL);
CREATE TABLE users (id bigint PRIMARY KEY, team_id bigint NOT NULL REFERENCES teams);
"""

BAD = Example(
    TABLES + "ALTER TABLE teams ADD FOREIGN KEY (owner_id) REFERENCES users;",
    objects=("public.teams",),
)

GOOD = (
    TABLES
    + """
ALTER TABLE teams ADD FOREIGN KEY (owner_id) REFERENCES users DEFERRABLE;
CREATE TABLE nodes (id bigint PRIMARY KEY, root_id bigint NOT NULL REFERENCES nodes);
"""
)

Edges = dict[str, list[tuple[Table, ForeignKey]]]


@rule(severity=Severity.WARNING, bad=BAD, good=GOOD)
def circular_not_null_foreign_keys(
    catalog: Catalog, statistics: Statistics | None
) -> Iterator[Fault]:
    edges: Edges = {}
    for table in catalog.tables:
        for key in table.foreign_keys:
            if _compels(table, key):
                edges.setdefault(table.qualified, []).append((table, key))
    for circle in _circles(edges):
        inside = set(circle)
        keys = [pair for name in circle for pair in edges[name] if pair[1].references in inside]
        rows = [_rows(catalog, statistics, name) for name in circle]
        steps = (
            f"{table.qualified} ({column_list(key.columns)}) to {key.references}"
            for table, key in keys
        )
        yield Fault(
            object=catalog.table(circle[0]).ref,
            message=f"{len(circle)} tables need each other's rows first: {', '.join(steps)}",
            evidence={
                "tables": circle,
                "constraints": [f"{table.qualified}.{quote(key.name)}" for table, key in keys],
                "rows": None if None in rows else sum(count or 0 for count in rows),
            },
            severity=Severity.NOTICE if all(rows) else None,
            fix=_fix(keys),
        )


def _compels(table: Table, key: ForeignKey) -> bool:
    """Must each new row have its parent there already? (A NULL among the columns frees it.)"""
    return (
        key.enforced
        and not key.inherited
        and not key.deferrable
        and all(table.column(name).not_null for name in key.columns)
        and key.references != table.qualified
    )


def _rows(catalog: Catalog, statistics: Statistics | None, name: str) -> float | None:
    counted = statistics.of(catalog.table(name)) if statistics else None
    return counted.best_rows if counted else None


def _circles(edges: Edges) -> list[list[str]]:
    """The strongly connected components of two or more tables (Tarjan's way, without recursion),
    each sorted by name."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    path: list[str] = []
    on_path: set[str] = set()
    found: list[list[str]] = []
    for start in edges:
        work = [] if start in number else [(start, iter(edges[start]))]
        while work:
            name, following = work[-1]
            if name not in number:
                number[name] = low[name] = len(number)
                path.append(name)
                on_path.add(name)
            deeper = False
            for _, key in following:
                other = key.references
                if other not in number:
                    work.append((other, iter(edges.get(other, ()))))
                    deeper = True
                    break
                if other in on_path:
                    low[name] = min(low[name], number[other])
            if deeper:
                continue
            work.pop()
            if work:
                above = work[-1][0]
                low[above] = min(low[above], low[name])
            if low[name] == number[name]:
                position = path.index(name)
                members = path[position:]
                del path[position:]
                on_path.difference_update(members)
                if len(members) > 1:
                    found.append(sorted(members))
    return sorted(found)


def _fix(keys: list[tuple[Table, ForeignKey]]) -> Fix:
    alter = [f"ALTER TABLE {t.qualified} ALTER CONSTRAINT {quote(k.name)}" for t, k in keys]
    return Fix(
        up="\n".join(f"{start} DEFERRABLE INITIALLY IMMEDIATE;" for start in alter),
        down="\n".join(f"{start} NOT DEFERRABLE;" for start in alter),
        lock=LockMode.ACCESS_EXCLUSIVE,
        risk="inserts must then say SET CONSTRAINTS ALL DEFERRED first",
    )
