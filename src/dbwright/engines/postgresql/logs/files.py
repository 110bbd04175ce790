"""A log's files, in the order of time, and their bytes in blocks of whole entries."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from dbwright.errors import FileUnreadable
from dbwright.progress import Progress

__all__ = ["LogFile", "beginning", "blocks", "log_files"]

BLOCK = 256 * 2**10
"""Bytes: few enough to stay in a core's own cache while they are worked on."""
LONGEST_ENTRY = 64 * 2**20
"""Bytes of one entry; what is longer is no log, and is left out."""
SAMPLE = 256 * 2**10
GZIP_MAGIC = b"\x1f\x8b"
_STAMP = re.compile(rb"\d\d\d\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?")
_KIND = re.compile(r"\.(csv|json|log)(?=\.|$)")
_PREFERRED = ("csv", "json", "log")


class _Readable(Protocol):
    def read1(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class LogFile:
    path: Path
    size: int
    """Bytes on disk."""
    first_time: str
    """As it is written there; of the file itself where none is found."""


def log_files(paths: Sequence[Path]) -> tuple[tuple[LogFile, ...], tuple[Path, ...]]:
    """The files to read, oldest first, and those that are left out, for another one holds the same
    entries (a server that writes csvlog and stderr writes each entry twice).

    A folder stands for its files, not for those below it. Raises FileUnreadable.
    """
    found: list[Path] = []
    for path in paths:
        try:
            if path.is_dir():
                inside = [p for p in sorted(path.iterdir()) if p.name[0] != "." and p.is_file()]
                if not inside:
                    raise FileUnreadable(f"{path} holds no files", "name the server's log files")
                found += inside
            else:
                found.append(path)
        except OSError as problem:
            raise _unreadable(path, problem) from None
    chosen: dict[Path, Path] = {}
    repeated: list[Path] = []
    for path in sorted(dict.fromkeys(found), key=_preference):
        stem = path.with_name(_KIND.sub("", path.name))
        if _KIND.search(path.name) and stem in chosen and _kind(chosen[stem]) != _kind(path):
            repeated.append(path)
        else:
            chosen.setdefault(stem, path)
            if chosen[stem] != path:
                chosen[path] = path
    files = [_file(path) for path in chosen.values()]
    return tuple(sorted(files, key=lambda f: (f.first_time, f.path.name))), tuple(repeated)


def beginning(path: Path) -> bytes:
    """The first 256 KiB, unpacked. Raises FileUnreadable."""
    try:
        with path.open("rb") as raw:
            return _clean(_read(_unpacked(raw), SAMPLE, lambda what: None))
    except OSError as problem:
        raise _unreadable(path, problem) from None


def blocks(
    file: LogFile,
    last_start: Callable[[bytes], int],
    progress: Progress,
    cut: Callable[[str], None],
) -> Iterator[bytes]:
    """The file's bytes in blocks that begin and end with an entry.

    `cut` is told what was left out: the unfinished last entry, an endless one, the end of a damaged
    gzip. Raises FileUnreadable.
    """
    held = b""
    size = BLOCK
    try:
        with file.path.open("rb") as raw:
            unpacked = _unpacked(raw)
            while chunk := _read(unpacked, size, cut):
                progress(f"reading {file.path.name}", min(raw.tell(), file.size), file.size)
                # A line end of Windows may lie across two chunks, hence what is held as well.
                held = _clean(held + chunk)
                end = last_start(held)
                if end:
                    yield held[:end]
                    held = held[end:]
                    size = BLOCK
                    continue
                if len(held) > LONGEST_ENTRY:
                    cut("an entry of more than 64 MiB")
                    held = b""
                # A long entry is looked through a few times only.
                size = min(2 * size, LONGEST_ENTRY - len(held) + BLOCK) if held else BLOCK
    except OSError as problem:
        raise _unreadable(file.path, problem) from None
    whole = held.rfind(b"\n") + 1
    if held[whole:].strip():
        cut("the last entry, which is not finished")
    if whole:
        yield held[:whole]


def _read(file: _Readable, size: int, cut: Callable[[str], None]) -> bytes:
    """So many bytes, or less at the end; all that can be had of a damaged gzip."""
    parts: list[bytes] = []
    while size > 0:
        try:
            part = file.read1(size)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            # Told once: after an error that comes at once, nothing more is asked for.
            if not parts:
                cut("the end, which is damaged or was never written")
            break
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _clean(found: bytes) -> bytes:
    """Without the zero bytes that a crash or a truncation leaves, and Windows' line ends."""
    if b"\0" in found:
        found = found.replace(b"\0", b"")
    if b"\r" in found:  # one byte is found far quicker than two
        found = found.replace(b"\r\n", b"\n")
    return found.removeprefix(b"\xef\xbb\xbf")


def _unpacked(raw: BinaryIO) -> _Readable:
    magic = raw.read(2)
    raw.seek(0)
    return gzip.GzipFile(fileobj=raw) if magic == GZIP_MAGIC else cast(_Readable, raw)


def _file(path: Path) -> LogFile:
    stamp = _STAMP.search(beginning(path))
    try:
        size = path.stat().st_size
    except OSError as problem:
        raise _unreadable(path, problem) from None
    return LogFile(path, size, stamp[0].decode().replace("T", " ") if stamp else "")


def _kind(path: Path) -> str:
    match = _KIND.search(path.name)
    return match[1] if match else ""


def _preference(path: Path) -> tuple[int, str]:
    kind = _kind(path)
    return (_PREFERRED.index(kind) if kind else len(_PREFERRED), str(path))


def _unreadable(path: Path, problem: OSError) -> FileUnreadable:
    return FileUnreadable(f"can't read {path}: {problem.strerror}", "check the path and its rights")
