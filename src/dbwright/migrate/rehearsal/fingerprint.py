"""A schema as one number: the same for the same schema, wherever it is."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from dbwright.migrate.diff.compare import collect
from dbwright.migrate.diff.kinds import all_kinds
from dbwright.model.catalog import Catalog
from dbwright.model.finding import ObjectRef

__all__ = ["fingerprint"]


def fingerprint(catalog: Catalog, left_out: str = "") -> str:
    """SHA-256 over all that `differences` compares but owners and privileges; without the table
    `left_out` (qualified) and its parts."""
    kinds = all_kinds()
    summed = sha256()
    own = ObjectRef("table", left_out)
    for ref, item in sorted(collect(catalog).items()):
        if own in (ref, item.parent) or item.kind == "default privileges":
            continue
        summed.update(f"{ref}\0".encode())
        for one in kinds[item.kind].properties:
            if one.name not in ("owner", "privileges"):
                summed.update(f"{one.name}={_written(one.get(item))}\0".encode())
    return summed.hexdigest()


def _written(value: Any) -> str:
    """The same text for the same value, in whatever order a set comes."""
    if isinstance(value, frozenset):
        return f"{{{','.join(sorted(map(_written, value)))}}}"
    if isinstance(value, tuple):
        return f"({','.join(map(_written, value))})"
    return repr(value)
