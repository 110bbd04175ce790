"""What was found, mended: each rule's fixes as a migration with its way back, tried and linted.

First the indexes that the queries want; then what `check` still finds with these there. A fix that
the server refuses, that can't be taken back, or that lint calls an error is not proposed, and told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from dbwright.agent.work.schema.checking import checked
from dbwright.agent.work.schema.ways_back import WayBack, ways_back
from dbwright.configuration import Configuration
from dbwright.migrate.files.script import script
from dbwright.migrate.lint.configure import choose as choose_hazards
from dbwright.migrate.lint.reporting import report_of
from dbwright.migrate.replay.run import judged_run
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Finding, Severity
from dbwright.model.judged import JudgedRun
from dbwright.model.migration import Migration, ReadMigration
from dbwright.model.report import Report
from dbwright.model.snapshot import Snapshot
from dbwright.progress import Progress
from dbwright.sandbox.server import Server
from dbwright.sql.migration_text import Step, migration_text

__all__ = ["HEAD", "LeftOut", "Proposal", "Proposals", "propose"]

HEAD = "Proposed by dbwright"
"""Begins each file: what begins so may be written anew."""
LOCK_TIMEOUT = "5s"
NOT_OF_A_SCHEMA = frozenset({"database", "role", "server", "setting", "settings", "query"})
INDEX = "tune/missing-index"
"""Of these the whole set is proposed: each was chosen beside the others."""
WORST_LEFT = Severity.WARNING
"""Milder findings are often right as they are: they stand in the report alone."""
TABLE_REMADE = "tune/large-time-ordered-table"
"""Its fix puts another table in the place of one: that takes a plan of its own."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A file that was tried."""

    name: str
    text: str
    rule: str
    findings: tuple[Finding, ...]
    lint: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A fix that is not proposed as a file."""

    finding: Finding
    reason: str


@dataclass(frozen=True, slots=True)
class Proposals:
    files: tuple[Proposal, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    ways_back: tuple[WayBack, ...] = ()
    lint: Report | None = None
    """Of the files, with the sizes that tables will have; None where there are none."""


@dataclass(slots=True)
class _Trying:
    """What all trials share."""

    server: Server
    snapshot: Snapshot
    folder: str
    """Where the files will be, from the root."""
    configuration: Configuration
    progress: Progress
    left_out: list[LeftOut] = field(default_factory=list)

    def run(
        self, asked: Sequence[ReadMigration], earlier: Sequence[ReadMigration] = ()
    ) -> JudgedRun:
        return judged_run(
            asked,
            earlier=earlier,
            snapshot=self.snapshot,
            together=False,
            server=self.server,
            progress=self.progress,
        )

    def file(self, name: str, findings: Sequence[Finding]) -> tuple[str, ReadMigration]:
        """The text of these fixes in one file."""
        fixes = [(one, one.fix) for one in findings if one.fix is not None]
        steps = [Step(f"{one.rule}: {one.message}", fix.up, fix.down) for one, fix in fixes]
        options: dict[str, str | None] = {"lock-timeout": LOCK_TIMEOUT}
        if not all(fix.transactional for _, fix in fixes):
            options = {"no-transaction": None, **options}
        text = migration_text(f"{HEAD}: {findings[0].rule}", steps, options)
        path = f"{self.folder}/{name}"
        version, _, words = name.removesuffix(".sql").partition("_")
        return text, ReadMigration(Migration(version, words, path, ""), script(text, path))

    def taken(
        self, findings: Iterable[Finding], earlier: Sequence[ReadMigration]
    ) -> tuple[list[Finding], list[ReadMigration], Catalog | None]:
        """Those that the server takes one by one, and the schema with them."""
        asked = list(self._fit(findings))
        if not asked:
            return [], [], None
        files = [self.file(f"{n}_try.sql", [one])[1] for n, one in enumerate(asked, 1)]
        run = self.run(files, earlier)
        kept: list[Finding] = []
        reads: list[ReadMigration] = []
        for one, read, judged in zip(asked, files, run.migrations, strict=True):
            refusal = next((s.effects.refusal for s in judged.steps if s.effects.refusal), None)
            if refusal is not None:
                self.left_out.append(LeftOut(one, f"the server refuses it: {refusal.message}"))
            else:
                kept.append(one)
                reads.append(read)
        return kept, reads, run.migrations[-1].after

    def _fit(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        for one in findings:
            if one.fix is None or not (one.rule == INDEX or one.severity.at_least(WORST_LEFT)):
                continue
            if one.object.kind in NOT_OF_A_SCHEMA:
                self.left_out.append(LeftOut(one, "it is for one server, not for the schema"))
            elif one.rule == TABLE_REMADE:
                self.left_out.append(LeftOut(one, "it makes the table anew: plan it by itself"))
            elif not one.fix.down.strip():
                self.left_out.append(LeftOut(one, "nothing takes it back"))
            else:
                yield one


def propose(
    server: Server,
    snapshot: Snapshot,
    tuned: Report | None,
    folder: str,
    first: tuple[int, int],
    configuration: Configuration,
    progress: Progress,
) -> Proposals:
    """`snapshot`: the schema with the sizes it will have; `first`: the number of the first file,
    and how many digits it has. Raises SandboxError."""
    progress("trying the fixes")
    trying = _Trying(server, snapshot, folder, configuration, progress)
    asked = () if tuned is None else tuned.findings
    by_tune, files, after = trying.taken(asked, ())
    catalog = snapshot.catalog if after is None else after
    found = checked(catalog, snapshot.target, configuration).findings
    by_check, _, _ = trying.taken(found, files)
    groups = _groups([*by_tune, *by_check])
    names = {rule: _name(first, number, rule) for number, rule in enumerate(groups)}
    return _tried(trying, {names[rule]: group for rule, group in groups.items()})


def _groups(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    groups: dict[str, list[Finding]] = {}
    for one in findings:
        groups.setdefault(one.rule, []).append(one)
    return groups


def _name(first: tuple[int, int], number: int, rule: str) -> str:
    words = rule.partition("/")[2].replace("-", "_")
    return f"{first[0] + number:0{first[1]}}_{words}.sql"


def _tried(trying: _Trying, groups: dict[str, list[Finding]]) -> Proposals:
    """The files as they will be, there and back; without those that fail."""
    files = {name: trying.file(name, group) for name, group in groups.items()}
    while files:
        reads = [read for _, read in files.values()]
        run = trying.run(reads)
        back = ways_back(trying.server, reads, run, trying.progress, trying.snapshot)
        lint = report_of(
            run,
            choose_hazards(trying.configuration, (), ()),
            target=trying.folder,
            fail_on=Severity.ERROR,
            sets_lock_timeout=True,
        )
        wrong = dict(_wrong(files, run, back, lint))
        if not wrong:
            proposals = tuple(
                Proposal(name, text, groups[name][0].rule, tuple(groups[name]), _of(lint, read))
                for name, (text, read) in files.items()
            )
            return Proposals(proposals, tuple(trying.left_out), back, lint)
        for name, reason in wrong.items():
            trying.left_out += [LeftOut(one, reason) for one in groups[name]]
            del files[name]
    return Proposals(left_out=tuple(trying.left_out))


def _wrong(
    files: dict[str, tuple[str, ReadMigration]],
    run: JudgedRun,
    back: Sequence[WayBack],
    lint: Report,
) -> Iterator[tuple[str, str]]:
    """Files that can't be proposed, and why."""
    returned = {one.migration: one for one in back}
    for (name, (_, read)), judged in zip(files.items(), run.migrations, strict=True):
        refusal = next((s.effects.refusal for s in judged.steps if s.effects.refusal), None)
        way = returned.get(str(read.migration))
        errors = [f for f in _of(lint, read) if f.severity.at_least(Severity.ERROR)]
        if refusal is not None:
            yield name, f"the server refuses it: {refusal.message}"
        elif way is not None and not way.restores:
            yield name, f"its way back does not restore what was: {'; '.join(way.problems[:2])}"
        elif errors:
            told = f"{errors[0].rule}: {errors[0].message}"
            yield name, f"it is not safe as it stands ({told}): see dbwright migrate plan"


def _of(lint: Report, read: ReadMigration) -> tuple[Finding, ...]:
    path = read.migration.path
    return tuple(f for f in lint.findings if f.location is not None and f.location.file == path)
