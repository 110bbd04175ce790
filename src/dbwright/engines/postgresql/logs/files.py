"""A log's files, in the order of time, and their bytes in blocks of whole entries."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from dbwright.errors import FileUnreadable
from dbwright.progress import Progress

__all__ = ["LogFile", "Unwrapping", "beginning", "blocks", "log_files"]


class Unwrapping(Protocol):
    """Takes what a file holds in pieces of any size, and gives the server's lines."""

    def taken(self, chunk: bytes) -> bytes:
        """What is whole as far as can be told."""
        ...

    def rest(self) -> bytes:
        """What is left at the end of the file."""
        ...


class _Readable(Protocol):
    def read1(self, size: int, /) -> bytes: ...


BLOCK = 64 * 2**10
"""Bytes: few enough to stay in a core's own cache while they are worked on."""
LONGEST_ENTRY = 64 * 2**20
"""Bytes of one entry; what is longer is no log, and is left out."""
SAMPLE = 256 * 2**10
PACKED: Mapping[bytes, Callable[[BinaryIO], _Readable]] = {
    b"\x1f\x8b": lambda raw: gzip.GzipFile(fileobj=raw),
    b"\xfd7zXZ\0": lzma.LZMAFile,
    b"BZh": bz2.BZ2File,
}
"""By the bytes that such files begin with."""
ZSTD = b"\x28\xb5\x2f\xfd"
PACKED_ENDINGS = (".gz", ".xz", ".bz2")
_STAMP = re.compile(rb"\d\d\d\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?")
_KIND = re.compile(r"\.(csv|json|log)(?=\.|$)")
_PREFERRED = ("csv", "json", "log")


@dataclass(frozen=True, slots=True)
class LogFile:
    path: Path
    size: int
    """Bytes on disk."""
    first_time: str
    """As it is written there; empty where none is found."""
    written: datetime
    """When the file was changed last."""


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
        if path.suffix in PACKED_ENDINGS and path.with_suffix("") in found:
            repeated.append(path)  # is being packed just now, or was kept
            continue
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
    wrapping: Unwrapping | None = None,
) -> Iterator[bytes]:
    """The file's bytes in blocks that begin and end with an entry, out of their wrapping.

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
                held = _clean(held + (wrapping.taken(chunk) if wrapping else chunk))
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
    held += wrapping.rest() if wrapping else b""
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
        except (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError):
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
    """Raises FileUnreadable for what can't be unpacked here."""
    magic = raw.read(6)
    raw.seek(0)
    if magic.startswith(ZSTD):
        name = Path(raw.name).name
        raise FileUnreadable(f"{raw.name} is packed with zstd", f"unpack it first: zstd -d {name}")
    for first, opened in PACKED.items():
        if magic.startswith(first):
            return opened(raw)
    return cast(_Readable, raw)


def _file(path: Path) -> LogFile:
    try:
        stamp = _STAMP.search(beginning(path))
    except FileUnreadable:
        stamp = None  # told by whoever reads it
    try:
        found = path.stat()
    except OSError as problem:
        raise _unreadable(path, problem) from None
    first = stamp[0].decode().replace("T", " ") if stamp else ""
    return LogFile(path, found.st_size, first, datetime.fromtimestamp(found.st_mtime, UTC))


def _kind(path: Path) -> str:
    match = _KIND.search(path.name)
    return match[1] if match else ""


def _preference(path: Path) -> tuple[int, str]:
    kind = _kind(path)
    return (_PREFERRED.index(kind) if kind else len(_PREFERRED), str(path))


def _unreadable(path: Path, problem: OSError) -> FileUnreadable:
    return FileUnreadable(
        f"can't read {path}: {problem.strerror or problem}", "check the path and its rights"
    )
