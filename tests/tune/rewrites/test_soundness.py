"""No rewrite changes what any of these queries gives: they are written to tempt the rewrites."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.tune.rewrites.place import execute, snapshot_of

from dbwright.sandbox import Server
from dbwright.sql.parse import parse
from dbwright.tune.rewrites.proof import Prover
from dbwright.tune.rewrites.registry import all_rewrites
from dbwright.tune.rewrites.source import read_source
from dbwright.tune.rewrites.verdict import Outcome

SCHEMA = """
CREATE TABLE "Person" ("Id" int PRIMARY KEY, "select" text, value int, boss int REFERENCES "Person");
CREATE TABLE visit (
    id int PRIMARY KEY, person int REFERENCES "Person", at timestamp, day date, kind char(3),
    key int NOT NULL, value int, UNIQUE (person, key)
);
CREATE TABLE pair (a int NOT NULL, b int NOT NULL, c int, PRIMARY KEY (a, b));
CREATE TABLE half (id int PRIMARY KEY, a int, b int NOT NULL, FOREIGN KEY (a, b) REFERENCES pair);
CREATE TABLE parts (id int NOT NULL, place int NOT NULL, PRIMARY KEY (id, place)) PARTITION BY LIST (place);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2);
CREATE TABLE base (id int PRIMARY KEY, n int);
CREATE TABLE derived (extra int) INHERITS (base);
CREATE TABLE moment (id int PRIMARY KEY, person int REFERENCES "Person", at timestamptz, code text, fixed char(5));
CREATE AGGREGATE added (int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
CREATE VIEW visits AS SELECT id, person, at FROM visit WHERE value > 1;
"""

QUERIES = """
SELECT "Id", 'It''s "x"' AS "Quoted" FROM "Person" WHERE "Id" NOT IN (SELECT person FROM visit WHERE kind = 'A b')
SELECT p."Id" FROM "Person" p WHERE p.value NOT IN (SELECT value FROM visit v WHERE v.person = p."Id")
SELECT v.id FROM visit v WHERE v.id NOT IN (SELECT v.id FROM visit v WHERE v.value > 1)
SELECT id FROM visit WHERE NOT (id NOT IN (SELECT key FROM visit w))
SELECT p."Id" FROM "Person" p LEFT JOIN visit v ON v.person = p."Id" WHERE v.key NOT IN (SELECT a FROM pair)
SELECT id FROM visit WHERE key NOT IN (SELECT c FROM pair UNION SELECT a FROM pair)
SELECT id FROM visit WHERE (key, value) NOT IN (SELECT a, c FROM pair)
SELECT "Id" FROM "Person" p WHERE (SELECT count(*) FROM visit v LEFT JOIN pair ON a = v.key WHERE v.person = p."Id") > 0
SELECT "Id", (SELECT count(DISTINCT v.value) FROM visit v WHERE v.person = p."Id") >= 1 AS b FROM "Person" p
SELECT "Id" FROM "Person" p WHERE 0 = (SELECT count(value) FROM visit WHERE person = "Id")
SELECT count(*) FROM "Person" HAVING (SELECT count(*) FROM visit) > 0
SELECT "Id" FROM "Person" WHERE (SELECT count(*) FROM (SELECT 1 FROM visit WHERE value > 1 ORDER BY id LIMIT 2) s) > 0
SELECT id FROM visit WHERE at::date = '2024-02-29' OR NOT (day::date <> '2024-03-01')
SELECT id FROM visit WHERE date_trunc('month', day) = '2024-02-01'
SELECT id, date_trunc('year', at) > '2024-01-01' AS later FROM visit
SELECT id FROM visit WHERE NOT (date_trunc('day', at) BETWEEN '2024-01-01' AND '2024-01-31')
SELECT id FROM visit WHERE extract(year FROM at) > 2023 AND '2024' <= date_part('year', day)
SELECT id FROM visit WHERE at::date < date '2024-01-01' AND at::date >= '2023-01-01'::timestamp
SELECT DISTINCT person, key FROM visit
SELECT DISTINCT v.* FROM visit v JOIN pair ON a = key
SELECT DISTINCT v.id, a FROM visit v JOIN pair ON a = key AND b = 1
SELECT DISTINCT v.id FROM visit v JOIN pair ON a = key AND b = v.value
SELECT DISTINCT v.id, p.value FROM visit v LEFT JOIN "Person" p ON p."Id" = v.person
SELECT DISTINCT v.id, p.value FROM visit v LEFT JOIN "Person" p ON p."Id" = v.person AND p.value = p.boss
SELECT DISTINCT v.key, p."Id" FROM visit v LEFT JOIN "Person" p ON p."Id" = v.person AND v.person = 1
SELECT DISTINCT v.person, v.key, p."Id" FROM visit v LEFT JOIN "Person" p ON p."Id" = v.person
SELECT DISTINCT v.id, h.id FROM visit v LEFT JOIN half h ON h.id = v.key LEFT JOIN pair p ON p.a = h.a AND p.b = 1 AND h.b = 2
SELECT DISTINCT v.id, h.b FROM visit v LEFT JOIN (half h JOIN pair p ON p.a = h.a AND p.b = h.b) ON h.id = v.value
SELECT DISTINCT v.id, p.a FROM visit v LEFT JOIN pair p ON p.a = v.key AND v.value = p.b
SELECT DISTINCT p."Id" FROM visit v LEFT JOIN "Person" p ON p."Id" = v.person
SELECT DISTINCT p."Id", v.id FROM visit v RIGHT JOIN "Person" p ON p."Id" = v.value
SELECT DISTINCT p."Id", v.id FROM visit v FULL JOIN "Person" p ON p."Id" = v.value
SELECT DISTINCT id FROM base
SELECT DISTINCT id, place FROM parts
SELECT DISTINCT id FROM parts WHERE place = 1
SELECT DISTINCT id FROM ONLY parts
SELECT DISTINCT id, generate_series(1, 2) FROM visit
SELECT DISTINCT value % 2, count(*) FROM visit GROUP BY value
SELECT DISTINCT value, key FROM visit GROUP BY value, key HAVING count(*) > 0
SELECT DISTINCT person FROM visit GROUP BY CUBE (person, key)
SELECT DISTINCT id FROM visits
SELECT DISTINCT "Id" FROM "Person" NATURAL JOIN (SELECT 1 AS x) s
SELECT DISTINCT p."Id" FROM "Person" p, visit v WHERE v.person = p."Id" AND v.value IN (SELECT c FROM pair)
SELECT DISTINCT p."Id", "select" FROM "Person" p JOIN visit v ON person = "Id" JOIN pair ON a = v.key ORDER BY 2 DESC, 1
SELECT DISTINCT p."Id" FROM "Person" p JOIN visit v ON v.value = p.value OR v.key = 1
SELECT DISTINCT "Id" FROM "Person" CROSS JOIN visit
SELECT id, 'a' FROM visit UNION SELECT "Id", 'b' FROM "Person"
SELECT id, 'a' FROM visit UNION SELECT "Id", 'a ' FROM "Person"
SELECT id, 't' FROM visit UNION SELECT "Id", 'true' FROM "Person" UNION SELECT id, value > 1 FROM visit
SELECT id, 1 FROM visit UNION SELECT "Id", 1.0 FROM "Person"
SELECT value, 1 FROM visit UNION SELECT "Id", 2 FROM "Person"
SELECT id, 1 FROM visit UNION SELECT a, 2 FROM pair UNION ALL SELECT id, 1 FROM visit
SELECT id, 1 FROM visit EXCEPT SELECT "Id", 2 FROM "Person"
SELECT kind, 1 AS n FROM visit GROUP BY kind UNION SELECT kind, 2 FROM visit GROUP BY kind ORDER BY kind, n
SELECT v.id FROM visit v JOIN "Person" p ON p."Id" = v.person
SELECT v.id FROM visit v JOIN "Person" p ON p."Id" = v.person AND p."Id" = v.key
SELECT v.id FROM visit v JOIN "Person" p ON p."Id" = v.person WHERE EXISTS (SELECT 1 FROM pair WHERE a = p."Id")
SELECT v.id FROM visit v JOIN "Person" p ON p."Id" = v.person ORDER BY p
SELECT h.id FROM half h JOIN pair p ON p.a = h.a AND p.b = h.b
SELECT h.id FROM half h JOIN pair p ON p.a = h.a
SELECT h.id FROM half h JOIN pair p ON p.a = h.b AND p.b = h.a
SELECT one."Id" FROM "Person" one, "Person" two WHERE one.boss = two."Id"
SELECT two."Id" FROM "Person" one, "Person" two WHERE one.boss = two."Id"
SELECT v.id FROM visit v LEFT JOIN half h ON h.id = v.key JOIN pair p ON p.a = h.a AND p.b = h.b
SELECT p."Id", (SELECT sum(v.value) FROM visit v WHERE v.person = p."Id" AND v.key > p.value) AS s FROM "Person" p
SELECT p."Id", (SELECT sum(value) FROM visit WHERE person = p."Id") FROM "Person" p ORDER BY value, "Id"
SELECT p."Id", (SELECT count(*) + 1 FROM visit v WHERE v.person = p."Id") AS n FROM "Person" p
SELECT p."Id", (SELECT coalesce(max(v.value), 7) FROM visit v WHERE v.person = p."Id") AS n FROM "Person" p
SELECT p."Id", (SELECT array_agg(v.value ORDER BY v.id) FROM visit v WHERE v.person = p."Id") AS n FROM "Person" p
SELECT p."Id", (SELECT sum(p.value) FROM visit v WHERE v.person = p."Id") AS n FROM "Person" p
SELECT p.value, (SELECT max(v.value) FROM visit v WHERE v.person = p.value) AS n FROM "Person" p GROUP BY p.value
SELECT *, (SELECT max(v.value) FROM visit v WHERE v.person = p."Id") AS n FROM "Person" p
SELECT p."Id", q.n FROM "Person" p LEFT JOIN LATERAL (SELECT (SELECT count(*) FROM visit v WHERE v.person = p."Id") AS n) q ON true
SELECT v.id FROM visit v WHERE v.value = (SELECT max(w.value) FROM visit w WHERE w.person = v.person AND w.kind = v.kind)
SELECT v.id FROM visit v WHERE v.value > (SELECT 2 * min(w.value) FROM visit w WHERE w.person = v.person) OR v.value IS NULL
SELECT v.id FROM visit v WHERE 0 = (SELECT count(w.value) FROM visit w WHERE w.value = v.value AND w.id <> 3)
SELECT count(*) FROM visit v WHERE (SELECT count(*) FROM pair WHERE a = v.key) = (SELECT max(b) FROM pair WHERE a = v.key)
SELECT v.id, p."Id" FROM visit v JOIN "Person" p ON p."Id" = v.person WHERE v.value = 1 OR p.value = 1 OR (v.key = 2 AND p.boss IS NULL)
SELECT v.id FROM visit v JOIN "Person" p ON p."Id" = v.person WHERE (v.value = 1 OR p.value IS NULL) AND v.key > 0
SELECT person FROM visit GROUP BY person HAVING person IN (SELECT a FROM pair) AND max(value) > 0
SELECT person AS key FROM visit GROUP BY person HAVING person NOT IN (SELECT c FROM pair)
SELECT value FROM visit v GROUP BY value HAVING EXISTS (SELECT 1 FROM pair WHERE a = v.value AND max(v.key) > b)
SELECT value FROM visit WHERE id = 1.0 OR key <> 2.00 OR id::text <> '1'
SELECT value FROM visit WHERE 1.0 <= id AND value::varchar = '2'
WITH v AS (SELECT DISTINCT id, at FROM visit) SELECT v.id FROM v WHERE v.at::date = '2024-01-01'
WITH visit AS (SELECT 1 AS id, 2 AS key) SELECT DISTINCT id FROM visit, pair
SELECT id FROM (SELECT DISTINCT id, value FROM visit) s WHERE value NOT IN (SELECT a FROM pair)
SELECT id FROM (SELECT v.*, row_number() OVER (PARTITION BY person ORDER BY key, id) AS n FROM visit v) s WHERE n = 1
SELECT * FROM (SELECT id, person, row_number() OVER (PARTITION BY value ORDER BY id DESC) FROM visit) s WHERE row_number < 2 AND person > 1
SELECT s.key FROM (SELECT person AS key, key AS person, row_number() OVER (PARTITION BY key ORDER BY person, id) AS n FROM visit) s WHERE s.n <= 1
SELECT a."Id", s.id FROM "Person" a LEFT JOIN (SELECT id, person, row_number() OVER (PARTITION BY person ORDER BY id) AS n FROM visit) s ON s.person = a."Id" WHERE s.n = 1
SELECT id, n FROM (SELECT id, row_number() OVER (PARTITION BY person ORDER BY id) AS n, count(*) OVER () AS c FROM visit) s WHERE n = 1
WITH r AS (SELECT *, row_number() OVER (PARTITION BY person ORDER BY id) AS n FROM visit) SELECT id FROM r WHERE n = 1 AND value = 1
WITH r AS (SELECT *, row_number() OVER (PARTITION BY person ORDER BY id) AS n FROM visit) SELECT r.id FROM r JOIN r b ON b.id = r.key WHERE r.n = 1
SELECT id FROM (SELECT id, value, row_number() OVER (ORDER BY value, id) AS n FROM visit) s WHERE 1 = n AND value > 0
SELECT v.id FROM visit v WHERE v.key = (SELECT max(w.key) FROM visit w WHERE w.person = v.person)
SELECT v.id FROM visit v WHERE v.value = (SELECT min(w.value) FROM visit w WHERE w.person = v.person) AND v.key > 1
SELECT v.id FROM visit v WHERE v.value = (SELECT max(w.value) FROM visit w WHERE w.person = v.person AND w.key > 1)
SELECT v.id FROM visit v WHERE v.id = (SELECT w.id FROM visit w WHERE w.person = v.person AND w.value > 1 ORDER BY w.key DESC, w.id LIMIT 1)
SELECT v.id FROM visit v WHERE v.id = (SELECT id FROM visit WHERE value = v.value ORDER BY key, id LIMIT 1) OR v.key = 1
SELECT v.id FROM visit v LEFT JOIN visit u ON u.id = v.key WHERE u.id = (SELECT w.id FROM visit w WHERE w.person = u.person ORDER BY w.id LIMIT 1)
SELECT v, v.id FROM visit v WHERE v.id = (SELECT w.id FROM visit w WHERE w.person = v.person ORDER BY w.id LIMIT 1)
SELECT p."Id", (SELECT v.value FROM visit v WHERE v.person = p."Id" ORDER BY v.key DESC, v.id LIMIT 1) AS last, (SELECT v.kind FROM visit v WHERE v.person = p."Id" ORDER BY v.key DESC, v.id LIMIT 1) FROM "Person" p
SELECT p."Id", (SELECT v.value + p.value FROM visit v WHERE v.person = p.value ORDER BY v.id LIMIT 1) AS n FROM "Person" p
SELECT p."Id", (SELECT value FROM visit WHERE person = p."Id" AND value > 0 ORDER BY value, id LIMIT 1) FROM "Person" p WHERE p.value = 1 ORDER BY 1
SELECT id FROM visit WHERE value = 1 OR person IN (SELECT "Id" FROM "Person" WHERE value = 1)
SELECT v.id, p.a FROM visit v JOIN pair p ON p.a = v.key WHERE v.value IS NULL OR v.person = 1 OR v.key NOT IN (SELECT c FROM pair)
SELECT v.id FROM visit v WHERE (v.value = 1 OR EXISTS (SELECT 1 FROM pair WHERE a = v.key AND c > v.person)) AND v.id > 1 ORDER BY id
SELECT count(*), max(key) FROM visit v WHERE value = 1 OR key = 1
SELECT v.id FROM "Person" p LEFT JOIN visit v ON v.person = p."Id" WHERE v.value = 1 OR v.key = 1
SELECT v.ctid IS NULL AS c FROM visit v WHERE v.value = 1 OR v.key = 1
SELECT p."Id", v.id FROM "Person" p JOIN visit v ON v.person = p."Id" OR v.value = p.value WHERE v.key = 1 OR p.boss IS NULL
SELECT id FROM ONLY base WHERE id = 1 OR n = 2
SELECT id FROM base WHERE id = 1 OR n = 2
WITH x AS MATERIALIZED (SELECT * FROM visit WHERE value > 0) SELECT a.id FROM x a JOIN x b ON b.key = a.key WHERE a.person = 1
WITH x AS NOT MATERIALIZED (SELECT person, sum(value) AS s FROM visit GROUP BY person) SELECT person FROM x WHERE s = (SELECT max(s) FROM x)
WITH x AS (SELECT v.*, p.value AS other FROM visit v JOIN "Person" p ON p."Id" = v.person) SELECT count(*) FROM x a JOIN x b ON a.id = b.key
WITH x AS (SELECT * FROM visit v JOIN "Person" p ON p."Id" = v.person) SELECT x.boss FROM x, x y WHERE x.boss = y."Id"
WITH x (a, b) AS MATERIALIZED (SELECT id, value FROM visit) SELECT b FROM x
WITH x AS MATERIALIZED (SELECT id, value FROM visit) SELECT count(*) FROM x UNION ALL (WITH x AS (SELECT 1 AS q FROM pair) SELECT count(q) FROM x)
SELECT count(*) FROM (SELECT * FROM visit ORDER BY value) s
SELECT string_agg(kind, ',') FROM (SELECT kind FROM visit ORDER BY id) s
SELECT key, count(*) FROM (SELECT DISTINCT key, value FROM visit ORDER BY value) s GROUP BY key ORDER BY 1
SELECT "Id" FROM "Person" WHERE "Id" IN (SELECT person FROM visit ORDER BY value) AND value > ALL (SELECT c FROM pair ORDER BY a)
SELECT s.id FROM (SELECT id, value FROM visit ORDER BY value LIMIT 3) s ORDER BY s.id
SELECT p."Id" FROM "Person" p LEFT JOIN visit v ON v.person = p."Id" WHERE coalesce(v.value, 0) > 0
SELECT p."Id" FROM "Person" p LEFT JOIN visit v ON v.person = p."Id" WHERE 0 <= coalesce(v.value, 0)
SELECT p."Id", h.id FROM "Person" p LEFT JOIN visit v ON v.person = p."Id" LEFT JOIN half h ON h.id = v.key WHERE coalesce(v.value, -1) <> -1
SELECT p."Id", h.id FROM "Person" p LEFT JOIN (visit v LEFT JOIN half h ON h.id = v.key) ON v.person = p."Id" WHERE coalesce(h.b, 5) = 1
SELECT DISTINCT p."Id", p.value FROM "Person" p LEFT JOIN visit v ON v.person = p."Id" AND v.value > 1
SELECT p.value, max(p."Id") FROM "Person" p LEFT JOIN visit v ON v.person = p."Id" GROUP BY p.value
SELECT p.value, max(p."Id"), count(p.boss) FROM "Person" p LEFT JOIN visit v ON v.person = p."Id" GROUP BY p.value
SELECT count(DISTINCT p.value) FROM "Person" p LEFT JOIN visit v ON v.person = p."Id"
SELECT DISTINCT p.value FROM "Person" p LEFT JOIN visit v ON v.person = p."Id" JOIN pair ON a = v.key
SELECT DISTINCT p.value FROM "Person" p LEFT JOIN visit v ON v.person = p."Id" ORDER BY p.value NULLS FIRST
SELECT id FROM moment WHERE at::date = '2024-03-31' OR date_trunc('month', at) > '2024-02-01'
SELECT id FROM moment WHERE (at AT TIME ZONE 'Europe/Berlin')::date = '2024-03-31' OR extract(year FROM at AT TIME ZONE 'UTC') = 2024
SELECT id FROM moment WHERE NOT date_trunc('week', at AT TIME ZONE 'America/New_York') <= '2024-01-01'
SELECT id FROM visit WHERE date_trunc('hour', at) >= '2024-01-01 12:00' AND date_trunc('quarter', day) = '2024-01-01'
SELECT id FROM moment WHERE left(code, 2) = 'ab' OR substr(code, 1, 1) = '%' OR strpos(code, 'a_') = 1 OR starts_with(code, 'b')
SELECT id FROM moment WHERE left(fixed, 2) = 'ab' OR left(code, -1) = 'a' OR left(code, 0) = ''
SELECT id FROM moment WHERE position('ab' IN code) = 1 AND 1 = strpos(code, 'a')
SELECT p.value, added(p."Id") AS s FROM "Person" p LEFT JOIN visit v ON v.person = p."Id" GROUP BY p.value
SELECT added(id) AS s FROM (SELECT id FROM visit ORDER BY value) s
SELECT id FROM moment WHERE code LIKE 'ab%' OR code LIKE 'a\\%' OR code NOT LIKE 'b%'
""".strip().splitlines()


@pytest.fixture(scope="module")
def prover(postgresql: Server) -> Iterator[Prover]:
    postgresql.create_database("soundness")
    execute(postgresql.url("soundness"), SCHEMA)
    with Prover(snapshot_of(postgresql.url("soundness")), postgresql) as found:
        assert found.skipped == ()
        yield found


@pytest.mark.parametrize("query", QUERIES)
def test_what_is_rewritten_stays_equal(prover: Prover, query: str) -> None:
    catalog = prover.snapshot.catalog
    source = read_source(query, catalog)
    if source is None:
        return
    for rewrite in all_rewrites():
        for rewritten in rewrite.function(source, catalog):
            if rewritten.provable:
                parse(rewritten.text)
                verdict = prover.prove(query, rewritten.text)
                assert verdict.outcome is not Outcome.DIFFERENT, (rewritten.text, verdict)


def test_most_of_them_are_rewritten(prover: Prover) -> None:
    catalog = prover.snapshot.catalog
    sources = [source for query in QUERIES if (source := read_source(query, catalog)) is not None]
    counted = {
        rewrite.id: sum(bool(list(rewrite.function(source, catalog))) for source in sources)
        for rewrite in all_rewrites()
    }
    assert len(sources) > 120
    assert sum(counted.values()) > 70, counted


def test_literals_and_quoted_names_stay_as_they_are(prover: Prover) -> None:
    query = QUERIES[0]
    source = read_source(query, prover.snapshot.catalog)
    assert source is not None
    texts = [r.text for rewrite in all_rewrites() for r in rewrite.function(source, source.catalog)]
    assert texts
    for text in texts:
        assert "'It''s \"x\"' AS \"Quoted\"" in text and "'A b'" in text and '"Person"' in text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            "SELECT id -- the visits\nFROM visit\nWHERE  kind = 'ä'  /* a day */ AND at::date = '2024-02-29'\nORDER BY id",
            "SELECT id -- the visits\nFROM visit\nWHERE  kind = 'ä'  /* a day */ AND (at >= '2024-02-29' AND at < '2024-03-01')\nORDER BY id",
        ),
        (
            'select v.id\nfrom visit v\nwhere v.key not in ( select a from pair where c > 1 )\n  and v.value = 1',
            'select v.id\nfrom visit v\nwhere NOT EXISTS (SELECT 1 FROM pair WHERE c > 1 AND v.key = a)\n  and v.value = 1',
        ),
        (
            "select id from visit where id=1.0 or (42.0 > key) -- both",
            "select id from visit where id = 1 or (42.0 > key) -- both",
        ),
        (
            "select extract( year from at ) = 2024 as \"this\" from visit -- year",
            "select at >= '2024-01-01' AND at < '2025-01-01' as \"this\" from visit -- year",
        ),
    ],
)  # fmt: skip
def test_the_rest_of_the_text_stays_as_it_is(prover: Prover, query: str, expected: str) -> None:
    source = read_source(query, prover.snapshot.catalog)
    assert source is not None
    texts = [r.text for rewrite in all_rewrites() for r in rewrite.function(source, source.catalog)]
    assert expected in texts, texts
