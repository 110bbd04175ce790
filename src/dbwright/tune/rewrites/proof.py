"""Are two queries equal? Both are run, on rows made to tell them apart, and their results compared.

The rows are in a database with the original's tables and constraints, on a throw-away server.
Running can't prove that queries are always equal. It refutes nearly all that are not, and shows the
rows. What only holds by luck (a constraint that is NOT VALID, or deferred) is left out of the
schema, so that the rows may break it.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType

import psycopg
from psycopg import sql as composed

from dbwright.model.names import qualify
from dbwright.model.snapshot import Snapshot
from dbwright.progress import silent
from dbwright.sandbox.server import Server
from dbwright.sandbox.twin.declare import declare
from dbwright.sandbox.twin.settings import database_options
from dbwright.sql.explainable import explainable
from dbwright.sql.parse import SyntaxProblem
from dbwright.sql.scope.relations import search_path
from dbwright.tune.rewrites.comparable import uncut, why_not_comparable
from dbwright.tune.rewrites.data import DataSet, Row, Wanted, data_sets
from dbwright.tune.rewrites.likeness import likeness, volatile_among
from dbwright.tune.rewrites.making import Making
from dbwright.tune.rewrites.promised import promised, restrict_domains
from dbwright.tune.rewrites.shrink import shrunk
from dbwright.tune.rewrites.source import Source, read_source
from dbwright.tune.rewrites.trial import Trial, Tried
from dbwright.tune.rewrites.values import Values
from dbwright.tune.rewrites.verdict import Outcome, Verdict

__all__ = ["Prover", "prove_equal"]

TIMEOUT_SECONDS = 2.0
"""Of each statement."""
MOST_SLOW = 3
"""Sets of rows on which a statement may reach the time-out; such a set does not count."""
_numbers = itertools.count(1)


def prove_equal(
    original: str,
    rewritten: str,
    snapshot: Snapshot,
    server: Server,
    *,
    samples: Mapping[str, Sequence[Row]] | None = None,
) -> Verdict:
    """Compare two queries once; see `Prover.prove`."""
    with Prover(snapshot, server) as prover:
        return prover.prove(original, rewritten, samples=samples)


class Prover:
    """A database with the snapshot's tables, in which queries are compared."""

    def __init__(
        self, snapshot: Snapshot, server: Server, *, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        """Raises psycopg.Error where the server can't be used."""
        self.snapshot = snapshot
        self._catalog = promised(snapshot.catalog)
        self._server = server
        self._name = f"dbwright_proof_{os.getpid()}_{next(_numbers)}"
        with psycopg.connect(server.url(), autocommit=True) as connection:
            options = database_options(snapshot.catalog, connection)
        server.create_database(self._name, options)
        self._connection = psycopg.connect(server.url(self._name), autocommit=True)
        self._connection.prepare_threshold = None
        try:
            self.skipped = tuple(declare(self._connection, self._catalog, silent))
            """What the server could not be given."""
            self._likeness = likeness(self._connection, self._catalog)
            self._set_up(timeout_seconds)
        except BaseException:
            self.close()
            raise
        values = Values(self._connection, snapshot.catalog)
        self._making = Making(self._catalog, snapshot.statistics, values)

    def __enter__(self) -> Prover:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop the database."""
        self._connection.close()
        with psycopg.connect(self._server.url(), autocommit=True) as connection:
            drop = composed.SQL("DROP DATABASE IF EXISTS {}").format(
                composed.Identifier(self._name)
            )
            connection.execute(drop)

    def prove(
        self,
        original: str,
        rewritten: str,
        *,
        samples: Mapping[str, Sequence[Row]] | None = None,
    ) -> Verdict:
        """Run both on every data set and compare.

        samples: rows of the real tables, by qualified name, as one more data set.
        """
        try:
            first = read_source(original, self.snapshot.catalog)
            second = read_source(rewritten, self.snapshot.catalog)
        except SyntaxProblem as problem:
            return _not_comparable(f"it does not parse: {problem.message}")
        if first is None or second is None:
            return _not_comparable("it is no SELECT of which every name is known")
        whole = uncut(first, second)
        if whole is not None:
            return self.prove(*whole, samples=samples)
        for source in (first, second):
            reason = why_not_comparable(source) or self._why_not_here(source)
            if reason is not None:
                return _not_comparable(reason)
        wanted = self._making.of((first, second))
        given = [DataSet("rows of the database", _in_order(wanted, samples))] if samples else []
        trial = Trial(self._connection, first, rewritten, wanted.tables)
        return self._judged(trial, itertools.chain(given, data_sets(wanted)))

    def _why_not_here(self, source: Source) -> str | None:
        """Why running it on this server proves nothing."""
        called = volatile_among(self._connection, explainable(source.text).functions)
        if called:
            return f"it calls {called[0]}, which may give or do something else each time"
        return self._likeness.why_not(source)

    def _judged(self, trial: Trial, sets: Iterable[DataSet]) -> Verdict:
        counted: list[Tried] = []
        slow = 0
        problem = "the original has no single right answer on any of the rows"
        for data in sets:
            if data.further and _answers(counted) > 1:
                break
            try:
                tried = trial.run(data.rows)
            except psycopg.errors.QueryCanceled:
                slow += 1
                if slow == MOST_SLOW:
                    return _not_comparable("it takes longer than the time-out on a handful of rows")
                continue
            if tried.original is None:
                problem = tried.reason
                continue
            counted.append(tried)
            if tried.difference is not None:
                example = shrunk(trial, data.name, tried)
                reason = f"{example.difference} on {data.name}"
                return Verdict(Outcome.DIFFERENT, reason, len(counted), _answers(counted), example)
        if not counted:
            return _not_comparable(problem)
        telling = _answers(counted)
        if telling < 2:
            return _not_comparable("no rows were found on which the original's answer changes")
        reason = (
            f"equal results on {len(counted)} sets of rows with {telling} different answers, among "
            "them empty tables, NULLs, duplicates, ties and unusual values"
        )
        return Verdict(Outcome.EQUAL, reason, len(counted), telling)

    def _set_up(self, timeout_seconds: float) -> None:
        execute = self._connection.execute
        restrict_domains(self._connection, self._catalog)
        path = ", ".join(qualify(name) for name in search_path(self._catalog)) or "pg_catalog"
        execute(f"SET search_path TO {path}".encode())
        execute("SELECT set_config('statement_timeout', %s, false)", [f"{timeout_seconds}s"])
        execute(b"SET jit = off")  # compiling takes longer than a handful of rows
        zone = self._catalog.setting("TimeZone")
        if zone is not None and zone.value:
            execute("SELECT set_config('TimeZone', %s, false)", [zone.value])


def _in_order(wanted: Wanted, samples: Mapping[str, Sequence[Row]]) -> dict[str, Sequence[Row]]:
    return {table.qualified: samples.get(table.qualified, ()) for table in wanted.tables}


def _not_comparable(reason: str) -> Verdict:
    return Verdict(Outcome.NOT_COMPARABLE, reason)


def _answers(tried: Sequence[Tried]) -> int:
    return len({tuple(sorted(map(repr, t.original.rows))) for t in tried if t.original is not None})
