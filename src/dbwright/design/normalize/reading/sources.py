"""A source by its form: a file of data, or a target with tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from dbwright.configuration import Configuration
from dbwright.design.normalize.reading.csv_ import read_csv
from dbwright.design.normalize.reading.database import Database, database, read_tables
from dbwright.design.normalize.reading.json_ import read_json
from dbwright.design.normalize.reading.options import ReadingOptions
from dbwright.design.normalize.reading.parquet import read_parquet
from dbwright.design.normalize.relation import Relation
from dbwright.errors import BadData, UsageError
from dbwright.progress import Progress
from dbwright.target import resolve

__all__ = ["Sources", "reading"]

Reader = Callable[[Path, str, ReadingOptions, Progress], Relation]
READERS: dict[str, Reader] = {
    ".csv": read_csv,
    ".tsv": read_csv,
    ".txt": read_csv,
    ".json": read_json,
    ".jsonl": read_json,
    ".ndjson": read_json,
    ".parquet": read_parquet,
}


@dataclass(frozen=True, slots=True)
class Sources:
    """All that was read."""

    relations: tuple[Relation, ...]
    databases: dict[str, Database]
    """By the source's name: those that answer yet."""
    notes: tuple[str, ...]


@contextmanager
def reading(
    names: Sequence[str],
    options: ReadingOptions,
    configuration: Configuration,
    progress: Progress,
) -> Iterator[Sources]:
    """The relations of these sources; databases answer until the block ends.

    Raises BadData, FileUnreadable, MissingExtra, UsageError, TargetError, SandboxError.
    """
    relations: list[Relation] = []
    databases: dict[str, Database] = {}
    notes: list[str] = []
    with ExitStack() as stack:
        for name in names:
            path = Path(name)
            if path.suffix.lower() in READERS:
                if not path.is_file():
                    raise BadData(f"there is no file {name}", "check the path")
                relations.append(READERS[path.suffix.lower()](path, path.stem, options, progress))
                continue
            target = resolve(name, configuration)
            opened = stack.enter_context(database(target, _shown(name), progress))
            found, left = read_tables(opened, options, progress)
            databases[opened.name] = opened
            relations += found
            notes += left
        _require_apart(relations)
        if not relations:
            said = f": {'; '.join(notes[:3])}" if notes else ""
            raise UsageError(f"there is nothing to look at{said}", "name a source with rows")
        yield Sources(tuple(relations), databases, tuple(notes))


def _shown(name: str) -> str:
    from dbwright.engines.postgresql.connect import display_name

    return display_name(name) if "://" in name else name


def _require_apart(relations: Sequence[Relation]) -> None:
    seen: set[str] = set()
    for relation in relations:
        if relation.name in seen:
            raise UsageError(f"two sources are named {relation.name}", "rename a file")
        seen.add(relation.name)
