"""A snapshot in one file: gzip of a header line and the snapshot as JSON.

The header says the format's version, so that a file of a later dbwright is refused with a clear
sentence instead of being half understood. Version numbers go up when a reader of the version
before could not read the file.
"""

from __future__ import annotations

import gzip
import json
import os
import zlib
from functools import lru_cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from dbwright import __version__
from dbwright.errors import FileUnreadable, SnapshotUnreadable
from dbwright.model.snapshot import Snapshot

__all__ = ["SUFFIX", "is_snapshot", "load", "save"]

SUFFIX = ".dbw"
FORMAT = "dbwright-snapshot"
FORMAT_VERSION = 1
GZIP_MAGIC = b"\x1f\x8b"


def save(snapshot: Snapshot, path: Path) -> None:
    """Write the file whole or not at all; what is no plain file (a pipe, /dev/stdout) is written
    into. Raises FileUnreadable.
    """
    header = {"format": FORMAT, "version": FORMAT_VERSION, "written_by": __version__}
    content = json.dumps(header).encode() + b"\n" + _adapter().dump_json(snapshot)
    # No time stamp in the gzip header: an unchanged database gives an unchanged file.
    packed = gzip.compress(content, compresslevel=6, mtime=0)
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(packed)
        else:
            _replace(path.resolve(), packed)
    except OSError as problem:
        raise FileUnreadable(
            f"can't write {path}: {problem.strerror}", "choose another place with -o"
        ) from None


def load(path: Path) -> Snapshot:
    """Raises FileUnreadable, and SnapshotUnreadable where it is not a whole, known snapshot."""
    step = "make it again with: dbwright snapshot TARGET -o FILE"
    try:
        content = gzip.decompress(path.read_bytes())
        header_line, _, body = content.partition(b"\n")
        header = json.loads(header_line)
        if header["format"] != FORMAT:
            raise SnapshotUnreadable(f"{path} is not a dbwright snapshot", step)
        version = int(header["version"])
    except OSError as problem:
        if isinstance(problem, gzip.BadGzipFile):
            raise SnapshotUnreadable(f"{path} is not a dbwright snapshot", step) from None
        raise FileUnreadable(f"can't read {path}: {problem.strerror}", "check the path") from None
    except (EOFError, zlib.error):
        raise SnapshotUnreadable(f"{path} is cut off or damaged", step) from None
    except (ValueError, KeyError, TypeError):
        raise SnapshotUnreadable(f"{path} is not a dbwright snapshot", step) from None
    if version > FORMAT_VERSION:
        raise SnapshotUnreadable(
            f"{path} was written by dbwright {header.get('written_by', '?')}, which is newer than "
            f"this one ({__version__})",
            "upgrade dbwright: pip install --upgrade dbwright",
        )
    try:
        return _adapter().validate_json(body)
    except ValidationError as problem:
        place = ".".join(str(part) for part in problem.errors()[0]["loc"])
        raise SnapshotUnreadable(f"{path} holds something unexpected at {place}", step) from None


def is_snapshot(path: Path) -> bool:
    """By its name, or by its first bytes."""
    if path.suffix == SUFFIX:
        return True
    try:
        with path.open("rb") as file:
            return file.read(2) == GZIP_MAGIC
    except OSError:
        return False


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[Snapshot]:
    return TypeAdapter(Snapshot)
