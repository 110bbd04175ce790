"""A database with tables for queries, and what the server says that a query reads of them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from dbwright.model.catalog import Catalog
from dbwright.model.names import qualify
from dbwright.sql.split import split

__all__ = ["FOLDER", "Place", "Reads", "queries_in"]

FOLDER = Path(__file__).parent / "queries"
FIRST_ATTRIBUTE = 7
"""What the server adds to a column's number in its sets (FirstLowInvalidHeapAttributeNumber)."""
PERMISSIONS = re.compile(
    r"\{RTEPERMISSIONINFO :relid (\d+) :inh \w+ :requiredPerms (\d+) :checkAsUser \d+ "
    r":selectedCols \(b([ \d]*)\)"
)
Reads = Counter[tuple[str, frozenset[str]]]


@dataclass(frozen=True)
class Place:
    """A database with tables for queries."""

    connection: psycopg.Connection[Any]
    catalog: Catalog

    def reads(self, query: str) -> Reads:
        """Every relation that the query names, as often as it does, with the columns that it reads
        of it there: what the server's own analysis would demand SELECT for."""
        trees: list[str] = []

        def heard(notice: psycopg.errors.Diagnostic) -> None:
            words = f"{notice.message_primary} {notice.message_detail or ''}".split()
            trees.append(" ".join(words))

        self.connection.add_notice_handler(heard)
        try:
            self.connection.execute("SET debug_print_parse = on")
            self.connection.execute("SET client_min_messages = log")
            trees.clear()
            self.connection.execute(f"PREPARE observed AS {query}".encode())
        finally:
            self.connection.remove_notice_handler(heard)
            self.connection.execute("RESET client_min_messages")
            self.connection.execute("RESET debug_print_parse")
        self.connection.execute("DEALLOCATE observed")
        found: Reads = Counter()
        for tree in trees:
            for relation, permissions, columns in PERMISSIONS.findall(tree):
                if int(permissions):  # none is asked for `excluded`
                    names = self.names(int(relation), [int(number) for number in columns.split()])
                    found[(self.relation(int(relation)), names)] += 1
        return found

    def relation(self, oid: int) -> str:
        row = self.connection.execute(
            "SELECT nspname, relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
            "WHERE c.oid = %s",
            [oid],
        ).fetchone()
        assert row is not None
        return qualify(*row)

    def names(self, relation: int, numbers: list[int]) -> frozenset[str]:
        """Column names; `*` for the whole row."""
        rows = self.connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s AND attnum = ANY (%s)",
            [relation, [number - FIRST_ATTRIBUTE for number in numbers]],
        ).fetchall()
        whole = {"*"} if FIRST_ATTRIBUTE in numbers else set()
        return frozenset({row[0] for row in rows} | whole)


def queries_in(name: str) -> list[str]:
    """The statements of `queries/NAME.sql`."""
    text = (FOLDER / f"{name}.sql").read_text(encoding="utf-8")
    return [statement.text.rstrip(";\n ") for statement in split(text)]
