"""pg_hba.conf has a line that the server can't read.

## What it finds

Each line of pg_hba.conf (and of files that it includes) that the server refuses, with the server's
own words.

## Why it matters

At a reload the server keeps its old rules, whatever else was changed in the file; at the next
start it doesn't start at all.

## How to fix

Mend the line, look at `pg_hba_file_rules` again, and reload.

## When to ignore

Never.

## Sources

- PostgreSQL manual, The pg_hba.conf File; pg_hba_file_rules.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity

BAD = Example(
    """
    DO $$ BEGIN EXECUTE format(
        'COPY (SELECT ''hosst all all 10.0.0.0/8 scram-sha-256'') TO PROGRAM %L',
        'cat >> ' || current_setting('hba_file'));
    END $$;
    """,
    hba="host all all 10.0.0.0/8 scram-sha-256",
    objects=("4",),
    fix_mends=False,
)
GOOD = Example(hba="host all all 10.0.0.0/8 scram-sha-256")


@rule(severity=Severity.ERROR, needs=("catalog.hba_rules",), bad=BAD, good=GOOD)
def broken_hba_line(catalog: Catalog) -> Iterator[Fault]:
    for line in catalog.hba_rules:
        if line.error is not None:
            yield Fault(
                object=line.ref,
                message=f"line {line.line} of pg_hba.conf can't be read: {line.error}",
                evidence={"error": line.error},
                detail=line.error,
                advice="Mend the line before anybody restarts the server, look at "
                "pg_hba_file_rules again, and reload.",
            )
