"""`dbwright design seed`: rows for a schema, as if people had entered them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from dbwright.configuration import Configuration
from dbwright.design.seed.amounts import read_amounts
from dbwright.design.seed.order import fillable
from dbwright.design.seed.recipe import NULLS
from dbwright.design.seed.result import document
from dbwright.design.seed.seeding import Wish, into_database, into_files
from dbwright.errors import UsageError
from dbwright.model.document import Document
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.operation import Effect, Example, Parameter, operation
from dbwright.progress import Progress
from dbwright.target import DEFAULT_TARGET, Live, opened, resolve

__all__ = ["seed"]

EVEN, STEEP = 1.0, 8.0
"""Powers of the skew at 0 and 1."""


class Kind(StrEnum):
    """What the files hold."""

    COPY = "copy"
    CSV = "csv"


@operation(
    Effect.WRITES,
    examples=(
        Example("dbwright design seed schema.sql -o rows", "1,000 rows a table, as files"),
        Example(
            "dbwright design seed schema.sql -o rows --rows 500 --rows shop.orders=100k",
            "so many of each, and more of one",
        ),
        Example("dbwright design seed postgresql://me@db/dev --apply", "into an empty database"),
        Example(
            "dbwright design seed postgresql://me@db/dev --apply --like production.dbw --scale 0.1",
            "a tenth of production, by its statistics alone",
        ),
    ),
)
def seed(
    target: Annotated[
        str | None,
        Parameter(
            f"a URL, a snapshot, a .sql file or a folder of them; {DEFAULT_TARGET}",
            "TARGET",
            argument=True,
        ),
    ] = None,
    *,
    rows: Annotated[
        tuple[str, ...],
        Parameter("so many rows a table, or of one table; 1,000 unless --like says", "[TABLE=]N"),
    ] = (),
    seed: Annotated[int, Parameter("another number, other rows; the same, the same rows", "N")] = 0,
    like: Annotated[
        str | None,
        Parameter(
            "statistically like this: a snapshot, or another target; none of its values is taken",
            "SNAPSHOT|TARGET",
        ),
    ] = None,
    scale: Annotated[float, Parameter("with --like: so many times its rows", "X")] = 1.0,
    nulls: Annotated[float, Parameter("the share of NULL where they may be", "0..1")] = NULLS,
    skew: Annotated[
        float, Parameter("of foreign keys: 0 refers to all rows evenly, 1 to few", "0..1")
    ] = 0.5,
    locale: Annotated[str, Parameter("of names and places, as de_DE", "NAME")] = "en_US",
    output: Annotated[
        Path | None,
        Parameter("write a file for each table, and load.sql, to this new folder", "DIR", "-o"),
    ] = None,
    data: Annotated[
        Kind, Parameter("what the files are: for COPY, or CSV", "copy|csv")
    ] = Kind.COPY,
    apply: Annotated[bool, Parameter("put the rows into the target itself")] = False,
    append: Annotated[bool, Parameter("with --apply: also into tables that have rows")] = False,
    progress: Progress,
    configuration: Configuration,
) -> Document:
    """Make realistic rows for every table of a schema.

    Values come from the names and types of columns, and fulfil every constraint: what a check lets
    pass is asked of a throw-away server. Foreign keys refer to few rows often and to many seldom.
    The files are loaded into that server before they are handed over, which proves them. Nothing is
    written to the target without `--apply`; that is one transaction, so that a run that is ended at
    any point leaves nothing, and running it again does all of it. A table that no rows can be made
    for is told with its constraint, and the exit status is 1. Needs `dbwright[design]`.
    """
    _require(rows, scale, nulls, skew, output, apply, append, like)
    chosen = resolve(target, configuration)
    if apply and not isinstance(chosen, Live):
        raise UsageError("--apply needs a database, and this is a file", "use -o DIR")
    like_target = None if like is None else resolve(like, configuration)
    with opened(chosen, values=0, progress=progress) as source:
        snapshot = source.snapshot
    tables = fillable(snapshot.catalog)
    if not tables:
        raise UsageError(f"{snapshot.target} has no tables to put rows into", "name another target")
    amounts = read_amounts(rows, tables)
    sample = None
    if like_target is not None:
        with opened(like_target, values=None, progress=progress) as source:
            sample = source.snapshot
        if sample.statistics is None or not sample.statistics.columns:
            raise UsageError(
                f"{sample.target} has no statistics of columns",
                "ANALYZE that database, or snapshot one that was analyzed",
            )
    wish = Wish(
        snapshot.catalog,
        snapshot.target,
        tables,
        amounts,
        seed,
        scale,
        nulls,
        STEEP**skew * EVEN,
        locale,
        sample,
    )
    if isinstance(chosen, Live) and apply:
        return document(into_database(wish, chosen.url, append, progress))
    assert output is not None
    result = into_files(wish, output, data is Kind.CSV, progress)
    return document(replace(result, skipped=(*_refused(snapshot), *result.skipped)))


def _refused(snapshot: Snapshot) -> Iterator[Skipped]:
    """Statements of the target's files that the server did not take: their tables are not there."""
    for one in snapshot.refused:
        place = f"{one.location.file}:{one.location.line}"
        column = f":{one.location.column}" if one.location.column else ""
        reason = f"{place}{column}: the server refused the statement: {one.message}"
        yield Skipped("files", reason, one.hint, (place,))


def _require(
    rows: tuple[str, ...],
    scale: float,
    nulls: float,
    skew: float,
    output: Path | None,
    apply: bool,
    append: bool,
    like: str | None,
) -> None:
    """Said before anything is read. Raises UsageError."""
    read = [("--nulls", nulls, 1.0), ("--skew", skew, 1.0), ("--scale", scale, math.inf)]
    for name, value, most in read:
        if not 0 <= value <= most or math.isinf(value):
            raise UsageError(f"{name} {value:g} is out of bounds", f"0 to {most:g}")
    if scale != 1.0 and like is None:
        raise UsageError(
            "--scale is of the rows of --like", "name those with --like, or use --rows"
        )
    if apply and output is not None:
        raise UsageError("--apply writes to the target, -o to files", "leave one of them out")
    if append and not apply:
        raise UsageError("--append is for --apply", "name both")
    if not apply and output is None:
        raise UsageError(
            "it was not said where rows go",
            "-o DIR writes files; --apply writes into the target",
        )
