"""What a statement did, from what relations were before it and are after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dbwright.model.effects import Effects, IndexBuild, TableLock
from dbwright.model.finding import LockMode, ObjectRef
from dbwright.sandbox.judge.relations import Relation

__all__ = ["Seen", "compared"]

CHECKED = "validating foreign key constraint "
PROVES = ("sufficient to prove", "is implied by existing constraints")


@dataclass(frozen=True, slots=True)
class Seen:
    """Around one statement, by oid."""

    before: Mapping[int, Relation]
    after: Mapping[int, Relation]
    """All that may have changed."""
    gone: frozenset[int]
    others: frozenset[int]
    """Those that this transaction did not make itself: what it does to its own counts nothing."""
    locks: Mapping[int, LockMode]
    said: Sequence[str] = ()
    """The server's messages."""
    emptying: bool = False
    """Is a new file an empty one?"""


def compared(statement: str, seen: Seen) -> Effects:
    """The effects of a statement that ran."""
    tables = [
        (before, now)
        for oid, now in seen.after.items()
        if oid in seen.others and (before := seen.before.get(oid)) is not None and not now.table
    ]
    # Sequences have a file too, and no rows.
    new_files = [now for before, now in tables if now.stored and before.file != now.file]
    made = {one.object for oid, one in seen.after.items() if oid not in seen.before}
    lost = {seen.before[oid].object for oid in seen.gone if oid in seen.before}
    return Effects(
        statement,
        locks=tuple(_locks(seen)),
        rewritten=() if seen.emptying else _names(now.object for now in new_files),
        emptied=_names(now.object for now in new_files) if seen.emptying else (),
        scanned=()
        if seen.emptying
        else _names(now.object for before, now in tables if now.scans > before.scans),
        built=() if seen.emptying else tuple(_builds(seen)),
        validated=tuple(
            words.removeprefix(CHECKED).strip('"')
            for words in seen.said
            if words.startswith(CHECKED)
        ),
        proofs=tuple(words for words in seen.said if any(proof in words for proof in PROVES)),
        # An index that is dropped and made again under its name is neither.
        created=_names(made - lost),
        dropped=_names(lost - made),
    )


def _locks(seen: Seen) -> Iterator[TableLock]:
    known = [(seen.before[oid], mode) for oid, mode in seen.locks.items() if oid in seen.others]
    for relation, mode in sorted(known, key=lambda one: one[0].object.name):
        yield TableLock(relation.object, mode)


def _builds(seen: Seen) -> Iterator[IndexBuild]:
    """Of tables that were there before. An index that is made again under its name, on the file
    that it had, is not built."""
    files = {one.object.name: one.file for one in seen.before.values() if one.table}
    for oid, index in sorted(seen.after.items(), key=lambda item: item[1].object.name):
        name = index.object.name
        had = seen.before[oid].file if oid in seen.before else files.get(name)
        if index.stored and index.table in seen.others and had != index.file:
            table = seen.after.get(index.table) or seen.before[index.table]
            yield IndexBuild(index.object, table.object, new=had is None)


def _names(objects: Iterable[ObjectRef]) -> tuple[ObjectRef, ...]:
    return tuple(sorted(objects, key=lambda one: one.name))
