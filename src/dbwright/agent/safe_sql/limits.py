"""How much a query may take, and what its owner allows beyond the rules."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits", "Policy"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one query. A value that is not positive is a ValueError."""

    rows: int = 200
    cell_bytes: int = 4_000
    """Of one cell as text; what is longer is cut and marked."""
    result_bytes: int = 400_000
    """Of all cells that are kept."""
    read_bytes: int = 16_000_000
    """That come over the network before no more are read: one cell may be a gigabyte."""
    statement_seconds: float = 15.0
    lock_seconds: float = 1.0
    work_memory_kb: int = 16_384
    """Of one sort or hash."""
    temporary_file_kb: int = 1_048_576
    """Where this user may set it."""
    parallel_workers: int = 1
    """That a query may have beside its own process; 0 for none."""
    query_characters: int = 100_000
    relations: int = 400
    """That a query may name."""

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            least = 0 if name == "parallel_workers" else 1e-3
            if not isinstance(value, int | float) or isinstance(value, bool) or value < least:
                raise ValueError(f"the limit {name} is {value!r}; give a positive number")


@dataclass(frozen=True, slots=True)
class Policy:
    """What the owner of a database says of it. Nothing of it lets a query write."""

    secret_columns: tuple[str, ...] = ()
    """More columns that are never shown, as patterns of `schema.table.column`."""
    open_columns: tuple[str, ...] = ()
    """Columns that only sound secret, as such patterns."""
    functions: tuple[str, ...] = ()
    """Functions (`schema.name`) that are harmless in spite of how they are declared."""
    foreign_tables: bool = False
    """May a query read what stands on other servers or in files?"""
