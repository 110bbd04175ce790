"""Where a workload comes from: pg_stat_statements, a server log, a .sql file, a capture, a
snapshot; one or several."""

from __future__ import annotations

import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from dbwright.engines.capture_file import is_capture, read_capture
from dbwright.errors import FileUnreadable, UnknownLogFormat, WorkloadUnreadable
from dbwright.model.conversation import Conversation
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.model.workload import Query, Workload
from dbwright.progress import Progress, silent
from dbwright.tune.workload.merge import added, completed
from dbwright.tune.workload.sql_file import read_sql_file
from dbwright.tune.workload.usable import Usable, usable

__all__ = ["PG_STAT_STATEMENTS", "WorkloadReading", "merged", "of_workload", "read_workload_from"]

PG_STAT_STATEMENTS = "pg_stat_statements"
STANDARD_INPUT = "-"

ENABLE = (
    "shared_preload_libraries = 'pg_stat_statements' (needs a restart), then "
    "CREATE EXTENSION pg_stat_statements; or use --watch 60, or --workload with a log, "
    "a capture or a .sql file"
)


@dataclass(frozen=True, slots=True)
class WorkloadReading:
    """A workload that can be worked on: each query has a fingerprint, each fingerprint once."""

    workload: Workload
    kind: str
    """`pg_stat_statements`, `log`, `sql`, `capture`, or several joined by `+`."""
    writes: frozenset[str] = frozenset()
    """Fingerprints of queries that change rows: they are costed, and never run."""
    skipped: tuple[Skipped, ...] = ()
    conversations: tuple[Conversation, ...] = ()
    """What applications ask again and again, where the source tells the order of statements."""


def read_workload_from(
    text: str,
    source: Snapshot | None = None,
    *,
    prefix: str | None = None,
    progress: Progress = silent,
) -> WorkloadReading:
    """Read the workload that `text` names: `pg_stat_statements` (what was read of the target into
    `source`), or a path of a server log (also a folder, also .gz), a .sql file or a folder of
    them, a capture of `dbwright.capture`, a snapshot; `-` is standard input. `prefix` is the
    log_line_prefix of a log whose own can't be found out.

    What can't be used is told in `skipped`. Raises FileUnreadable; WorkloadUnreadable where there
    is nothing usable; UnknownLogFormat.
    """
    if text == PG_STAT_STATEMENTS:
        return _of_snapshot(source)
    path = Path("/dev/stdin" if text == STANDARD_INPUT else text)
    if _comes_once(path):
        return _of_pipe(text, path, source, prefix, progress)
    if not path.exists():
        raise FileUnreadable(
            f"there is no file {text!r}",
            f"--workload takes {PG_STAT_STATEMENTS}, a server log, a .sql file or a capture",
        )
    if path.suffix == ".dbw":
        from dbwright.engines import snapshot_file

        return _of_snapshot(snapshot_file.load(path))
    scripts = _scripts(path)
    if scripts:
        return _of_scripts(path, scripts)
    if path.is_file() and is_capture(path):
        reading = read_capture(path, progress)
        found = usable((query, "") for query in reading.workload.queries)
        skipped = reading.skipped + found.skipped
        return _reading("capture", reading.workload, found, skipped, (reading.conversation,))
    known = source is not None and not source.from_files
    database = source.catalog.server.database if source is not None and known else None
    return _of_log(path, prefix, database or None, progress)


def _comes_once(path: Path) -> bool:
    """Is it a pipe (`zstdcat server.log.zst | dbwright …`, `<(…)`), or another device?"""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode) or stat.S_ISSOCK(mode)


def _of_pipe(
    text: str, path: Path, source: Snapshot | None, prefix: str | None, progress: Progress
) -> WorkloadReading:
    """A log is looked at before it is read, which takes a file."""
    with tempfile.TemporaryDirectory(prefix="dbwright-") as folder:
        file = Path(folder) / "standard input"
        try:
            with path.open("rb") as given, file.open("wb") as kept:
                shutil.copyfileobj(given, kept)
        except OSError as problem:
            raise FileUnreadable(
                f"can't read {text}: {problem.strerror}", "give a file, or pipe a log into it"
            ) from None
        name = "standard input" if text == STANDARD_INPUT else text
        try:
            reading = read_workload_from(str(file), source, prefix=prefix, progress=progress)
        except (UnknownLogFormat, WorkloadUnreadable) as problem:
            message = problem.message.replace(str(file), name)
            raise type(problem)(message, problem.next_step) from None
    return replace(reading, workload=replace(reading.workload, source=name))


def of_workload(
    workload: Workload, kind: str, skipped: tuple[Skipped, ...] = ()
) -> WorkloadReading:
    """What was read elsewhere, sorted out. Raises WorkloadUnreadable where nothing is usable."""
    found = usable((query, _query_id(query)) for query in workload.queries)
    return _reading(kind, workload, found, (*skipped, *found.skipped))


def merged(readings: Iterable[WorkloadReading]) -> WorkloadReading:
    """Several as one: parts of one kind add up, different kinds complete each other, the first
    named first. Raises ValueError for none."""
    kinds: dict[str, list[WorkloadReading]] = {}
    for reading in readings:
        kinds.setdefault(reading.kind, []).append(reading)
    every = [reading for group in kinds.values() for reading in group]
    if len(every) == 1:
        return every[0]
    queries = completed(
        [
            added(q for reading in group for q in reading.workload.queries)
            for group in kinds.values()
        ]
    )
    since = [r.workload.since for r in every if r.workload.since is not None]
    return WorkloadReading(
        workload=Workload(
            source=", ".join(r.workload.source for r in every),
            queries=queries,
            since=min(since) if since else None,
        ),
        kind="+".join(kinds),
        writes=frozenset().union(*(r.writes for r in every)),
        skipped=tuple(part for r in every for part in r.skipped),
        conversations=tuple(each for r in every for each in r.conversations),
    )


def _queries(readings: Iterable[WorkloadReading]) -> Iterator[Query]:
    return (query for reading in readings for query in reading.workload.queries)


def _of_snapshot(snapshot: Snapshot | None) -> WorkloadReading:
    if snapshot is None:
        raise WorkloadUnreadable(
            "pg_stat_statements is read from a live database or its snapshot, and there is none",
            "name the target",
        )
    workload = snapshot.workload
    if workload is None:
        reason = next(
            (part.reason for part in snapshot.skipped if part.part == "workload"),
            "it was not read",
        )
        raise WorkloadUnreadable(f"there is no workload of {snapshot.target}: {reason}", ENABLE)
    found = usable((query, _query_id(query)) for query in workload.queries)
    skipped = tuple(part for part in snapshot.skipped if part.part.startswith("workload"))
    return _reading(PG_STAT_STATEMENTS, workload, found, skipped + found.skipped)


def _of_scripts(path: Path, scripts: list[Path]) -> WorkloadReading:
    queries: list[tuple[Query, str]] = []
    skipped: list[Skipped] = []
    for script in scripts:
        more, left = read_sql_file(script)
        queries += more
        skipped += left
    found = usable(queries)
    workload = Workload(source=str(path))
    return _reading("sql", workload, found, (*skipped, *found.skipped))


def _of_log(
    path: Path, prefix: str | None, database: str | None, progress: Progress
) -> WorkloadReading:
    """A log is of all databases of its server: those of another one would count for the target's
    where they read tables of the same names."""
    from dbwright.engines.postgresql.logs import read_log

    elsewhere: tuple[Skipped, ...] = ()
    reading = read_log([path], prefix=prefix, database=database, progress=progress)
    if database is not None and not reading.workload.queries and reading.counts.statements:
        # Of production, while the target is a copy of it with another name.
        reading = read_log([path], prefix=prefix, progress=progress)
        names = sorted({query.database for query in reading.workload.queries if query.database})
        reason = f"no statement of the log is of {database}; those of {', '.join(names)} were taken"
        elsewhere = (Skipped("log.database", reason),)
    found = usable((query, "") for query in reading.workload.queries)
    skipped = (*reading.skipped, *elsewhere, *found.skipped)
    return _reading("log", reading.workload, found, skipped, (reading.conversation,))


def _reading(
    kind: str,
    workload: Workload,
    found: Usable,
    skipped: tuple[Skipped, ...],
    conversations: tuple[Conversation, ...] = (),
) -> WorkloadReading:
    queries = added(found.queries)
    if not queries:
        why = f": {skipped[0].reason}" if skipped else ""
        remedy = skipped[0].remedy if skipped else ""
        raise WorkloadUnreadable(
            f"there is no query in {workload.source} that can be worked on{why}",
            remedy or "give a workload with SELECT, INSERT, UPDATE or DELETE statements",
        )
    return WorkloadReading(
        workload=replace(workload, queries=queries),
        kind=kind,
        writes=found.writes,
        skipped=skipped,
        conversations=conversations,
    )


def _scripts(path: Path) -> list[Path]:
    """The file itself, or the folder's files, that are scripts."""
    if path.is_dir():
        # A pipe among them would be waited for.
        return sorted(one for one in path.rglob("*.sql") if one.is_file())
    return [path] if path.suffix.lower() == ".sql" else []


def _query_id(query: Query) -> str:
    return "" if query.query_id is None else f"query id {query.query_id}"
