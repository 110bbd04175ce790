"""What a condition says: kind, operator, key, and what it is compared with."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbwright.model.names import literal
from dbwright.sql.scope import CatalogRelations, Statement, analyse
from dbwright.sql.scope.predicate import ComparedKind, JoinKind, Predicate, PredicateKind
from dbwright.sql.scope.relations import KnownFunction, KnownRelation
from sql.scope.place import Place

CONDITIONS = [
    ("id = 5", "id equality = constant 5"),
    ("5 = id", "id equality = constant 5"),
    ("id > -5", "id range > constant -5"),
    ("5 > id", "id range < constant 5"),
    ("NOT id > 5", "id range <= constant 5"),
    ("NOT NOT id = 5", "id equality = constant 5"),
    ("NOT id = 5", "id not-equal <> constant 5"),
    ("id != 5", "id not-equal <> constant 5"),
    ("id = $1", "id equality = parameter $1"),
    ("$1::bigint < id", "id range > parameter $1"),
    ("id IN (1, 2, -3)", "id in-list = list 1|2|-3"),
    ("id NOT IN (1, 2)", "id not-equal <> list 1|2"),
    ("NOT id IN (1, 2)", "id not-equal <> list 1|2"),
    ("id = ANY ($1)", "id any-array = parameter $1"),
    ("id = ANY ('{1,2}'::int[])", "id any-array = constant '{1,2}'::int[]"),
    ("id <> ALL ($1)", "id not-equal <> parameter $1"),
    ("NOT id <> ALL ($1)", "id any-array = parameter $1"),
    ("name = 'It''s  A'", "name equality = constant 'It''s  A'"),
    ("name = E'a\\'b\\n'", "name equality = constant E'a\\'b\\n'"),
    ("name = $$a'b$$", "name equality = constant $$a'b$$"),
    ("name = 'Größe'", "name equality = constant 'Größe'"),
    ("created_at > timestamptz '2020-01-01 10:00+02'", "created_at range > constant '2020-01-01 10:00+02'::timestamptz"),
    ("created_at > now() - interval '7 days'", "created_at range > expression now() - '7 days'::interval"),
    ("name LIKE 'ab%'", "name like-prefix ~~ constant 'ab%'"),
    ("name LIKE '%ab'", "name like-infix ~~ constant '%ab'"),
    ("name LIKE '!%x%' ESCAPE '!'", "name like-prefix ~~ expression pg_catalog.like_escape('!%x%', '!')"),
    ("name NOT LIKE 'ab%'", "name like-prefix ~~ constant 'ab%' negated"),
    ("name ILIKE 'ab%'", "name like-infix ~~* constant 'ab%'"),
    ("name LIKE $1", "name like ~~ parameter $1"),
    ("name ~ '^ab'", "name like-prefix ~ constant '^ab'"),
    ("name ~ '^a|b'", "name like-infix ~ constant '^a|b'"),
    ("name !~ 'x'", "name like-infix ~ constant 'x' negated"),
    ("starts_with(name, 'ab')", "name like-prefix ^@ constant 'ab'"),
    ("name IS NULL", "name null-test"),
    ("NOT name IS NULL", "name null-test negated"),
    ("name IS NOT NULL", "name null-test negated"),
    ("active", "active boolean"),
    ("NOT active", "active boolean negated"),
    ("active IS TRUE", "active boolean"),
    ("active IS FALSE", "active boolean negated"),
    ("active IS UNKNOWN", "active null-test"),
    ("active IS NOT TRUE", "active other IS_NOT_TRUE"),
    ("active = true", "active equality = constant true"),
    ("tags @> ARRAY['a']", "tags contains @> expression ARRAY['a']"),
    ("ARRAY['a'] <@ tags", "tags contains @> expression ARRAY['a']"),
    ("tags && $1", "tags contains && parameter $1"),
    ("'a' = ANY (tags)", "tags other = ANY"),
    ("settings @> '{\"a\": 1}'", "settings contains @> constant '{\"a\": 1}'"),
    ("settings ? 'a'", "settings contains ? constant 'a'"),
    ("settings ->> 'a' = 'b'", "settings ->> 'a' equality = constant 'b'"),
    ("search @@ to_tsquery('a')", "search contains @@ expression to_tsquery('a')"),
    ("lower(email) = 'x'", "lower(email) equality = constant 'x'"),
    ("'x' = lower(u.email)", "lower(email) equality = constant 'x'"),
    ("lower(public.users.email) = 'x'", None),
    ("created_at::date = '2020-01-01'", "created_at::date equality = constant '2020-01-01'"),
    ("id + 1 > 5", "id + 1 range > constant 5"),
    ("(home).city = 'x'", "(home).city equality = constant 'x'"),
    ("tags[1] = 'x'", "tags[1] equality = constant 'x'"),
    ("id = id", "id other ="),
    ("id < length(name)", "id,name other <"),
    ("settings ->> $1 = 'x'", "settings equality = constant 'x'"),
    ("id = (SELECT max(user_id) FROM orders)", "id equality = subquery"),
    ("id BETWEEN 1 AND 2", "id range >= constant 1; id range <= constant 2"),
    ("NOT id NOT BETWEEN 1 AND 2", "id range >= constant 1; id range <= constant 2"),
    ("id NOT BETWEEN 1 AND 2", "id other NOT BETWEEN"),
    ("id IS DISTINCT FROM 5", "id other ="),
    ("(id, name) = (1, 'x')", "id equality = constant 1; name equality = constant 'x'"),
    ("(id, name) < (1, 'x')", "id range < list 1|'x' row name"),
    ("(id, name) IN ((1, 'a'), (2, 'b'))", "id in-list = list 1|2; name in-list = list 'a'|'b'"),
    ("id = 1 OR id = 2", "id equality = constant 1 @0.0; id equality = constant 2 @0.1; id in-list = list 1|2 implied"),
    ("id = 1 OR name = 'x'", "id equality = constant 1 @0.0; name equality = constant 'x' @0.1"),
    ("NOT (id <> 1 OR active)", "id equality = constant 1; active boolean negated"),
    ("NOT (id = 1 AND active)", "id not-equal <> constant 1 @0.0; active boolean negated @0.1"),
    ("(id = 1 AND active) OR (active AND name = 'x')", "active boolean; id equality = constant 1 @0.0; name equality = constant 'x' @0.1"),
    ("id = 1 OR (id = 1 AND active)", "id equality = constant 1"),
    ("current_date > created_at", "created_at range < expression current_date"),
    ("id = 0x1F", "id equality = constant 0x1F"),
    ("id = 1.50", "id equality = constant 1.50"),
    ("name = U&'d\\0061t'", "name equality = constant 'dat'"),
    ("name = 'a'\n'b'", "name equality = constant 'ab'"),
]  # fmt: skip


def told(predicate: Predicate) -> str:
    words = [predicate.key or ",".join(predicate.columns), predicate.kind.value]
    if predicate.operator:
        words.append(predicate.operator)
    if (
        predicate.compared.kind is not ComparedKind.NOTHING
        and predicate.kind is not PredicateKind.OTHER
    ):
        words += [predicate.compared.kind.value, "|".join(predicate.compared.texts)]
    words += ["negated"] if predicate.negated else []
    words += ["row", *predicate.row] if predicate.row else []
    words += [f"@{number}.{arm}" for number, arm in predicate.path]
    words += ["implied"] if predicate.implied else []
    return " ".join(word for word in words if word)


@pytest.mark.parametrize(("condition", "expected"), CONDITIONS)
def test_a_condition(
    condition: str, expected: str | None, place_of: Callable[[str], Place]
) -> None:
    place = place_of("shop")
    relations = CatalogRelations(place.catalog, ["public"])
    text = f"SELECT 1 FROM users u WHERE {condition}"
    statement = analyse(text, relations)
    if expected is None:  # the alias hides the table's name
        assert statement.unresolved
        return
    assert not statement.unresolved
    found = [told(p) for p in statement.scopes[0].predicates]
    assert "; ".join(found) == expected
    place.connection.execute(f"PREPARE right_sql AS {text}; DEALLOCATE right_sql".encode())


class OneTable:
    """A table `t` with the columns a, b, c, and `u` with a, d."""

    def columns(self, schema: str | None, name: str) -> KnownRelation | None:
        known = {"t": ("a", "b", "c"), "u": ("a", "d")}
        return KnownRelation("public", name, known[name]) if name in known else None

    def function(self, schema: str | None, name: str) -> KnownFunction | None:
        return None


def of(text: str) -> Statement:
    return analyse(text, OneTable())


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_literals_are_never_altered(value: str) -> None:
    written = literal(value)
    statement = of(f"SELECT 1 FROM t WHERE a = {written} AND lower(b) IN ({written}, 'x')")
    equal, among = statement.scopes[0].predicates
    assert equal.compared.texts == (written,)
    assert among.compared.texts == (written, "'x'")


@given(st.integers(-(10**20), 10**20), st.text("ü€ '", max_size=5))
def test_locations_count_bytes(number: int, before: str) -> None:
    text = f"SELECT {literal(before)} FROM t WHERE a = {number}"
    (predicate,) = of(text).scopes[0].predicates
    assert predicate.compared.texts == (str(number),)
    assert predicate.location is not None
    assert text.encode()[predicate.location :].decode() == f"= {number}"


def test_joins() -> None:
    statement = of(
        "SELECT 1 FROM t JOIN u ON t.a = u.a LEFT JOIN u v ON v.d = t.b, t w "
        "WHERE w.c = u.d AND lower(w.b) = lower(u.d)"
    )
    found = [
        (j.left.relation.alias, j.left.column, j.right.relation.alias, j.right.column, j.kind)
        for j in statement.scopes[0].joins
    ]
    assert found == [
        ("t", "a", "u", "a", JoinKind.INNER),
        ("t", "b", "v", "d", JoinKind.LEFT),
        ("u", "d", "w", "c", JoinKind.INNER),
    ]
    expressions = [p for p in statement.scopes[0].predicates if p.expression]
    assert [(p.relation.alias, p.expression) for p in expressions] == [
        ("w", "lower(b)"),
        ("u", "lower(d)"),
    ]
    assert all(p.compared.depends_on for p in expressions)


def test_a_left_join_does_not_restrict_the_side_that_it_keeps() -> None:
    statement = of("SELECT 1 FROM t LEFT JOIN u ON t.a = u.a AND t.b = 1 AND u.d = 2")
    restricting = {
        (p.relation.alias, p.column) for p in statement.scopes[0].predicates if p.restricts
    }
    assert restricting == {("u", "a"), ("u", "d")}
    assert [relation.nullable for relation in statement.relations] == [False, True]


def test_correlation_is_told_and_exists_is_a_semijoin() -> None:
    statement = of("SELECT 1 FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE u.a = t.a AND d > b)")
    outer, inner = statement.scopes
    assert not outer.correlated
    assert inner.correlated
    assert inner.negated
    assert [join.kind for join in outer.joins] == [JoinKind.ANTI]
    kinds = [(p.column, p.compared.kind) for p in inner.predicates]
    assert kinds == [("a", ComparedKind.OUTER), ("d", ComparedKind.OUTER)]


def test_sort_group_and_limit() -> None:
    statement = of(
        "SELECT b AS x, count(*) FROM t GROUP BY 1, lower(c), c "
        "ORDER BY x DESC, lower(c) NULLS FIRST, count(*) LIMIT 5 OFFSET $1"
    )
    scope = statement.scopes[0]
    assert [(k.column, k.expression) for k in scope.group_by] == [
        ("b", None), (None, "lower(c)"), ("c", None),
    ]  # fmt: skip
    found = [(k.column, k.expression, k.descending, k.nulls_first) for k in scope.order_by]
    assert found[:2] == [("b", None, True, True), (None, "lower(c)", False, True)]
    assert scope.order_by_one_relation is None
    assert scope.limit is not None and scope.limit.value == 5
    assert scope.offset is not None and scope.offset.parameter == 1
    assert statement.parameters == 1
    assert [aggregate.star for aggregate in scope.aggregates] == [True]  # computed once


def test_changes() -> None:
    statement = of("UPDATE t SET (a, b) = (SELECT a, d FROM u), c = 1 WHERE t.a = 5 RETURNING *")
    assert statement.kind.value == "update"
    assert statement.modified is not None and statement.modified.name == "t"
    assert statement.set_columns == ("a", "b", "c")
    assert len(statement.scopes) == 2
    inserted = of("INSERT INTO t SELECT a, d FROM u")
    assert inserted.set_columns == ("a", "b")


@pytest.mark.parametrize(
    "text",
    ["EXPLAIN SELECT a FROM t", "DECLARE c CURSOR FOR SELECT a FROM t", "CREATE TABLE x AS SELECT a FROM t",
     "COPY (SELECT a FROM t) TO STDOUT", "CREATE VIEW v AS SELECT a FROM t", "PREPARE p AS SELECT a FROM t"],
)  # fmt: skip
def test_the_query_in_a_utility_is_read(text: str) -> None:
    statement = of(text)
    assert statement.kind.value == "utility"
    assert [relation.name for relation in statement.relations] == ["t"]


def test_a_utility_without_a_query_has_no_scopes() -> None:
    assert of("CREATE TABLE x (a int)").scopes == ()
    assert of("COPY t FROM STDIN").scopes == ()
