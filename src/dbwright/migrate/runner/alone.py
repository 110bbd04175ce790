"""One statement that can't be part of a transaction: begun, ended, cleared up after, gone on with.

It is written down before it begins and after it ended; the time between is what `finish` looks
into.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from dbwright.errors import HalfDone, MigrationRefused
from dbwright.migrate.runner.in_the_way import look_before
from dbwright.migrate.runner.leftovers import drop, qualified
from dbwright.migrate.runner.patience import Patience, with_patience
from dbwright.migrate.runner.session import limit
from dbwright.migrate.runner.unfinished import (
    LOOKS,
    Rest,
    index_of_that_name,
    leftovers_of,
    other_of_that_name,
    rest_of,
)
from dbwright.migrate.runner.watcher import Watcher
from dbwright.migrate.runner.work import CutOff
from dbwright.progress import Progress
from dbwright.sql.index_likeness import may_be_same_index
from dbwright.sql.parse import ParsedStatement, SyntaxProblem, parse

__all__ = ["Alone"]

TAKEN_BACK = frozenset(
    "CreateTableSpaceStmt DropTableSpaceStmt AlterDatabaseStmt CreateSubscriptionStmt "
    "AlterSubscriptionStmt DropSubscriptionStmt".split()
)
"""Kinds that leave nothing behind when the server refuses them, though a cut can't be told."""


@dataclass(frozen=True, slots=True)
class Alone:
    """A statement outside of transactions, and what is at hand to run it."""

    connection: psycopg.Connection[Any]
    text: str
    place: str
    """File and line, for messages."""
    patience: Patience
    watcher: Watcher
    progress: Progress

    def run(self, execute: Callable[[], None]) -> None:
        """Raises psycopg.Error, MigrationRefused."""
        parsed = _parsed(self.text)
        if parsed is not None and _is_concurrent(parsed):
            look_before(self.connection, parsed, self.place, self.progress)
            if parsed.kind == "IndexStmt" and parsed.node.get("idxname"):
                # With IF NOT EXISTS the server would call an invalid index enough, and a table.
                self._require_free_name(parsed)
                self._drop(Rest(leftovers=leftovers_of(self.connection, parsed)))
                self._require_same_index(parsed)
        before = {leftover.oid for leftover in leftovers_of(self.connection, parsed)}

        def attempt(patience: Patience) -> None:
            try:
                limit(self.connection, self._limits(parsed, patience), local=False)
                execute()
            except psycopg.Error:
                if not self.connection.closed:
                    left = leftovers_of(self.connection, parsed)
                    own = tuple(leftover for leftover in left if leftover.oid not in before)
                    self._drop(Rest(leftovers=own))
                raise

        if self.is_known:
            with_patience(attempt, self.patience, self.watcher, self.progress)
        else:  # what it committed before it was refused would be done twice
            attempt(self.patience)

    def _require_free_name(self, parsed: ParsedStatement) -> None:
        if other_of_that_name(self.connection, parsed.node):
            raise MigrationRefused(
                f"{self.place}: {parsed.node['idxname']} is there already, and is no index of "
                f"{qualified(parsed.node['relation'])}",
                "nothing of it was changed: give the index another name and run again",
            )

    def _require_same_index(self, parsed: ParsedStatement) -> None:
        """IF NOT EXISTS asks for a name alone."""
        definition = index_of_that_name(self.connection, parsed.node)
        if definition is None or not parsed.node.get("if_not_exists"):
            return  # the server says it itself
        there = _parsed(definition)
        if there is not None and not may_be_same_index(there.node, parsed.node):
            raise MigrationRefused(
                f"{self.place}: {parsed.node['idxname']} is there already, and is another index: "
                f"{definition}",
                "nothing of it was changed: drop that one, or give this one another name, and run "
                "again",
            )

    @property
    def is_known(self) -> bool:
        """Can it be run again after the server refused it, with nothing done twice?"""
        parsed = _parsed(self.text)
        return parsed is not None and (parsed.kind in LOOKS or parsed.kind in TAKEN_BACK)

    def finish(self, cut_off: CutOff | None) -> bool:
        """Of a statement of which nobody knows whether it ended: clear up; must it run again?

        Raises HalfDone where nothing tells, and `cut_off` does not either.
        """
        rest = rest_of(self.connection, _parsed(self.text))
        if not rest.known and cut_off is None:
            seen = rest.note and f" ({rest.note})"
            raise HalfDone(
                f"{self.place}: it was begun and cut off, and nothing tells whether it ended{seen}",
                "look whether it took effect, then run it with --cut-off done or --cut-off again",
            )
        if not rest.known:
            rest = Rest(again=cut_off is CutOff.AGAIN, note=f"it is {cut_off}")
        self.progress(f"{self.place}: it was cut off; {rest.note}")
        self._drop(rest)
        if rest.instead:
            self.connection.execute(rest.instead.encode())
        return rest.again

    def clear_up(self) -> None:
        """What it left behind that was cut off, and whose text stands in the file no more."""
        self._drop(rest_of(self.connection, _parsed(self.text)))

    def _drop(self, rest: Rest) -> None:
        drop(self.connection, rest.leftovers, self.patience, self.progress)

    def _limits(self, parsed: ParsedStatement | None, patience: Patience) -> Patience:
        """Without lock_timeout where that does more harm: in a concurrent build it holds for the
        wait for old snapshots too, and would leave an invalid index because of a reader of another
        table. VACUUM FULL, CLUSTER and REINDEX make all others wait behind them: they keep it, and
        so does what may do anything: a procedure, a block, a function of Python."""
        if parsed is not None and (_is_concurrent(parsed) or not _may_block_others(parsed)):
            return replace(patience, lock_timeout=0.0)
        return patience


def _parsed(text: str) -> ParsedStatement | None:
    try:
        return parse(text).statements[0]
    except (SyntaxProblem, IndexError):
        return None  # of a later server's grammar, or no SQL: nothing is known of it


def _may_block_others(parsed: ParsedStatement) -> bool:
    if parsed.kind == "VacuumStmt":
        options = [item["DefElem"]["defname"] for item in parsed.node.get("options", ())]
        return "full" in options
    return parsed.kind in ("ClusterStmt", "ReindexStmt") or (
        parsed.kind not in LOOKS and parsed.kind not in TAKEN_BACK
    )


def _is_concurrent(parsed: ParsedStatement) -> bool:
    node = parsed.node
    if parsed.kind == "ReindexStmt":
        names = [item["DefElem"]["defname"] for item in node.get("params", ())]
        return "concurrently" in names
    if parsed.kind == "AlterTableStmt":
        commands = [item["AlterTableCmd"] for item in node["cmds"]]
        return any(command["subtype"] == "AT_DetachPartition" for command in commands)
    return bool(node.get("concurrent"))
