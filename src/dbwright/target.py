"""What a command works on: a live database, a snapshot file, or SQL files loaded in a sandbox."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dbwright.configuration import Configuration
from dbwright.errors import UnknownTarget
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.progress import Progress, silent

__all__ = [
    "DEFAULT_TARGET",
    "Files",
    "Live",
    "SnapshotFile",
    "Source",
    "Target",
    "opened",
    "resolve",
]

SCHEMES = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
}
"""URL schemes of the engines that can be read."""

KNOWN_SCHEMES = {"mysql", "mariadb", "sqlite", "mongodb", "mongodb+srv", "redis", "rediss"}
"""Schemes of engines that dbwright knows of and can't read yet."""

FILES_DO_NOT_TELL = (
    "catalog.settings",
    "catalog.setting_overrides",
    "catalog.databases",
    "catalog.hba_rules",
    "catalog.slots",
    "catalog.subscriptions",
    "statistics.tables",
    "statistics.indexes",
    "statistics.databases",
    "statistics.checkpoints",
    "statistics.archiver",
    "activity",
)
"""Parts that would describe the sandbox, not the database that the files are for."""

LOADING_ROLES = frozenset({"dbwright", "postgres"})


@dataclass(frozen=True, slots=True)
class Live:
    url: str


@dataclass(frozen=True, slots=True)
class SnapshotFile:
    path: Path


@dataclass(frozen=True, slots=True)
class Files:
    path: Path


Target = Live | SnapshotFile | Files


@dataclass(frozen=True, slots=True)
class Source:
    """An opened target: what was read, and a way to ask more where it is live."""

    snapshot: Snapshot
    ask: Callable[[Any], list[Any] | Skipped] | None


def resolve(text: str | None, configuration: Configuration) -> Target:
    """The target that a person named: a URL, a file, a folder, a name in dbwright.toml; nothing
    means DATABASE_URL, else the target `default`, else libpq's own environment (PGHOST …).

    Raises UnknownTarget.
    """
    if text is None:
        return _default(configuration)
    if text in configuration.targets:
        return _configured(text, configuration)
    return _by_form(text, configuration)


@contextmanager
def opened(
    target: Target,
    *,
    budget_seconds: float = 30.0,
    values: int | None = 20,
    workload: bool = False,
    major: int | None = None,
    progress: Progress = silent,
) -> Iterator[Source]:
    """Read the target; the connection or sandbox lives until the block ends.

    `major`: of the server that SQL files are loaded into; None for the one that is at hand.
    Raises TargetError, UsageError, SandboxError.
    """
    if isinstance(target, SnapshotFile):
        from dbwright.engines import snapshot_file

        progress("reading the snapshot")
        yield Source(snapshot_file.load(target.path), None)
    elif isinstance(target, Live):
        with _read(target.url, budget_seconds, values, workload, progress) as source:
            yield source
    else:
        with _loaded(target.path, budget_seconds, values, progress, major) as source:
            yield source


DEFAULT_TARGET = "else DATABASE_URL, else the target `default`"
"""What no target stands for, as the end of a parameter's help."""


def _default(configuration: Configuration) -> Target:
    url = os.environ.get("DATABASE_URL")
    if url:
        return _by_form(url, configuration)
    if "default" in configuration.targets:
        return _configured("default", configuration)
    if any(os.environ.get(name) for name in ("PGHOST", "PGSERVICE", "PGDATABASE", "PGHOSTADDR")):
        return Live("postgresql://")
    raise UnknownTarget(
        "no target was named",
        "give a URL, a snapshot or .sql files; or set DATABASE_URL; or try: dbwright demo",
    )


def _configured(name: str, configuration: Configuration) -> Target:
    url = configuration.targets[name].url
    return _by_form(url if "://" in url else str(configuration.path(url)), configuration)


def _by_form(text: str, configuration: Configuration) -> Target:
    scheme, mark, _ = text.partition("://")
    if mark:
        scheme = scheme.removesuffix("+psycopg").removesuffix("+asyncpg").removesuffix("+psycopg2")
        if scheme in SCHEMES:
            return Live("postgresql://" + text.partition("://")[2])
        known = scheme in KNOWN_SCHEMES
        raise UnknownTarget(
            f"{scheme}:// can't be read yet" if known else f"{scheme}:// is no database URL",
            "this version reads postgresql:// URLs, snapshots and .sql files",
        )
    path = Path(text)
    if path.is_dir():
        return Files(path)
    if path.is_file():
        from dbwright.engines.snapshot_file import is_snapshot

        return SnapshotFile(path) if is_snapshot(path) else Files(path)
    names = ", ".join(sorted(configuration.targets))
    raise UnknownTarget(
        f"there is no file, folder or target named {text!r}",
        f"targets in dbwright.toml: {names}" if names else "check the path, or give a URL",
    )


@contextmanager
def _read(
    url: str,
    budget_seconds: float,
    values: int | None,
    workload: bool,
    progress: Progress,
) -> Iterator[Source]:
    from dbwright.engines.postgresql.ask import asker
    from dbwright.engines.postgresql.read import read
    from dbwright.engines.postgresql.session import Session

    progress("connecting")
    with Session.open(url, budget_seconds) as session:
        snapshot = read(session, values=values, workload=workload, progress=progress)
        yield Source(snapshot, asker(session))


@contextmanager
def _loaded(
    path: Path,
    budget_seconds: float,
    values: int | None,
    progress: Progress,
    major: int | None = None,
) -> Iterator[Source]:
    from dbwright.sandbox import start
    from dbwright.sandbox.load import load, sql_files

    files = sql_files(path)
    progress("starting a sandbox")
    # What autovacuum comes round to would differ from run to run.
    with start(major, settings={"autovacuum": "off"}) as server:
        root = path if path.is_dir() else None
        loaded = load(server, "target", files, root=root, progress=progress)
        with _read(server.url("target"), budget_seconds, values, False, progress) as source:
            snapshot = replace(
                _without_the_sandbox(source.snapshot),
                target=str(path),
                refused=loaded.refused,
                locations=loaded.locations,
                skipped=(
                    *source.snapshot.skipped,
                    *(
                        Skipped(part, "SQL files don't tell it", "check a live database")
                        for part in FILES_DO_NOT_TELL
                    ),
                    *(Skipped("files", note) for note in loaded.notes),
                ),
            )
            yield Source(snapshot, source.ask)


def _without_the_sandbox(snapshot: Snapshot) -> Snapshot:
    """The snapshot without what is the sandbox's own."""
    catalog = replace(
        snapshot.catalog,
        roles=tuple(
            role
            for role in snapshot.catalog.roles
            if not role.predefined and role.name not in LOADING_ROLES
        ),
        settings=(),
        setting_overrides=(),
        databases=(),
        hba_rules=(),
        slots=(),
        subscriptions=(),
    )
    statistics = snapshot.statistics and replace(
        snapshot.statistics,
        # How many rows the files bring says nothing of how many there are where they are for.
        tables=(),
        indexes=(),
        databases=(),
        checkpoints=None,
        archiver=None,
        wal_bytes=None,
    )
    return replace(snapshot, catalog=catalog, statistics=statistics, activity=None, from_files=True)
