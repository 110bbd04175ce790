"""A name is longer than the server keeps.

## What it finds

Names of more than 63 bytes in statements that make or rename something.

## Why it matters

The server cuts them off and only says so in a notice: two long names become the same, and
statements that look for the whole name among those of the catalog don't find it.

## How to fix

A shorter name.

## When to ignore

The tool that wrote it cuts names off in the same way.

## Sources

- PostgreSQL manual, Lexical Structure, Identifiers and Key Words.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.statement import file_ref
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedMigration, JudgedStatement
from dbwright.sql.lexer import significant

LONG = "an_index_whose_name_says_all_that_there_is_to_say_about_its_columns_and_more"
BEFORE = "CREATE TABLE users (id bigint PRIMARY KEY, email text);"
BAD = MigrationExample(f"CREATE INDEX {LONG} ON users (email);", BEFORE)
GOOD = MigrationExample("CREATE INDEX users_email ON users (email);", BEFORE)
KEPT = 63
MAKES = ("Create", "Alter", "Index", "Rename", "View", "Rule")


@hazard(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def name_is_cut_off(step: JudgedStatement, file: JudgedMigration) -> Iterator[HazardFault]:
    if not step.kind.startswith(MAKES):
        return
    told: set[str] = set()
    for token in significant(step.text):
        if token.kind not in ("word", "identifier"):
            continue
        name = token.text.strip('"').replace('""', '"')
        if len(name.encode()) > KEPT and name not in told:
            told.add(name)
            cut = name.encode()[:KEPT].decode(errors="ignore")
            yield HazardFault(
                file_ref(file),
                f"{name} has {len(name.encode())} bytes, and is kept as {cut}",
                {"kept_as": cut},
                advice=f"A name of at most {KEPT} bytes.",
                detail=name,
            )
