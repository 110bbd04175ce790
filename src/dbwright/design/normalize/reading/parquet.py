"""Parquet, where pyarrow is installed."""

from __future__ import annotations

from datetime import date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from dbwright.design.normalize.reading.checked import (
    finished,
    limit_note,
    require_names,
    wanted_columns,
)
from dbwright.design.normalize.reading.json_ import cell
from dbwright.design.normalize.reading.options import ReadingOptions
from dbwright.design.normalize.relation import Builder, Relation
from dbwright.errors import BadData, FileUnreadable, MissingExtra
from dbwright.progress import Progress

__all__ = ["read_parquet"]

CHUNK = 10_000
"""Rows."""


def read_parquet(path: Path, name: str, options: ReadingOptions, progress: Progress) -> Relation:
    """The file as a relation. Raises BadData, FileUnreadable, MissingExtra."""
    try:
        arrow: Any = import_module("pyarrow")
        parquet: Any = import_module("pyarrow.parquet")
    except ModuleNotFoundError as problem:
        raise MissingExtra.of("parquet", problem) from None
    try:
        with parquet.ParquetFile(path) as file:
            return _read(file, path, name, options, progress)
    except arrow.ArrowInvalid as problem:
        said = " ".join(str(problem).split())
        raise BadData(f"{path}:1:1: no Parquet: {said}", "give a whole Parquet file") from None
    except OSError as problem:
        said = problem.strerror or str(problem).splitlines()[0]
        raise FileUnreadable(f"can't read {path}: {said}", "check the path") from None


def _read(
    file: Any, path: Path, name: str, options: ReadingOptions, progress: Progress
) -> Relation:
    names = list(file.schema_arrow.names)
    places = [f"{path}:1:{number}" for number in range(1, len(names) + 1)]
    require_names(names, places)
    kept = [names[number] for number in wanted_columns(names, options, places)]
    builder = Builder(kept)
    nested: dict[str, int] = {}
    notes: list[str] = []
    for batch in file.iter_batches(batch_size=CHUNK, columns=kept):
        columns = [batch.column(key).to_pylist() for key in kept]
        for key, values in zip(kept, columns, strict=True):
            count = sum(isinstance(value, dict | list) for value in values)
            if count:
                nested[key] = nested.get(key, 0) + count
        rows = [[_cell(value) for value in row] for row in zip(*columns, strict=True)]
        if options.limit is not None and builder.rows + len(rows) > options.limit:
            rows = rows[: options.limit - builder.rows]
            builder.add(rows)
            notes.append(limit_note(builder.rows))
            break
        builder.add(rows)
        progress(f"reading {path.name}: {builder.rows:,} rows")
    return finished(
        builder,
        name=name,
        source=str(path),
        place=f"{path}:1:1",
        notes=notes,
        whole=not notes,
        nested=nested,
    )


def _cell(value: Any) -> str | None:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    return cell(value)
