"""One migration after the other on a stage: alone, back again, and among clients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import psycopg

from dbwright.diff.compare import differences
from dbwright.errors import HalfDone
from dbwright.migrate.history.table import History
from dbwright.migrate.rehearsal.between import lost_of, write_between
from dbwright.migrate.rehearsal.broken import require_room_left
from dbwright.migrate.rehearsal.changes import Change
from dbwright.migrate.rehearsal.content import Content, Known, content_changes
from dbwright.migrate.rehearsal.failures import down_failed, up_failed
from dbwright.migrate.rehearsal.figures import clients, described, sizes, touched
from dbwright.migrate.rehearsal.findings import (
    finding,
    of_lacking,
    of_order,
    of_sequences,
    of_writes,
)
from dbwright.migrate.rehearsal.helped import helped_run
from dbwright.migrate.rehearsal.load import MOST_TABLES, Load
from dbwright.migrate.rehearsal.made_anew import lacking
from dbwright.migrate.rehearsal.roles import NO_RIGHT, lacks_right, made_for, without_history
from dbwright.migrate.rehearsal.runs import Outcome
from dbwright.migrate.rehearsal.seen import Options, Seen, Try
from dbwright.migrate.rehearsal.sequences import Behind, newly_behind
from dbwright.migrate.rehearsal.stage import STAGE, Stage, catalog_of
from dbwright.migrate.rehearsal.stages import refill_plainly
from dbwright.migrate.rehearsal.telling import told
from dbwright.migrate.runner.work import Work
from dbwright.migrate.standing import Standing
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.model.rehearsal import RehearsedMigration
from dbwright.model.report import Skipped
from dbwright.progress import Progress

__all__ = ["Rehearsing"]

ALONE, BETWEEN, LOADED, NEXT = "alone", "between", "loaded", "next"
OF_THE_ROWS = ("22", "23")
"""Classes of SQLSTATE that say that rows don't fit a statement."""


class Rehearsing:
    """Tries migrations on a stage, which is as it is before the first of them."""

    def __init__(self, stage: Stage, options: Options, progress: Progress) -> None:
        self._stage = stage
        self._options = options
        self._progress = progress
        with psycopg.connect(stage.url(), autocommit=True) as connection:
            history = History(connection, stage.table)
            self._may_begin = made_for(stage, history, connection)
            self.history = history.table
            """The history's table, qualified."""
        self._as_superuser = False
        """Is the role of the stage refused what the migration needs?"""
        self._catalog: Catalog | None = None
        self._known: Known = {}
        stage.know_shared()

    @property
    def catalog(self) -> Catalog:
        """Of the stage, as it is before the next migration."""
        if self._catalog is None:
            self._catalog = catalog_of(self._stage.url())
        return self._catalog

    def rehearse(self, one: Try) -> RehearsedMigration:
        """Try it; `stage` stays as it is. Raises DbwrightError where the server is gone, or the
        try is interrupted."""
        if self._is_begun(one):
            one = Try(one.up, None, resumed=True)
        self._as_superuser = False
        seen = self._alone(one)
        if seen.after is not None and self._options.clients:
            self._among_clients(one, seen)
        if not self._may_begin:
            seen.findings.append(without_history(one.up.migration, self._stage.role, self.history))
            self._may_begin = True
        return told(one, seen, self._options, sampled=self._stage.sampled)

    def _is_begun(self, one: Try) -> bool:
        with psycopg.connect(self._stage.url(), autocommit=True) as connection:
            rows = History(connection, self.history).rows()
        return Standing(one.up.migration, rows.get(one.up.migration.number)).is_half_done

    def go_on(self, one: Try) -> bool:
        """Bring `stage` to where it is after the migration; False where that can't be."""
        self._stage.make_copy(NEXT)
        outcome = self._run(self._stage.url(NEXT), one.up)
        if outcome.problem is not None:
            self._stage.drop(NEXT)
            self._stage.forget_shared()
            return False
        self._catalog = None
        self._known = {}
        self._stage.drop(STAGE)
        self._stage.rename(NEXT, STAGE)
        self._stage.know_shared()
        return True

    def _run(self, url: str, work: Work, *, observe: bool = False) -> Outcome:
        stage, progress = self._stage, self._progress
        mine = url if self._as_superuser else stage.as_role(url)
        outcome = helped_run(stage, mine, work, self.history, progress, observe=observe)
        require_room_left(outcome)
        return outcome

    def _alone(self, one: Try) -> Seen:
        self._progress(f"{one.up.migration}: up")
        seen = self._once(one)
        if self._is_denied(seen.outcomes[0]):
            denied = lacks_right(one.up.migration, seen.outcomes[0], self._stage.role, "UP")
            self._as_superuser = True
            seen = self._once(one)
            seen.findings.append(denied)
        refused = seen.outcomes[0].sqlstate[:2] in OF_THE_ROWS
        if seen.after is None and refused and self._stage.made and self._stage.unusual:
            # Made rows are no reason that it fails on real ones.
            said = seen.outcomes[0].problem
            refill_plainly(self._stage, self._progress)
            self._known = {}
            seen = self._once(one)
            if seen.after is None:
                return seen
            message = "" if said is None else said.message
            seen.findings.append(
                finding(
                    "migrate/depends-on-rows",
                    Severity.NOTICE,
                    one.up.migration,
                    f"rows that were made up with NULLs, long texts and the like were refused "
                    f"({message}); it was tried on plain ones",
                    advice="rehearse on a live target, whose rows decide",
                )
            )
        return seen

    def _is_denied(self, outcome: Outcome) -> bool:
        return bool(self._stage.role) and not self._as_superuser and outcome.sqlstate == NO_RIGHT

    def _once(self, one: Try) -> Seen:
        before = self.catalog
        with self._stage.copied(ALONE) as url:
            outcome = self._run(url, one.up, observe=True)
            seen = Seen(before, described("up", outcome), outcomes=[outcome])
            if outcome.problem is not None:
                again = None
                if isinstance(outcome.problem, HalfDone):
                    again = self._run(url, one.up)
                seen.findings += up_failed(one.up, outcome, again, before, self._stage)
                return seen
            seen.after = catalog_of(url)
            seen.changes = self._changes(seen.before, url, seen.after)
            seen.findings += of_sequences(
                self._behind(seen.before, url, seen.after), one.up.migration, "UP"
            )
            seen.findings += of_lacking(
                lacking(seen.before, seen.after, {self.history}), one.up.migration
            )
            names = touched(outcome, seen.before, seen.changes, self.history)
            tables = sizes(self._stage.url(), url, seen.before, seen.after, names)
            seen.up = replace(seen.up, tables=tables)
            if one.down is not None:
                self._back(one.down, seen, url)
        if one.down is not None and seen.down_ended:
            self._written_between(one.up, one.down, seen)
        return seen

    def _written_between(self, up: Work, down: Work, seen: Seen) -> None:
        """Once more, with an application at work between the two."""
        assert seen.after is not None
        names = set(touched(seen.outcomes[0], seen.before, seen.changes, self.history))
        names |= set(touched(seen.outcomes[-1], seen.after, (), self.history))
        if not names:
            return
        self._progress(f"{up.migration}: up, some rows written, down")
        with self._stage.copied(BETWEEN) as url:
            if self._run(url, up).problem is not None:
                return  # told of the first run already, or of what it shares with others
            with (
                psycopg.connect(self._stage.url(), autocommit=True) as old,
                psycopg.connect(url, autocommit=True) as new,
            ):
                written = write_between(old, new, seen.before, seen.after, names)
            seen.written = len(written)
            outcome = self._run(url, down) if written else None
            if outcome is None:
                return
            if outcome.problem is not None:
                seen.findings.append(down_failed(down, outcome, after_writes=True))
                return
            with psycopg.connect(url, autocommit=True) as new:
                seen.lost_writes = tuple(lost_of(new, written))
        seen.findings += of_writes(seen.lost_writes, down.migration)

    def _back(self, down: Work, seen: Seen, url: str) -> None:
        self._progress(f"{down.migration}: down")
        outcome = self._run(url, down, observe=True)
        if self._is_denied(outcome):
            seen.findings.append(lacks_right(down.migration, outcome, self._stage.role, "DOWN"))
            self._as_superuser = True
            outcome = self._run(url, down, observe=True)
        seen.down = described("down", outcome)
        seen.outcomes.append(outcome)
        if outcome.problem is not None:
            seen.findings.append(down_failed(down, outcome))
            return
        seen.down_ended = True
        end = catalog_of(url)
        seen.left = self._changes(seen.before, url, end, by_name=True)
        seen.findings += of_sequences(
            self._behind(seen.before, url, end), down.migration, "UP and DOWN"
        )
        seen.findings += of_order(seen.before, end, down.migration)
        for one in differences(seen.before, end):
            if self.history in (one.object.name, one.text):
                continue
            seen.findings.append(
                finding(
                    "migrate/down-does-not-restore",
                    Severity.ERROR,
                    down.migration,
                    f"after UP and DOWN, {one.text}",
                    object=one.object,
                    detail=one.property,
                )
            )

    def _changes(
        self, before: Catalog, url: str, after: Catalog, *, by_name: bool = False
    ) -> tuple[Change, ...]:
        with (
            psycopg.connect(self._stage.url(), autocommit=True) as old,
            psycopg.connect(url, autocommit=True) as new,
        ):
            return content_changes(
                Content(old, before, self._known),
                Content(new, after),
                left_out={self.history},
                by_name=by_name,
                show=self._options.show_values,
                progress=self._progress,
            )

    def _behind(self, before: Catalog, url: str, after: Catalog) -> tuple[Behind, ...]:
        with (
            psycopg.connect(self._stage.url(), autocommit=True) as old,
            psycopg.connect(url, autocommit=True) as new,
        ):
            return newly_behind(old, before, new, after, {self.history})

    def _among_clients(self, one: Try, seen: Seen) -> None:
        assert seen.after is not None
        self._progress(f"{one.up.migration}: up, among clients")
        with self._stage.copied(LOADED) as url:
            names = touched(seen.outcomes[0], seen.before, seen.changes, self.history)
            outcome, load = self._loaded(url, one.up, names, seen.before)
            seen.up = clients(seen.up, outcome, load)
            if outcome.problem is not None:
                seen.findings += up_failed(one.up, outcome, None, seen.before, self._stage)
                return
            if one.down is None or not seen.down_ended:
                return
            assert seen.down is not None
            self._progress(f"{one.up.migration}: down, among clients")
            names = touched(seen.outcomes[1], seen.after, (), self.history)
            outcome, load = self._loaded(url, one.down, names, seen.after)
            seen.down = clients(seen.down, outcome, load)
            if outcome.problem is not None:
                seen.findings.append(down_failed(one.down, outcome))
            elif not seen.left:
                seen.left = self._changes(seen.before, url, catalog_of(url), by_name=True)

    def _loaded(
        self, url: str, work: Work, names: Sequence[str], catalog: Catalog
    ) -> tuple[Outcome, Load]:
        tables = [table for name in names if (table := catalog.find_table(name)) is not None]
        with Load(url, tables) as load:
            outcome = self._run(url, work)
        without = tuple(name for name in names if name not in load.tables)
        if without:
            reason = (
                f"clients were at work on the first {MOST_TABLES} tables that are touched and have "
                "a primary key and rows; on these were none"
            )
            note = Skipped("rehearsal.clients", reason, "", without)
            self._stage.skipped += [note] if note not in self._stage.skipped else []
        return outcome, load
