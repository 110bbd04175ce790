"""Typical values: every statement that comes out is one, is the same query, and can be planned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbwright.engines.postgresql.parameter_types import parameter_types
from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.errors import StatementRejected
from dbwright.model.snapshot import Snapshot
from dbwright.model.statistics import ColumnStatistics
from dbwright.model.workload import Query
from dbwright.sandbox import Server, start
from dbwright.sql.fingerprint import fingerprint, normalize
from dbwright.sql.parameters import numbers_in, with_values
from dbwright.sql.split import split
from dbwright.tune.workload.parameters import concrete
from dbwright.tune.workload.weighted import weighted
from servers.postgresql import Database

SHOP = Path(__file__).with_name("shop.sql")
QUERIES = [each.text for each in split(Path(__file__).with_name("queries.sql").read_text("utf-8"))]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server that counts statements, with a shop that has rows."""
    with start(settings={"shared_preload_libraries": "pg_stat_statements"}) as server:
        server.create_database("shop")
        with psycopg.connect(server.url("shop"), autocommit=True) as connection:
            connection.execute(SHOP.read_bytes())
            connection.execute("CREATE EXTENSION pg_stat_statements")
        yield server


@pytest.fixture(scope="module")
def connection(server: Server) -> Iterator[psycopg.Connection]:
    with psycopg.connect(server.url("shop"), autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def snapshot(server: Server, connection: psycopg.Connection) -> Snapshot:
    """With every query of the corpus in its workload, as the server normalized it."""
    connection.execute("SELECT pg_stat_statements_reset()")
    for text in QUERIES:
        with connection.transaction(force_rollback=True):
            connection.execute(text.encode())
    with Session.open(server.url("shop"), 30) as session:
        return read(session, values=None, workload=True)


def explained(connection: psycopg.Connection, text: str) -> None:
    """Raises where the server can't plan it."""
    connection.execute(f"EXPLAIN {text}".encode())


def check(
    query: Query, snapshot: Snapshot, connection: psycopg.Connection, types: tuple[str, ...]
) -> None:
    """What holds for the variants of every query."""
    variants = concrete(query, snapshot, types=types)
    assert 1 <= len(variants) <= 3
    assert sum(variant.weight for variant in variants) == pytest.approx(1.0)
    assert len({variant.text for variant in variants}) == len(variants)
    for variant in variants:
        assert not numbers_in(variant.text)
        assert fingerprint(variant.text) == fingerprint(query.text)
        explained(connection, variant.text)


def normalized(snapshot: Snapshot) -> list[Query]:
    """The corpus as pg_stat_statements shows it."""
    assert snapshot.workload is not None
    corpus = {fingerprint(text) for text in QUERIES}
    found = [query for query in snapshot.workload.queries if fingerprint(query.text) in corpus]
    assert len(found) == len(QUERIES)
    return found


def test_what_the_server_normalized_can_be_planned_again(
    snapshot: Snapshot, connection: psycopg.Connection
) -> None:
    for query in normalized(snapshot):
        check(query, snapshot, connection, parameter_types(connection, query.text))


def test_also_without_the_server_s_types(
    snapshot: Snapshot, connection: psycopg.Connection
) -> None:
    for query in normalized(snapshot):
        check(query, snapshot, connection, ())


def test_also_without_statistics(snapshot: Snapshot, connection: psycopg.Connection) -> None:
    bare = replace(snapshot, statistics=None)
    for query in normalized(snapshot):
        check(query, bare, connection, parameter_types(connection, query.text))
        assert len(concrete(query, bare)) == 1


def test_also_on_older_servers(any_database: Database) -> None:
    any_database.execute(SHOP.read_text(encoding="utf-8"))
    with Session.open(any_database.url, 30) as session:
        snapshot = read(session, values=None)
    with psycopg.connect(any_database.url, autocommit=True) as connection:
        for text in QUERIES:
            query = Query(normalize(text))
            check(query, snapshot, connection, parameter_types(connection, query.text))
            check(query, snapshot, connection, ())


def texts(query: str, snapshot: Snapshot) -> dict[str, str]:
    """The variants by their kind."""
    return {variant.kind: variant.text for variant in concrete(Query(query), snapshot)}


def statistics_of(snapshot: Snapshot, table: str, column: str) -> ColumnStatistics:
    assert snapshot.statistics is not None
    found = snapshot.statistics.of_column(snapshot.catalog.table(table), column)
    assert found is not None
    return found


def test_values_are_those_of_the_column_that_is_compared(snapshot: Snapshot) -> None:
    state = statistics_of(snapshot, "shop.orders", "state")
    variants = concrete(Query("SELECT id FROM shop.orders o WHERE o.state = $1"), snapshot)
    assert [variant.kind for variant in variants] == ["common", "tail", "middle"]
    assert state.common_values[0] == "sent"
    assert variants[0].text == "SELECT id FROM shop.orders o WHERE o.state = 'sent'"
    assert variants[0].weight == pytest.approx(0.6, abs=0.05)
    assert sorted(variant.text[-6:-1] for variant in variants[1:]) == ["'open", "'paid"]


def test_a_range_is_narrow_and_late_first(snapshot: Snapshot) -> None:
    placed = statistics_of(snapshot, "shop.orders", "placed").histogram
    found = texts("SELECT 1 FROM shop.orders WHERE placed >= $1 AND placed < $2", snapshot)
    for kind, (low, high) in {"common": (0.9, 0.95), "middle": (0.45, 0.55)}.items():
        ends = [placed[round(share * (len(placed) - 1))] for share in (low, high)]
        assert found[kind].endswith(f"placed >= '{ends[0]}' AND placed < '{ends[1]}'")


def test_a_lone_bound_leaves_a_tenth(snapshot: Snapshot) -> None:
    ids = statistics_of(snapshot, "shop.orders", "id").histogram
    tenth = ids[round(0.9 * (len(ids) - 1))]
    assert texts("SELECT 1 FROM shop.orders WHERE id > $1", snapshot)["common"].endswith(
        f"id > {tenth}"
    )
    first = ids[round(0.1 * (len(ids) - 1))]
    assert texts("SELECT 1 FROM shop.orders WHERE id < $1", snapshot)["common"].endswith(
        f"id < {first}"
    )


def test_no_two_of_a_list_are_the_same(snapshot: Snapshot) -> None:
    text = texts("SELECT 1 FROM shop.orders WHERE customer_id IN ($1, $2, $3)", snapshot)["middle"]
    inside = text.partition("(")[2].rstrip(")").split(", ")
    assert len(set(inside)) == 3


def test_elements_of_an_array_are_values_of_the_column(
    snapshot: Snapshot, connection: psycopg.Connection
) -> None:
    """A server takes them for text as long as they are parameters."""
    for text in (
        "SELECT 1 FROM shop.orders WHERE customer_id = ANY (ARRAY[$1, $2, $3])",
        "SELECT 1 FROM shop.orders WHERE customer_id = ANY (ARRAY[$1::bigint, $2])",
        "SELECT 1 FROM shop.orders WHERE customer_id = ANY (ARRAY[$1 /*, ... */])",
    ):
        found, skipped = weighted(
            [Query(text, fingerprint=fingerprint(text))], snapshot, connection
        )
        assert found
        assert not skipped
        for each in found:
            explained(connection, each.statement)
            assert "{" not in each.statement
    note = "SELECT 1 FROM shop.orders WHERE note = ANY (ARRAY[$1])"
    assert "ARRAY['note " in texts(note, snapshot)["common"]


def test_a_pattern_with_an_escape(snapshot: Snapshot, connection: psycopg.Connection) -> None:
    pattern = texts("SELECT 1 FROM shop.customer WHERE name LIKE $1 ESCAPE $2", snapshot)["middle"]
    explained(connection, pattern)
    assert "%' ESCAPE" in pattern


def test_a_subquery_s_and_a_view_s_column_are_the_table_s(snapshot: Snapshot) -> None:
    common = statistics_of(snapshot, "shop.orders", "customer_id")
    values = common.common_values + common.histogram
    view = texts("SELECT 1 FROM shop.open_orders v WHERE v.customer_id = $1", snapshot)
    inner = texts(
        "SELECT 1 FROM (SELECT customer_id AS c FROM shop.orders) s WHERE c = $1", snapshot
    )
    for text in (*view.values(), *inner.values()):
        assert text.rpartition("= ")[2] in values


def test_what_is_inserted_is_like_what_is_there(snapshot: Snapshot) -> None:
    text = texts("INSERT INTO shop.orders (id, state, balance) VALUES ($1, $2, $3)", snapshot)[
        "common"
    ]
    number, state, balance = text.partition("VALUES (")[2].rstrip(")").split(", ")
    assert (state, number.isdigit()) == ("'sent'", True)
    assert balance.strip("()").lstrip("-").isdigit()


def test_limit_and_offset(snapshot: Snapshot) -> None:
    found = concrete(Query("SELECT 1 FROM shop.orders LIMIT $1 OFFSET $2"), snapshot)
    assert [variant.text for variant in found] == ["SELECT 1 FROM shop.orders LIMIT 10 OFFSET 0"]
    assert found[0].weight == 1.0


def test_literals_are_never_altered(snapshot: Snapshot) -> None:
    text = "SELECT 'It''s $1', \"birthDay\", E'\\'$2' FROM shop.customer WHERE name = $1 -- $3"
    for variant in concrete(Query(text), snapshot):
        assert variant.text.startswith(text.partition("$1 --")[0])
        assert variant.text.endswith("' -- $3")


def test_quotes_and_backslashes_of_values(
    snapshot: Snapshot, connection: psycopg.Connection
) -> None:
    name = statistics_of(snapshot, "shop.customer", "name")
    hard = [v for v in name.common_values + name.histogram if "'" in v or "\\" in v]
    assert len(hard) > 10
    for value in hard:
        query = Query(
            "SELECT $1",
            example="SELECT count(*) FROM shop.customer WHERE name = $1",
            parameters=(value,),
            fingerprint=fingerprint("SELECT count(*) FROM shop.customer WHERE name = $1"),
        )
        (variant,) = concrete(query, snapshot)
        row = connection.execute(variant.text.encode()).fetchone()
        assert row is not None
        assert row[0] > 0


def test_what_was_seen_stands_first(snapshot: Snapshot) -> None:
    normal = "SELECT * FROM shop.orders WHERE id = $1"
    seen = Query(
        normal,
        example=normal,
        parameters=("17",),
        slowest="SELECT * FROM shop.orders WHERE id = 23",
    )
    assert [(v.text, v.weight, v.kind) for v in concrete(seen, snapshot)] == [
        ("SELECT * FROM shop.orders WHERE id = '17'", 0.9, "seen"),
        ("SELECT * FROM shop.orders WHERE id = 23", 0.1, "slowest"),
    ]
    null = replace(seen, parameters=(None,), slowest=None)
    assert concrete(null, snapshot)[0].text.endswith("id = NULL")
    incomplete = replace(seen, parameters=(), slowest=None)
    assert {v.kind for v in concrete(incomplete, snapshot)} <= {"common", "middle", "tail"}


def test_a_query_without_parameters_stays_as_it_is(snapshot: Snapshot) -> None:
    text = "SELECT * FROM shop.orders"
    assert [(v.text, v.weight) for v in concrete(Query(text), snapshot)] == [(text, 1.0)]


def test_types_are_the_server_s(connection: psycopg.Connection) -> None:
    assert parameter_types(
        connection,
        "SELECT interval $1, extract($2 FROM placed) FROM shop.orders "
        "WHERE state = $3 AND placed > now() - $4 AND id = ANY ($5) LIMIT $6",
    ) == ("", "", "shop.state", "interval", "bigint[]", "bigint")
    assert parameter_types(connection, "SELECT 1") == ()
    with pytest.raises(StatementRejected, match='relation "missing" does not exist'):
        parameter_types(connection, "SELECT * FROM missing WHERE a = $1")
    row = connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()
    assert row == (0,)


UNTOLD = {
    """SELECT id FROM shop.customer WHERE "birthDay" + $1 < $2""": ("integer", "date"),
    "SELECT id FROM shop.orders WHERE placed > now() - $1": ("interval",),
    "SELECT id FROM shop.orders WHERE placed::date > current_date - $1": ("integer",),
    "SELECT id FROM shop.orders WHERE placed + $1 > $2 + $3": (
        "interval",
        "timestamp with time zone",
        "interval",
    ),
    "SELECT id FROM shop.orders WHERE lasts > $1 * $2": ("interval", "double precision"),
    "SELECT -$1 - balance FROM shop.orders LIMIT $2 + $3": ("integer", "integer", "integer"),
    "SELECT 1 FROM shop.orders WHERE extract(epoch FROM $1) > id": ("timestamp with time zone",),
    "WITH i AS (SELECT $1 AS x) SELECT c.id FROM shop.customer c JOIN i ON c.token = i.x": (
        "uuid",
    ),
    "SELECT o.id FROM (VALUES ($1, $2), ($3, $4)) v (i, t) JOIN shop.orders o ON o.id = v.i": (
        "integer",
        "text",
        "integer",
        "text",
    ),
    "SELECT o.id FROM unnest($1) u (i) JOIN shop.orders o ON o.id = u.i": ("integer[]",),
    "SELECT id FROM shop.orders WHERE ($1 IS NULL OR state = $1) AND ($2 IS NULL OR id = $2)": (
        "shop.state",
        "bigint",
    ),
    "SELECT id FROM shop.orders WHERE id = $1 OR note = $1": ("bigint",),
    "UPDATE shop.orders SET state = CASE id WHEN $1 THEN $2 WHEN $3 THEN $4 END": (
        "bigint",
        "shop.state",
        "bigint",
        "shop.state",
    ),
    "SELECT id FROM shop.orders WHERE during && tstzrange($1, $2, $3)": (
        "timestamp with time zone",
        "timestamp with time zone",
        "text",
    ),
    "SELECT sum(CASE WHEN total > $1 THEN $2 ELSE $3 END) FROM shop.orders": (
        "numeric",
        "integer",
        "integer",
    ),
}


def test_types_that_only_trying_tells(snapshot: Snapshot, connection: psycopg.Connection) -> None:
    for text, types in UNTOLD.items():
        assert parameter_types(connection, text) == types, text
        found, skipped = weighted([Query(text)], snapshot, connection)
        assert found, text
        assert not skipped
        for each in found:
            explained(connection, each.statement)


def test_what_was_one_constant_is_one_again(
    snapshot: Snapshot, connection: psycopg.Connection
) -> None:
    """As pg_stat_statements shows it, and as a log does."""
    select = (
        "SELECT to_char(placed, {}), count(*) FROM shop.orders WHERE lasts > now() - $3 - placed "
        "GROUP BY to_char(placed, {})"
    )
    for first, second in (("$1", "'YYYY-MM'"), ("$1", "$2")):
        found, _ = weighted([Query(select.format(first, second))], snapshot, connection)
        for each in found:
            explained(connection, each.statement)
        assert found


def test_text_that_becomes_an_interval(snapshot: Snapshot, connection: psycopg.Connection) -> None:
    text = "SELECT id FROM shop.orders WHERE placed > now() - ($1 || ' days')::interval"
    found, _ = weighted([Query(text)], snapshot, connection)
    assert [each.statement for each in found] == [text.replace("$1", "'1'")]
    explained(connection, found[0].statement)


def test_a_list_that_was_shortened_has_several_values_again(
    snapshot: Snapshot, connection: psycopg.Connection
) -> None:
    text = (
        "SELECT id FROM shop.orders WHERE customer_id IN ($1 /*, ... */) ORDER BY placed LIMIT $2"
    )
    found, _ = weighted([Query(text)], snapshot, connection)
    for each in found:
        inside = each.statement.partition("(")[2].partition(" /*")[0].split(", ")
        assert len(set(inside)) == len(inside) > 1
        assert fingerprint(each.statement) == fingerprint(text)


def test_tables_that_are_not_there_are_named(
    snapshot: Snapshot, connection: psycopg.Connection
) -> None:
    texts = [
        "SELECT a FROM missing",
        "DELETE FROM missing WHERE a = $1",
        "SELECT (SELECT 1 FROM nowhere.orders)",
        "SELECT id FROM orders",
        "SELECT nope FROM shop.orders WHERE id = $1",
        "SELECT relname FROM pg_class",
        "SELECT 1",
    ]
    found, skipped = weighted([Query(text) for text in texts], snapshot, connection)
    assert not found
    told = {part.reason: part.objects for part in skipped}
    known = " (tables of extensions were not looked at)"
    assert told == {
        f"can't be planned: there is no table missing in this database{known}": tuple(texts[:2]),
        f"can't be planned: there is no table nowhere.orders in this database{known}": (texts[2],),
        "can't be planned: there is no table orders on the search path; there is shop.orders": (
            texts[3],
        ),
        'can\'t be planned: column "nope" does not exist': (texts[4],),
        "2 queries read no table of this database": (),
    }
    many = [Query(f"SELECT {n} FROM missing WHERE a = {n}") for n in range(20)]
    _, (part,) = weighted(many, snapshot, connection)
    assert (len(part.objects), part.objects[-1]) == (6, "and 15 more")
    others = [Query(f"SELECT a FROM missing{letter}") for letter in map(chr, range(97, 123))]
    others += [Query(f"SELECT a FROM s{letter}.missing") for letter in map(chr, range(97, 123))]
    _, parts = weighted(others, snapshot, connection)
    assert len(parts) == 31
    assert parts[-1].reason == "22 more queries can't be planned, for 22 other reasons"


def test_variables_of_functions_are_parameters(
    snapshot: Snapshot, connection: psycopg.Connection
) -> None:
    """As pg_stat_statements shows what runs inside of functions: INTO is blanked there."""
    counted = "SELECT 'ä', count(*)        FROM shop.orders WHERE customer_id = p_customer AND state = v_state"
    update = (
        'UPDATE shop.orders SET note = "Why" WHERE customer_id = p_customer AND id = previous . id'
    )
    for text in (counted, update):
        found, skipped = weighted([Query(text, example=text)], snapshot, connection)
        assert found
        assert not skipped
        for each in found:
            assert each.query.text == text
            assert "customer_id = p_" not in each.statement
            explained(connection, each.statement)
    for mistake in ("SELECT p_customer, $1 FROM shop.customer", "SELECT nope, $1 FROM shop.orders"):
        found, (part,) = weighted([Query(mistake)], snapshot, connection)
        assert not found
        assert "does not exist" in part.reason


SEEN = [
    ("id = $1 LIMIT $2", ("5", "10"), "id = 5 LIMIT 10"),
    ("balance > $1 AND total * $2 < $3", ("-3", "1.19", "5e3"),
     "balance > (-3) AND total * 1.19 < '5e3'"),
    ("note = $1 AND placed > now() - $2", ("it's \\", "7 days"),
     "note = E'it''s \\\\'::text AND placed > now() - '7 days'::interval"),
    ("placed = $1 OR during @> $1", ("2024-01-01 00:00:00+00",),
     "placed = '2024-01-01 00:00:00+00'::timestamp with time zone "
     "OR during @> '2024-01-01 00:00:00+00'::timestamp with time zone"),
    ("customer_id = ANY ($1)", ("{1,2,NULL}",), "customer_id = ANY ('{1,2,NULL}')"),
    ("($1 IS NULL OR state = $1) AND ($2 IS NULL OR id = $2)", ("open", None),
     "('open' IS NULL OR state = 'open') AND (NULL IS NULL OR id = NULL)"),
    ("id IN ($1, $2::bigint)", ("7", "8"), "id IN (7, '8'::bigint)"),
    ("placed::date + $1 > $2", ("30", "2024-05-01"), "placed::date + 30 > '2024-05-01'"),
    ("placed > now() - $1", (None,), "placed > now() - NULL::interval"),
]  # fmt: skip


def test_values_that_a_log_has_as_text_get_their_types(
    snapshot: Snapshot, connection: psycopg.Connection
) -> None:
    for condition, values, expected in SEEN:
        text = f"SELECT id FROM shop.orders WHERE {condition}"
        query = Query(text, fingerprint=fingerprint(text), example=text, parameters=values)
        (found,), _ = weighted([query], snapshot, connection)
        assert found.statement == f"SELECT id FROM shop.orders WHERE {expected}"
        explained(connection, found.statement)
    documents = "SELECT id FROM shop.customer WHERE profile -> $1 = $2 AND tags @> $3"
    values = ("a", '{"b": "it\'s"}', '{"x, y",z}')
    query = Query(documents, fingerprint(documents), example=documents, parameters=values)
    (found,), _ = weighted([query], snapshot, connection)
    assert found.statement.endswith("""'{"b": "it''s"}' AND tags @> '{"x, y",z}'""")
    explained(connection, found.statement)


JOINED = "SELECT o.id FROM shop.orders o JOIN shop.customer c ON c.id = o.customer_id"
CONDITIONS = st.sampled_from(
    [
        "c.id = {n}", "c.id > {n}", "c.id BETWEEN {n} AND {n}", "c.id IN ({n}, {n})",
        "c.id = ANY ({n})", "c.name = {n}", "c.name LIKE {n}", "lower(c.name) = {n}",
        "upper(c.name) LIKE {n}", "c.name || {n} = {n}", "c.vip = {n}", 'c."birthDay" < {n}',
        'c."birthDay" = {n}::date', "c.tags @> {n}", "{n} = ANY (c.tags)", "c.profile ->> {n} = {n}",
        "c.token = {n}", "c.token <> {n}::uuid", "c.mail = {n}", "o.state = {n}",
        "o.state IN ({n}, {n}, {n})", "o.placed > now() - interval {n}",
        "o.placed > CURRENT_TIMESTAMP - {n}::interval", "o.placed::date = {n}",
        "extract(year FROM o.placed) = {n}", "date_trunc({n}, o.placed) = {n}", "o.total * {n} > {n}",
        "o.note IS DISTINCT FROM {n}", "o.address = {n}", "o.lasts >= {n}",
        "coalesce(o.note, {n}) = {n}", "length(o.note) > {n}", "o.total > {n} AND o.total <= {n}",
        "o.id IN (SELECT id FROM shop.orders WHERE customer_id = {n} LIMIT {n})",
        "NOT (o.balance < {n} OR o.balance > {n})",
        "CASE o.state WHEN {n} THEN 1 ELSE 2 END = 1",
    ]
)  # fmt: skip


def test_any_conditions(snapshot: Snapshot, connection: psycopg.Connection) -> None:
    @settings(max_examples=150, deadline=None)
    @given(
        conditions=st.lists(CONDITIONS, min_size=1, max_size=5),
        joiner=st.sampled_from([" AND ", " OR "]),
        typed=st.booleans(),
        tail=st.sampled_from(["", " LIMIT {n}", " ORDER BY o.id LIMIT {n} OFFSET {n}"]),
    )
    def hold(conditions: list[str], joiner: str, typed: bool, tail: str) -> None:
        parts = (joiner.join(conditions) + tail).split("{n}")
        filled = "".join(f"{part}${n}" for n, part in enumerate(parts[:-1], 1)) + parts[-1]
        text = f"{JOINED} WHERE {filled}"
        types = parameter_types(connection, text) if typed else ()
        check(Query(text), snapshot, connection, types)

    hold()


@settings(deadline=None)
@given(st.lists(st.sampled_from("a $1 $22 'x$1' \"y\" , ( ) = /*$1*/ 1.5 - ::int".split())))
def test_nothing_but_parameters_is_replaced(parts: list[str]) -> None:
    text = " ".join(parts)
    assert with_values(text, {}) == text
    shown = with_values(text, {1: "'v'", 22: "7"})
    assert shown == " ".join({"$1": "'v'", "$22": "7"}.get(part, part) for part in parts)


def test_words_stay_apart() -> None:
    assert with_values("a IN($1)AND b=$2OR c", {1: "5", 2: "6"}) == "a IN(5)AND b=6 OR c"
    assert with_values("a-$1", {1: "(-5)"}) == "a-(-5)"
