"""From a snapshot to rows: in files that are proven, or in the database itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dbwright.design.seed.amounts import Amounts
from dbwright.design.seed.destination import Database, Files
from dbwright.design.seed.judge import Judge
from dbwright.design.seed.later import numbering, second_pass
from dbwright.design.seed.live import Live, writing
from dbwright.design.seed.order import Order, in_order
from dbwright.design.seed.recipe import NULLS, Recipe
from dbwright.design.seed.result import Result
from dbwright.design.seed.run import Fillings, fill
from dbwright.design.seed.schema import judge
from dbwright.design.seed.sources import null_share
from dbwright.design.seed.values.values import Values
from dbwright.design.seed.values.words import Words
from dbwright.errors import TargetError
from dbwright.model.catalog import Catalog, Table
from dbwright.model.names import literal, quote
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.progress import Progress

__all__ = ["Wish", "into_database", "into_files"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for."""

    catalog: Catalog
    target: str
    tables: Sequence[Table]
    amounts: Amounts
    seed: int
    scale: float
    nulls: float = NULLS
    power: float = 4.0
    locale: str = "en_US"
    like: Snapshot | None = None

    @property
    def like_rows(self) -> dict[str, float]:
        if self.like is None or self.like.statistics is None:
            return {}
        statistics = self.like.statistics
        found: dict[str, float] = {}
        for table in self.like.catalog.tables:
            counted = statistics.of(table)
            if counted is None:
                continue
            root = table
            while root.is_partition and root.inherits:
                root = self.like.catalog.table(root.inherits[0])
            if table.stores_rows:
                found[root.qualified] = found.get(root.qualified, 0.0) + counted.best_rows
        return found

    def recipe(self, asked: Judge) -> Recipe:
        """Raises MissingExtra, UsageError for a locale."""
        values = Values(self.catalog, Words(self.seed, self.locale))
        like = {}
        if self.like is not None and self.like.statistics is not None:
            for table in self.like.catalog.tables:
                for column in table.columns:
                    found = self.like.statistics.of_column(table, column)
                    if found is not None:
                        like[table.qualified, column.name] = found
        return Recipe(
            self.catalog, asked, values, self.seed, self.nulls, self.power, like, self.like_rows
        )

    def rows(self) -> Callable[[Table], int]:
        like_rows = self.like_rows
        return lambda table: self.amounts.rows(table, like_rows, self.scale)

    def result(self, done: Fillings, skipped: Sequence[Skipped], held: int) -> Result:
        return Result(
            self.target,
            self.seed,
            done.tables,
            (*skipped, *done.skipped),
            held,
            like=self.like.target if self.like is not None else "",
            named=frozenset(self.amounts.of),
        )


def into_files(wish: Wish, folder: Path, csv: bool, progress: Progress) -> Result:
    """Raises SandboxError, UsageError, FileUnreadable."""
    order = in_order(wish.tables)
    with judge(wish.catalog, progress) as asked:
        recipe = wish.recipe(asked)
        files = Files(folder, asked, csv)
        try:
            done = fill(recipe, order, wish.rows(), files, asked, lambda *_: None, {}, progress)
            progress("checking the foreign keys")
            later, failed = _second_pass(recipe, order, done, lambda sql: _run(asked, sql))
            filled = [one.table for one in done.tables]
            held, broken = asked.add_foreign_keys(filled)
            done.skipped += [*failed, *broken]
            files.finish(_script(wish, done, files.files, later, csv))
        except BaseException:
            files.give_up()
            raise
    return replace(wish.result(done, asked.skipped, held), folder=folder, files=files.files)


def into_database(wish: Wish, url: str, append: bool, progress: Progress) -> Result:
    """Raises TargetError, SandboxError, UsageError."""
    order = in_order(wish.tables)
    rows = wish.rows()
    with judge(wish.catalog, progress) as asked, writing(url) as live:
        wanted = [table for table in order.tables if rows(table)]
        full = live.with_rows(wanted)
        if full and not append:
            names = ", ".join(table.qualified for table in full[:5])
            more = f" and {len(full) - 5} more" if len(full) > 5 else ""
            raise TargetError(
                f"there are rows in {names}{more}; nothing was written",
                "--append adds to them, --rows TABLE=0 leaves a table alone",
            )
        there = {table.qualified: live.there(table) for table in full}
        recipe = wish.recipe(asked)
        # Only the target knows the rows that are there.
        asker = Judge(live.connection, wish.catalog, own=False) if full else asked
        done = fill(
            recipe,
            order,
            rows,
            Database(live.connection, asker),
            asker,
            live.keys,
            there,
            progress,
        )
        progress("setting what was left for the end")
        _, failed = _second_pass(recipe, order, done, live.run)
        done.skipped += failed
        for statement in numbering(wish.catalog, [one.table for one in done.tables]):
            live.run(statement)
        for one in done.tables:
            live.run(f"ANALYZE {one.table.qualified}")
        progress("committing")
        return wish.result(done, asked.skipped, 0)


def _second_pass(
    recipe: Recipe, order: Order, done: Fillings, run: Callable[[str], str | None]
) -> tuple[list[str], list[Skipped]]:
    """The statements that were run, and what could not be."""
    filled = {one.table.qualified for one in done.tables}
    statements: list[str] = []
    skipped: list[Skipped] = []
    for table, key in order.postponed:
        if table.qualified not in filled or key.references not in filled:
            continue
        nulls = max(null_share(recipe, table, table.column(name)) for name in key.columns)
        statement = second_pass(table, key, nulls)
        problem = "the table has no primary key" if statement is None else run(statement)
        if statement is not None and problem is None:
            statements.append(statement)
        else:
            reason = f"{table.qualified}: {key.name} is NULL in all rows: {problem}"
            name = str(table.constraint_ref(key.name))
            skipped.append(Skipped("references", reason, "", (name,)))
    return statements, skipped


def _run(asked: Judge, statement: str) -> str | None:
    return Live(asked.connection).run(statement)


def _script(
    wish: Wish, done: Fillings, files: dict[str, str], later: Sequence[str], csv: bool
) -> str:
    """load.sql: everything in one transaction."""
    lines = [
        f"-- Rows for {wish.target}, made by `dbwright design seed --seed {wish.seed}`.",
        "-- psql -v ON_ERROR_STOP=1 -f load.sql" + (" (in this folder)" if csv else ""),
        "BEGIN;",
        "SET CONSTRAINTS ALL DEFERRED;",
    ]
    for one in done.tables:
        name = files[one.table.qualified]
        if csv:
            columns = ", ".join(map(quote, one.columns))
            lines.append(
                f"\\copy {one.table.qualified} ({columns}) FROM {literal(name)} "
                "WITH (FORMAT csv, HEADER true)"
            )
        else:
            lines.append(f"\\ir {literal(name)}")
    lines += [f"{statement};" for statement in later]
    lines += [f"{s};" for s in numbering(wish.catalog, [one.table for one in done.tables])]
    lines.append("COMMIT;")
    lines += [f"ANALYZE {one.table.qualified};" for one in done.tables]
    return "\n".join(lines) + "\n"
