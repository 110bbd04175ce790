"""What goes up and down, of files and history. No server, no files."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dbwright.errors import BadMigration
from dbwright.migrate.standing import (
    TAKEN_BACK_BY_REDO,
    standings,
    to_go_down,
    to_go_up,
    to_redo,
)
from dbwright.model.migration import Applied, Migration, MigrationState

FILES = [Migration(f"{n:03d}", "x", f"{n:03d}_x.sql", "c") for n in (0, 1, 2, 4)]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def row(number: int, state: MigrationState, direction: str = "up", done: int = 0) -> Applied:
    return Applied(
        f"{number:03d}", "x", "c", state, NOW, 1, "me", direction=direction, statements_done=done
    )


APPLIED = {n: row(n, MigrationState.APPLIED) for n in (0, 1, 2, 4)}


def numbers(found: tuple[object, ...]) -> list[int]:
    return [one.number for one in found]  # type: ignore[attr-defined]


def test_a_failure_that_left_nothing_is_in_nobodys_way() -> None:
    rows = APPLIED | {4: row(4, MigrationState.FAILED)}
    assert numbers(to_go_down(standings(FILES, rows), None)) == [2]
    rows[4] = row(4, MigrationState.FAILED, done=1)
    with pytest.raises(BadMigration, match="is applied in part"):
        to_go_down(standings(FILES, rows), None)


def test_what_is_taken_back_in_part_does_not_go_up() -> None:
    rows = APPLIED | {4: row(4, MigrationState.FAILED, "down", 1)}
    assert numbers(to_go_down(standings(FILES, rows), None)) == [4]
    with pytest.raises(BadMigration, match="is taken back in part"):
        to_go_up(standings(FILES, rows), None, allow_gaps=True)


def test_down_to_0_takes_all_back() -> None:
    assert numbers(to_go_down(standings(FILES, APPLIED), "0")) == [4, 2, 1, 0]
    assert numbers(to_go_down(standings(FILES, APPLIED), "1")) == [4, 2]


def test_a_gap_that_was_gone_over_is_asked_for_once() -> None:
    rows = {n: APPLIED[n] for n in (0, 1, 2)}
    with pytest.raises(BadMigration, match="there is no migration 3"):
        to_go_up(standings(FILES, rows), None, allow_gaps=False)
    later = [*FILES, Migration("005", "x", "005_x.sql", "c")]
    assert numbers(to_go_up(standings(later, APPLIED), None, allow_gaps=False)) == [5]


def test_a_version_that_no_file_can_have() -> None:
    with pytest.raises(BadMigration, match="there is no migration 999"):
        to_go_up(standings(FILES, APPLIED), "9" * 5000, allow_gaps=False)


def test_what_is_begun_to_be_taken_back_does_not_go_up() -> None:
    """Its mark is written before its first batch: nothing of it is done, and all of it is there."""
    rows = APPLIED | {4: row(4, MigrationState.RUNNING, "down")}
    assert numbers(to_go_down(standings(FILES, rows), None)) == [4]
    with pytest.raises(BadMigration, match="is taken back in part"):
        to_go_up(standings(FILES, rows), None, allow_gaps=True)


def test_redo_touches_no_other_one() -> None:
    def redone(last: Applied) -> list[int | None]:
        found = to_redo(standings(FILES, APPLIED | {4: last}))
        return [None if one is None else one.number for one in found]

    rolled_back = row(4, MigrationState.ROLLED_BACK, "down")
    assert redone(APPLIED[4]) == [4, 4]
    assert redone(row(4, MigrationState.FAILED)) == [None, 4]
    assert redone(replace(rolled_back, error=TAKEN_BACK_BY_REDO)) == [None, 4]
    assert redone(rolled_back) == [2, 2]  # by `down`: that was meant
    with pytest.raises(BadMigration, match="others before it are not"):
        to_redo(standings(FILES, {0: APPLIED[0], 2: row(2, MigrationState.FAILED)}))
    assert to_redo(standings(FILES, {})) == (None, None)
