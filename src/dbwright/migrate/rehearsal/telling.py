"""What the runs of one migration come to."""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.rehearsal.clients import of_clients
from dbwright.migrate.rehearsal.findings import Meaning, finding, of_changes, of_what_stays
from dbwright.migrate.rehearsal.meant import Meant
from dbwright.migrate.rehearsal.seen import Options, Seen, Try
from dbwright.migrate.rehearsal.written import written_by
from dbwright.model.finding import Severity
from dbwright.model.rehearsal import RehearsedMigration

__all__ = ["told"]


def told(one: Try, seen: Seen, options: Options, *, sampled: bool) -> RehearsedMigration:
    """Findings worst first, and what was found to be right. `sampled`: are there rows of the target
    that were not copied?"""
    migration = one.up.migration
    left = seen.left if seen.down_ended else None
    meant = Meant(written_by(one.up), seen.before, seen.after or seen.before)
    meaning = Meaning(migration, meant, left, sampled)
    findings = [
        *seen.findings,
        *of_changes(seen.changes, meaning),
        *of_what_stays(seen.left, meaning),
        *of_clients(migration, seen.up, options.longest_wait),
        *of_clients(migration, seen.down, options.longest_wait),
    ]
    if one.resumed:
        message = f"{migration} is applied in part there: the rest of its way up was tried"
        findings.append(finding("migrate/half-done", Severity.NOTICE, migration, message))
    elif one.down is None and seen.after is not None:
        message = f"{migration} has no DOWN part: only the way up was tried"
        findings.append(finding("migrate/no-way-back", Severity.NOTICE, migration, message))
    return RehearsedMigration(
        version=migration.version,
        name=migration.name,
        path=migration.path,
        checksum=migration.checksum,
        up=seen.up,
        down=seen.down,
        findings=tuple(sorted(findings, key=lambda found: found.severity.rank)),
        checked=tuple(_checked(seen)),
    )


def _fails_after_writes(seen: Seen) -> bool:
    return any(found.rule == "migrate/down-failed" for found in seen.findings)


def _checked(seen: Seen) -> Iterator[str]:
    if seen.after is None:
        return
    if not seen.changes:
        yield "up: all rows and values are there as before"
    if seen.down_ended and not any(f.rule.endswith("not-restore") for f in seen.findings):
        yield "down: the schema is the one before"
    if seen.down_ended and not seen.left:
        yield "down: all rows and values are the ones before"
    if seen.written and not seen.lost_writes and not _fails_after_writes(seen):
        yield "down: what was written between UP and DOWN is there"
    if seen.up.loaded_seconds is not None and not seen.up.errors:
        yield "up: no client of the version before was refused"
