"""Columns as they are written in ALTER TABLE."""

from __future__ import annotations

from collections.abc import Iterable

from dbwright.migrate.plan.dollars import dollars
from dbwright.model.catalog import Column, Sequence, Table
from dbwright.model.names import literal, qualify, quote

__all__ = [
    "add_column",
    "attributes",
    "drop_column",
    "grants",
    "new_sequence",
    "owned",
    "sequence_options",
]


def add_column(table: str, column: Column, *, name: str | None = None, bare: bool = False) -> str:
    """`bare`: type and collation alone."""
    words = [f"ALTER TABLE {table} ADD COLUMN {quote(name or column.name)} {column.type}"]
    if column.collation:
        words.append(f"COLLATE {column.collation}")
    if not bare:
        if column.generated:
            words.append(f"GENERATED ALWAYS AS ({column.default}) {column.generated.upper()}")
        elif column.default is not None:
            words.append(f"DEFAULT {column.default}")
        if column.identity:
            words.append(f"GENERATED {column.identity.upper()} AS IDENTITY")
        if column.not_null:
            words.append("NOT NULL")
    return " ".join(words)


def drop_column(table: str, column: str) -> str:
    """ALTER TABLE … DROP COLUMN."""
    return f"ALTER TABLE {table} DROP COLUMN {quote(column)}"


def attributes(table: Table, column: Column, name: str, default_storage: str) -> list[str]:
    """What hangs on a column beside its type: comment, rights, storage, statistics target."""
    altered = f"ALTER TABLE {table.qualified} ALTER COLUMN {quote(name)}"
    lines = []
    if column.storage != default_storage:
        lines.append(f"{altered} SET STORAGE {column.storage.upper()}")
    if column.compression:
        lines.append(f"{altered} SET COMPRESSION {column.compression}")
    if column.statistics_target is not None:
        lines.append(f"{altered} SET STATISTICS {column.statistics_target}")
    if column.comment is not None:
        place = f"{table.qualified}.{quote(name)}"
        lines.append(f"COMMENT ON COLUMN {place} IS {literal(column.comment)}")
    return [*lines, *grants(table, column, name)]


def grants(table: Table, column: Column, name: str) -> Iterable[str]:
    """Rights on one column alone."""
    for grant in column.grants:
        grantee = grant.grantee if grant.grantee == "PUBLIC" else quote(grant.grantee)
        for privilege in grant.privileges:
            option = " WITH GRANT OPTION" if privilege in grant.grantable else ""
            yield (f"GRANT {privilege} ({quote(name)}) ON {table.qualified} TO {grantee}{option}")


def new_sequence(sequence: Sequence, name: str | None = None) -> str:
    """CREATE SEQUENCE, under its own name or another one."""
    called = qualify(sequence.schema, name or sequence.name)
    return f"CREATE SEQUENCE {called} AS {sequence.type} {sequence_options(sequence)}"


def owned(table: str, column: str, sequence: str, *, theirs: bool) -> list[str]:
    """The sequence goes with the column. `theirs`: whoever runs this may be another than the
    table's owner, who alone can have it."""
    lines = [f"ALTER SEQUENCE {sequence} OWNED BY {table}.{quote(column)}"]
    if theirs:
        owner = f"(SELECT relowner::regrole FROM pg_class WHERE oid = {literal(table)}::regclass)"
        altered = f"format('ALTER SEQUENCE %s OWNER TO %s', {literal(sequence)}, {owner})"
        tag = dollars("owner", altered)
        lines.insert(0, f"DO {tag} BEGIN EXECUTE {altered}; END {tag}")
    return lines


def sequence_options(sequence: Sequence) -> str:
    """What CREATE SEQUENCE and an identity column take alike."""
    words = [
        f"START WITH {sequence.start} INCREMENT BY {sequence.increment}",
        f"MINVALUE {sequence.minimum} MAXVALUE {sequence.maximum} CACHE {sequence.cache}",
    ]
    if sequence.cycle:
        words.append("CYCLE")
    return " ".join(words)
