"""A statement that is run in batches: how it is asked for, and how far it has come."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from dbwright.model.names import qualify

__all__ = ["BatchMark", "BatchOptions"]

LONGEST_SHOWN = 60
"""Letters of a key's value."""


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """What a file of migrations says of its batches."""

    table: tuple[str | None, str]
    """Schema (None: where the search_path finds it) and name of the table whose key they follow."""
    seconds: float = 0.03
    """How long one may take: for so long nobody else can change its rows."""
    rows: int = 1000
    """Of the first one; after it time decides."""
    max_lag: float = 1.0
    """Seconds that a standby may be behind; 0 for any."""
    rest: float = 0.15
    """How long the pause after each portion of a batch is, as a share of the time it took."""

    @property
    def name(self) -> str:
        """The table's name as SQL."""
        return qualify(*(part for part in self.table if part is not None))


@dataclass(frozen=True, slots=True)
class BatchMark:
    """How far a statement has come; its rows are done from the first one to that of `last`."""

    columns: tuple[str, ...]
    """Of the key."""
    last: tuple[str, ...]
    """The key's values, as PostgreSQL writes them; empty before the first batch."""
    upper: tuple[str, ...]
    """Those of the last row that was there when it began; empty where there was none."""
    checksum: str
    """SHA-256 of the statement's text."""
    rows: int
    """Of the next batch."""
    batches: int = 0
    passed: int = 0
    """Rows of the table that they went over."""
    part: int = 0
    """oid of the partition that they are in; 0 where the table is gone over as one. Partitions
    come in the order of their oids: those before it are done."""
    part_name: str = ""
    """As SQL."""
    estimate: int = 0
    """Rows of the table when it began, as the planner estimates them."""

    @property
    def total(self) -> int:
        """Rows to go over, about."""
        return max(self.estimate, self.passed)

    @property
    def percent(self) -> int:
        """Of the rows, about: 100 only when it is done, and is no mark any more."""
        return min(99, 100 * self.passed // max(1, self.total))

    @property
    def words(self) -> str:
        """What is done, for people."""
        noun = "batch" if self.batches == 1 else "batches"
        return f"{self.batches:,} {noun} ({self.percent}% of its rows)"

    @property
    def place(self) -> str:
        """The last row that is done, for people: `id = 300`; empty where there is none yet."""
        values = (" ".join(value.split())[:LONGEST_SHOWN] for value in self.last)
        pairs = zip(self.columns, values, strict=False)
        return ", ".join(f"{column} = {value}" for column, value in pairs)

    def to_json(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> BatchMark:
        """Raises ValueError for what `to_json` did not write."""
        try:
            values = json.loads(text)
            names = ("columns", "last", "upper")
            return cls(**{**values, **{name: tuple(values[name]) for name in names}})
        except (TypeError, KeyError) as problem:
            raise ValueError(f"no mark of batches: {problem}") from None
