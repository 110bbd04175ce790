"""Server logs into a `Workload`, a `Conversation` and counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dbwright.engines.postgresql.logs.collector import Collector
from dbwright.engines.postgresql.logs.counts import LogCounts
from dbwright.engines.postgresql.logs.events import Format
from dbwright.engines.postgresql.logs.files import LogFile, Unwrapping, beginning, blocks, log_files
from dbwright.engines.postgresql.logs.queries import conversation, workload
from dbwright.engines.postgresql.logs.unwrapping import unwrapped
from dbwright.errors import FileUnreadable, UnknownLogFormat
from dbwright.memory import garbage_collection_paused
from dbwright.model.conversation import Conversation
from dbwright.model.report import Skipped
from dbwright.model.workload import Workload
from dbwright.progress import Progress, silent

__all__ = ["LogReading", "read_log"]

NEGLIGIBLE = 0.01
"""Of the statements that were read: so few more change no figure, as where settings were changed
meanwhile."""
STATEMENTS_HELD = 30_000
"""So many are added up at a time, at least: fewer times are quicker, and take more memory."""


@dataclass(frozen=True, slots=True)
class LogReading:
    """What server logs came to."""

    workload: Workload
    conversation: Conversation
    counts: LogCounts
    formats: tuple[str, ...]
    """`csvlog`, `jsonlog`, or `stderr` with its log_line_prefix."""
    skipped: tuple[Skipped, ...] = ()
    """What was not read, or can't be told from this log, and what to do about it."""


def read_log(
    paths: Path | Sequence[Path],
    *,
    prefix: str | None = None,
    database: str | None = None,
    progress: Progress = silent,
) -> LogReading:
    """Read files, or a folder of them, in any of the server's formats, packed or not.

    `prefix` is the log_line_prefix of stderr logs; it is found out where None. With `database`,
    statements of others are counted but not kept. Memory does not grow with the size of the log.
    Raises UnknownLogFormat, FileUnreadable.
    """
    given = [paths] if isinstance(paths, Path) else list(paths)
    files, repeated = log_files(given)
    skipped = [Skipped("log", f"{path} holds what another file holds, too") for path in repeated]
    collector = Collector(database)
    formats: dict[str, Format] = {}
    refused: list[UnknownLogFormat | FileUnreadable] = []
    for file in files:
        try:
            sample = beginning(file.path)
            if not sample.strip():
                skipped.append(Skipped("log", f"{file.path} is empty"))
                continue
            found, wrapping = unwrapped(sample, file, prefix)
        except (UnknownLogFormat, FileUnreadable) as problem:
            refused.append(problem)
            continue
        name = _name(found)
        _read(file, formats.setdefault(name, found), wrapping, collector, progress, skipped)
    if refused and not formats:
        raise refused[0]
    # A folder of logs holds other files as well.
    skipped += [Skipped("log", each.message, each.next_step) for each in refused]
    collector.finish()
    skipped += [
        _unread(name, each.unread, collector.statements)
        for name, each in formats.items()
        if each.unread
    ]
    source = ", ".join(str(path) for path in given)
    skipped += _doubts(collector, database)
    complete = not any(skip.part == "log.statements" for skip in skipped)
    return LogReading(
        workload=workload(collector, source),
        conversation=conversation(collector, source, complete),
        counts=collector.counting.counts(collector.entries, collector.statements),
        formats=tuple(formats),
        skipped=tuple(skipped),
    )


def _read(
    file: LogFile,
    found: Format,
    wrapping: Unwrapping | None,
    collector: Collector,
    progress: Progress,
    skipped: list[Skipped],
) -> None:
    def cut(what: str) -> None:
        skipped.append(Skipped("log", f"{file.path}: {what}, was left out"))

    # Entries are many, short-lived and in no cycles: looking for garbage among them is all cost.
    with garbage_collection_paused():
        for block in blocks(file, found.last_start, progress, cut, wrapping):
            collector.take(found.read(block), found)
            collector.settle(STATEMENTS_HELD)
        collector.settle()


def _name(found: Format) -> str:
    prefix = getattr(found, "prefix", None)
    return found.name if prefix is None else f"{found.name} {prefix.template!r}"


def _unread(name: str, statements: int, read: int) -> Skipped:
    """A name that was taken for part of the prefix, or a prefix that was changed meanwhile."""
    begins = "statement begins" if statements == 1 else "statements begin"
    lost = "was" if statements == 1 else "were"
    return Skipped(
        "log.statements" if statements > NEGLIGIBLE * read else "log",
        f"{statements:,} {begins} in another way than {name}, and {lost} not read",
        "give the log_line_prefix that the server had then (SHOW log_line_prefix) with --prefix",
    )


def _doubts(collector: Collector, database: str | None) -> list[Skipped]:
    """What this log can't tell."""
    doubts: list[Skipped] = []
    groups = collector.groups
    if not collector.statements and not groups.all:
        doubts.append(
            Skipped(
                "log.statements",
                "the log holds no statements",
                "ALTER SYSTEM SET log_min_duration_statement = 0; SELECT pg_reload_conf();",
            )
        )
    elif groups.threshold_seconds is not None:
        doubts.append(
            Skipped(
                "log.statements",
                f"statements below about {groups.threshold_seconds * 1000:.0f} ms are not in "
                "the log, so nothing is known of quick ones, however many they are",
                "ALTER SYSTEM SET log_min_duration_statement = 0; SELECT pg_reload_conf();",
            )
        )
    if collector.statements and collector.textless > NEGLIGIBLE * collector.statements:
        doubts.append(
            Skipped(
                "log.statements",
                f"{collector.textless:,} durations stand in the log without their statements, so "
                "nothing is known of those",
                "ALTER SYSTEM SET log_min_duration_statement = 0; SELECT pg_reload_conf();",
            )
        )
    if collector.people.nameless:
        doubts.append(
            Skipped(
                "log.sessions",
                "the lines do not say which session they are of, so durations are joined with "
                "the statement before, and repeated statements are not told",
                "ALTER SYSTEM SET log_line_prefix = '%m [%p] %q%u@%d ';",
            )
        )
    if database is not None and collector.people.of_unknown_database:
        doubts.append(
            Skipped(
                "log.database",
                f"the lines do not say which database they are of; all were taken for {database}",
                "ALTER SYSTEM SET log_line_prefix = '%m [%p] %q%u@%d ';",
            )
        )
    if groups.left_out:
        calls = sum(group.calls for group in groups.left_out.values())
        doubts.append(
            Skipped(
                "log.groups",
                f"{calls} calls are of more kinds of statements than are kept "
                f"({len(groups.all)}); they are counted, not looked at",
            )
        )
    if collector.clock.unknown_zones:
        zones = ", ".join(sorted(collector.clock.unknown_zones))
        doubts.append(
            Skipped(
                "log.times",
                f"times in the zone {zones} were taken for UTC",
                "ALTER SYSTEM SET log_timezone = 'UTC';",
            )
        )
    return doubts
