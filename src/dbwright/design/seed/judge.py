"""A server that is asked which values and rows the constraints let pass.

Its tables have every key, check, exclusion and partition of the target's; foreign keys are added
when rows are there (`add_foreign_keys`), which proves those rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import psycopg

from dbwright.engines.postgresql.session import first_line
from dbwright.model.catalog import Catalog, Column, Table
from dbwright.model.names import quote
from dbwright.model.report import Skipped
from dbwright.sql.ddl import foreign_key_definition

__all__ = ["NOWHERE", "VALID", "Judge"]

NOWHERE = "(false)"
"""The bounds of a table without partitions."""

CANDIDATES = "pg_temp.dbwright_candidates"
VALID = """
CREATE FUNCTION pg_temp.dbwright_valid(value text, type text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN EXECUTE format('SELECT %L::%s', value, type); RETURN true;
EXCEPTION WHEN OTHERS THEN RETURN false; END $$
"""
HOLDS = """
CREATE FUNCTION pg_temp.dbwright_holds(t {table}) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN RETURN coalesce({condition}, true); EXCEPTION WHEN OTHERS THEN RETURN false; END $$
"""


class Judge:
    """Asks the server; `schema.judge` makes one with a server of its own."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        catalog: Catalog,
        skipped: Sequence[Skipped] = (),
        *,
        own: bool = True,
    ) -> None:
        """`own`: is it a sandbox, where triggers and foreign keys may be off?"""
        self.connection = connection
        self.catalog = catalog
        self.skipped = tuple(skipped)
        """What could not be made here as it is on the target."""
        self._own = own
        self._conditions: dict[str, str] = {}

    def valid(self, column: Column, values: Sequence[str]) -> list[str]:
        """Those of the values that the column's type, or its domain, reads."""
        different = list(dict.fromkeys(values))
        # The server's own function is quick; a check of a domain that breaks down ends it.
        for function in ("pg_input_is_valid", "pg_temp.dbwright_valid"):
            query = f"SELECT v FROM unnest(%s::text[]) AS u (v) WHERE {function}(v, %s)"
            try:
                rows = self.connection.execute(query.encode(), (different, column.type)).fetchall()
            except psycopg.Error:
                if self.connection.closed:
                    raise
                continue
            passing = {row[0] for row in rows}
            return [one for one in values if one in passing]
        return []

    def passing(
        self, table: Table, columns: Sequence[str], lines: Sequence[str], checks: Sequence[str]
    ) -> list[str]:
        """Of candidates for these columns, those that the checks let pass, in their order. They
        must be valid for their types."""
        if not lines:
            return []
        names = ", ".join(map(quote, columns))
        self._stage(table, columns, lines)
        for condition in self._ways(checks):
            try:
                rows = self.rows(
                    f"SELECT dbwright_n FROM {CANDIDATES} AS t WHERE {condition} ORDER BY 1"
                )
            except psycopg.Error:
                if self.connection.closed:
                    raise
                continue
            return [lines[row[0]] for row in rows]
        raise AssertionError(f"no way to ask for {names}")

    def solved(
        self,
        table: Table,
        columns: Sequence[str],
        lines: Sequence[str],
        equations: Sequence[tuple[str, str]],
    ) -> list[str]:
        """The candidates, with columns set to what they have to be equal to; none where the server
        can't work that out."""
        names = ", ".join(map(quote, columns))
        self._stage(table, columns, lines)
        sets = ", ".join(f"{quote(name)} = {other}" for name, other in dict(equations).items())
        read = f"COPY (SELECT {names} FROM {CANDIDATES} ORDER BY dbwright_n) TO STDOUT"
        try:
            with self.connection.transaction(), self.connection.cursor() as cursor:
                cursor.execute(f"UPDATE {CANDIDATES} SET {sets}".encode())
                with cursor.copy(read.encode()) as copy:
                    return b"".join(copy).decode().splitlines()
        except psycopg.Error:
            if self.connection.closed:
                raise
            return []

    def _ways(self, checks: Sequence[str]) -> Iterator[str]:
        """All at once; one row at a time where a check breaks down over some row."""
        holds = " AND ".join(f"coalesce(({check}), true)" for check in checks) or "true"
        yield holds
        self.connection.execute(
            HOLDS.format(table=CANDIDATES, condition=_of_row(holds, self._staged)).encode()
        )
        yield "pg_temp.dbwright_holds(t)"
        yield "false"

    def _stage(self, table: Table, columns: Sequence[str], lines: Sequence[str]) -> None:
        self.connection.execute(f"DROP TABLE IF EXISTS {CANDIDATES} CASCADE".encode())
        self.connection.execute(
            f"CREATE TEMP TABLE {CANDIDATES.partition('.')[2]} (LIKE {table.qualified} "
            "INCLUDING GENERATED, dbwright_n integer)".encode()
        )
        self._staged = [column.name for column in table.columns]
        loose = [
            f"ALTER COLUMN {quote(column.name)} DROP NOT NULL"
            for column in table.columns
            if column.not_null and column.generated is None
        ]
        if loose:
            self.connection.execute(f"ALTER TABLE {CANDIDATES} {', '.join(loose)}".encode())
        names = ", ".join([*map(quote, columns), "dbwright_n"])
        with (
            self.connection.cursor() as cursor,
            cursor.copy(f"COPY {CANDIDATES} ({names}) FROM STDIN".encode()) as copy,
        ):
            copy.write("".join(f"{line}\t{n}\n" for n, line in enumerate(lines)))

    def accept(self, table: Table, columns: Sequence[str], lines: Sequence[str]) -> list[str]:
        """Put rows into the judge's own table; those that no constraint refuses, as the server
        writes them. Raises psycopg.Error where the server refuses them all for another reason."""
        names = ", ".join(map(quote, columns))
        self._stage(table, columns, lines)
        if self._own:
            self.connection.execute("SET session_replication_role = replica")
        try:
            for condition in islice(self._ways(self.conditions(table)), 2):
                insert = (
                    f"INSERT INTO {table.qualified} ({names}) OVERRIDING SYSTEM VALUE "
                    f"SELECT {names} FROM {CANDIDATES} AS t WHERE {condition} "
                    f"ORDER BY dbwright_n ON CONFLICT DO NOTHING RETURNING {names}"
                )
                try:
                    with (
                        self.connection.transaction(),
                        self.connection.cursor() as cursor,
                        cursor.copy(f"COPY ({insert}) TO STDOUT".encode()) as copy,
                    ):
                        return b"".join(copy).decode().splitlines()
                except psycopg.Error as problem:
                    if self.connection.closed:
                        raise
                    last = problem
            raise last
        finally:
            if self._own and not self.connection.closed:
                self.connection.execute("RESET session_replication_role")

    def conditions(self, table: Table) -> list[str]:
        """What rows must fulfil so that no error ends the whole statement."""
        checks = [c.expression for c in table.checks if c.expression is not None and c.enforced]
        checks += [
            f"{quote(column.name)} IS NOT NULL"
            for column in table.columns
            if column.not_null and column.generated is None
        ]
        bounds = self.bounds(table)
        return [*checks, bounds] if bounds else checks

    def bounds(self, table: Table) -> str:
        """That a row has a partition to go to; empty where every row has."""
        if table.partition_key is None:
            return ""
        if table.qualified not in self._conditions:
            rows = self.connection.execute(
                "SELECT pg_get_partition_constraintdef(p.relid) "
                "FROM pg_partition_tree(%s::regclass) AS p WHERE p.isleaf AND p.level > 0",
                (table.qualified,),
            ).fetchall()
            if any(row[0] is None for row in rows):  # a default one, alone
                self._conditions[table.qualified] = ""
            else:
                found = " OR ".join(f"({row[0]})" for row in rows)
                self._conditions[table.qualified] = f"({found})" if found else NOWHERE
        return self._conditions[table.qualified]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query.encode()).fetchall()

    def empty(self, table: Table) -> None:
        """Before it is filled anew."""
        self.connection.execute(f"TRUNCATE {table.qualified}".encode())

    def add_foreign_keys(self, tables: Sequence[Table]) -> tuple[int, list[Skipped]]:
        """The server looks at every row of every one: how many hold, and which don't."""
        held, broken = 0, []
        for table in self._with_partitions(tables):
            for key in table.foreign_keys:
                if key.inherited or not key.enforced:
                    continue
                text = foreign_key_definition(replace(key, validated=True))
                add = f"ALTER TABLE {table.qualified} ADD CONSTRAINT {quote(key.name)} {text}"
                try:
                    self.connection.execute(add.encode())
                    held += 1
                except psycopg.Error as problem:
                    if self.connection.closed:
                        raise
                    name = str(table.constraint_ref(key.name))
                    reason = f"the rows break it: {first_line(problem)}"
                    broken.append(Skipped("rows", reason, "", (name,)))
        return held, broken

    def _with_partitions(self, tables: Iterable[Table]) -> Iterator[Table]:
        for table in tables:
            declared = self.catalog.table(table.qualified)
            yield declared
            if declared.partition_key is not None:
                yield from self._with_partitions(self.catalog.children(declared))


def _of_row(condition: str, columns: Sequence[str]) -> str:
    """The condition over the columns of `t`, as one over a row that has them."""
    return f"(SELECT {condition} FROM (SELECT t.*) AS row)" if columns else condition
