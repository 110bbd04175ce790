"""The relations and columns that we say a statement reads are those the server's analysis finds.

The server marks, at each place where a relation is named, every column that is read there (it
checks privileges by that): no stronger judge of name resolution exists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import psycopg
import pytest
from hypothesis import Phase, event, given, settings

from dbwright.sql.scope import CatalogRelations, Statement, analyse
from dbwright.sql.scope.nouns import RelationKind
from sql.scope.generated import statements
from sql.scope.place import Place, Reads, queries_in

FILES = {"tpch": "tpch", "tpcds": "tpcds", "syntax": "shop", "orm": "shop"}
NAMED = (RelationKind.TABLE, RelationKind.VIEW, RelationKind.MATERIALIZED_VIEW)


def reads(statement: Statement) -> Reads:
    found: Reads = Counter()
    for scope in statement.scopes:
        columns: dict[int, set[str]] = {relation.number: set() for relation in scope.relations}
        for reference in scope.references:
            columns[reference.relation.number].add(reference.column)
        for relation in scope.relations:
            names = frozenset(columns[relation.number])
            if relation.kind in NAMED:
                assert relation.qualified is not None
                found[(relation.qualified, names)] += 1
            elif relation.alias == "excluded" and names:
                # For the server the row that was to be inserted is the table once more.
                (target,) = [other for other in scope.relations if other.target]
                assert target.qualified is not None
                found[(target.qualified, names)] += 1
    return found


@pytest.mark.parametrize("name", FILES)
def test_what_is_read_is_what_the_server_says(name: str, place_of: Callable[[str], Place]) -> None:
    place = place_of(FILES[name])
    relations = CatalogRelations(place.catalog, ["public"])
    wrong = []
    for query in queries_in(name):
        statement = analyse(query, relations, expand_views=False)
        expected, found = place.reads(query), reads(statement)
        if expected != found or statement.unresolved:
            missing, extra = expected - found, found - expected
            wrong.append((query, dict(missing), dict(extra), statement.unresolved))
    assert not wrong, wrong[0]


@settings(
    max_examples=400,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking such a text takes minutes
)
@given(statements())
def test_generated_statements(place_of: Callable[[str], Place], query: str) -> None:
    place = place_of("letters")
    relations = CatalogRelations(place.catalog, ["public"])
    statement = analyse(query, relations)
    try:
        expected = place.reads(query)
    except (psycopg.errors.UndefinedColumn, psycopg.errors.AmbiguousColumn):
        event("refused: a name")
        assert statement.unresolved
        return
    except psycopg.Error as refused:
        event(f"refused: {type(refused).__name__}")
        return
    event("accepted")
    assert not statement.unresolved
    assert reads(statement) == expected
