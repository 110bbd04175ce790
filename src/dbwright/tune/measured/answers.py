"""Does a query give the same rows with and without the new indexes?

Both answers are read through a cursor and summed up as they come: a sum of hashes for each group of
rows that ORDER BY puts in the same place (within it any order is right), and a hash over the groups
in their order. Both run in one transaction, so that now() is the same moment, and numbers of float
columns are compared to 12 digits: their sums depend on the order of the rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.pq.abc import PGresult

from dbwright.engines.postgresql.session import first_line
from dbwright.errors import StatementRejected
from dbwright.model.catalog import Catalog
from dbwright.sql.explainable import Explainable, explainable
from dbwright.sql.parse import SyntaxProblem, parse, walk
from dbwright.sql.scope.functions import VOLATILE
from dbwright.tune.measured.runs import Limits
from dbwright.tune.measured.stage import Stage, State
from dbwright.tune.rewrites.order import Sorting, sort_places
from dbwright.tune.rewrites.source import read_source

__all__ = ["Same", "same_answers"]

CURSOR = "dbwright_rows"
FETCHED = 2000
MODULUS = 1 << 128
ORDER_MATTERS = frozenset(
    """
    array_agg first_value json_agg json_object_agg jsonb_agg jsonb_object_agg lag last_value lead
    nth_value ntile row_number string_agg xmlagg
    """.split()
)
"""Their results depend on the order of rows that nothing may sort."""

Row = tuple[bytes | None, ...]


@dataclass(frozen=True, slots=True)
class Same:
    """Is the answer the same? None where that can't be told; `note` says why."""

    equal: bool | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Group:
    """Rows in the same place."""

    key: Row
    rows: int
    total: int


@dataclass(frozen=True, slots=True)
class _Answer:
    rows: int
    total: int
    """Of all rows, whatever their order."""
    before_last: bytes
    """Of all groups but the last, in their order."""
    last: _Group | None


def same_answers(
    stage: Stage,
    statement: str,
    catalog: Catalog,
    one: State,
    other: State,
    limits: Limits,
    *,
    rewritten: str | None = None,
) -> Same:
    """Run it in both states and compare. `rewritten`: what is run in the other one instead; then
    the order of the rows is not compared.

    Raises psycopg.OperationalError where the copy's server is gone.
    """
    if limits.over:
        return Same(None, "no time was left to compare its rows")
    seconds = limits.statement_seconds
    asked = _asked(statement)
    if asked is None:
        return Same(None, "its text can't be read")
    random = sorted(_called(asked, catalog))
    if random:
        return Same(None, f"it calls {random[0]}, which gives another value each time")
    sorting = _sorting(statement, catalog) if rewritten is None else Sorting(False)
    try:
        with stage.at(one, seconds):
            first = _answer(stage.connection, statement, sorting)
            with stage.connection.transaction(force_rollback=True):
                stage.put(other)
                second = _answer(stage.connection, rewritten or statement, sorting)
    except psycopg.errors.QueryCanceled:
        return Same(None, f"reading its rows to compare them takes longer than {seconds:g} s")
    except psycopg.Error as problem:
        if stage.connection.broken or stage.connection.closed:
            raise
        return Same(None, f"its rows can't be read: {first_line(problem)}")
    how = "with the indexes" if rewritten is None else "written another way"
    return _compared(first, second, statement, asked, how)


def _compared(
    first: _Answer, second: _Answer, statement: str, asked: Explainable, how: str
) -> Same:
    if first == second:
        return Same(True)
    same_number = first.rows == second.rows
    unsure = _no_single_answer(statement, asked, root_too=same_number)
    if unsure:
        return Same(None, unsure)
    if not same_number:
        return Same(False, f"{second.rows:,} rows {how} instead of {first.rows:,}")
    other = first.total != second.total
    return Same(False, f"{'other rows' if other else 'the rows in another order'} {how}")


def _no_single_answer(statement: str, asked: Explainable, *, root_too: bool) -> str:
    """Why two different answers may both be right; empty where nothing says so. What cuts the
    result itself (not a subquery) gives other rows, and never another number of them."""
    found = sorted(ORDER_MATTERS.intersection(asked.functions))
    if found:
        return f"{found[0]} depends on the order of rows, and the query does not sort them wholly"
    root = parse(statement).statements[0]
    own = [(root.kind, root.node)] if root_too else []
    for kind, node in (*own, *walk(root.node)):
        if kind == "RangeTableSample":
            return "it reads a random sample"
        if "limitCount" in node or "limitOffset" in node:
            return "LIMIT cuts among rows that are in the same place of its order, or in none"
        if node.get("distinctClause", [{}]) != [{}]:
            return "DISTINCT ON keeps any of several rows"
    return ""


def _asked(statement: str) -> Explainable | None:
    try:
        return explainable(statement)
    except StatementRejected:
        return None


def _called(asked: Explainable, catalog: Catalog) -> Iterator[str]:
    volatile = {f.name for f in catalog.functions if f.volatility == "volatile"}
    return (name for name in asked.functions if name in VOLATILE or name in volatile)


def _sorting(statement: str, catalog: Catalog) -> Sorting:
    try:
        source = read_source(statement, catalog)
    except SyntaxProblem:
        source = None
    return Sorting(False) if source is None else sort_places(source)


def _answer(connection: psycopg.Connection[Any], statement: str, sorting: Sorting) -> _Answer:
    text = sorting.text or statement
    connection.execute("SET LOCAL extra_float_digits = -3")
    connection.execute(f"DECLARE {CURSOR} NO SCROLL CURSOR FOR {text}".encode())
    fetched = _fetch(connection)
    names = [(fetched.fname(number) or b"").decode() for number in range(fetched.nfields)]
    summed = _summed(_rows(connection, fetched), _places(sorting, names))
    connection.execute(f"CLOSE {CURSOR}")
    return summed


def _places(sorting: Sorting, names: list[str]) -> list[int] | None:
    """Of the sort keys in a row; None where nothing sorts, or that can't be told."""
    if sorting.places is None:
        return None
    count = len(names) - sum(place.added is not None for place in sorting.places)
    found = [place.position(names[:count], count) for place in sorting.places]
    known = [place for place in found if place is not None]
    return known if len(known) == len(found) else None


def _fetch(connection: psycopg.Connection[Any]) -> PGresult:
    found = connection.execute(f"FETCH {FETCHED} FROM {CURSOR}").pgresult
    assert found is not None
    return found


def _rows(connection: psycopg.Connection[Any], fetched: PGresult) -> Iterator[Row]:
    """As the server writes them, `fetched` first."""
    while fetched.ntuples:
        for row in range(fetched.ntuples):
            yield tuple(fetched.get_value(row, column) for column in range(fetched.nfields))
        fetched = _fetch(connection)


def _summed(rows: Iterator[Row], places: list[int] | None) -> _Answer:
    count = total = 0
    passed = hashlib.blake2b(digest_size=16)
    last: _Group | None = None
    for row in rows:
        count += 1
        hashed = _hash(row)
        total = (total + hashed) % MODULUS
        key = () if places is None else tuple(row[place] for place in places)
        if last is not None and last.key == key:
            last = _Group(key, last.rows + 1, (last.total + hashed) % MODULUS)
            continue
        if last is not None:
            passed.update(_hash(last.key).to_bytes(16, "big") + last.total.to_bytes(16, "big"))
        last = _Group(key, 1, hashed)
    return _Answer(count, total, passed.digest(), last)


def _hash(row: Row) -> int:
    digest = hashlib.blake2b(digest_size=16)
    for value in row:
        digest.update(b"\0" if value is None else b"%d:" % len(value) + value)
    return int.from_bytes(digest.digest(), "big")
