"""What is done when all tables have rows: references within circles, and sequences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dbwright.design.seed.uniqueness import unique_sets
from dbwright.model.catalog import Catalog, ForeignKey, Table
from dbwright.model.names import literal, quote
from dbwright.sql.constants import constants_of_expressions

__all__ = ["numbering", "second_pass"]


def second_pass(table: Table, key: ForeignKey, nulls: float) -> str | None:
    """An UPDATE that lets rows refer, few to many; None for a table without a primary key. The same
    rows give the same references."""
    primary = table.primary_key
    if primary is None:
        return None
    own = ", ".join(map(quote, primary.columns))
    wanted = ", ".join(map(quote, key.referenced_columns))
    once = any(set(unique.columns) == set(key.columns) for unique in unique_sets(table))
    # Row n refers to row n where each may be referred to once; else the first ones more often.
    place = "a.n" if once else "1 + floor(b.c * power(((a.n * 7919) % 10007) / 10007.0, 4))::bigint"
    keep = "true" if not nulls else f"((a.n * 104729) % 1000) >= {round(nulls * 1000)}"
    same = " AND ".join(f"t.{quote(name)} = a.{quote(name)}" for name in primary.columns)
    free = [
        (name, target)
        for name, target in zip(key.columns, key.referenced_columns, strict=True)
        if not table.column(name).not_null
    ]
    pairs = list(zip(key.columns, key.referenced_columns, strict=True))
    agree = "".join(
        f" AND t.{quote(name)} = b.{quote(target)}"
        for name, target in pairs
        if (name, target) not in free
    )
    sets = ", ".join(f"{quote(name)} = b.{quote(target)}" for name, target in free)
    null = " AND ".join(f"t.{quote(name)} IS NULL" for name, _ in free)
    return (
        f"UPDATE {table.qualified} AS t SET {sets}\n"
        f"FROM (SELECT {own}, row_number() OVER (ORDER BY {own}) AS n\n"
        f"      FROM {table.qualified}) AS a,\n"
        f"     (SELECT {wanted}, row_number() OVER (ORDER BY {wanted}) AS n,\n"
        f"             count(*) OVER () AS c FROM {key.references}) AS b\n"
        f"WHERE {same} AND b.n = {place} AND {keep} AND {null}{agree}"
    )


def numbering(catalog: Catalog, tables: Iterable[Table]) -> Iterator[str]:
    """What the sequences of these tables give next shall be free."""
    for table in tables:
        for column in table.columns:
            sequence = catalog.sequence_of(table, column)
            name = sequence.qualified if sequence is not None else None
            if name is None and column.default is not None and "nextval(" in column.default:
                named = constants_of_expressions([column.default])
                name = named[0] if named else None
            if name is None:
                continue
            own = catalog.sequence(name) or sequence
            most = "max" if own is None or own.increment > 0 else "min"
            yield (
                f"SELECT setval({literal(name)}, {most}({quote(column.name)})::bigint) "
                f"FROM {table.qualified} HAVING {most}({quote(column.name)}) IS NOT NULL"
            )
