"""Trying all files of a call, keeping a proof of each, and the report of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import psycopg

from dbwright.migrate.rehearsal.evidence import Proven, earlier_checksum, write_proof
from dbwright.migrate.rehearsal.fingerprint import fingerprint
from dbwright.migrate.rehearsal.rehearsing import Rehearsing
from dbwright.migrate.rehearsal.rules import rule_texts
from dbwright.migrate.rehearsal.seen import Options, Try
from dbwright.migrate.rehearsal.stage import Stage
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Finding, Severity
from dbwright.model.migration import Migration
from dbwright.model.rehearsal import Rehearsal, RehearsedMigration
from dbwright.model.report import Report, Silenced, Skipped
from dbwright.progress import Progress

__all__ = ["Keeping", "rehearsed", "report_of"]


MOST_NAMES = 5
REMEDY = "--rows all, as a user who may read every row"


@dataclass(frozen=True, slots=True)
class Keeping:
    """What becomes of findings and proofs."""

    every: Sequence[Migration]
    """The whole folder."""
    accept: Sequence[str]
    """Rules whose findings are meant."""
    write: bool
    """Keep proofs?"""


def rehearsed(
    stage: Stage, tries: Sequence[Try], options: Options, keeping: Keeping, progress: Progress
) -> Rehearsal:
    """Try one after the other, until one does not run. Each proof is written as soon as it is
    there. Raises DbwrightError."""
    rehearsing = Rehearsing(stage, options, progress)
    rows, tables = _size(stage, rehearsing.catalog, rehearsing.history)
    found = Rehearsal((), stage.source, stage.server.version, stage.generated, stage.sampled)
    found = replace(found, rows=rows, tables=tables)
    done: list[RehearsedMigration] = []
    for number, one in enumerate(tries):
        tried = _judged(rehearsing.rehearse(one), keeping)
        if keeping.write:
            proven = Proven(
                tried,
                found,
                earlier_checksum(one.up.migration, keeping.every),
                _schema(stage, rehearsing),
                tuple(keeping.accept),
            )
            tried = replace(tried, proof=str(write_proof(proven)))
        done.append(tried)
        if number + 1 < len(tries) and not rehearsing.go_on(one):
            stage.skipped.append(_untried(one, tries[number + 1 :]))
            break
        stage.origin = None
    return replace(found, migrations=tuple(done))


def _untried(failed: Try, rest: Sequence[Try]) -> Skipped:
    names = tuple(str(one.up.migration) for one in rest)
    return Skipped(
        "rehearsal.files",
        f"{failed.up.migration} does not run, so those behind it were not tried: "
        f"{', '.join(names[:MOST_NAMES])}{' …' if len(names) > MOST_NAMES else ''}",
        "mend it, and rehearse again",
    )


def _schema(stage: Stage, rehearsing: Rehearsing) -> str:
    """The fingerprint of the schema before the next migration; empty where it is not known."""
    if stage.origin is not None:
        return fingerprint(stage.origin, rehearsing.history)
    if any(skipped.part in ("copy.schema", "copy.server") for skipped in stage.skipped):
        return ""
    return fingerprint(rehearsing.catalog, rehearsing.history)


def report_of(found: Rehearsal, stage: Stage, keeping: Keeping, fail_on: Severity) -> Report:
    """Findings worst first; those that are meant are silenced."""
    every = [finding for one in found.migrations for finding in one.findings]
    kept = sorted((f for f in every if f.rule not in keeping.accept), key=_rank)
    silenced = tuple(Silenced(f, "option", "--accept") for f in every if f.rule in keeping.accept)
    return Report(
        command="migrate rehearse",
        target=found.source,
        findings=tuple(kept),
        skipped=_skipped(stage),
        silenced=silenced,
        engine="postgresql",
        server_version=found.server_version,
        objects_read={"migration": len(found.migrations), "table": found.tables},
        fail_on=fail_on,
        rules=rule_texts(finding.rule for finding in every),
        written=tuple(one.proof for one in found.migrations if one.proof),
        rehearsal=found,
    )


def _judged(tried: RehearsedMigration, keeping: Keeping) -> RehearsedMigration:
    """Did it pass? What is meant fails nothing."""
    failing = [
        finding
        for finding in tried.findings
        if finding.rule not in keeping.accept and finding.severity.at_least(Severity.ERROR)
    ]
    return replace(tried, passed=not failing)


def _skipped(stage: Stage) -> tuple[Skipped, ...]:
    notes = list(stage.skipped)
    if stage.generated:
        reason = (
            "the rows were made up: whether the real ones fit (NULLs, lengths, what is unique) is "
            "not proven"
        )
        notes.append(Skipped("rehearsal.rows", reason, "rehearse on a live target"))
    elif stage.sampled:
        reason = (
            "only some rows were copied: a row that no change can take, or two that are equal, "
            "may be among the others"
        )
        notes.append(Skipped("rehearsal.rows", reason, REMEDY))
    return tuple(dict.fromkeys(notes))


def _rank(finding: Finding) -> int:
    return finding.severity.rank


def _size(stage: Stage, catalog: Catalog, history: str) -> tuple[int, int]:
    """Rows and tables of the stage, but for the history's."""
    names = [t.qualified for t in catalog.tables if t.stores_rows and t.qualified != history]
    total = 0
    with psycopg.connect(stage.url(), autocommit=True) as connection:
        for name in names:
            row = connection.execute(f"SELECT count(*) FROM ONLY {name}".encode()).fetchone()
            total += 0 if row is None else row[0]
    return total, len(names)
