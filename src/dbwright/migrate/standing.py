"""Where each migration stands: files beside history. Pure: no file is read, no server asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dbwright.errors import BadMigration
from dbwright.migrate.files.folder import missing_between
from dbwright.model.migration import Applied, Migration, MigrationState

__all__ = ["TAKEN_BACK_BY_REDO", "Standing", "standings", "to_go_down", "to_go_up", "to_redo"]

TAKEN_BACK_BY_REDO = "taken back by redo, and not run again yet: run `dbwright migrate redo`"


@dataclass(frozen=True, slots=True)
class Standing:
    """One version: its file, its row, or both."""

    migration: Migration | None
    """None where the file is gone."""
    applied: Applied | None
    """None where the database does not know it."""

    @property
    def number(self) -> int:
        known = self.migration or self.applied
        assert known is not None
        return known.number

    @property
    def state(self) -> MigrationState:
        return MigrationState.PENDING if self.applied is None else self.applied.state

    @property
    def is_half_done(self) -> bool:
        """Is some of it in the database, or may be? A failure that left nothing is none."""
        if self.applied is None or not self.state.is_half_done:
            return False
        if self.applied.direction == "down":
            return True  # it was there: a failure that left it so is noted as what it was before
        batches = self.applied.batches is not None and self.applied.batches.batches
        return bool(self.applied.statements_done or self.applied.statement or batches)

    @property
    def is_changed(self) -> bool:
        """Is the file another one than that which was run to its end?"""
        if self.migration is None or self.applied is None or not self.applied.state.is_done:
            return False
        return self.applied.checksum not in ("", self.migration.checksum)

    @property
    def is_lost(self) -> bool:
        """Is it in the database, and its file gone?"""
        return self.migration is None and self.state is not MigrationState.ROLLED_BACK


def standings(migrations: Iterable[Migration], rows: Mapping[int, Applied]) -> tuple[Standing, ...]:
    """Every version that the folder or the database knows, in order."""
    files = {migration.number: migration for migration in migrations}
    numbers = sorted(files.keys() | rows.keys())
    return tuple(Standing(files.get(number), rows.get(number)) for number in numbers)


def to_go_up(
    found: Sequence[Standing], version: str | None, *, allow_gaps: bool
) -> tuple[Standing, ...]:
    """Those to run, in order, up to that version (None: all).

    Raises BadMigration where the files don't fit what was run.
    """
    if version is not None:
        _require_version(found, version)
    last = None if version is None else int(version)
    chosen = [one for one in found if last is None or one.number <= last]
    _require_unchanged(chosen)
    _require_not_on_the_way_back(chosen)
    waiting = [one for one in chosen if one.migration is not None and not one.state.is_done]
    if not allow_gaps:
        _require_no_gaps(found, waiting)
    return tuple(waiting)


def to_go_down(found: Sequence[Standing], version: str | None) -> tuple[Standing, ...]:
    """Those to take back, the latest first: the last one, or all after that version (0: all).

    Raises BadMigration.
    """
    if version is not None and version.strip("0"):
        _require_version(found, version)
    there = [one for one in reversed(found) if one.state.is_done or one.is_half_done]
    chosen = there[:1] if version is None else [o for o in there if o.number > _last(version)]
    for one in chosen:
        _require_reversible(one)
    return tuple(chosen)


def to_redo(found: Sequence[Standing]) -> tuple[Standing | None, Standing | None]:
    """The last one, to be taken back first, and to be run; None for nothing to do.

    One that `redo` has taken back and not run again, or that failed, is the one that somebody works
    at. The one before it is not touched: nobody meant to lose what its DOWN part loses. Raises
    BadMigration.
    """
    back = next(iter(to_go_down(found, None)), None)
    later = [one for one in found if _is_worked_at(one)]
    if not later or (back is not None and later[-1].number < back.number):
        return back, back
    if to_go_up(found, str(later[-1].number), allow_gaps=True) != (later[-1],):
        raise BadMigration(
            f"{later[-1].migration} is not applied, and others before it are not either",
            "run them with `dbwright migrate up`",
        )
    return None, later[-1]


def _is_worked_at(one: Standing) -> bool:
    applied = one.applied
    if one.migration is None or applied is None or one.state.is_done or one.is_half_done:
        return False
    return one.state is not MigrationState.ROLLED_BACK or applied.error == TAKEN_BACK_BY_REDO


def _last(version: str) -> int:
    """The number that stays: of 0 not even a file of that number does."""
    return int(version) if version.strip("0") else -1


def _require_version(found: Sequence[Standing], version: str) -> None:
    numbers = {str(one.number) for one in found}
    if not version.isdecimal() or (version.lstrip("0") or "0") not in numbers:
        raise BadMigration(
            f"there is no migration {version[:40]}", "`dbwright migrate status` lists them"
        )


def _require_unchanged(found: Iterable[Standing]) -> None:
    for one in found:
        if one.is_changed and one.migration is not None:
            raise BadMigration(
                f"{one.migration.path} was changed after it was applied",
                "put it back as it was, and write the change into a new migration",
            )


def _require_not_on_the_way_back(chosen: Iterable[Standing]) -> None:
    for one in chosen:
        applied = one.applied
        if one.is_half_done and applied is not None and applied.direction == "down":
            raise BadMigration(
                f"{applied.version} {applied.name} is taken back in part",
                "finish that with `dbwright migrate down` first",
            )


def _require_no_gaps(found: Sequence[Standing], waiting: Sequence[Standing]) -> None:
    done = [one.number for one in found if one.state.is_done]
    late = [one for one in waiting if done and one.number < done[-1] and not one.is_half_done]
    if late and late[0].migration is not None:
        raise BadMigration(
            f"{late[0].migration.path} is older than {done[-1]}, which was applied before it",
            "give it a later version, or run it all the same with --allow-gaps",
        )
    known = {one.number for one in found}
    # Between those that were run nothing is asked for any more: `verify` tells of that.
    missing = [
        number
        for number in missing_between(one.migration for one in found if one.migration is not None)
        if waiting and max(done, default=-1) < number < waiting[-1].number and number not in known
    ]
    if missing:
        raise BadMigration(
            f"there is no migration {missing[0]}, and one after it",
            "add its file, or go on without it with --allow-gaps",
        )


def _require_reversible(one: Standing) -> None:
    if one.migration is None:
        assert one.applied is not None
        raise BadMigration(
            f"the file of {one.applied.version} {one.applied.name} is gone",
            "get it back from version control: its DOWN part is needed",
        )
    if one.state is MigrationState.BASELINE:
        raise BadMigration(
            f"{one.migration} is of the baseline: dbwright did not run it",
            "take it back by hand, or go down to a later version",
        )
    applied = one.applied
    if one.is_half_done and applied is not None and applied.direction == "up":
        raise BadMigration(
            f"{one.migration} is applied in part; statements done: {applied.statements_done}",
            "finish it with `dbwright migrate up` first",
        )
