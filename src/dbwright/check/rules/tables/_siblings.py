"""What partitions have for themselves, beside their parent, and how others get the same."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from dbwright.model.catalog import Catalog, ForeignKey, Index, Table, Trigger
from dbwright.model.finding import Fix, LockMode, Severity
from dbwright.model.names import quote
from dbwright.sql.ddl import foreign_key_definition, index_definition
from dbwright.sql.index_build import free_name

__all__ = ["KINDS", "Kind"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing that a partition may have for itself."""

    word: str
    severity: Severity | None
    of: Callable[[Table], Iterable[Any]]
    own: Callable[[Any], bool]
    """Is it the partition's own, not its parent's?"""
    key: Callable[[Any], Hashable]
    """What makes the things of two partitions equal."""
    text: Callable[[Any], str | None]
    """What it does; None where that could not be read."""
    fix: Callable[[Catalog, list[Table], Any], Fix | None]


def _indexes(table: Table) -> Iterable[Index]:
    return (i for i in table.indexes if i.valid and (i.constraint is None or i.parent is not None))


def _index_key(index: Index) -> Hashable:
    """Without its name, its table, and where and how it is stored."""
    return (index.method, index.keys, index.include, index.unique, index.partial, index.predicate)


def _index_text(index: Index) -> str | None:
    plain = replace(index, name="i", options=(), tablespace=None)
    try:
        text = index_definition(plain, "t")
    except ValueError:
        return None
    return text.removeprefix("CREATE ").replace("INDEX i ON t USING ", "", 1)


def _index_fix(catalog: Catalog, lacking: list[Table], index: Index) -> Fix | None:
    up: list[str] = []
    down: list[str] = []
    for partition in lacking:
        words = [partition.name, *(key.column or "expr" for key in index.keys), "idx"]
        name = free_name(catalog, partition.schema, "_".join(words))
        new = replace(index, schema=partition.schema, name=name)
        up.append(f"{index_definition(new, partition.qualified, concurrently=True)};")
        down.append(f"DROP INDEX CONCURRENTLY {new.qualified};")
    return Fix(
        up="\n".join(up),
        down="\n".join(down),
        lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
        scans=True,
        transactional=False,
        risk="a unique index fails where rows repeat" if index.unique else "",
    )


def _foreign_key_text(key: ForeignKey) -> str:
    return foreign_key_definition(replace(key, validated=True))


def _foreign_key_fix(catalog: Catalog, lacking: list[Table], key: ForeignKey) -> Fix | None:
    definition = foreign_key_definition(replace(key, validated=False))
    up: list[str] = []
    down: list[str] = []
    for partition in lacking:
        taken = {other.name for other in partition.foreign_keys}
        taken |= {other.name for other in partition.keys}
        taken |= {check.name for check in partition.checks}
        stem = "_".join([partition.name, *key.columns]).encode()[:50].decode(errors="ignore")
        names = (f"{stem}_fkey{number or ''}" for number in range(len(taken) + 1))
        name = quote(next(name for name in names if name not in taken))
        up += [
            f"ALTER TABLE {partition.qualified} ADD CONSTRAINT {name} {definition};",
            f"ALTER TABLE {partition.qualified} VALIDATE CONSTRAINT {name};",
        ]
        down.append(f"ALTER TABLE {partition.qualified} DROP CONSTRAINT {name};")
    return Fix(
        up="\n".join(up),
        down="\n".join(down),
        lock=LockMode.SHARE_ROW_EXCLUSIVE,
        scans=True,
        transactional=False,
        risk="VALIDATE fails where a row points to nothing; run each statement by itself, so that "
        "the strong lock is held for a moment only",
    )


def _trigger_text(trigger: Trigger) -> str:
    events = " OR ".join(trigger.events)
    return f"that runs {trigger.function} {trigger.timing} {events} for each {trigger.level}"


def _no_fix(catalog: Catalog, lacking: list[Table], trigger: Trigger) -> Fix | None:
    """A trigger's arguments and condition are not known."""
    return None


KINDS = (
    Kind(
        "index",
        Severity.NOTICE,
        of=_indexes,
        own=lambda index: index.parent is None,
        key=_index_key,
        text=_index_text,
        fix=_index_fix,
    ),
    Kind(
        "foreign key",
        None,
        of=lambda table: table.foreign_keys,
        own=lambda key: not key.inherited,
        key=lambda key: (key.columns, key.references, key.referenced_columns),
        text=_foreign_key_text,
        fix=_foreign_key_fix,
    ),
    Kind(
        "trigger",
        None,
        of=lambda table: table.triggers,
        own=lambda trigger: not trigger.inherited,
        key=_trigger_text,
        text=_trigger_text,
        fix=_no_fix,
    ),
)
