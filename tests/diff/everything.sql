-- Every kind of object, with awkward names, on every version from 12 on.
CREATE SCHEMA "Big Shop"; CREATE SCHEMA aux;
CREATE TYPE aux.mood AS ENUM ('sad','ok','happy');
CREATE TYPE aux.addr AS (street text, zip varchar(10), m aux.mood);
CREATE DOMAIN aux.pos AS integer DEFAULT 1 CHECK (VALUE > 0);
CREATE TYPE aux.fr AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE FUNCTION aux.twice(x integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT x*2';
CREATE FUNCTION aux.valid(x text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT AS $$BEGIN RETURN x <> ''; END$$;
CREATE DOMAIN aux.txt AS text CHECK (aux.valid(VALUE));
CREATE SEQUENCE "Big Shop"."Order Numbers" START 1000 INCREMENT 10;
CREATE TABLE "Big Shop"."Customers" (
  "Id" integer GENERATED ALWAYS AS IDENTITY (START WITH 100) PRIMARY KEY,
  name text NOT NULL, mood aux.mood DEFAULT 'ok', moods aux.mood[], home aux.addr,
  score aux.pos, nick aux.txt, dbl integer GENERATED ALWAYS AS (aux.twice(10)) STORED,
  email varchar(100) UNIQUE, created timestamptz DEFAULT now(),
  CONSTRAINT "name ok" CHECK (aux.valid(name)));
CREATE TABLE "Big Shop".orders (
  id bigserial PRIMARY KEY, no bigint DEFAULT nextval('"Big Shop"."Order Numbers"'),
  customer integer REFERENCES "Big Shop"."Customers" ON DELETE CASCADE, total numeric(10,2) DEFAULT 0 CHECK (total >= 0),
  note text, parent bigint REFERENCES "Big Shop".orders, at date,
  UNIQUE (customer, no), EXCLUDE USING btree (id WITH =));
CREATE FUNCTION aux.cust_name(c "Big Shop"."Customers") RETURNS text LANGUAGE sql STABLE AS 'SELECT c.name';
CREATE FUNCTION aux.all_orders() RETURNS SETOF "Big Shop".orders LANGUAGE sql STABLE ROWS 5 AS 'SELECT * FROM "Big Shop".orders';
CREATE VIEW aux.v1 AS SELECT o.id, o.total, c.name, c.mood, aux.cust_name(c) AS cn FROM "Big Shop".orders o JOIN "Big Shop"."Customers" c ON c."Id" = o.customer;
CREATE VIEW aux.v2 WITH (security_barrier) AS SELECT id, sum(total) AS s FROM aux.v1 GROUP BY id;
CREATE VIEW aux.v3 AS SELECT * FROM "Big Shop".orders GROUP BY id;
CREATE MATERIALIZED VIEW aux.m1 AS SELECT * FROM aux.v2;
CREATE UNIQUE INDEX m1_id ON aux.m1 (id);
COMMENT ON VIEW aux.v1 IS 'joined'; COMMENT ON COLUMN aux.v1.total IS 'money'; GRANT SELECT ON aux.v1 TO PUBLIC;
CREATE INDEX o_expr ON "Big Shop".orders (aux.twice(customer), (total + 1)) WHERE note IS NOT NULL;
CREATE INDEX o_note ON "Big Shop".orders (note text_pattern_ops DESC NULLS LAST) INCLUDE (total) WITH (fillfactor=80);
CREATE STATISTICS aux.st ON customer, at FROM "Big Shop".orders;
CREATE FUNCTION aux.trg() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN new; END$$;
CREATE TRIGGER t1 BEFORE UPDATE OF total ON "Big Shop".orders FOR EACH ROW WHEN (old.total IS DISTINCT FROM new.total) EXECUTE FUNCTION aux.trg();
CREATE CONSTRAINT TRIGGER t2 AFTER INSERT ON "Big Shop".orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION aux.trg('a','b');
CREATE FUNCTION aux.ins() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN new; END$$;
CREATE TRIGGER tv INSTEAD OF INSERT ON aux.v1 FOR EACH ROW EXECUTE FUNCTION aux.ins();
ALTER TABLE "Big Shop".orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY p1 ON "Big Shop".orders AS RESTRICTIVE FOR UPDATE TO PUBLIC USING (aux.twice(customer) > 1) WITH CHECK (total > 0);
CREATE RULE r1 AS ON DELETE TO "Big Shop"."Customers" DO ALSO SELECT 1;
CREATE TABLE aux.part (id int NOT NULL, region text NOT NULL, v int, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE aux.part_eu PARTITION OF aux.part FOR VALUES IN ('de','fr') PARTITION BY RANGE (id);
CREATE TABLE aux.part_eu_1 PARTITION OF aux.part_eu FOR VALUES FROM (0) TO (100);
CREATE TABLE aux.part_us PARTITION OF aux.part FOR VALUES IN ('us');
CREATE TABLE aux.part_def PARTITION OF aux.part DEFAULT;
CREATE INDEX part_v ON aux.part (v);
CREATE TRIGGER pt AFTER INSERT ON aux.part FOR EACH ROW EXECUTE FUNCTION aux.trg();
ALTER TABLE aux.part ADD CONSTRAINT part_cust FOREIGN KEY (v) REFERENCES "Big Shop"."Customers";
CREATE TABLE aux.base (a int DEFAULT 3, b text NOT NULL, CONSTRAINT bc CHECK (a > 0));
CREATE TABLE aux.child (c int DEFAULT 2) INHERITS (aux.base);
CREATE TABLE aux.typed OF aux.addr (street WITH OPTIONS NOT NULL, PRIMARY KEY (zip));
CREATE UNLOGGED TABLE aux.u (a int) WITH (autovacuum_enabled=off);
CREATE TABLE aux.e (); CREATE TABLE aux.newp (a int);
CREATE AGGREGATE aux.mysum (integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');
CREATE PROCEDURE aux.proc(IN a int, INOUT b int DEFAULT 2) LANGUAGE plpgsql AS $$BEGIN b := a; END$$;
CREATE EXTENSION IF NOT EXISTS "plpgsql";
COMMENT ON CONSTRAINT "name ok" ON "Big Shop"."Customers" IS 'it''s ok'; COMMENT ON INDEX "Big Shop".o_note IS 'ix'; COMMENT ON TRIGGER t1 ON "Big Shop".orders IS 'tr'; COMMENT ON POLICY p1 ON "Big Shop".orders IS 'po'; COMMENT ON FUNCTION aux.twice(int) IS 'fn'; COMMENT ON TYPE aux.mood IS 'm'; COMMENT ON DOMAIN aux.pos IS 'd'; COMMENT ON SEQUENCE "Big Shop"."Order Numbers" IS 'sq'; COMMENT ON SCHEMA aux IS 'sch'; COMMENT ON STATISTICS aux.st IS 'stt'; COMMENT ON RULE r1 ON "Big Shop"."Customers" IS 'rr'; COMMENT ON COLUMN aux.addr.zip IS 'zz'; COMMENT ON AGGREGATE aux.mysum(int) IS 'agg'; COMMENT ON MATERIALIZED VIEW aux.m1 IS 'mv'; COMMENT ON PROCEDURE aux.proc(int,int) IS 'pp';
GRANT UPDATE (total), SELECT (id) ON "Big Shop".orders TO PUBLIC; GRANT USAGE ON SCHEMA aux TO PUBLIC; REVOKE EXECUTE ON FUNCTION aux.twice(int) FROM PUBLIC; GRANT USAGE ON SEQUENCE "Big Shop"."Order Numbers" TO PUBLIC; REVOKE USAGE ON TYPE aux.mood FROM PUBLIC;
ALTER TABLE "Big Shop".orders REPLICA IDENTITY USING INDEX orders_pkey; ALTER TABLE "Big Shop".orders CLUSTER ON o_note;
ALTER TABLE "Big Shop".orders ALTER at SET STATISTICS 500, ALTER note SET STORAGE EXTERNAL, ALTER at SET (n_distinct = 5);
CREATE PUBLICATION pub FOR TABLE "Big Shop".orders, aux.newp WITH (publish = 'insert');
ALTER DEFAULT PRIVILEGES IN SCHEMA aux GRANT SELECT ON TABLES TO PUBLIC;
CREATE FUNCTION aux.evt() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN END$$;
CREATE EVENT TRIGGER et ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION aux.evt();
