"""Names that are free, and the schemas in which names are looked for."""

from __future__ import annotations

from collections.abc import Collection

__all__ = ["free_name_in", "schemas_of"]

LONGEST = 63
"""Bytes of a name; the server cuts the rest off."""


def free_name_in(wanted: str, ending: str, taken: Collection[str]) -> str:
    """With its ending, however long the rest is."""
    name, number = f"{_cut(wanted, LONGEST - len(ending))}{ending}", 1
    while name in taken:
        number += 1
        name = f"{_cut(wanted, LONGEST - len(f'{ending}_{number}'))}{ending}_{number}"
    return name


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")


def schemas_of(search_path: str) -> list[str]:
    """Of a search_path, as names; what stands for the user's own schema is left out."""
    schemas = []
    for part in search_path.split(","):
        name = part.strip()
        if name.startswith('"'):
            name = name[1:-1].replace('""', '"')
        if name and name != "$user":
            schemas.append(name)
    return schemas or ["public"]
