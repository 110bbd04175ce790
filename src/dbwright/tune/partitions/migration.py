"""The way from a table to a partitioned one, and back, without stopping readers and writers for
longer than a moment.

The table becomes the first partition as it is: nothing is copied. What reads it whole (a check that
the partition's bound follows from, indexes that its keys need) is done beforehand, beside running
work. The switch is one block that takes ACCESS EXCLUSIVE, gives up after some seconds where it does
not get it, and changes nothing but the catalog (manual, ALTER TABLE, ATTACH PARTITION).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbwright.model.catalog import Catalog, Table
from dbwright.model.finding import Fix, LockMode
from dbwright.model.names import quote
from dbwright.sql.index_build import free_name
from dbwright.tune.partitions.candidates import Candidate
from dbwright.tune.partitions.keys import Names, Primary, changed_primary, kept_keys, stem
from dbwright.tune.partitions.layout import Layout
from dbwright.tune.partitions.parent import create_parent, create_partitions
from dbwright.tune.partitions.sequences import given_back, handed_over

__all__ = ["migration"]

LOCK_TIMEOUT = "5s"
READ_BYTES_PER_SECOND = 200e6
"""A cautious rate for reading a table from a cloud disk."""
BLOCK = "$migration$"


@dataclass(frozen=True)
class _Plan:
    catalog: Catalog
    layout: Layout
    names: Names
    primary: Primary | None

    @property
    def candidate(self) -> Candidate:
        return self.layout.candidate

    @property
    def table(self) -> Table:
        return self.layout.candidate.table


def migration(catalog: Catalog, layout: Layout) -> Fix:
    """The fix for a table without obstacles. `layout`: as it is on the first day."""
    candidate = layout.candidate
    names = _names(catalog, layout)
    plan = _Plan(catalog, layout, names, changed_primary(catalog, candidate))
    up = [
        *_indexes(plan),
        # Made of the table before it has the check, which is of the old rows alone.
        *create_parent(catalog, candidate, names),
        *create_partitions(catalog, layout, names),
        *_check(plan),
        _block(_switch(plan)),
    ]
    return Fix(
        up="\n".join(up),
        down=_block(_back(plan)),
        lock=LockMode.ACCESS_EXCLUSIVE,
        transactional=False,
        risk=_risk(plan),
    )


def _names(catalog: Catalog, layout: Layout) -> Names:
    table = layout.candidate.table
    old = f"{stem(table.name)}_before_{layout.interval.suffix(layout.parts[0].end)}"
    return Names(
        schema=table.schema,
        table=table.name,
        parent=free_name(catalog, table.schema, f"{stem(table.name)}_partitioned"),
        old=free_name(catalog, table.schema, old),
    )


def _indexes(plan: _Plan) -> Iterator[str]:
    if plan.primary is None:
        return
    for name, columns in plan.primary.indexes:
        keys = ", ".join(map(quote, columns))
        yield f"CREATE UNIQUE INDEX CONCURRENTLY {quote(name)} ON {plan.table.qualified} ({keys});"


def _check(plan: _Plan) -> Iterator[str]:
    column = quote(plan.candidate.column.name)
    bound = plan.candidate.line.axis.literal(plan.layout.parts[0].end)
    alter = f"ALTER TABLE {plan.table.qualified}"
    check = f"CHECK ({column} IS NOT NULL AND {column} < {bound}) NOT VALID"
    yield f"{alter} ADD CONSTRAINT {quote(plan.names.old)} {check};"
    yield f"{alter} VALIDATE CONSTRAINT {quote(plan.names.old)};"


def _switch(plan: _Plan) -> Iterator[str]:
    names, table = plan.names, plan.table
    yield f"LOCK TABLE {table.qualified} IN ACCESS EXCLUSIVE MODE"
    yield from handed_over(plan.catalog, table, names)
    for number, key in enumerate(kept_keys(plan.candidate)):
        yield (
            f"ALTER TABLE {table.qualified} "
            f"RENAME CONSTRAINT {quote(key.name)} TO {quote(names.of_old(number))}"
        )
        yield (
            f"ALTER TABLE {names.qualified(names.parent)} "
            f"RENAME CONSTRAINT {quote(names.of_parent(number))} TO {quote(key.name)}"
        )
    if plan.primary is not None:
        own = quote(plan.primary.key.name)
        yield (
            f"ALTER TABLE {table.qualified} DROP CONSTRAINT {own}, ADD CONSTRAINT "
            f"{quote(names.old_primary)} PRIMARY KEY USING INDEX {quote(plan.primary.wide)}"
        )
        yield (
            f"ALTER TABLE {names.qualified(names.parent)} "
            f"RENAME CONSTRAINT {quote(names.parent_primary)} TO {own}"
        )
    yield f"ALTER TABLE {table.qualified} RENAME TO {quote(names.old)}"
    yield f"ALTER TABLE {names.qualified(names.parent)} RENAME TO {quote(names.table)}"
    old = names.qualified(names.old)
    bound = plan.layout.parts[0].bound(plan.candidate)
    yield f"ALTER TABLE {table.qualified} ATTACH PARTITION {old} {bound}"
    # The partition's bound says the same.
    yield f"ALTER TABLE {old} DROP CONSTRAINT {quote(names.old)}"


def _back(plan: _Plan) -> Iterator[str]:
    names, table = plan.names, plan.table
    old, parent = names.qualified(names.old), names.qualified(names.parent)
    yield f"LOCK TABLE {table.qualified} IN ACCESS EXCLUSIVE MODE"
    yield f"ALTER TABLE {table.qualified} DETACH PARTITION {old}"
    yield f"ALTER TABLE {table.qualified} RENAME TO {quote(names.parent)}"
    yield f"ALTER TABLE {old} RENAME TO {quote(names.table)}"
    if plan.primary is not None:
        yield (
            f"ALTER TABLE {table.qualified} DROP CONSTRAINT {quote(names.old_primary)}, "
            f"ADD CONSTRAINT {quote(names.narrow_primary)} "
            f"PRIMARY KEY USING INDEX {quote(plan.primary.narrow)}"
        )
    columns = ", ".join(quote(c.name) for c in table.columns if c.generated is None)
    yield (
        f"INSERT INTO {table.qualified} ({columns}) OVERRIDING SYSTEM VALUE "
        f"SELECT {columns} FROM {parent}"
    )
    yield from given_back(plan.catalog, table, names)
    yield f"DROP TABLE {parent}"
    # Names of constraints are those of their indexes, and free again only now.
    if plan.primary is not None:
        yield (
            f"ALTER TABLE {table.qualified} RENAME CONSTRAINT "
            f"{quote(names.narrow_primary)} TO {quote(plan.primary.key.name)}"
        )
    for number, key in enumerate(kept_keys(plan.candidate)):
        yield (
            f"ALTER TABLE {table.qualified} "
            f"RENAME CONSTRAINT {quote(names.of_old(number))} TO {quote(key.name)}"
        )


def _block(statements: Iterator[str]) -> str:
    """All of them or none, and no long wait for a lock."""
    lines = [f"    SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'", *(f"    {s}" for s in statements)]
    return f"DO {BLOCK} BEGIN\n" + ";\n".join(lines) + f";\nEND {BLOCK};"


def _risk(plan: _Plan) -> str:
    seconds = plan.candidate.bytes / READ_BYTES_PER_SECOND
    bound = plan.candidate.line.axis.value(plan.layout.parts[0].end)
    parts = [
        f"VALIDATE CONSTRAINT reads the whole table (about {max(1.0, seconds):,.0f} s) under SHARE "
        "UPDATE EXCLUSIVE, which blocks neither reads nor writes",
        "the last block takes ACCESS EXCLUSIVE for a moment and gives up after "
        f"{LOCK_TIMEOUT}: run that statement again then",
        f"until it has run, rows from {bound} on are refused, so begin well before",
    ]
    if plan.primary is not None:
        key = ", ".join(map(quote, plan.primary.key.columns))
        parts.append(f"the primary key no longer says that {key} is unique among all partitions")
    if plan.table.foreign_keys:
        parts.append("the tables that it references are locked (SHARE ROW EXCLUSIVE) for a moment")
    abandon = " ".join(_abandon(plan)).removesuffix(";")
    parts.append(f"to give up before the last block: {abandon}")
    parts.append("taking it back copies the rows of later partitions into the table under the lock")
    parts.append(f"run it as {quote(plan.table.owner)}, so that the partitions have one owner")
    return "; ".join(parts)


def _abandon(plan: _Plan) -> Iterator[str]:
    """What takes back all but the switch."""
    names = plan.names
    yield f"DROP TABLE {names.qualified(names.parent)};"
    yield f"ALTER TABLE {plan.table.qualified} DROP CONSTRAINT IF EXISTS {quote(names.old)};"
    if plan.primary is not None:
        for name, _ in plan.primary.indexes:
            yield f"DROP INDEX CONCURRENTLY IF EXISTS {names.qualified(name)};"
