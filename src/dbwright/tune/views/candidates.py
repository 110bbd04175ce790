"""Groups of queries that one view would serve, each with its query over the view, costed and
proven."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import psycopg

from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.rewrites.proof import Prover
from dbwright.tune.rewrites.verdict import Outcome, Verdict
from dbwright.tune.views.costs import column_types, costed_view
from dbwright.tune.views.definition import ViewDefinition, alike, define
from dbwright.tune.views.reading import Unwritable, reading
from dbwright.tune.views.shape import Shape, shape_of

__all__ = ["Candidate", "Limits", "Reader", "costed", "grouped", "proven"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What makes a view worth having."""

    cost: float
    """Of one call, before."""
    rows_share: float
    """Of the rows that are read: the view has at most so many."""
    refreshes: float
    """That the queries must pay for."""
    cheaper: float = 0.5
    """A query that reads the view costs at most so much of what it did."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A query that would read the view."""

    shape: Shape
    text: str
    """Over the view."""
    inlined: str
    """The same with the view's query in the place of its name."""
    before: float
    after: float
    verdict: Verdict | None = None

    @property
    def saved(self) -> float:
        """By all its calls."""
        return (self.before - self.after) * self.shape.weighted.weight


@dataclass(frozen=True)
class Candidate:
    """A view, and the queries that would read it."""

    view: ViewDefinition
    types: Mapping[str, str]
    """Of its columns."""
    readers: tuple[Reader, ...]
    rows: float
    bytes: int
    input_rows: float
    query_cost: float
    refresh_cost: float

    @property
    def saved(self) -> float:
        return sum(reader.saved for reader in self.readers)

    @property
    def calls(self) -> float:
        return sum(reader.shape.weighted.weight for reader in self.readers)

    @property
    def refreshes(self) -> float:
        """That are paid by what is saved."""
        return self.saved / self.refresh_cost if self.refresh_cost else 0.0


def grouped(shapes: Sequence[Shape]) -> list[list[Shape]]:
    """Those that are alike together, in the order in which they come."""
    found: dict[tuple[str, ...], list[Shape]] = {}
    for shape in shapes:
        found.setdefault(alike(shape), []).append(shape)
    return list(found.values())


def costed(
    shapes: Sequence[Shape], bench: Workbench, limits: Limits, taken: Collection[tuple[str, str]]
) -> Candidate | None:
    """The view for queries that are alike, by none of the names (schema, name) in `taken`; None
    where none can be made, or nothing is saved.

    Raises psycopg.Error where the twin's server is gone.
    """
    view = define(shapes, bench.snapshot.catalog, taken)
    if view is None:
        return None
    with bench.twin.connect() as connection:
        types = column_types(connection, view)
    if types is None:
        return None
    try:
        with costed_view(bench.twin, view, shapes[0], bench.statistics) as made:
            readers: list[Reader] = []
            for shape in shapes:
                before = made.cost(shape.source.text)
                try:
                    text = reading(shape, view, types)
                    inlined = reading(shape, view, types, inlined=True)
                except Unwritable:
                    continue
                after = made.cost(text)
                if before is None or after is None or after > limits.cheaper * before:
                    continue
                readers.append(Reader(shape, text, inlined, before, after))
            found = Candidate(
                view,
                types,
                tuple(readers),
                made.rows,
                made.bytes,
                made.input_rows,
                made.query_cost,
                made.refresh_cost,
            )
    except psycopg.Error as problem:
        if problem.sqlstate is None and not isinstance(problem, psycopg.ProgrammingError):
            raise
        return None
    small = found.rows <= limits.rows_share * found.input_rows
    return found if readers and small else None


def proven(candidate: Candidate, prover: Prover) -> tuple[list[Reader], list[Reader]]:
    """The readers that give the same rows as before on everything that was tried, and those that
    do not, or of which it can't be told."""
    equal: list[Reader] = []
    others: list[Reader] = []
    verdicts: dict[str, Verdict] = {}
    for reader in candidate.readers:
        # Calls of one query differ in constants alone.
        query = reader.shape.weighted.query
        name = query.fingerprint or query.text
        if name not in verdicts:
            verdicts[name] = prover.prove(*_compared(reader, candidate))
        verdict = verdicts[name]
        known = replace(reader, verdict=verdict)
        (equal if verdict.outcome is Outcome.EQUAL else others).append(known)
    return equal, others


def _compared(reader: Reader, candidate: Candidate) -> tuple[str, str]:
    """The query, and the same over the view's query. A condition of groups is compared as one more
    column: no handful of rows would meet `HAVING count(*) > 1000`."""
    shape = reader.shape
    fields = dict(shape.level.fields)
    having = fields.pop("havingClause", None)
    if having is not None:
        target = {"ResTarget": {"name": "dbwright_having", "val": having}}
        tree = {**fields, "targetList": [*fields["targetList"], target]}
        text = shape.source.with_tree({"SelectStmt": tree})
        shown = None
        if text is not None:
            weighted = replace(shape.weighted, statement=text)
            shown = shape_of(weighted, shape.source.catalog)
        if text is not None and shown is not None:
            return text, reading(shown, candidate.view, candidate.types, inlined=True)
    return shape.source.text, reader.inlined
