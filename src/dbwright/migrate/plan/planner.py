"""From a migration to its plan: taken apart, each part made safe, and the whole tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from dbwright.errors import BadMigration
from dbwright.migrate.plan.apart import apart
from dbwright.migrate.plan.enum_rebuilt import rebuilt
from dbwright.migrate.plan.files import PlannedFile, in_files
from dbwright.migrate.plan.gathered import gathered
from dbwright.migrate.plan.move import Move
from dbwright.migrate.plan.move import Sequence as Safe
from dbwright.migrate.plan.passed import passed
from dbwright.migrate.plan.room import Room, room_for
from dbwright.migrate.plan.safe import sequence_of
from dbwright.migrate.plan.situation import SMALL_BYTES, Situation, oids, stored
from dbwright.migrate.plan.swapped import swapped
from dbwright.migrate.plan.together import together
from dbwright.migrate.plan.trying import Tried, as_read, tried
from dbwright.migrate.plan.unsafe import unsafe
from dbwright.migrate.plan.unseen import lacking, unread, unseen
from dbwright.migrate.replay.run import judged_run
from dbwright.model.catalog import Catalog
from dbwright.model.effects import Refusal
from dbwright.model.judged import JudgedMigration, JudgedRun
from dbwright.model.migration import ReadMigration, ScriptStatement
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.progress import Progress, silent
from dbwright.sandbox.server import Server
from dbwright.sql.parse import SyntaxProblem, parse

__all__ = ["Plan", "plan"]

IN_THE_WAY = ("0A000", "2BP01")
"""Refusals for what depends on the object."""
Judge = Callable[[Sequence[ReadMigration], bool], JudgedRun]
"""Of files, that are one deployment or not."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be run instead of a migration."""

    files: tuple[PlannedFile, ...]
    """None where the migration is safe as it is."""
    tried: Tried | None
    """What a server said of the files; None where there are none."""
    differs: tuple[str, ...] = ()
    """In what the end is another one on purpose."""
    left: tuple[str, ...] = ()
    """What is not safe still, and why."""
    minds: tuple[str, ...] = ()
    """What is to be known before it runs, and is no fault of it."""
    skipped: tuple[Skipped, ...] = ()

    @property
    def is_proven(self) -> bool:
        """Does nothing of it block for long, and does it end where the migration does, but for what
        differs on purpose?"""
        return not self.left


def plan(
    asked: ReadMigration,
    *,
    earlier: Sequence[ReadMigration] = (),
    snapshot: Snapshot | None = None,
    major: int | None = None,
    server: Server | None = None,
    small: int = SMALL_BYTES,
    progress: Progress = silent,
) -> Plan:
    """The plan of one migration, after the schema of the snapshot and the earlier files.

    `small`: bytes up to which a table may be locked while it is read. `server`: one that runs
    already. Raises BadMigration where a statement is refused, SandboxError.
    """

    def judge(files: Sequence[ReadMigration], together: bool) -> JudgedRun:
        return judged_run(
            files,
            earlier=earlier,
            snapshot=snapshot,
            together=together,
            major=major,
            server=server,
            privileges=True,
            progress=progress,
        )

    if asked.migration.is_python:
        raise BadMigration(
            f"{asked.migration.path} is Python, of which no plan is made",
            "name a file of SQL",
        )
    parts = list(_parts(asked))
    if not parts:
        raise BadMigration(f"{asked.migration.path} has no statement", "fill its UP part")
    back = tuple(one.text for one in asked.script.down or ())
    run = judge(parts, True)
    situations = [_situation(file, run, small, back) for file in run.migrations]
    rooms: list[Room] = []
    while (room := room_for(parts, situations)) is not None and len(rooms) <= len(parts):
        rooms.append(room)
        parts = list(room.parts)
        run = judge(parts, True)
        situations = [_situation(file, run, small, back) for file in run.migrations]
    _require_taken(asked, situations, run)
    found = _found(situations)
    unknown = unseen(run) if snapshot is None else (*unread(snapshot), *unseen(run))
    if all(sequence is None for _, sequence in found) and not rooms:
        return Plan((), None, left=unknown, skipped=run.skipped)
    end = run.migrations[-1].after
    if (other := rebuilt(parts, found)) is not None:
        run = judge(other, True)
        found = _found([_situation(file, run, small) for file in run.migrations])
    whole = _whole(together(swapped(gathered(found))), run, end, small, judge, progress)
    minds = tuple(text for room in rooms for text in room.minds)
    left = tuple(text for room in rooms for text in room.left)
    return replace(whole, minds=minds + whole.minds, left=(*unknown, *left, *whole.left))


def _found(situations: Sequence[Situation]) -> list[tuple[Situation, Safe | None]]:
    return [(one, sequence_of(one) or unsafe(one)) for one in situations]


def _whole(
    found: Sequence[tuple[Situation, Safe | None]],
    run: JudgedRun,
    end: Catalog,
    small: int,
    judge: Judge,
    progress: Progress,
) -> Plan:
    """The parts in a row, and what a server says of them. `end`: that of the migration itself."""
    rows = [_moves(one, safe) for one, safe in found]
    progress("trying the plan")
    files, said = _best(rows, lambda some: tried(judge(as_read(some), False), end, small))
    known = [safe for _, safe in found if safe is not None]
    differs = tuple(text for one in known for text in one.differs)
    left = tuple(text for one in known for text in one.left)
    blocking = () if left else said.blocking  # told already, and better
    purpose = tuple(f"in the end: {text}" for text in said.different if differs)
    unlike = () if differs else tuple(f"the end differs: {text}" for text in said.different)
    minds = tuple(text for one in known for text in one.minds)
    left += blocking + said.refused + unlike
    return Plan(files, said, differs + purpose, left, minds, run.skipped)


def _moves(situation: Situation, safe: Safe | None) -> tuple[Move, ...]:
    """Where the statement's own words stand, the settings of its file that came before it hold."""
    settings = tuple(step.text for step in situation.file.steps[:-1])
    moves = (passed(situation),) if safe is None else safe.moves
    return tuple(
        replace(move, up=(*settings, *move.up)) if settings and move.verbatim else move
        for move in moves
    )


def _best(
    rows: Sequence[Sequence[Move]], judged: Callable[[Sequence[PlannedFile]], Tried]
) -> tuple[tuple[PlannedFile, ...], Tried]:
    """What has to wait for a deployment comes last, so that one deployment is enough; where the
    rest does not stand that, the order stays."""
    first = [move for row in rows for move in row[: _border(row)]]
    then = [move for row in rows for move in row[_border(row) :]]
    plain = [move for row in rows for move in row]
    if then and [*first, *then] != plain:
        files = in_files([*first, *then])
        said = judged(files)
        if said.is_good and not said.different:
            return files, said
    files = in_files(plain)
    return files, judged(files)


def _border(row: Sequence[Move]) -> int:
    """How many of the moves come before a deployment."""
    return next((number for number, move in enumerate(row) if move.deploy), len(row))


def _parts(asked: ReadMigration) -> Iterator[ReadMigration]:
    """Each statement, with the settings before it, as a file of its own."""
    settings: list[ScriptStatement] = []
    for statement in asked.script.up:
        if statement.data is not None:
            raise BadMigration(
                f"{asked.migration.path}, line {statement.line}: rows behind a COPY are for a file "
                "of their own",
                "put them there, and plan the rest",
            )
        kind = _kind(statement)
        if kind == "TransactionStmt":
            continue
        if kind == "VariableSetStmt":
            settings.append(statement)
            continue
        for part in apart(statement):
            script = replace(asked.script, up=(*settings, part), down=None)
            yield replace(asked, script=script)


def _kind(statement: ScriptStatement) -> str:
    try:
        parsed = parse(statement.text).statements
    except SyntaxProblem:
        return ""
    return parsed[0].kind if len(parsed) == 1 else ""


def _situation(
    file: JudgedMigration, run: JudgedRun, small: int, back: tuple[str, ...] = ()
) -> Situation:
    """What this run made is known by its oid: a table that was only renamed is in use."""
    start = run.migrations[0].before
    old = oids(start)
    new = frozenset(one.qualified for one in stored(file.before) if one.oid not in old)
    return Situation(file.steps[-1], replace(file, new=new), run, small, back)


def _require_taken(asked: ReadMigration, situations: Sequence[Situation], run: JudgedRun) -> None:
    """Raises BadMigration: of what the server does not take there is no plan."""
    for one in situations:
        refusal = one.effects.refusal
        if refusal is not None:
            raise BadMigration(
                f"{asked.migration.path}, line {one.statement.statement.line}: the server refuses "
                f"it: {refusal.message}{_detail(refusal)}",
                _next_step(refusal, lacking(run)),
            )


def _detail(refusal: Refusal) -> str:
    """Of one that names what stands in the way."""
    named = refusal.detail if refusal.sqlstate in IN_THE_WAY else ""
    return f" ({'; '.join(named.rstrip('.').splitlines())})" if named else ""


def _next_step(refusal: Refusal, absent: str) -> str:
    if absent:
        return f"correct it; or mind that the throw-away server lacks {absent}"
    if refusal.sqlstate in IN_THE_WAY and refusal.detail:
        return "take away in the file, before it, what depends on it, and make it again after"
    return "correct it; or name the database that it is for, where the schema is another one"
