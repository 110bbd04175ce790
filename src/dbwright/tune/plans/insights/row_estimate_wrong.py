"""The planner expected ten times more or fewer rows than there were.

## What it finds

The nodes where a wrong estimate starts: the rows differ ten times from what was expected, and
below them they did not. Nodes that may have been stopped early (by a LIMIT, a semi join, a merge
join) count only where there were more rows than expected; so do joins and groups above which
nothing is joined: that there are fewer changes no choice.

## Why it matters

Every choice above that node rests on the estimate: the kind of join, the order of the tables,
memory, parallel workers. A wrong one is the usual reason for a plan that is far from the best.

## How to fix

ANALYZE the table where its statistics are old. Where the filter compares several columns that
depend on each other, CREATE STATISTICS on them, then ANALYZE. Where it compares an expression,
create statistics (14 and later) or an index on the expression. Else raise the column's statistics
target.

## When to ignore

The plan is right in spite of it.

## Sources

- PostgreSQL manual, Statistics Used by the Planner; CREATE STATISTICS.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.catalog import Catalog, Table
from dbwright.model.finding import Fix, LockMode, Severity
from dbwright.model.names import qualify, quote
from dbwright.model.plan import Plan, PlanNode
from dbwright.model.statistics import Statistics
from dbwright.tune.plans.example import PlanExample
from dbwright.tune.plans.insight import PlanFault, insight
from dbwright.tune.plans.insights._conditions import compared
from dbwright.tune.plans.insights._tables import table_of, table_ref
from dbwright.tune.plans.insights._words import count, error_factor, many, titled, under_limit

CARS = """
CREATE TABLE cars (id int, maker int, model int);
INSERT INTO cars SELECT n, n % 100, n % 100 FROM generate_series(1, 20000) n;
ANALYZE cars;
"""

BAD = PlanExample(
    "SELECT * FROM cars WHERE maker = 3 AND model = 3",
    CARS,
    object="public.cars",
    fix_mends=True,
)
GOOD = (
    PlanExample(
        "WITH c AS MATERIALIZED (SELECT * FROM cars WHERE maker = 3) SELECT * FROM c", CARS
    ),
    PlanExample("SELECT * FROM cars WHERE maker = 3", CARS),
    PlanExample("SELECT * FROM cars WHERE id > 0 LIMIT 3", CARS),
)

COUNTLESS = ("BitmapAnd", "BitmapOr", "ModifyTable", "Bitmap Index Scan", "WorkTable Scan")
"""Nodes whose actual rows EXPLAIN gives as zero, or which pass on what another one estimated."""
STALE = 0.1


@insight(severity=Severity.WARNING, bad=BAD, good=GOOD)
def row_estimate_wrong(
    plan: Plan,
    catalog: Catalog | None,
    statistics: Statistics | None,
    *,
    min_factor: Annotated[float, "how many times more or fewer"] = 10.0,
    min_rows: Annotated[float, "expected or found, whichever is more"] = 100,
) -> Iterator[PlanFault]:
    for node in plan.nodes:
        factor = error_factor(node)
        if factor < min_factor or not _counts(plan, node):
            continue
        if any(error_factor(below) >= min_factor for below in _inputs(plan, node)):
            continue  # it starts further down
        expected, actual = node.rows or 0.0, node.actual_rows or 0.0
        if max(expected, actual) * (node.loops or 1) < min_rows:
            continue
        fix = _fix(catalog, statistics, node)
        yield PlanFault(
            node,
            f"{titled(node)} gave {count(actual)} rows where {count(expected)} were expected, "
            f"{many(factor)} {'more' if actual > expected else 'fewer'}",
            {
                "rows_expected": expected,
                "rows_found": actual,
                "loops": node.loops,
                "condition": _condition(node),
            },
            "" if fix else _advice(node),
            fix,
            table_ref(catalog, node) if node.relation and _scans_table(node) else None,
        )


def _counts(plan: Plan, node: PlanNode) -> bool:
    """Can its rows be compared with what was expected?"""
    if node.kind in COUNTLESS or not node.executed:
        return False
    fewer = (node.actual_rows or 0.0) < (node.rows or 0.0)
    if fewer and not node.relation and not any(_joins(each) for each in plan.ancestors(node)):
        return False
    return not (fewer and under_limit(plan, node))


def _joins(node: PlanNode) -> bool:
    return node.kind == "Nested Loop" or node.kind.endswith(" Join")


def _inputs(plan: Plan, node: PlanNode) -> Iterator[PlanNode]:
    """The nodes whose rows it works on; a CTE Scan's are its CTE's."""
    if node.kind == "CTE Scan":
        yield from (n for n in plan.nodes if n.subplan_name == f"CTE {node.relation}")
    for child in node.children:
        if child.parent_relationship not in ("InitPlan", "SubPlan") and child.kind not in COUNTLESS:
            yield child


def _condition(node: PlanNode) -> str:
    parts = (node.index_condition, node.recheck_condition, node.filter)
    joins = (node.hash_condition, node.merge_condition, node.join_filter)
    return " AND ".join(part for part in (*parts, *joins) if part)


def _scans_table(node: PlanNode) -> bool:
    return node.kind.endswith("Scan") and node.kind not in ("CTE Scan", "Function Scan")


def _fix(catalog: Catalog | None, statistics: Statistics | None, node: PlanNode) -> Fix | None:
    table = table_of(catalog, node)
    if catalog is None or table is None:
        return None
    if _is_stale(statistics, table):
        return Fix(
            up=f"ANALYZE {table.qualified};",
            down="",
            lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
            scans=True,
            risk="statistics that were there are replaced; nothing brings them back",
        )
    columns = compared(_condition(node), node)
    names = tuple(dict.fromkeys(columns.equal + columns.ranges))
    if len(names) < 2 or _has_statistics(catalog, table, names):
        return None
    name = qualify(table.schema, _free_name(catalog, f"{table.name}_{'_'.join(names)}"))
    return Fix(
        up=f"CREATE STATISTICS {name} (ndistinct, dependencies, mcv) ON "
        f"{', '.join(map(quote, names))} FROM {table.qualified};\nANALYZE {table.qualified};",
        down=f"DROP STATISTICS {name};",
        lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
        scans=True,
    )


def _is_stale(statistics: Statistics | None, table: Table) -> bool:
    counted = statistics.of(table) if statistics is not None else None
    if counted is None:
        return False
    if counted.rows is None:
        return True
    return counted.modified_since_analyze > STALE * max(counted.rows, 1.0)


def _has_statistics(catalog: Catalog, table: Table, names: tuple[str, ...]) -> bool:
    return any(
        set(names) <= set(existing.columns)
        for existing in catalog.extended_statistics
        if existing.table == table.qualified
    )


def _free_name(catalog: Catalog, wanted: str) -> str:
    taken = {existing.name for existing in catalog.extended_statistics}
    stem = "".join(c if c.isalnum() or c == "_" else "_" for c in wanted)
    stem = stem.encode()[:55].decode(errors="ignore")
    number, name = 1, f"{stem}_stat"
    while name in taken:
        number += 1
        name = f"{stem}_stat{number}"
    return name


def _advice(node: PlanNode) -> str:
    if node.kind == "Function Scan":
        return "Tell the planner how many rows the function returns: ALTER FUNCTION … ROWS n."
    if node.kind in ("Aggregate", "Group"):
        return _advice_on_groups(node)
    if _joins(node):
        return (
            "The planner can't know how the joined values meet: check that there are foreign keys, "
            "on all columns that belong to a key."
        )
    if not _condition(node):
        return "The estimate comes from below; look at what the node works on."
    if any(part in _condition(node) for part in ("SubPlan", "InitPlan", "$")):
        return "The planner can't know the values that are compared: it took an average."
    return (
        "ANALYZE the table; if that doesn't help, raise the statistics target of the "
        "columns, or create statistics on the expression that is compared."
    )


def _advice_on_groups(node: PlanNode) -> str:
    if node.filter:
        return (
            "The planner can't know how many groups HAVING keeps. Where that spoils the joins "
            "above, write the groups to a temporary table, ANALYZE it, and join that."
        )
    return (
        "The planner multiplies the values of the columns that are grouped by. Of columns that "
        "depend on each other CREATE STATISTICS (ndistinct) tells how many pairs there are."
    )
