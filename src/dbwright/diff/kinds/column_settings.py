"""What is said of a column beside its declaration: storage, compression, statistics."""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.diff.item import Property
from dbwright.diff.kinds.options import option_steps
from dbwright.diff.kinds.privileges import plain
from dbwright.diff.step import Step
from dbwright.model.catalog import Column
from dbwright.model.finding import ObjectRef

__all__ = ["SETTINGS", "setting_steps"]

SETTINGS = (
    *plain("storage", "compression", "statistics_target"),
    Property("options", lambda item: frozenset(item.noun.options)),
)


def setting_steps(head: str, ref: ObjectRef, old: Column | None, new: Column) -> Iterator[Step]:
    """`head` is `ALTER TABLE shop.orders ALTER COLUMN total`; no `old`: a column that was just
    made."""
    was = old.storage if old is not None else (new.type_storage or new.storage)
    if new.storage != was:
        yield Step(f"{head} SET STORAGE {new.storage.upper()}", ref)
    if new.compression != (old.compression if old else None):
        yield Step(f"{head} SET COMPRESSION {new.compression or 'default'}", ref)
    if new.statistics_target != (old.statistics_target if old else None):
        target = -1 if new.statistics_target is None else new.statistics_target
        yield Step(f"{head} SET STATISTICS {target}", ref)
    yield from option_steps(head, ref, old.options if old else (), new.options)
