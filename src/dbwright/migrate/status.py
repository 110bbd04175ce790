"""`dbwright migrate status`: what was run, and what was not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dbwright.configuration import Configuration
from dbwright.memory import garbage_collection_paused
from dbwright.migrate.files.folder import read_folder
from dbwright.migrate.history.table import DEFAULT_TABLE
from dbwright.migrate.place import DEFAULT_FOLDER, Folder, Table, Target, opened
from dbwright.migrate.standing import Standing, standings
from dbwright.migrate.told import cell
from dbwright.model.batches import BatchMark
from dbwright.model.document import Document
from dbwright.model.measured import time_text
from dbwright.model.migration import MigrationState
from dbwright.operation import Effect, Example, operation

__all__ = ["status"]


@operation(
    Effect.READS,
    examples=(
        Example("dbwright migrate status postgresql://me@localhost/shop", "all migrations"),
        Example("dbwright migrate status --format json", "for a program"),
    ),
)
def status(
    target: Target = None,
    *,
    dir: Folder = DEFAULT_FOLDER,
    table: Table = DEFAULT_TABLE,
    configuration: Configuration,
) -> Document:
    """List migrations, and where each stands in the database.

    Writes nothing, not even the table of the history. Of a migration that stopped half-way it says
    at which statement, what the server said, and what to do.
    """
    with garbage_collection_paused():
        migrations = read_folder(dir)
        with opened(target, configuration, table) as place:
            found = standings(migrations, place.history.rows())
            name = place.name
        data = {"target": name, "dir": str(dir), "migrations": [_data(one) for one in found]}
        return Document("migrate status", _text(found, str(dir)), data)


def _text(found: Sequence[Standing], folder: str) -> str:
    if not found:
        return f"There are no migrations in {folder}, and the database knows none.\n"
    done = sum(one.state.is_done for one in found)
    lines = [
        "| version | name | state | run | took |",
        "| --- | --- | --- | --- | ---: |",
        *(_row(one) for one in found),
        "",
        f"{done} of {len(found)} are applied.",
    ]
    return "\n".join([*lines, *(f"\n{note}" for note in _notes(found))]) + "\n"


def _row(one: Standing) -> str:
    known = one.migration or one.applied
    assert known is not None
    applied = one.applied
    when = took = ""
    if applied is not None:
        when = f"{applied.executed_at:%Y-%m-%d %H:%M}, {applied.applied_by}"
        if applied.execution_time_ms is not None:
            took = time_text(applied.execution_time_ms / 1000)
    state = str(one.state)
    if one.is_changed:
        state += ", file changed since"
    if one.is_lost:
        state += ", file gone"
    return f"| {known.version} | {cell(known.name)} | {state} | {when} | {took} |"


def _notes(found: Iterable[Standing]) -> Iterable[str]:
    for one in found:
        applied = one.applied
        if applied is None or not (applied.state.is_half_done or applied.error):
            continue
        done = f"statements done ({applied.direction}): {applied.statements_done}"
        if applied.batches is not None:
            done += f", and {_far(applied.batches)}"
        if applied.state.is_done:
            yield f"{applied.version}: could not be taken back: {applied.error}."
        elif applied.state is MigrationState.ROLLED_BACK:
            yield f"{applied.version}: {applied.error}."
        elif applied.statement and applied.state is MigrationState.FAILED:
            yield (
                f"{applied.version}: {applied.error}. {done}; what the next one had committed "
                "before that stays. Look, mend it and run it again."
            )
        elif applied.statement:
            yield (
                f"{applied.version}: cut off, or running now. {done}; after them was begun: "
                f"`{' '.join(applied.statement.split())}`. Run `dbwright migrate "
                f"{applied.direction}`: it looks what became of it, and goes on."
            )
        elif applied.state is MigrationState.RUNNING:
            yield (
                f"{applied.version}: cut off, or running now. {done}. Run `dbwright migrate "
                f"{applied.direction}`: it goes on from there."
            )
        else:
            yield f"{applied.version}: {applied.error}. {done}; mend it and run it again."


def _far(mark: BatchMark) -> str:
    if not mark.batches:
        return f"none of the next one's batches, over about {mark.total:,} rows"
    part = f" in {mark.part_name}" if mark.part_name else ""
    return f"{mark.words} of the next one, up to {mark.place}{part}"


def _batches(mark: BatchMark | None) -> dict[str, object] | None:
    if mark is None:
        return None
    return {
        "done": mark.batches,
        "rows_passed": mark.passed,
        "rows_estimated": mark.total,
        "partition": mark.part_name or None,
        "key": dict(zip(mark.columns, mark.last, strict=False)),
        "last_key": dict(zip(mark.columns, mark.upper, strict=False)),
    }


def _data(one: Standing) -> dict[str, object]:
    known = one.migration or one.applied
    assert known is not None
    data: dict[str, object] = {
        "version": known.version,
        "name": known.name,
        "state": str(one.state),
        "file": None if one.migration is None else one.migration.path,
        "checksum": None if one.migration is None else one.migration.checksum,
        "changed": one.is_changed,
        "lost": one.is_lost,
    }
    applied = one.applied
    if applied is not None:
        data |= {
            "executed_at": applied.executed_at.isoformat(),
            "execution_time_ms": applied.execution_time_ms,
            "applied_by": applied.applied_by,
            "rolled_back": applied.rolled_back,
            "rolled_back_at": applied.rolled_back_at and applied.rolled_back_at.isoformat(),
            "direction": applied.direction,
            "statements_done": applied.statements_done,
            "statement": applied.statement,
            "error": applied.error,
            "batches": _batches(applied.batches),
        }
    return data
