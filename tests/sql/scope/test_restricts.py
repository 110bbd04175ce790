"""Rows that fail a condition which restricts their relation never matter to the result.

They are deleted, and the statement gives the same rows: for conditions as they are written, for
those that were moved into subqueries, and for those that follow from others.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import Phase, event, given, settings

from dbwright.engines.postgresql.introspect import introspect
from dbwright.engines.postgresql.session import Session
from dbwright.model.names import quote
from dbwright.sandbox import Server
from dbwright.sql.scope import CatalogRelations, Statement, analyse
from dbwright.sql.scope.nouns import ComparedKind, Predicate, PredicateKind, RelationUse
from sql.scope.generated import TABLES, selections

COPIES = {
    quote(name.strip('"') + str(number)): columns
    for name, columns in TABLES.items()
    for number in range(6)
}
"""So many that most statements name each only once."""
KNOWN = (ComparedKind.CONSTANT, ComparedKind.LIST, ComparedKind.NOTHING)
OPERATIONS = (PredicateKind.EQUALITY, PredicateKind.RANGE, PredicateKind.NOT_EQUAL)
Opened = tuple["psycopg.Connection[Any]", CatalogRelations]


@pytest.fixture(scope="module")
def rows(postgresql: Server) -> Iterator[Opened]:
    name = "scope_rows"
    postgresql.create_database(name)
    url = postgresql.url(name)
    choice = random.Random(5)
    with psycopg.connect(url, autocommit=True) as connection:
        for table, columns in COPIES.items():
            typed = ", ".join(f"{column} int" for column in columns)
            connection.execute(f"CREATE TABLE {table} ({typed})".encode())
            values = ", ".join(
                f"({', '.join(choice.choice(['NULL', '0', '1', '2', '3']) for _ in columns)})"
                for _ in range(7)
            )
            connection.execute(f"INSERT INTO {table} VALUES {values}".encode())
        with Session.open(url, 60) as session:
            relations = CatalogRelations(introspect(session))
        yield connection, relations
    with psycopg.connect(postgresql.url(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def claims(statement: Statement) -> Iterator[tuple[RelationUse, Predicate, str]]:
    """Conditions with constants on tables that are named once, as SQL."""
    uses = Counter(relation.name for relation in statement.relations if relation.stored)
    for relation in statement.relations:
        if not relation.stored or uses[relation.name] > 1:
            continue
        for predicate in statement.predicates_on(relation):
            known = predicate.compared.kind in KNOWN and predicate.restricts
            if known and not predicate.path and predicate.column is not None:
                text = as_sql(predicate, quote(predicate.column))
                if text is not None:
                    yield relation, predicate, text


def as_sql(predicate: Predicate, column: str) -> str | None:
    if predicate.kind is PredicateKind.NULL_TEST:
        return f"{column} IS {'NOT ' if predicate.negated else ''}NULL"
    if predicate.kind is PredicateKind.IN_LIST:
        return f"{column} IN ({', '.join(predicate.compared.texts)})"
    if predicate.kind in OPERATIONS and predicate.compared.text is not None:
        return f"{column} {predicate.operator} {predicate.compared.text}"
    return None


def result(connection: psycopg.Connection[Any], query: str) -> Counter[tuple[Any, ...]]:
    return Counter(connection.execute(query.encode()).fetchall())


@settings(
    max_examples=300,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(selections(COPIES))
def test_rows_that_fail_a_condition_do_not_matter(rows: Opened, query: str) -> None:
    connection, relations = rows
    statement = analyse(query, relations)
    if statement.unresolved or "LIMIT" in query:
        return
    for relation, predicate, text in claims(statement):
        try:
            with connection.transaction(force_rollback=True):
                connection.execute("SET LOCAL statement_timeout = '3s'")
                before = result(connection, query)
                table = quote(str(relation.name))
                deleted = connection.execute(
                    f"DELETE FROM {table} WHERE ({text}) IS NOT TRUE".encode()
                ).rowcount
                after = result(connection, query)
        except psycopg.Error as refused:
            event(f"refused: {type(refused).__name__}")
            return
        origin = "traced" if predicate.traced else "implied" if predicate.implied else "written"
        event(f"{origin}, {'some' if deleted else 'no'} rows deleted")
        assert before == after, (relation.alias, text, origin)
