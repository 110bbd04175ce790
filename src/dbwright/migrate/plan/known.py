"""Names that are in a catalog, and those that applications know."""

from __future__ import annotations

from collections.abc import Collection

from dbwright.migrate.diff.compare import collect
from dbwright.model.catalog import Catalog
from dbwright.model.finding import ObjectRef
from dbwright.model.names import enclosing

__all__ = ["all_names", "known_objects", "known_that_go", "objects"]

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


def objects(catalog: Catalog) -> frozenset[ObjectRef]:
    """All, with their parts."""
    return frozenset(collect(catalog))


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
    gone = objects(before) - objects(after)
    of_triggers = {one.ref for one in before.functions if one.returns == "trigger"}
    return tuple(
        ref
        for ref in sorted((gone & objects(start)) - of_triggers)
        if ref.kind in KNOWN_KINDS and not _is_within(ref, gone)
    )


def _is_within(ref: ObjectRef, others: Collection[ObjectRef]) -> bool:
    """Is it a part of what is told anyway?"""
    around = set(enclosing(ref.name))
    return any(other.name in around and other.kind in KNOWN_KINDS for other in others)
