"""Names for new indexes."""

from __future__ import annotations

from collections.abc import Collection
from hashlib import blake2b

from dbwright.model.catalog import Catalog

__all__ = ["NAME_BYTES", "free_name", "partition_name"]

NAME_BYTES = 63
"""Of an identifier (NAMEDATALEN - 1)."""


def free_name(
    catalog: Catalog, schema: str, wanted: str, taken: Collection[tuple[str, str]] = ()
) -> str:
    """`wanted`, made a plain identifier of at most 63 bytes that no relation of the schema has,
    nor is in `taken` (schema, name)."""
    stem = "".join(c if c.isalnum() or c == "_" else "_" for c in wanted.replace('"', ""))
    name = _shorten(stem, "")
    number = 1
    while catalog.has_relation(schema, name) or (schema, name) in taken:
        number += 1
        name = _shorten(stem, f"_{number}")
    return name


def partition_name(
    catalog: Catalog, schema: str, partition: str, index: str, taken: Collection[tuple[str, str]]
) -> str:
    """For a partition's part of an index: of both names. Where they are too long for one, a digest
    of them stands at its end: what is cut off may be what tells it from another's."""
    whole = f"{partition}_{index}"
    if len(whole.encode()) > NAME_BYTES:
        digest = blake2b(whole.encode(), digest_size=4).hexdigest()
        whole = _shorten(whole, f"_{digest}")
    return free_name(catalog, schema, whole, taken)


def _shorten(stem: str, suffix: str) -> str:
    room = NAME_BYTES - len(suffix.encode())
    return stem.encode()[:room].decode(errors="ignore") + suffix
