"""A table or view has rewrite rules (CREATE RULE).

## What it finds

Rules ON INSERT, UPDATE or DELETE made with CREATE RULE: a warning on a table, a notice on a view,
where they were once the way to make it writable. A view's own SELECT rule is not meant.

## Why it matters

A rule rewrites the statement and does not run for each row: expressions such as now(), random() or
nextval() are evaluated more than once, COPY passes rules by, MERGE refuses the table, and the
number of rows that comes back is not what the application expects.

## How to fix

Write a trigger that does the same: BEFORE or AFTER on a table, INSTEAD OF on a view. To forbid
changes, REVOKE the privilege or raise an error in a trigger: a rule DO INSTEAD NOTHING drops them
without a word.

## When to ignore

A rule on a view that does one plain statement and has worked for years.

## Sources

- PostgreSQL manual, Rules Versus Triggers; COPY, Notes; MERGE.
- PostgreSQL wiki, Don't Do This: "Don't use rules".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog, RewriteRule, Table, View
from dbwright.model.finding import ObjectRef, Severity
from dbwright.model.names import quote

BAD = Example(
    """
CREATE TABLE accounts (id bigint PRIMARY KEY, balance numeric);
CREATE TABLE history (id bigint, balance numeric, at timestamptz);
CREATE RULE keep AS ON UPDATE TO accounts
    DO ALSO INSERT INTO history VALUES (old.id, old.balance, now());
CREATE VIEW rich AS SELECT id FROM accounts WHERE balance > 1000;
CREATE RULE no_delete AS ON DELETE TO rich DO INSTEAD NOTHING;
""",
    objects=("public.accounts.keep", "public.rich.no_delete"),
    fix_mends=False,
)

GOOD = """
CREATE TABLE accounts (id bigint PRIMARY KEY, balance numeric);
CREATE VIEW rich AS SELECT id FROM accounts WHERE balance > 1000;
"""


@rule(severity=Severity.WARNING, bad=BAD, good=GOOD)
def rewrite_rule_instead_of_trigger(catalog: Catalog) -> Iterator[Fault]:
    relations: list[Table | View] = [*catalog.tables, *catalog.views]
    for relation in relations:
        for one in relation.rewrite_rules:
            if one.enabled != "disabled" and one.event != "SELECT":
                yield _fault(relation, one)


def _fault(relation: Table | View, one: RewriteRule) -> Fault:
    on_view = isinstance(relation, View)
    timing = "an INSTEAD OF" if on_view else "a BEFORE" if one.instead else "an AFTER"
    return Fault(
        object=ObjectRef("rule", f"{relation.qualified}.{quote(one.name)}"),
        message=f"{relation.qualified} has the rewrite rule {quote(one.name)} ON {one.event} "
        f"DO {'INSTEAD' if one.instead else 'ALSO'}",
        evidence={"event": one.event, "instead": one.instead, "on": relation.ref.kind},
        severity=Severity.NOTICE if on_view else None,
        advice=f"Replace it by {timing} trigger that does the same, then drop the rule.",
    )
