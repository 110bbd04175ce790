"""UNION removes duplicates where there can be none.

## What it finds

UNION of queries that give no row twice (a key is among their columns, or all they group by), and
that differ from one another: in a constant that they give (`SELECT id, 'order' … UNION SELECT id,
'return' …`), or, of one table, in one that they ask for (`… WHERE status = 'new' UNION … WHERE
status = 'paid'`).

## Why it matters

All rows of all parts are sorted or hashed to find duplicates, before the first one is sent.

## How to fix

UNION ALL.

## When to ignore

So few rows come that it does not matter.

## Sources

- PostgreSQL manual, Combining Queries.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbwright.model.catalog import Catalog, Column
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.keys import never_null_keys
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._constants import plain_constant, told_apart
from dbwright.tune.rewrites.rules._distinct import gives_distinct_rows
from dbwright.tune.rewrites.rules._parts import alike
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Level, Source
from dbwright.tune.rewrites.trees import Path, conjuncts, operator, put

JOBS = """
CREATE TYPE state AS ENUM ('new', 'failed', 'done');
CREATE TABLE jobs (id int PRIMARY KEY, state state NOT NULL);
INSERT INTO jobs SELECT n, 'done' FROM generate_series(1, 3000) n;
ANALYZE jobs;
"""

BAD = (
    RewriteExample(
        "SELECT id, 'customer' AS kind FROM customers UNION SELECT id, 'order' FROM orders", SHOP
    ),
    RewriteExample(
        "SELECT id, 1 AS kind FROM customers UNION SELECT id, 2 FROM orders "
        "UNION SELECT customer_id, 3 FROM orders GROUP BY customer_id ORDER BY 1",
        SHOP,
    ),
    RewriteExample(
        "SELECT id, total FROM orders WHERE status = 'new' UNION "
        "SELECT id, total FROM orders WHERE status = 'paid' AND total > 3",
        SHOP,
    ),
    RewriteExample(
        "SELECT id FROM jobs WHERE state = 'new' UNION SELECT id FROM jobs WHERE state = 'done'",
        JOBS,
    ),
)
GOOD = (
    RewriteExample(
        "SELECT total FROM orders WHERE status = 'new' UNION "
        "SELECT total FROM orders WHERE status = 'paid'",
        SHOP,
    ),
    RewriteExample(
        "SELECT id FROM orders WHERE status = 'new' UNION SELECT id FROM orders WHERE total = 3",
        SHOP,
    ),
    RewriteExample("SELECT id FROM customers UNION SELECT id FROM orders", SHOP),
    RewriteExample("SELECT id, 'a' FROM customers UNION SELECT id, 'a' FROM orders", SHOP),
    RewriteExample("SELECT name, 'a' FROM customers UNION SELECT status, 'b' FROM orders", SHOP),
    RewriteExample("SELECT id, 1 FROM customers UNION SELECT id, 01 FROM orders", SHOP),
    RewriteExample(
        # As double precision two of the numbers may be one.
        "SELECT a, 1 FROM t UNION SELECT DISTINCT b, 2 FROM t",
        "CREATE TABLE t (a bigint PRIMARY KEY, b double precision)",
    ),
)


@dataclass(frozen=True, slots=True)
class _Output:
    """A column that a part gives."""

    target: int
    """Its number in the target list, in which a star is one."""
    column: Column | None
    """None for what is no plain column of a table."""
    constant: bool = False


@rewrite(severity=Severity.WARNING, bad=BAD, good=GOOD)
def union_of_distinct_rows(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    by_path = {level.path: level for level in source.levels}
    for level in source.levels:
        if level.path[-1] in ("larg", "rarg") or level.fields.get("op") != "SETOP_UNION":
            continue
        unions: list[Path] = []
        arms: list[Level] = []
        if not _collect(level, by_path, unions, arms) or not _are_distinct(arms, catalog):
            continue
        if _disjoint(arms):
            note = "no part gives a row twice, and a constant tells the parts apart"
        elif _of_other_rows(arms, catalog):
            note = "a key is among the columns, and no row meets the conditions of two parts"
        else:
            continue
        tree = source.tree
        for path in unions:
            tree = put(tree, (*path, "all"), True)
        text = source.with_tree(tree)
        if text is not None:
            yield Rewritten(text, note)


def _collect(
    level: Level, by_path: dict[Path, Level], unions: list[Path], arms: list[Level]
) -> bool:
    """All parts of a chain of plain UNIONs; False where another operation is among them."""
    if not level.set_operation:
        arms.append(level)
        return True
    if level.fields.get("op") != "SETOP_UNION" or level.fields.get("all"):
        return False
    unions.append(level.path)
    return all(
        _collect(by_path[(*level.path, side)], by_path, unions, arms) for side in ("larg", "rarg")
    )


def _are_distinct(arms: list[Level], catalog: Catalog) -> bool:
    """Does none of the parts give a row twice, also where the union converts its values (two
    bigints may be one double precision)?"""
    outputs = [list(_outputs(arm)) for arm in arms]
    if len({len(own) for own in outputs}) > 1:
        return False
    mixed = [place for place, values in enumerate(zip(*outputs, strict=True)) if _mixed(values)]
    for arm, own in zip(arms, outputs, strict=True):
        without = {own[place].target for place in mixed}
        distinct = arm.fields.get("distinctClause") == [{}] and not without
        if not distinct and not gives_distinct_rows(arm, catalog, without=without):
            return False
    return True


def _outputs(level: Level) -> Iterator[_Output]:
    for number, target in enumerate(level.fields.get("targetList", ())):
        value: Node = target["ResTarget"]["val"]
        if "ColumnRef" in value and "A_Star" in value["ColumnRef"]["fields"][-1]:
            names = [part["String"]["sval"] for part in value["ColumnRef"]["fields"][:-1]]
            for item in level.items:
                if not names or item.alias == names[-1]:
                    known = {} if item.table is None else {c.name: c for c in item.table.columns}
                    yield from (_Output(number, known.get(name)) for name in item.columns or ("",))
            continue
        named = level.named(value["ColumnRef"]) if "ColumnRef" in value else None
        bare = value["TypeCast"]["arg"] if "TypeCast" in value else value
        yield _Output(number, None if named is None else named.column, "A_Const" in bare)


def _mixed(values: tuple[_Output, ...]) -> bool:
    """Might the values of some part be converted? Of a constant there is only one in it."""
    columns = [value.column for value in values if not value.constant]
    first = columns[0] if columns else None
    return any(one is None or first is None or not alike(one, first) for one in columns)


def _disjoint(arms: list[Level]) -> bool:
    """Is there a place where all of them have a constant, each another one of the same type?"""
    for constants in zip(*map(_constants, arms), strict=False):
        known = [constant for constant in constants if constant is not None]
        if len(set(known)) == len(arms) and len({kind for kind, _ in known}) == 1:
            return True
    return False


def _of_other_rows(arms: list[Level], catalog: Catalog) -> bool:
    """Are all parts of one table, with a key at the same places, and with conditions on one column
    that no row meets two of?"""
    items = [arm.items[0] if len(arm.items) == 1 and arm.plain_from else None for arm in arms]
    table = None if items[0] is None else items[0].table
    if table is None or any(item is None or item.table is not table for item in items):
        return False
    outputs = [[output.column for output in _outputs(arm)] for arm in arms]
    shown = {
        columns[0].name
        for columns in zip(*outputs, strict=True)
        if columns[0] is not None and all(column is columns[0] for column in columns)
    }
    asked = [_asked(catalog, arm) for arm in arms]
    apart = any(
        len({fixed.get(name) for fixed in asked} - {None}) == len(arms) for name in asked[0]
    )
    return apart and any(shown.issuperset(key) for key in never_null_keys(catalog, table))


def _asked(catalog: Catalog, level: Level) -> dict[str, tuple[str, str]]:
    """The constants that columns are to be equal to."""
    found: dict[str, tuple[str, str]] = {}
    for condition in conjuncts(level.fields.get("whereClause")):
        fields: Node = condition.get("A_Expr", {})
        if operator(fields) != "=" or "ColumnRef" not in fields.get("lexpr", {}):
            continue
        named = level.named(fields["lexpr"]["ColumnRef"])
        if named is not None and named.level is level:
            constant = told_apart(catalog, named.column, fields["rexpr"])
            found.update({} if constant is None else {named.column.name: constant})
    return found


def _constants(level: Level) -> list[tuple[str, str] | None]:
    found: list[tuple[str, str] | None] = []
    for target in level.fields.get("targetList", ()):
        value: Node = target["ResTarget"]["val"]
        if "ColumnRef" in value and "A_Star" in value["ColumnRef"]["fields"][-1]:
            break  # what follows stands nobody knows where
        found.append(plain_constant(value))
    return found
