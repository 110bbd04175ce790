"""Nothing in the database uses a sequence.

## What it finds

Sequences that no column owns, no column's default calls, and no function's source names. Those of
which an application may draw its keys are left out: `hibernate_sequence`, and a sequence that is
named after a table (`orders_seq`, `orders_id_seq`) whose key has no default.

## Why it matters

It is a leftover, mostly of a key that was changed; whoever reads the schema takes it for the
source of numbers that it no longer is.

## How to fix

Search the application for its name, and drop it. The fix is written for a sequence that was never
used; its other half makes the same sequence again.

## When to ignore

The application calls nextval() on it, which the database can't know.

## Sources

- PostgreSQL manual, CREATE SEQUENCE, OWNED BY.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import PUBLIC, Catalog, Sequence
from dbwright.model.finding import Confidence, Fix, LockMode, Severity
from dbwright.model.names import literal, qualify, quote
from dbwright.model.snapshot import Snapshot

BAD = Example(
    """
CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
CREATE SEQUENCE old_order_numbers AS integer INCREMENT BY 5 MINVALUE 10 CYCLE;
GRANT USAGE ON SEQUENCE old_order_numbers TO PUBLIC;
""",
    objects=("public.old_order_numbers",),
)

GOOD = """
CREATE SEQUENCE order_numbers;
CREATE TABLE orders (id bigint PRIMARY KEY DEFAULT nextval('order_numbers'), day date);
CREATE SEQUENCE bill_numbers;
CREATE FUNCTION new_bill() RETURNS bigint LANGUAGE sql AS 'SELECT nextval(''bill_numbers'')';
CREATE TABLE invoices (id bigint PRIMARY KEY, note text DEFAULT nextval('notes'::text));
CREATE SEQUENCE invoices_seq;
CREATE SEQUENCE notes;
"""

WORD = re.compile(r"[\w$]+")
"""A sequence of another spelling (blanks, hyphens) counts as unused: low confidence says so."""

UNREADABLE = "catalog.sequences.last_value"


@rule(severity=Severity.NOTICE, confidence=Confidence.LOW, bad=BAD, good=GOOD)
def orphan_sequence(catalog: Catalog, snapshot: Snapshot) -> Iterator[Fault]:
    candidates = [s for s in catalog.sequences if _unused(s) and not _of_a_table(catalog, s)]
    if not candidates:
        return
    named = _words(catalog)
    hidden = {name for p in snapshot.skipped if p.part == UNREADABLE for name in p.objects}
    for sequence in candidates:
        if sequence.name in named:
            continue
        readable = sequence.qualified not in hidden
        never = readable and sequence.last_value is None and not snapshot.from_files
        state = (
            "and it was never used"
            if never
            else f"its last value is {sequence.last_value}"
            if sequence.last_value is not None
            else "whether it was used is not known"
        )
        yield Fault(
            object=sequence.ref,
            message=f"no column, default or function uses {sequence.qualified}; {state}",
            evidence={"last_value": sequence.last_value, "never_used": never},
            confidence=Confidence.MEDIUM if never else None,
            advice="Search the application for nextval() of it; drop it if there is none.",
            fix=_fix(sequence) if never else None,
        )


def _unused(sequence: Sequence) -> bool:
    return not sequence.used_by_default and not sequence.owned_by and not sequence.identity


def _of_a_table(catalog: Catalog, sequence: Sequence) -> bool:
    """Does its name say that an application draws a table's keys from it?"""
    stem = sequence.name.removesuffix("_seq").removesuffix("_sequence")
    if sequence.name == "hibernate_sequence":
        return True
    for name in dict.fromkeys((stem, stem.rpartition("_")[0])):
        table = catalog.find_table(qualify(sequence.schema, name))
        if stem != sequence.name and table is not None and table.primary_key is not None:
            columns = [table.column(column) for column in table.primary_key.columns]
            return not any(column.default or column.identity for column in columns)
    return False


def _words(catalog: Catalog) -> frozenset[str]:
    """The words of all texts that may name a sequence without the catalog's knowing: sources of
    functions, nextval('…'::text) in defaults, views."""
    defaults = (c.default for table in catalog.tables for c in table.columns if c.default)
    texts = chain(
        (function.source for function in catalog.functions),
        (text for text in defaults if "nextval" in text),
        (view.definition for view in catalog.views if view.definition),
    )
    return frozenset(word for text in texts for word in WORD.findall(text))


def _fix(sequence: Sequence) -> Fix:
    words = [
        f"CREATE SEQUENCE {sequence.qualified} AS {sequence.type}",
        f"INCREMENT BY {sequence.increment}",
        f"MINVALUE {sequence.minimum} MAXVALUE {sequence.maximum}",
        f"START WITH {sequence.start} CACHE {sequence.cache}",
        "CYCLE" if sequence.cycle else "NO CYCLE",
    ]
    down = [" ".join(words) + ";"]
    if sequence.owner:
        down.append(f"ALTER SEQUENCE {sequence.qualified} OWNER TO {quote(sequence.owner)};")
    for grant in sequence.grants:
        grantee = PUBLIC if grant.grantee == PUBLIC else quote(grant.grantee)
        if grant.grantee != sequence.owner and grant.privileges:
            down.append(
                f"GRANT {', '.join(grant.privileges)} ON SEQUENCE {sequence.qualified} "
                f"TO {grantee};"
            )
    if sequence.comment:
        down.append(f"COMMENT ON SEQUENCE {sequence.qualified} IS {literal(sequence.comment)};")
    return Fix(
        up=f"DROP SEQUENCE {sequence.qualified};",
        down="\n".join(down),
        lock=LockMode.ACCESS_EXCLUSIVE,
        risk="an application may call nextval() on it: search for its name first",
    )
