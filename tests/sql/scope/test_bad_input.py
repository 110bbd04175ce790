"""Texts that can't be read, names that are not known, and texts that are large."""

from __future__ import annotations

import pytest

from dbwright.sql.parse import SyntaxProblem
from dbwright.sql.scope import analyse
from dbwright.sql.scope.nouns import RelationKind
from sql.scope.test_predicates import OneTable, of


@pytest.mark.parametrize(
    "text", ["", "SELECT FROM WHERE", "SELECT 1; SELECT 2", "-- nothing", "SELECT '\0'"]
)
def test_no_statement(text: str) -> None:
    with pytest.raises(SyntaxProblem):
        of(text)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("SELECT z FROM t", ["z"]),
        ("SELECT t.z FROM t", ["t.z"]),
        ("SELECT a FROM t, u", ["a"]),
        ("SELECT x.a FROM t", ["x.a"]),
        ("SELECT a FROM nowhere", ["nowhere", "a"]),
        ("SELECT b FROM t, nowhere", ["nowhere"]),
        ("SELECT z FROM t, nowhere", ["nowhere", "z"]),
        ("SELECT * FROM nowhere", ["nowhere", "nowhere.*"]),
        ("SELECT other.t.a FROM t", ["other.t.a"]),
        ("SELECT t.a FROM t x", ["t.a"]),
        ("SELECT s.q FROM (SELECT a FROM t) s", ["s.q"]),
        ("SELECT 1 FROM t JOIN u ON v.a = 1, t v", ["v.a"]),
        ("SELECT 1 FROM t, (SELECT t.a) s", ["t.a"]),
        ("SELECT 1 FROM t JOIN u USING (d)", ["d"]),
        ("WITH c AS (SELECT a FROM c) SELECT 1 FROM c", ["c", "a"]),
        ("SELECT a FROM t GROUP BY q", ["q"]),
        ("DELETE FROM t WHERE d = 1", ["d"]),
        ('SELECT "A" FROM t', ["A"]),
    ],
)
def test_what_is_not_known_is_said_and_never_guessed(text: str, names: list[str]) -> None:
    statement = of(text)
    assert [unresolved.name for unresolved in statement.unresolved] == names
    read = {(r.relation.name, r.column) for s in statement.scopes for r in s.references}
    for relation, column in read:
        if relation in ("t", "u"):
            assert column in {"t": "abc", "u": "ad"}[relation]


def test_the_rest_is_analysed_all_the_same() -> None:
    statement = of("SELECT t.a FROM t JOIN nowhere n ON n.x = t.a WHERE t.b = 1 AND n.y = 2")
    table, unknown = statement.relations
    assert unknown.kind is RelationKind.UNKNOWN
    assert [p.column for p in statement.predicates_on(table)] == ["a", "b"]
    assert [(u.name, u.location) for u in statement.unresolved] == [("nowhere", 23)]


@pytest.mark.parametrize("depth", [50, 200, 2000, 20000])
@pytest.mark.parametrize(
    ("opening", "core", "closing"),
    [
        ("SELECT * FROM (", "SELECT 1", ") s"),
        ("SELECT 1 FROM t WHERE a IN (", "SELECT 1", ")"),
        ("SELECT ", "1", " + 1"),
        ("SELECT 1 FROM t WHERE NOT (", "a = 1", ")"),
        ("SELECT 1 FROM t WHERE lower(", "a", ") = 'x'"),
        ("SELECT (", "1", ")"),
    ],
)
def test_deep_nesting_is_read_or_refused_in_words(
    depth: int, opening: str, core: str, closing: str
) -> None:
    head, _, repeated = opening.rpartition(" ")
    if opening.startswith(("SELECT *", "SELECT 1 FROM t WHERE a IN")):
        head, repeated = "", opening
    tail = ""
    if " = 'x'" in closing:
        closing, tail = ")", " = 'x'"
    if "NOT (" in opening:
        head, repeated = "SELECT 1 FROM t WHERE", "NOT ("
    text = f"{head} {repeated * depth}{core}{closing * depth}{tail}"
    try:
        of(text)
    except SyntaxProblem as problem:
        assert "nested too deeply" in problem.message


@pytest.mark.parametrize("size", [5_000, 100_000])
def test_large_statements(size: int) -> None:
    numbers = ", ".join(str(number) for number in range(size))
    (predicate,) = of(f"SELECT 1 FROM t WHERE a IN ({numbers})").scopes[0].predicates
    assert len(predicate.compared.texts) == size
    rows = ", ".join(f"({number}, 'value')" for number in range(size))
    statement = of(f"INSERT INTO t (a, b) VALUES {rows}")
    assert statement.set_columns == ("a", "b")
    arms = " OR ".join(f"a = {number}" for number in range(size // 10))
    among = [p for p in of(f"SELECT 1 FROM t WHERE {arms}").scopes[0].predicates if p.implied]
    assert len(among[0].compared.texts) == size // 10


def test_many_scopes() -> None:
    union = " UNION ALL ".join(["SELECT a FROM t WHERE b = 1"] * 100)
    statement = analyse(f"SELECT * FROM ({union}) s WHERE a = 5", OneTable())
    assert sum(predicate.traced for s in statement.scopes for predicate in s.predicates) == 100
