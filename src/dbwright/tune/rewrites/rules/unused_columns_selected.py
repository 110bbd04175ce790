"""Columns are read that nobody uses.

## What it finds

A WITH query that is computed apart and gives columns that none of its readers names (`SELECT *`, of
which three are used); and `SELECT *` as the whole query of a table with wide columns.

## Why it matters

What is not asked for can be left in the table: a narrow list may be answered by an index alone,
takes less memory to sort and to keep, and wide values that are stored apart (TOAST) are not fetched
and unpacked. A column that is added to the table makes `SELECT *` dearer for everybody.

## How to fix

Name the columns that are used. For a WITH query dbwright does that, and proves it. What an
application does with the columns of `SELECT *` it can't know: the template leaves out those that
are wide.

## When to ignore

All columns are used.

## Sources

- PostgreSQL manual, TOAST; Index-Only Scans and Covering Indexes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.catalog import Catalog, Column, Table
from dbwright.model.finding import Severity
from dbwright.model.statistics import Statistics
from dbwright.sql.parse import Node
from dbwright.sql.scope.needed import needed_columns
from dbwright.sql.scope.nouns import WHOLE_ROW
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._ctes import CommonTable, common_tables
from dbwright.tune.rewrites.rules._parts import calls_aggregate, calls_odd
from dbwright.tune.rewrites.source import Level, Source
from dbwright.tune.rewrites.trees import at, column, put

APART = ("extended", "external")
"""How columns are stored whose values may be moved out of their row."""
POINTER = 16
"""Bytes of what stands in the row for a value that was moved: no narrower column has any."""

DOCUMENTS = """
CREATE TABLE documents (id int PRIMARY KEY, owner int NOT NULL, title text, body text);
INSERT INTO documents SELECT n, n % 100, 'title ' || n, repeat('x', 600)
    FROM generate_series(1, 5000) n;
CREATE INDEX documents_owner ON documents (owner);
CREATE TABLE small (id int PRIMARY KEY, owner int);
VACUUM ANALYZE;
"""

BAD = (
    RewriteExample(
        "WITH d AS (SELECT * FROM documents) SELECT a.owner FROM d a "
        "WHERE a.owner > (SELECT avg(d.owner) FROM d)",
        DOCUMENTS,
    ),
    RewriteExample("SELECT * FROM documents WHERE owner = 7", DOCUMENTS),
)
GOOD = (
    RewriteExample("SELECT id, body FROM documents WHERE owner = 7", DOCUMENTS),
    RewriteExample("SELECT * FROM small WHERE owner = 7", DOCUMENTS),
    RewriteExample(
        "WITH d AS MATERIALIZED (SELECT * FROM documents) SELECT d FROM d WHERE owner = 7",
        DOCUMENTS,
    ),
    RewriteExample(
        "WITH d AS MATERIALIZED (SELECT DISTINCT * FROM documents) SELECT id FROM d", DOCUMENTS
    ),
)


@rewrite(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def unused_columns_selected(
    source: Source,
    catalog: Catalog,
    *,
    min_bytes: Annotated[int, "bytes of a row's wide columns that are worth leaving out"] = 200,
) -> Iterator[Rewritten]:
    for table in common_tables(source):
        needed = _needed(source, table)
        targets = None if needed is None else _narrowed(source, table, needed)
        if targets is None:
            continue
        path = (*table.path, "ctequery", "SelectStmt", "targetList")
        text = source.with_tree(put(source.tree, path, targets))
        if text is not None:
            yield Rewritten(text, f"no reader of {table.name} names the other columns")
    yield from _template(source, min_bytes)


def _needed(source: Source, table: CommonTable) -> set[str] | None:
    """The columns that its readers read; None where one of them takes whole rows."""
    found: set[str] = set()
    uses = [
        use
        for use in source.statement.relations
        if use.source is not None and use.name == table.name and not use.stored
    ]
    if not uses or len(uses) != table.uses:
        return None
    for use in uses:
        found.update(needed_columns(source.statement, use))
    return None if WHOLE_ROW in found else found


def _narrowed(source: Source, table: CommonTable, needed: set[str]) -> list[Node] | None:
    """The targets that are needed; None where none can be left out."""
    path = (*table.path, "ctequery", "SelectStmt")
    level = next(each for each in source.levels if each.path == path)
    simple = level.plain and not level.fields.get("sortClause") and level.plain_from
    listed = at(source.tree, table.path).get("aliascolnames")
    targets: list[Node] = list(level.fields.get("targetList", ()))
    if not simple or listed or calls_aggregate(targets) or calls_odd(targets):
        return None
    all_ = [(name, node) for target in targets for name, node in _outputs(level, target)]
    kept = [node for name, node in all_ if name in needed] or [node for _, node in all_[:1]]
    known = needed <= {name for name, _ in all_} and len({name for name, _ in all_}) == len(all_)
    return kept if known and len(kept) < len(all_) else None


def _outputs(level: Level, target: Node) -> Iterator[tuple[str, Node]]:
    """The columns of a target, each with a target of its own; a name that can't be told is
    empty."""
    own = target["ResTarget"]
    parts = own["val"].get("ColumnRef", {}).get("fields", ())
    if parts and "A_Star" in parts[-1]:
        names = [part["String"]["sval"] for part in parts[:-1]]
        for item in level.items:
            if not names or item.alias == names[-1]:
                for name in item.columns or ("",):
                    yield name, {"ResTarget": {"val": column(item.alias, name)}}
    elif own.get("name"):
        yield own["name"], target
    else:
        yield (parts[-1]["String"]["sval"] if parts else ""), target


def _template(source: Source, min_bytes: int) -> Iterator[Rewritten]:
    level = source.levels[0]
    targets = level.fields.get("targetList", ())
    parts = targets[0]["ResTarget"]["val"].get("ColumnRef", {}) if len(targets) == 1 else {}
    whole = len(parts.get("fields", ())) == 1 and "A_Star" in parts["fields"][0]
    single = len(level.items) == 1 and level.plain_from and not level.set_operation
    table = level.items[0].table if whole and single else None
    if table is None or source.statistics is None:
        return
    wide = _wide(table, source.statistics, min_bytes)
    kept = [each for each in table.columns if each.name not in {c.name for c, _ in wide}]
    if not wide or not kept:
        return
    alias = level.items[0].alias
    shown = [{"ResTarget": {"val": column(alias, each.name)}} for each in kept]
    text = source.with_level(level, targetList=shown)
    if text is not None:
        names = ", ".join(f"{each.name} ({size})" for each, size in wide)
        note = f"name what is used; if that is not the wide columns, {names}, leave them out"
        yield Rewritten(
            text, note, provable=False, evidence={"wide_columns": [each.name for each, _ in wide]}
        )


def _wide(table: Table, statistics: Statistics, min_bytes: int) -> list[tuple[Column, str]]:
    """The columns that take most of a row, and how much, in words."""
    counted = statistics.of(table)
    rows = 0.0 if counted is None else counted.best_rows
    apart = (counted.toast_bytes or 0) / rows if counted is not None and rows else 0.0
    found: list[tuple[Column, str]] = []
    for each in table.columns:
        known = statistics.of_column(table, each)
        if known is None:
            continue
        if known.average_width >= min_bytes:
            found.append((each, f"{known.average_width:,} bytes"))
        elif apart >= min_bytes and each.storage in APART and known.average_width > POINTER:
            found.append((each, f"stored apart, with others {apart:,.0f} bytes a row"))
    return found
