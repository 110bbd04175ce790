"""A column holds secrets that can be read.

## What it finds

A text column whose name says that it holds passwords, keys or tokens (`password`, `api_token`,
`client_secret` …), where PUBLIC may read it: an error, and for hashes of passwords as well. Where
PUBLIC may not, only if the column's values (from the statistics, or with `--data` from a few rows)
do not look hashed or encrypted: a warning for passwords, a notice for tokens. The values
themselves are never shown.

## Why it matters

Who reads one row acts as its owner: with a dump, a backup, a replica or a forgotten account for
reports as well as in the live database.

## How to fix

Store a slow hash of passwords (argon2id, bcrypt, scrypt) and a SHA-256 of tokens that are only
compared; encrypt in the application what must be read again. Let PUBLIC read none of it.

## When to ignore

The name means something else, or the values are encrypted in a form that does not show it.

## Sources

- OWASP, Password Storage Cheat Sheet; Cryptographic Storage Cheat Sheet.
- PostgreSQL manual, Encryption Options; Privileges.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dbwright.check.example import Example
from dbwright.check.rule import Answers, Fault, Question, rule
from dbwright.check.rules.security._grants import (
    is_filtered,
    public_reads,
    public_schemas,
    revoke_public_reads,
    top_relations,
)
from dbwright.check.rules.security._sensitive import HASHED, PASSWORD, secret_kind, secret_name
from dbwright.model.catalog import Catalog, Column, Table, TableKind
from dbwright.model.finding import Confidence, Severity
from dbwright.model.names import literal, quote
from dbwright.model.snapshot import Snapshot

BAD = (
    Example(
        """
CREATE TABLE users (id bigint PRIMARY KEY, api_token text, password_hash text);
GRANT SELECT ON users TO PUBLIC;
""",
        objects=("public.users.api_token", "public.users.password_hash"),
    ),
    Example(
        """
CREATE TABLE users (id bigint PRIMARY KEY, password text);
INSERT INTO users SELECT n, 'summer ' || n FROM generate_series(1, 50) n;
""",
        objects=("public.users.password",),
        fix_mends=False,
    ),
)
GOOD = Example(
    """
CREATE TABLE users (id bigint PRIMARY KEY, password text, secret_question text);
INSERT INTO users SELECT n, '$2b$12$' || md5(n::text) FROM generate_series(1, 50) n;
GRANT SELECT (id) ON users TO PUBLIC;
ANALYZE users;
"""
)

PROTECTED = (
    r"^(\$|\{|\\x|pbkdf2|scrypt|bcrypt|argon2|sha[0-9]|md5|vault:|enc|ENC|gAAAA|\*+$)"
    r"|^-----BEGIN PGP"
    r"|^[0-9a-fA-F]{32,}$"
    # Random letters may be a cipher; with the mark of a live key before them they are not.
    r"|^(?!(tok|sk|pk|rk|api|key|live|test|gh[opsu]|xox[a-z]|glpat)[_-])[A-Za-z0-9+/_-]{40,}={0,2}$"
)
"""How hashed or encrypted text begins or looks; read alike by Python and PostgreSQL."""
FEW = 5
"""Fewer values tell nothing."""


def _columns(catalog: Catalog) -> Iterator[tuple[Table, Column, str]]:
    """The columns with secrets by their names, in catalog order."""
    wanted: dict[int, list[Column]] = {}
    for name, columns in catalog.columns_by_name.items():
        for table, column in columns if secret_name(name) else ():
            if secret_kind(column):
                wanted.setdefault(table.oid, []).append(column)
    for table in top_relations(t for t in catalog.tables if t.oid in wanted):
        for column in sorted(wanted[table.oid], key=_position):
            yield table, column, secret_kind(column) or ""


def _position(column: Column) -> int:
    return column.position


def questions(catalog: Catalog) -> Iterator[Question]:
    for table, column, kind in _columns(catalog):
        if kind != HASHED and table.kind is not TableKind.FOREIGN:
            name = quote(column.name)
            yield Question(
                f"{table.qualified}.{name}",
                "SELECT count(*) AS looked_at, "
                f"count(*) FILTER (WHERE v !~ {literal(PROTECTED)}) AS plain FROM "
                f"(SELECT {name}::text AS v FROM {table.qualified} "
                f"WHERE {name} IS NOT NULL LIMIT 200) s",
            )


@rule(
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    needs=("catalog.schemas",),
    bad=BAD,
    good=GOOD,
    questions=questions,
    data_optional=True,
)
def secret_column(catalog: Catalog, snapshot: Snapshot, answers: Answers) -> Iterator[Fault]:
    usable = public_schemas(catalog)
    for table, column, kind in _columns(catalog):
        name = f"{table.qualified}.{quote(column.name)}"
        everybody = (
            public_reads(table, column) and table.schema in usable and not is_filtered(table)
        )
        rows = answers.get(name)
        plain = _plain_in_rows(rows) if rows else _plain_in_statistics(snapshot, table, column)
        if not everybody and (kind == HASHED or not plain):
            continue
        what = "hashes of passwords" if kind == HASHED else "secrets"
        yield Fault(
            object=table.column_ref(column),
            message=f"everybody may read {name}, which by its name holds {what}"
            if everybody and not plain
            else f"{name} holds {what} in plain text"
            + (", and everybody may read them" if everybody else ""),
            evidence={
                "readable_by_everybody": everybody,
                "plain_text": plain,
                "seen_in": "rows" if rows else "statistics" if plain is not None else "the name",
            },
            severity=Severity.ERROR if everybody else None if kind == PASSWORD else Severity.NOTICE,
            confidence=Confidence.HIGH if rows and plain else None,
            fix=revoke_public_reads(table, [column]) if everybody else None,
            advice="Store a hash of what is only compared, encrypt in the application what must be "
            "read again, and change the secrets that were readable."
            if plain
            else "",
        )


def _plain_in_rows(rows: Sequence[object]) -> bool | None:
    (row,) = rows
    looked_at: int = getattr(row, "looked_at", 0)
    plain: int = getattr(row, "plain", 0)
    return None if looked_at < FEW else plain * 2 > looked_at


def _plain_in_statistics(snapshot: Snapshot, table: Table, column: Column) -> bool | None:
    """Do most of the known values look like neither a hash nor a cipher?"""
    if snapshot.statistics is None:
        return None
    known = snapshot.statistics.of_column(table, column)
    if known is None or len(known.sample) < FEW:
        return None
    plain = sum(re.search(PROTECTED, value) is None for value in known.sample)
    return plain * 2 > len(known.sample)
