"""What a plan can't know of the tables that it changes, because the throw-away server lacks it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dbwright.diff.compare import collect
from dbwright.diff.item import Item
from dbwright.migrate.sides import NEEDED
from dbwright.model.catalog import Catalog
from dbwright.model.judged import JudgedRun
from dbwright.model.names import enclosing
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot

__all__ = ["lacking", "unread", "unseen"]

OTHER_MAJOR = "judge"
"""The part of the server's version."""
MOST = 3
"""Objects that a sentence names."""


def unseen(run: JudgedRun) -> tuple[str, ...]:
    """A sentence for each skipped part that what the files change depends on: what they do there is
    not known. `run`: with the files' statements as they were asked for."""
    touched = {
        lock.object.name
        for file in run.migrations
        for step in file.steps
        for lock in step.effects.locks
    }
    known = {} if run.start is None else _by_text(run.start)
    return tuple(dict.fromkeys(_told(run.skipped, touched, known)))


def unread(snapshot: Snapshot) -> tuple[str, ...]:
    """A sentence for each part of the schema that could not be read of the target."""
    return tuple(
        f"{one.part} of the target could not be read ({one.reason}): what it has is not planned for"
        for one in snapshot.skipped
        if one.part in NEEDED
    )


def lacking(run: JudgedRun) -> str:
    """What the throw-away server lacks, for a sentence on a statement that it refuses; empty for
    nothing."""
    parts = [one for one in run.skipped if one.objects]
    return "; ".join(f"{_named(one)} ({one.reason})" for one in parts[:MOST])


def _told(
    skipped: tuple[Skipped, ...], touched: set[str], known: Mapping[str, Item]
) -> Iterator[str]:
    for one in skipped:
        if one.part == OTHER_MAJOR:
            yield f"{one.reason}, and the files are in its words: {one.remedy}"
            continue
        concerned = [text for text in one.objects if not touched.isdisjoint(_tables(text, known))]
        if concerned:
            yield (
                f"{', '.join(concerned[:MOST])}: the throw-away server has it otherwise than the "
                f"target, or not at all ({one.reason}), so what is done to it is not known"
            )


def _named(one: Skipped) -> str:
    return ", ".join(one.objects[:MOST])


def _by_text(catalog: Catalog) -> dict[str, Item]:
    return {str(ref): item for ref, item in collect(catalog).items()}


def _tables(text: str, known: Mapping[str, Item]) -> set[str]:
    """The tables that an object is, is a part of, reads, or is the type of a column of."""
    item = known.get(text)
    if item is None:
        return {text}
    found = {item.ref.name, *enclosing(item.ref.name), *getattr(item.noun, "depends_on", ())}
    if item.parent is not None:
        found.add(item.parent.name)
    if item.kind == "type":
        found |= {
            other.whole.qualified
            for other in known.values()
            if other.kind == "column" and other.noun.type.removesuffix("[]") == item.ref.name
        }
    return found
