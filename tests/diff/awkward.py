"""Pairs of small schemas where one thing stands in the way of another: each in a schema `s`.

Each is (the first major that has it, before, after).
"""

from __future__ import annotations

__all__ = ["PAIRS"]

F = "CREATE FUNCTION s.f(x integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT x';"
G = "CREATE FUNCTION s.f(y integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT y';"
USES_F = (
    "CREATE TABLE s.t (a integer DEFAULT s.f(1), b integer GENERATED ALWAYS AS (s.f(2)) STORED, "
    "CONSTRAINT c CHECK (s.f(a) > 0)); CREATE INDEX i ON s.t (s.f(a)); "
    "CREATE VIEW s.v AS SELECT s.f(a) AS fa FROM s.t; CREATE VIEW s.w AS SELECT * FROM s.v; "
    "CREATE POLICY p ON s.t USING (s.f(a) > 1); CREATE DOMAIN s.d AS integer CHECK (s.f(VALUE) > 0);"
)
PAIRS: dict[str, tuple[int, str, str]] = {
    "a function's argument gets another name": (12, F + USES_F, G + USES_F),
    "a function gives back another type": (
        12,
        F + USES_F,
        F.replace("RETURNS integer", "RETURNS bigint").replace(
            "AS 'SELECT x'", "AS 'SELECT 1::bigint'"
        )
        + USES_F.replace("b integer", "b bigint"),
    ),
    "an attribute of a composite in use": (
        12,
        "CREATE TYPE s.p AS (x integer, y text); CREATE TABLE s.t (p s.p, q s.p[]); "
        "CREATE FUNCTION s.g(s.p) RETURNS s.p LANGUAGE sql AS 'SELECT $1';",
        "CREATE TYPE s.p AS (x bigint, y text); CREATE TABLE s.t (p s.p, q s.p[]); "
        "CREATE FUNCTION s.g(s.p) RETURNS s.p LANGUAGE sql AS 'SELECT $1';",
    ),
    "the base of a domain, within a composite": (
        12,
        "CREATE DOMAIN s.d AS integer DEFAULT 3; CREATE TYPE s.p AS (d s.d); "
        "CREATE TABLE s.t (d s.d NOT NULL, p s.p); CREATE VIEW s.v AS SELECT d, p FROM s.t; "
        "CREATE INDEX i ON s.t (d);",
        "CREATE DOMAIN s.d AS bigint CHECK (VALUE > 1); CREATE TYPE s.p AS (d s.d); "
        "CREATE TABLE s.t (d s.d NOT NULL, p s.p); CREATE VIEW s.v AS SELECT d, p FROM s.t; "
        "CREATE INDEX i ON s.t (d);",
    ),
    "a range over another type": (
        12,
        "CREATE TYPE s.r AS RANGE (subtype = integer); CREATE TABLE s.t (r s.r);",
        "CREATE TYPE s.r AS RANGE (subtype = numeric); CREATE TABLE s.t (r s.r);",
    ),
    "a column between others of a view": (
        12,
        "CREATE TABLE s.t (a integer, b text, c date); CREATE VIEW s.v AS SELECT a, c FROM s.t; "
        "GRANT SELECT (a) ON s.v TO PUBLIC; COMMENT ON COLUMN s.v.a IS 'x'; "
        "ALTER VIEW s.v ALTER COLUMN a SET DEFAULT 4; CREATE VIEW s.w AS SELECT c FROM s.v;",
        "CREATE TABLE s.t (a integer, b text, c date); CREATE VIEW s.v AS SELECT a, b, c FROM s.t; "
        "GRANT SELECT (a) ON s.v TO PUBLIC; COMMENT ON COLUMN s.v.a IS 'x'; "
        "ALTER VIEW s.v ALTER COLUMN a SET DEFAULT 4; CREATE VIEW s.w AS SELECT c FROM s.v;",
    ),
    "two tables that reference each other go, and two come": (
        12,
        "CREATE TABLE s.a (id integer PRIMARY KEY, b integer); "
        "CREATE TABLE s.b (id integer PRIMARY KEY, a integer REFERENCES s.a); "
        "ALTER TABLE s.a ADD FOREIGN KEY (b) REFERENCES s.b;",
        "CREATE TABLE s.x (id integer PRIMARY KEY, y integer); "
        "CREATE TABLE s.y (id integer PRIMARY KEY, x integer REFERENCES s.x); "
        "ALTER TABLE s.x ADD FOREIGN KEY (y) REFERENCES s.y;",
    ),
    "a key changes that foreign keys and views need": (
        12,
        "CREATE TABLE s.a (id integer, n integer, PRIMARY KEY (id)); "
        "CREATE TABLE s.b (a integer REFERENCES s.a); "
        "CREATE VIEW s.v AS SELECT id, n FROM s.a GROUP BY id;",
        "CREATE TABLE s.a (id bigint, n integer, PRIMARY KEY (id) DEFERRABLE, UNIQUE (id)); "
        "CREATE TABLE s.b (a bigint REFERENCES s.a (id));",
    ),
    "what was a view is a table": (
        12,
        "CREATE TABLE s.t (a integer); CREATE VIEW s.v AS SELECT a FROM s.t; "
        "CREATE FUNCTION s.x() RETURNS integer LANGUAGE sql AS 'SELECT 1';",
        "CREATE TABLE s.v (a integer); CREATE MATERIALIZED VIEW s.t AS SELECT a FROM s.v; "
        "CREATE PROCEDURE s.x() LANGUAGE sql AS 'SELECT 1';",
    ),
    "a table gets partitions; another partition's bound moves": (
        12,
        "CREATE TABLE s.t (id integer NOT NULL, n integer); CREATE INDEX i ON s.t (n); "
        "CREATE TABLE s.q (id integer PRIMARY KEY) PARTITION BY RANGE (id); "
        "CREATE TABLE s.q1 PARTITION OF s.q FOR VALUES FROM (0) TO (10);",
        "CREATE TABLE s.t (id integer NOT NULL, n integer) PARTITION BY HASH (id); "
        "CREATE INDEX i ON s.t (n); "
        "CREATE TABLE s.t0 PARTITION OF s.t FOR VALUES WITH (modulus 2, remainder 0); "
        "CREATE TABLE s.q (id integer PRIMARY KEY) PARTITION BY RANGE (id); "
        "CREATE TABLE s.q1 PARTITION OF s.q FOR VALUES FROM (0) TO (20);",
    ),
    "a partitioned key over names of its own": (
        12,
        "CREATE TABLE s.q (id integer, k integer) PARTITION BY LIST (k); "
        "CREATE TABLE s.q1 PARTITION OF s.q FOR VALUES IN (1);",
        "CREATE TABLE s.q (id integer, k integer) PARTITION BY LIST (k); "
        "CREATE TABLE s.q1 PARTITION OF s.q FOR VALUES IN (1); "
        'ALTER TABLE s.q1 ADD CONSTRAINT "my own" UNIQUE (id, k); '
        "ALTER TABLE s.q ADD CONSTRAINT whole UNIQUE (id, k); "
        'CREATE INDEX "mine too" ON s.q1 (id); CREATE INDEX over ON s.q (id);',
    ),
    "serial, identity and plain, in a circle": (
        12,
        "CREATE TABLE s.t (a serial, b integer GENERATED ALWAYS AS IDENTITY, c integer NOT NULL);",
        "CREATE TABLE s.t (a integer GENERATED BY DEFAULT AS IDENTITY (INCREMENT 5 CACHE 3), "
        "b integer NOT NULL, c serial);",
    ),
    "parents come and go": (
        12,
        "CREATE TABLE s.p (a integer, CONSTRAINT k CHECK (a > 0)); CREATE TABLE s.p2 (b text); "
        "CREATE TABLE s.c (x date) INHERITS (s.p); CREATE TABLE s.d (b text);",
        "CREATE TABLE s.p (a bigint NOT NULL, n text DEFAULT 'n'); CREATE TABLE s.p2 (b text); "
        "CREATE TABLE s.c (x date) INHERITS (s.p); CREATE TABLE s.d () INHERITS (s.p2);",
    ),
    "privileges with options, and what an owner lacks": (
        12,
        "CREATE TABLE s.t (a integer); GRANT SELECT ON s.t TO pg_monitor WITH GRANT OPTION; "
        "REVOKE DELETE ON s.t FROM CURRENT_USER; ALTER DEFAULT PRIVILEGES IN SCHEMA s "
        "GRANT EXECUTE ON FUNCTIONS TO pg_monitor; ALTER DEFAULT PRIVILEGES REVOKE EXECUTE "
        "ON FUNCTIONS FROM PUBLIC;",
        "CREATE TABLE s.t (a integer); GRANT SELECT, INSERT ON s.t TO pg_monitor; "
        "REVOKE UPDATE ON s.t FROM CURRENT_USER; CREATE FUNCTION s.x() RETURNS integer "
        "LANGUAGE sql AS 'SELECT 1'; GRANT USAGE ON SCHEMA s TO pg_monitor;",
    ),
    "statistics, storage, options of columns": (
        12,
        "CREATE TABLE s.t (a text, b text, c integer); CREATE STATISTICS s.st (mcv) ON a, b FROM s.t;",
        "CREATE TABLE s.t (a text, b text, c integer) WITH (toast.autovacuum_enabled = off); "
        "CREATE STATISTICS s.st ON a, b, c FROM s.t; ALTER TABLE s.t ALTER a SET STORAGE EXTERNAL, "
        "ALTER b SET STATISTICS 7, ALTER c SET (n_distinct = -0.5);",
    ),
    "functions of every form": (
        12,
        "CREATE FUNCTION s.a(IN x integer, OUT y integer, VARIADIC z text[]) LANGUAGE sql AS "
        "'SELECT 1'; CREATE FUNCTION s.b() RETURNS TABLE (q integer, \"W\" text) LANGUAGE sql ROWS 7 "
        "AS $$ SELECT 1, '$body$' $$; CREATE AGGREGATE s.g(integer) (SFUNC = int4pl, STYPE = int4);",
        "CREATE FUNCTION s.a(IN x integer, OUT y bigint, VARIADIC z text[]) LANGUAGE sql AS "
        "'SELECT 1::bigint'; CREATE FUNCTION s.b() RETURNS TABLE (q integer) LANGUAGE sql SECURITY DEFINER "
        "SET search_path = s, pg_temp SET work_mem = '5MB' AS $$ SELECT 1 $$; "
        "CREATE AGGREGATE s.g(integer) (SFUNC = int4larger, STYPE = int4, SORTOP = OPERATOR(pg_catalog.>));",
    ),
    "bodies of standard SQL over tables that change": (
        14,
        "CREATE TABLE s.t (a integer, b text); CREATE FUNCTION s.n() RETURNS bigint LANGUAGE sql "
        "BEGIN ATOMIC SELECT sum(a) FROM s.t; END; CREATE VIEW s.v AS SELECT s.n() AS n;",
        "CREATE TABLE s.t (a bigint, b text); CREATE FUNCTION s.n() RETURNS bigint LANGUAGE sql "
        "BEGIN ATOMIC SELECT max(a) FROM s.t; END; CREATE VIEW s.v AS SELECT s.n() AS n;",
    ),
    "compression; statistics over expressions": (
        14,
        "CREATE TABLE s.t (a text COMPRESSION pglz, b integer);",
        "CREATE TABLE s.t (a text, b integer); CREATE STATISTICS s.e ON (b + 1), (a || 'x') FROM s.t;",
    ),
    "what 15 has": (
        15,
        "CREATE TABLE s.t (a integer PRIMARY KEY, b integer, UNIQUE (b)); "
        "CREATE VIEW s.v AS SELECT a FROM s.t; CREATE PUBLICATION p15 FOR TABLES IN SCHEMA s;",
        "CREATE TABLE s.t (a integer PRIMARY KEY, b integer, UNIQUE NULLS NOT DISTINCT (b)); "
        "CREATE VIEW s.v WITH (security_invoker, security_barrier) AS SELECT a FROM s.t; "
        "CREATE PUBLICATION p15 FOR TABLE s.t (a, b) WHERE (b > 5); CREATE UNLOGGED SEQUENCE s.q;",
    ),
    "what 18 has": (
        18,
        "CREATE TABLE s.t (a integer, b integer GENERATED ALWAYS AS (a + 1) STORED, d int4range); "
        "CREATE TABLE s.r (a integer PRIMARY KEY);",
        "CREATE TABLE s.t (a integer, b integer GENERATED ALWAYS AS (a + 2) VIRTUAL, d int4range, "
        "CONSTRAINT n CHECK (a > 0) NOT ENFORCED); CREATE TABLE s.r (a integer PRIMARY KEY); "
        "ALTER TABLE s.t ADD CONSTRAINT later NOT NULL a NOT VALID; "
        "ALTER TABLE s.t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES s.r NOT ENFORCED;",
    ),
    "domains get stricter within arrays and composites": (
        12,
        "CREATE DOMAIN s.d AS text CHECK (VALUE <> ''); CREATE DOMAIN s.e AS s.d; "
        "CREATE TYPE s.c AS (x s.d); CREATE TABLE s.t (a s.d, b s.d[], c s.c, e s.e);",
        "CREATE DOMAIN s.d AS text NOT NULL CHECK (VALUE <> ' '); CREATE DOMAIN s.e AS s.d; "
        "CREATE TYPE s.c AS (x s.d); CREATE TABLE s.t (a s.d, b s.d[], c s.c, e s.e);",
    ),
    "lists of names in a function's settings": (
        12,
        "CREATE FUNCTION s.x() RETURNS integer LANGUAGE sql SET search_path = '' AS 'SELECT 1';",
        "CREATE FUNCTION s.x() RETURNS integer LANGUAGE sql "
        'SET search_path = "$user", "A ""b", pg_temp AS \'SELECT 1\';',
    ),
    "foreign data": (
        12,
        "CREATE FOREIGN DATA WRAPPER w1; CREATE SERVER sv1 FOREIGN DATA WRAPPER w1; "
        "CREATE USER MAPPING FOR PUBLIC SERVER sv1; "
        "CREATE FOREIGN TABLE s.f (a integer NOT NULL, b text) SERVER sv1;",
        "CREATE FOREIGN DATA WRAPPER w1; CREATE FOREIGN DATA WRAPPER w2 OPTIONS (x 'y'); "
        "CREATE SERVER sv1 FOREIGN DATA WRAPPER w1; "
        "CREATE USER MAPPING FOR pg_monitor SERVER sv1; "
        "CREATE FOREIGN TABLE s.f (a bigint, b text, c text) SERVER sv1;",
    ),
    "parents in a diamond": (
        12,
        "CREATE TABLE s.p (a integer NOT NULL DEFAULT 1, b text, CONSTRAINT k CHECK (a > 0)); "
        "CREATE TABLE s.c (x integer) INHERITS (s.p); CREATE TABLE s.d (y integer) INHERITS (s.p); "
        "CREATE TABLE s.g () INHERITS (s.c, s.d); CREATE TABLE s.l (a integer, b text);",
        "CREATE TABLE s.p (a bigint NOT NULL DEFAULT 1, b text, CONSTRAINT n CHECK (b <> '')); "
        "CREATE TABLE s.c (x integer) INHERITS (s.p); CREATE TABLE s.d (a bigint, y integer); "
        "CREATE TABLE s.g () INHERITS (s.c); "
        "CREATE TABLE s.l (a bigint NOT NULL, b text, CONSTRAINT n CHECK (b <> '')); "
        "ALTER TABLE s.l INHERIT s.p;",
    ),
    "tables of a type that gets another attribute": (
        12,
        "CREATE TYPE s.y AS (a integer, b text); CREATE TABLE s.t OF s.y (PRIMARY KEY (a)); "
        "CREATE TABLE s.u OF s.y; CREATE VIEW s.v AS SELECT * FROM s.t;",
        "CREATE TYPE s.y AS (a integer, b text, c integer); CREATE TABLE s.t OF s.y (PRIMARY KEY (a)); "
        "CREATE TABLE s.u (a integer, b text, c integer); CREATE VIEW s.v AS SELECT * FROM s.t;",
    ),
    "operators, casts, text search": (
        12,
        "CREATE TYPE s.x AS (r integer); CREATE FUNCTION s.lt(s.x, s.x) RETURNS boolean LANGUAGE sql "
        "IMMUTABLE AS 'SELECT true'; CREATE FUNCTION s.cmp(s.x, s.x) RETURNS integer LANGUAGE sql "
        "IMMUTABLE AS 'SELECT 0'; CREATE OPERATOR s.<<< (LEFTARG = s.x, RIGHTARG = s.x, "
        "FUNCTION = s.lt, COMMUTATOR = OPERATOR(s.>>>), RESTRICT = scalarltsel); "
        "CREATE OPERATOR s.>>> (LEFTARG = s.x, RIGHTARG = s.x, FUNCTION = s.lt, "
        "COMMUTATOR = OPERATOR(s.<<<)); CREATE OPERATOR CLASS s.ops FOR TYPE s.x USING btree AS "
        "OPERATOR 1 s.<<<, OPERATOR 5 s.>>>, FUNCTION 1 s.cmp(s.x, s.x); "
        "COMMENT ON OPERATOR CLASS s.ops USING btree IS 'o'; CREATE TABLE s.t (x s.x, n text, "
        "CHECK (x OPERATOR(s.<<<) x)); CREATE INDEX i ON s.t (x s.ops); "
        "CREATE VIEW s.v AS SELECT x OPERATOR(s.>>>) x AS y FROM s.t; "
        "CREATE TEXT SEARCH DICTIONARY s.d (TEMPLATE = pg_catalog.simple, accept = false); "
        'CREATE TEXT SEARCH CONFIGURATION s.c (PARSER = pg_catalog."default"); '
        "ALTER TEXT SEARCH CONFIGURATION s.c ADD MAPPING FOR word WITH s.d, pg_catalog.english_stem; "
        "CREATE INDEX n ON s.t USING gin (to_tsvector('s.c', n));",
        "CREATE TYPE s.x AS (r integer); CREATE TABLE s.t (x s.x, n text); "
        "CREATE CAST (s.x AS text) WITH INOUT AS ASSIGNMENT; "
        'CREATE TEXT SEARCH CONFIGURATION s.c (PARSER = pg_catalog."default"); '
        "CREATE INDEX n ON s.t USING gin (to_tsvector('s.c', n));",
    ),
    "an extension goes; statistics of an index's expression": (
        12,
        "CREATE EXTENSION citext WITH SCHEMA s; CREATE TABLE s.t (c s.citext PRIMARY KEY, a integer); "
        "CREATE INDEX i ON s.t ((a + 1)); ALTER INDEX s.i ALTER COLUMN 1 SET STATISTICS 300;",
        "CREATE TABLE s.t (c text PRIMARY KEY, a integer); CREATE INDEX i ON s.t ((a + 1));",
    ),
    "a partition tree that others point to": (
        12,
        "CREATE TABLE s.gone (a integer);",
        "CREATE TABLE s.m (id integer, PRIMARY KEY (id)) PARTITION BY RANGE (id); "
        "CREATE TABLE s.m1 PARTITION OF s.m FOR VALUES FROM (0) TO (9) PARTITION BY RANGE (id); "
        "CREATE TABLE s.m11 PARTITION OF s.m1 DEFAULT; CREATE TABLE s.r (m integer REFERENCES s.m);",
    ),
    "a partition goes to which others point; its trigger is off": (
        13,
        "CREATE FUNCTION s.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; "
        "CREATE TABLE s.m (id integer PRIMARY KEY) PARTITION BY RANGE (id); "
        "CREATE TABLE s.m1 PARTITION OF s.m FOR VALUES FROM (0) TO (9); "
        "CREATE TABLE s.m2 PARTITION OF s.m FOR VALUES FROM (9) TO (99); "
        "CREATE TABLE s.r (m integer REFERENCES s.m); "
        "CREATE TRIGGER g AFTER INSERT ON s.m FOR EACH ROW EXECUTE FUNCTION s.f();",
        "CREATE FUNCTION s.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; "
        "CREATE TABLE s.m (id integer PRIMARY KEY) PARTITION BY RANGE (id); "
        "CREATE TABLE s.m1 PARTITION OF s.m FOR VALUES FROM (0) TO (9); "
        "CREATE TABLE s.r (m integer REFERENCES s.m); "
        "CREATE TRIGGER g AFTER INSERT ON s.m FOR EACH ROW EXECUTE FUNCTION s.f(); "
        "ALTER TABLE s.m1 DISABLE TRIGGER g;",
    ),
    "a multirange gets a name": (
        14,
        "CREATE TYPE s.x AS RANGE (subtype = time); CREATE TABLE s.t (r s.x);",
        "CREATE TYPE s.x AS RANGE (subtype = time, multirange_type_name = s.many); "
        "CREATE TABLE s.t (r s.x);",
    ),
    "columns that publications choose by": (
        15,
        "CREATE TABLE s.t (a integer PRIMARY KEY, b integer); "
        "CREATE PUBLICATION q1 FOR TABLE s.t WHERE (a > 5); CREATE PUBLICATION q2 FOR TABLE s.t (a, b);",
        "CREATE TABLE s.t (a bigint PRIMARY KEY, c integer); "
        "CREATE PUBLICATION q1 FOR TABLE s.t WHERE (a > 6); CREATE PUBLICATION q2 FOR TABLE s.t (a, c);",
    ),
    "periods, names of NOT NULLs, virtual columns beside checks": (
        18,
        "CREATE TABLE s.r (k int4range, d tsrange, PRIMARY KEY (k, d WITHOUT OVERLAPS)); CREATE TABLE s.f (k int4range, d tsrange, "
        "CONSTRAINT k FOREIGN KEY (k, PERIOD d) REFERENCES s.r (k, PERIOD d)); CREATE TABLE s.t (a integer "
        "CONSTRAINT n1 NOT NULL, v integer GENERATED ALWAYS AS (a * 2) VIRTUAL, CHECK (a > 0));",
        "CREATE TABLE s.r (k int4range, d tsrange, PRIMARY KEY (k, d WITHOUT OVERLAPS)); CREATE TABLE s.f (k int4range, d tsrange); "
        "CREATE TABLE s.t (a integer CONSTRAINT n2 NOT NULL, "
        "v integer GENERATED ALWAYS AS (a * 3) VIRTUAL, CHECK (a > 0)); "
        "CREATE TABLE s.x (a integer CONSTRAINT named NOT NULL);",
    ),
}
