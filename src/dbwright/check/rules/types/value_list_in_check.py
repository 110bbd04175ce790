"""A long or repeated list of values stands in CHECK constraints.

## What it finds

CHECK constraints that are nothing but a list of allowed values of one column, where the list has
more than `max_values` entries, or stands in the same words in several tables.

## Why it matters

A new value needs the constraint to be dropped and added in every place, and adding it reads the
whole table under a lock. Lists that are copied drift apart.

## How to fix

Put the values into a table of their own, and let the columns reference it: then a new value is an
INSERT, and each can carry a label, an order or an end date. For a list that only grows, an enum
type is the smaller change.

## When to ignore

The list belongs to the code, is short, and changes only with a release.

## Sources

- PostgreSQL manual, Check Constraints; Enumerated Types: "existing values cannot be
  removed from an enum type".
- PostgreSQL manual, ALTER TABLE, Notes, on adding constraints to large tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog, Check, Table, TableKind
from dbwright.model.finding import Severity
from dbwright.model.names import quote
from dbwright.sql.lexer import significant

BAD = Example(
    """
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    state text CHECK (state IN ('new', 'paid', 'sent'))
);
CREATE TABLE returns (
    id bigint PRIMARY KEY,
    state varchar(10) CHECK (state IN ('new', 'paid', 'sent'))
);
""",
    objects=("public.orders.orders_state_check", "public.returns.returns_state_check"),
    fix_mends=False,
)

GOOD = """
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    state text CHECK (state IN ('new', 'paid', 'sent')),
    amount numeric CHECK (amount > 0)
);
"""

LIST_WORDS = frozenset("any array text character varying bpchar".split())


@rule(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def value_list_in_check(
    catalog: Catalog,
    *,
    max_values: Annotated[int, "a list of up to so many values in one place is fine"] = 10,
    min_values: Annotated[int, "a shorter list is no list, wherever it stands"] = 3,
) -> Iterator[Fault]:
    alike: dict[str, list[tuple[Table, Check]]] = {}
    for table in catalog.tables:
        if not table.is_partition and table.kind is not TableKind.FOREIGN:
            for check in table.checks:
                if not check.inherited and len(check.columns) == 1 and check.expression:
                    alike.setdefault(_between_brackets(check.expression), []).append((table, check))
    places: dict[frozenset[str], list[tuple[Table, Check]]] = {}
    for text, found in alike.items():
        if text and (len(found) > 1 or text.count(",") >= max_values):
            for table, check in found:
                values = _values(check.expression or "", check.columns[0])
                if len(values) >= min_values:
                    places.setdefault(values, []).append((table, check))
    for values, found in places.items():
        if len(found) == 1 and len(values) <= max_values:
            continue
        for table, check in found:
            others = [other.qualified for other, _ in found if other is not table]
            repeated = f", which stands in {len(found)} places" if len(found) > 1 else ""
            yield Fault(
                object=table.constraint_ref(check.name),
                message=f"{quote(check.name)} of {table.qualified} allows a list of {len(values)} "
                f"values{repeated}",
                evidence={
                    "column": check.columns[0],
                    "values": len(values),
                    "same_list_in": others,
                },
                advice="Put the values into a table that the columns reference, so that a new one "
                "is an INSERT; or use one enum type for a list that only grows.",
            )


def _between_brackets(expression: str) -> str:
    """What may be a list, whatever its type: a first look, before the tokens are read."""
    inside = expression.partition("[")[2].partition("]")[0]
    for type_ in ("::text", "::character varying", "::bpchar", "(", ")"):
        inside = inside.replace(type_, "")
    return inside


def _values(expression: str, column: str) -> frozenset[str]:
    """The texts of `column = ANY (ARRAY['a', 'b'])`, as IN is stored; empty for all else."""
    name = quote(column)
    texts: list[str] = []
    seen: list[str] = []
    for token in significant(expression):
        if token.kind == "string":
            texts.append(token.text)
        elif token.kind in ("word", "identifier") and token.text != name:
            if token.lower not in LIST_WORDS:
                return frozenset()
            seen.append(token.lower)
        elif token.kind == "number" or (token.kind == "operator" and token.text != "="):
            return frozenset()
    return frozenset(texts) if seen.count("any") == 1 and "array" in seen else frozenset()
