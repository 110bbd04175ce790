"""What was found, mended: each rule's fixes as a migration with its way back, tried and linted.

First the indexes that the queries want; then what `check` still finds with these there. A fix that
the server refuses, that can't be taken back, or that lint calls an error is not proposed, and told;
the others of its file are tried without it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dbwright.agent.work.forms import OWN, Files, Form
from dbwright.agent.work.history_tables import is_history
from dbwright.agent.work.schema.checking import checked
from dbwright.agent.work.schema.ways_back import WayBack, ways_back
from dbwright.configuration import Configuration
from dbwright.migrate.lint.configure import choose as choose_hazards
from dbwright.migrate.lint.reporting import report_of
from dbwright.migrate.replay.run import judged_run
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Finding, Severity
from dbwright.model.judged import JudgedRun
from dbwright.model.migration import ReadMigration
from dbwright.model.report import Report
from dbwright.model.snapshot import Snapshot
from dbwright.progress import Progress
from dbwright.sandbox.server import Server
from dbwright.sql.migration_text import Step
from dbwright.sql.outside import refuses_transactions
from dbwright.sql.parse import parse_alone
from dbwright.sql.split import split

__all__ = ["HEAD", "LeftOut", "Proposal", "Proposals", "propose"]

HEAD = "Proposed by dbwright"
"""Begins each file: what begins so may be written anew."""
NOT_OF_A_SCHEMA = frozenset({"database", "role", "server", "setting", "settings", "query"})
INDEX = "tune/missing-index"
"""Of these the whole set is proposed: each was chosen beside the others."""
WORST_LEFT = Severity.WARNING
"""Milder findings are often right as they are: they stand in the report alone."""
TABLE_REMADE = "tune/large-time-ordered-table"
"""Its fix puts another table in the place of one: that takes a plan of its own."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A migration that was tried."""

    files: Files
    """Names in the folder of proposals, and texts; the first is run, others belong to it."""
    rule: str
    findings: tuple[Finding, ...]
    lint: tuple[Finding, ...] = ()

    @property
    def name(self) -> str:
        return self.files[0][0]

    @property
    def text(self) -> str:
        return self.files[0][1]

    @property
    def risks(self) -> tuple[str, ...]:
        """What has to be looked at before it runs."""
        fixes = (one.fix for one in self.findings)
        return tuple(dict.fromkeys(fix.risk for fix in fixes if fix is not None and fix.risk))


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
    tool: str = ""
    """In whose form they are; empty for dbwright's own."""


@dataclass(frozen=True, slots=True)
class _Group:
    """What will be one file."""

    findings: tuple[Finding, ...]
    steps: tuple[Step, ...]
    is_outside: bool

    @property
    def rule(self) -> str:
        return self.findings[0].rule

    @property
    def words(self) -> str:
        return self.rule.partition("/")[2].replace("-", "_")


@dataclass(slots=True)
class _Trying:
    """What all trials share."""

    server: Server
    snapshot: Snapshot
    folder: str
    """Where the files will be, from the root."""
    form: Form
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

    def file(
        self, form: Form, number: int, group: _Group, words: str
    ) -> tuple[Files, ReadMigration]:
        title = f"{HEAD}: {group.rule}"
        version = form.version(number)
        files = form.files(version, words, title, group.steps, group.is_outside)
        return files, form.read(files, self.folder)

    def _is_there(self, index: str) -> bool:
        tables = self.snapshot.catalog.tables
        names = (n for t in tables for i in t.indexes for n in (i.name, i.qualified))
        return index in names

    def taken(
        self, findings: Iterable[Finding], earlier: Sequence[ReadMigration]
    ) -> tuple[list[Finding], list[ReadMigration], Catalog | None]:
        """Those that the server takes one by one, and the schema with them."""
        asked = list(self._fit(findings))
        if not asked:
            return [], [], None
        groups = [_group([one]) for one in asked]
        files = [self.file(OWN, n, one, "try")[1] for n, one in enumerate(groups)]
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
            if one.object.kind == "index" and not self._is_there(one.object.name):
                continue  # it is proposed here, and was chosen beside the others
            if is_history(one.object.name):
                self.left_out.append(LeftOut(one, "the tool that runs migrations made it"))
            elif one.object.kind in NOT_OF_A_SCHEMA:
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
    form: Form,
    configuration: Configuration,
    progress: Progress,
) -> Proposals:
    """`snapshot`: the schema with the sizes it will have; `form`: how the project writes its
    migrations. Raises SandboxError."""
    progress("trying the fixes")
    trying = _Trying(server, snapshot, folder, form, configuration, progress)
    asked = () if tuned is None else tuned.findings
    by_tune, files, after = trying.taken(asked, ())
    catalog = snapshot.catalog if after is None else after
    found = checked(catalog, snapshot.target, configuration).findings
    by_check, _, _ = trying.taken(found, files)
    return _tried(trying, list(_groups(trying, [*by_tune, *by_check])))


def _groups(trying: _Trying, findings: Iterable[Finding]) -> Iterator[_Group]:
    """One for each rule; of tools that send a file as one message, one for each statement that
    refuses transactions."""
    by_rule: dict[str, list[Finding]] = {}
    for one in findings:
        by_rule.setdefault(one.rule, []).append(one)
    for same in by_rule.values():
        outside = [one for one in same if one.fix is not None and not one.fix.transactional]
        if not trying.form.is_alone or not outside:
            yield _group(same)
            continue
        if rest := [one for one in same if one not in outside]:
            yield _group(rest)
        for one in outside:
            parts = _alone(one)
            if parts is None:
                reason = f"its statements can't be one message ({trying.form.tool})"
                trying.left_out.append(LeftOut(one, reason))
            else:
                yield from parts


def _group(findings: Sequence[Finding]) -> _Group:
    fixes = [(one, one.fix) for one in findings if one.fix is not None]
    steps = tuple(Step(_note(one), fix.up, fix.down) for one, fix in fixes)
    return _Group(tuple(findings), steps, not all(fix.transactional for _, fix in fixes))


def _note(one: Finding) -> str:
    risk = one.fix.risk if one.fix is not None else ""
    return f"{one.rule}: {one.message}" + (f"\nBefore it runs: {risk}" if risk else "")


def _alone(one: Finding) -> tuple[_Group, ...] | None:
    """A file for each statement; None where the way back could not be shared out so."""
    assert one.fix is not None
    ups = [found.text for found in split(one.fix.up) if found.kind == "sql"]
    downs = [found.text for found in split(one.fix.down) if found.kind == "sql"]
    if len(downs) > 1 and any(map(refuses_transactions, downs)):
        return None
    first = []
    for text in ups[:-1]:
        parsed = parse_alone(text)
        if parsed is None or parsed.kind != "CreateExtensionStmt":
            return None
        step = Step(_note(one), f"{text.strip()};", "")
        first.append(_Group((one,), (step,), False))
    step = Step(_note(one), f"{ups[-1].strip()};", one.fix.down)
    return (*first, _Group((one,), (step,), True))


def _tried(trying: _Trying, groups: list[_Group]) -> Proposals:
    """The files as they will be, there and back; without what fails."""
    while groups:
        made = [
            trying.file(trying.form, number, group, words)
            for number, (group, words) in enumerate(zip(groups, _different(groups), strict=True))
        ]
        reads = [read for _, read in made]
        run = trying.run(reads)
        back = ways_back(trying.server, reads, run, trying.progress, trying.snapshot)
        lint = report_of(
            run,
            choose_hazards(trying.configuration, (), ()),
            target=trying.folder,
            fail_on=Severity.ERROR,
            sets_lock_timeout=not trying.form.tool,
        )
        wrong = dict(_wrong(reads, run, back, lint))
        if not wrong:
            proposals = tuple(
                Proposal(files, group.rule, group.findings, _of(lint, read))
                for (files, read), group in zip(made, groups, strict=True)
            )
            left = tuple(trying.left_out)
            return Proposals(proposals, left, back, lint, trying.form.tool)
        groups = list(_without(trying, groups, wrong))
    return Proposals(left_out=tuple(trying.left_out))


def _without(
    trying: _Trying, groups: Sequence[_Group], wrong: Mapping[int, str]
) -> Iterator[_Group]:
    """What is to be tried next: of a file that is wrong each fix by itself."""
    for number, group in enumerate(groups):
        if number not in wrong:
            yield group
        elif len(group.findings) > 1:
            yield from (_group([one]) for one in group.findings)
        else:
            trying.left_out += [LeftOut(one, wrong[number]) for one in group.findings]


def _different(groups: Sequence[_Group]) -> Iterator[str]:
    """Names, of which no two are the same."""
    seen: Counter[str] = Counter()
    for group in groups:
        seen[group.words] += 1
        count = seen[group.words]
        yield group.words if count == 1 else f"{group.words}_{count}"


def _wrong(
    reads: Sequence[ReadMigration],
    run: JudgedRun,
    back: Sequence[WayBack],
    lint: Report,
) -> Iterator[tuple[int, str]]:
    """Files that can't be proposed, by their numbers, and why."""
    returned = {one.path: one for one in back}
    for number, (read, judged) in enumerate(zip(reads, run.migrations, strict=True)):
        refusal = next((s.effects.refusal for s in judged.steps if s.effects.refusal), None)
        way = returned.get(read.migration.path)
        errors = [f for f in _of(lint, read) if f.severity.at_least(Severity.ERROR)]
        if refusal is not None:
            yield number, f"the server refuses it: {refusal.message}"
        elif way is not None and not way.restores:
            problem = "; ".join(way.problems[:2]) or "it has none"
            yield number, f"its way back does not restore what was: {problem}"
        elif errors:
            told = f"{errors[0].rule}: {errors[0].message}"
            yield number, f"it is not safe as it stands ({told}): see dbwright migrate plan"


def _of(lint: Report, read: ReadMigration) -> tuple[Finding, ...]:
    path = read.migration.path
    return tuple(f for f in lint.findings if f.location is not None and f.location.file == path)
