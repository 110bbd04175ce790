"""Names that are in a catalog, and those that applications know."""

from __future__ import annotations

from collections.abc import Collection

from dbwright.diff.compare import collect
from dbwright.model.catalog import Catalog
from dbwright.model.finding import ObjectRef
from dbwright.model.names import enclosing

__all__ = ["all_names", "known_objects", "known_that_go", "lost"]

KNOWN_KINDS = frozenset(
    {
        "column",
        "domain",
        "function",
        "materialized view",
        "procedure",
        "schema",
        "sequence",
        "table",
        "type",
        "view",
    }
)
"""What an application names."""


def lost(before: Catalog, after: Catalog) -> frozenset[ObjectRef]:
    """What is in the one catalog and not in the other, with all parts."""
    if before is after:
        return frozenset()
    return frozenset(collect(before).keys() - collect(after).keys())


def all_names(catalog: Catalog) -> frozenset[str]:
    """Of all objects, whatever their kind."""
    return frozenset(ref.name for ref in collect(catalog))


def known_that_go(before: Catalog, after: Catalog, start: Catalog, end: Catalog) -> tuple[str, ...]:
    """What an application may know since the start, that goes between `before` and `after`, and
    whose name nothing has at the end."""
    stays = all_names(end)
    found = known_objects(before, after, start)
    return tuple(str(ref) for ref in found if ref.name not in stays)


def known_objects(before: Catalog, after: Catalog, start: Catalog) -> tuple[ObjectRef, ...]:
    """What an application may know since the start, that goes between `before` and `after`."""
    gone = lost(before, after)
    of_triggers = {one.ref for one in before.functions if one.returns == "trigger"}
    return tuple(
        ref
        for ref in sorted((gone & collect(start).keys()) - of_triggers)
        if ref.kind in KNOWN_KINDS and not _is_within(ref, gone)
    )


def _is_within(ref: ObjectRef, others: Collection[ObjectRef]) -> bool:
    """Is it a part of what is told anyway?"""
    around = set(enclosing(ref.name))
    return any(other.name in around and other.kind in KNOWN_KINDS for other in others)
