"""Data directories in an instant: `initdb` once, then copies of what it made.

What initdb made is kept as one file (its parts that are alike, once), which is read at one go
and unpacked into each new folder. The file appears under its name when it is whole, and holds
its own check sum: half a template is never used.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import subprocess
import zlib
from pathlib import Path

from dbwright.errors import ServerDidNotStart
from dbwright.progress import Progress
from dbwright.sandbox.account import Account
from dbwright.sandbox.cache import cache_folder, exclusive, prune
from dbwright.sandbox.folders import OwnedFolder
from dbwright.sandbox.programs import Programs
from dbwright.sandbox.settings import USER

__all__ = ["template", "unpack"]

_FORMAT = "1"  # count up when initdb is called differently, or the file is laid out differently
_HEAD = struct.Struct("<8sQQL")  # magic, length of the index, length of the content, check sum
_MAGIC = b"dbwright"
_LOCALES = ("C.UTF-8", "C")
# One configuration file for each server, beside its data directory.
_INCLUDE = "\ninclude_if_exists = '../server.conf'\n"


def template(programs: Programs, folder: Path, account: Account, progress: Progress) -> Path:
    """The file for `unpack` for these programs, made when missing.

    `folder` holds the programs as the account can run them. The encoding is UTF8, the locale
    C.UTF-8 where the system has it, else C: the same order of texts everywhere. Raises
    `ServerDidNotStart` when initdb fails, OSError when its result can't be kept.
    """
    postgres = (programs.bin / "postgres").resolve()
    status = postgres.stat()
    identity = (_FORMAT, str(postgres), programs.version, status.st_mtime_ns, status.st_size)
    cache = cache_folder("templates")
    key = hashlib.sha256(repr(identity).encode()).hexdigest()[:20]
    file = cache / key
    if _usable(file):
        return file
    with exclusive(cache / f"{key}.lock"):
        if not _usable(file):
            progress(f"preparing PostgreSQL {programs.version}")
            _build(programs, folder, account, file)
            prune(cache, keep=key)
    return file


def unpack(file: Path, data: Path, account: Account) -> None:
    """Make the data directory `data`. Raises OSError (such as a full disk, or a broken file)."""
    content = memoryview(file.read_bytes())
    magic, index_length, content_length, check_sum = _HEAD.unpack_from(content)
    start = _HEAD.size + index_length
    whole = magic == _MAGIC and len(content) == start + content_length
    if not whole or zlib.crc32(content[_HEAD.size :]) != check_sum:
        file.unlink(missing_ok=True)
        raise OSError(f"the template {file} was damaged (it is removed: call again)")
    index = json.loads(bytes(content[_HEAD.size : start]))
    for name in index["directories"]:
        path = data / name
        path.mkdir(mode=0o700)
        if account.other:
            os.chown(path, account.uid, account.gid)
    for name, offset, length in index["files"]:
        begin = start + offset
        _write(f"{data}/{name}", content[begin : begin + length], account)
    os.utime(file)


def _write(path: str, content: memoryview, account: Account) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        if account.other:
            os.fchown(descriptor, account.uid, account.gid)
        while content:
            content = content[os.write(descriptor, content) :]
    finally:
        os.close(descriptor)


def _usable(file: Path) -> bool:
    """Whether the file is there and as long as it says (its content is checked when used)."""
    try:
        with file.open("rb") as opened:
            head = opened.read(_HEAD.size)
            size = os.fstat(opened.fileno()).st_size
    except FileNotFoundError:
        return False
    if len(head) < _HEAD.size:
        return False
    magic, index_length, content_length, _ = _HEAD.unpack(head)
    return bool(magic == _MAGIC and size == _HEAD.size + index_length + content_length)


def _build(programs: Programs, bin_folder: Path, account: Account, file: Path) -> None:
    # In a folder as that of a server: when we are killed half-way, the next start sweeps it.
    folder = OwnedFolder.create()
    try:
        folder.hand_over(account)
        _initdb(programs, bin_folder, account, folder)
        with (folder.data / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            configuration.write(_INCLUDE)
        _pack(folder.data, file)
    finally:
        folder.remove()


def _initdb(programs: Programs, bin_folder: Path, account: Account, folder: OwnedFolder) -> None:
    command = [str(bin_folder / "initdb"), "-D", str(folder.data), "-U", USER, "--auth=trust"]
    # Small segments: a segment is the least that each copy has to hold.
    command += ["--encoding=UTF8", "--no-sync", "--wal-segsize=1"]
    if programs.major >= 14:
        command.append("--no-instructions")
    if programs.major >= 18:
        command.append("--no-data-checksums")
    complaint = ""
    for locale in _LOCALES:
        answer = subprocess.run(
            [*command, f"--locale={locale}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd=folder.path,
            check=False,
            **account.popen_arguments(),
        )
        if answer.returncode == 0:
            return
        complaint = answer.stdout
        if "locale" not in complaint:
            break
    last = [line.strip() for line in complaint.splitlines() if "error:" in line or "FATAL" in line]
    raise ServerDidNotStart(
        f"initdb of PostgreSQL {programs.version} failed: "
        + ("; ".join(last[:3]) or complaint.strip()[-300:] or f"status {answer.returncode}"),
        f"Run {bin_folder / 'initdb'} by hand to see why, or set DBWRIGHT_POSTGRESQL to the bin "
        "folder of another PostgreSQL.",
    )


def _pack(data: Path, file: Path) -> None:
    directories, files = [""], []
    content = bytearray()
    # The three databases that initdb makes are nearly the same: each file's content is kept once.
    known: dict[bytes, int] = {}
    for path in sorted(data.rglob("*")):
        name = str(path.relative_to(data))
        if path.is_dir():
            directories.append(name)
            continue
        part = path.read_bytes()
        digest = hashlib.sha256(part).digest()
        if digest not in known:
            known[digest] = len(content)
            content += part
        files.append((name, known[digest], len(part)))
    index = json.dumps({"directories": directories, "files": files}).encode()
    check_sum = zlib.crc32(content, zlib.crc32(index))
    # One name for the half-made file: what an interrupted run left is overwritten.
    beside = file.with_name(f"{file.name}.new")
    with beside.open("wb") as opened:
        opened.write(_HEAD.pack(_MAGIC, len(index), len(content), check_sum))
        opened.write(index)
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    beside.rename(file)
