"""What was made, as a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbwright.design.seed.run import Filled
from dbwright.model.document import Document
from dbwright.model.report import Skipped

__all__ = ["Result", "document"]


@dataclass(frozen=True, slots=True)
class Result:
    """How it went."""

    target: str
    seed: int
    filled: Sequence[Filled]
    skipped: Sequence[Skipped]
    foreign_keys: int
    """Those that the server found to hold, looking at every row."""
    folder: Path | None = None
    files: dict[str, str] | None = None
    like: str = ""
    named: frozenset[str] = frozenset()
    """Tables whose number of rows was asked for by name."""


def document(result: Result) -> Document:
    """Failed where a table has no rows, or one that was named has fewer than were asked for."""
    failed = any(one.part in ("rows", "files") for one in result.skipped)
    failed |= any(f.rows < f.asked and f.table.qualified in result.named for f in result.filled)
    total = sum(one.rows for one in result.filled)
    data: dict[str, Any] = {
        "target": result.target,
        "seed": result.seed,
        "like": result.like or None,
        "rows": total,
        "tables": [
            {
                "table": one.table.qualified,
                "rows": one.rows,
                "asked": one.asked,
                "fewer_because": one.limit or None,
                "asked_the_server_for": one.judged or None,
                "file": (result.files or {}).get(one.table.qualified),
            }
            for one in result.filled
        ],
        "foreign_keys_proven": result.foreign_keys,
        "folder": None if result.folder is None else str(result.folder),
        "skipped": [
            {"part": one.part, "reason": one.reason, "objects": list(one.objects)}
            for one in result.skipped
        ],
    }
    return Document("design seed", _markdown(result, total), data, failed=failed)


def _markdown(result: Result, total: int) -> str:
    tables = len(result.filled)
    rows = f"{total:,} row{'s' * (total != 1)} in {tables:,} table{'s' * (tables != 1)}"
    place = result.target if result.folder is None else str(result.folder)
    lines = [f"# {rows}: {place}", ""]
    lines += ["| table | rows | notes |", "| --- | ---: | --- |"]
    for one in result.filled:
        notes = []
        if one.rows < one.asked:
            notes.append(f"of {one.asked:,}: {one.limit} leaves no more")
        if one.judged:
            notes.append(f"the server chose, for {one.judged}")
        if result.files:
            notes.append(result.files[one.table.qualified])
        lines.append(f"| {one.table.qualified} | {one.rows:,} | {'; '.join(notes)} |")
    lines.append("")
    if result.folder is not None:
        lines.append(
            f"Loaded into a throw-away server: every constraint holds, and so do "
            f"{result.foreign_keys} foreign keys. Load them with:"
        )
        lines += ["", f"    psql -v ON_ERROR_STOP=1 -f {result.folder}/load.sql", ""]
    else:
        lines += [f"The target's own constraints took every row. Seed: {result.seed}.", ""]
    if result.skipped:
        lines += ["## Skipped", ""]
        lines += [f"- {one.reason}" for one in result.skipped]
        lines.append("")
    return "\n".join(lines)
