-- About every way to refuse rows, with names that have to be quoted.
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS citext;
CREATE SCHEMA "My shop";
CREATE TYPE "My shop"."Sta tus" AS ENUM ('new', 'it''s paid', 'sent');
CREATE TYPE "My shop".money_of AS (amount numeric(10,2), currency char(3));
CREATE DOMAIN "My shop".percent AS numeric(5,2) CHECK (VALUE BETWEEN 0 AND 100);
CREATE DOMAIN "My shop".email AS text CHECK (VALUE LIKE '%@%.%') NOT NULL;
CREATE DOMAIN "My shop".plate AS text CHECK (VALUE ~ '^[A-Z]{2}-\d{3,5}$');
CREATE TABLE "My shop"."Us ers" (
  "Id" uuid PRIMARY KEY DEFAULT gen_random_uuid(), mail "My shop".email, login citext NOT NULL UNIQUE, share "My shop".percent,
  status "My shop"."Sta tus" NOT NULL, code char(5) NOT NULL UNIQUE CHECK (length(code) = 5),
  short varchar(4) UNIQUE, small smallint UNIQUE, born date, seen timestamptz(3), net inet, tags text[], plate "My shop".plate,
  doc jsonb, raw bytea, span daterange, price "My shop".money_of, "per cent" int,
  upper_mail text GENERATED ALWAYS AS (upper(mail)) STORED, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
  color text CHECK (color IN ('red', 'green')), age int CHECK (age > 17 AND age < 100),
  CHECK (updated_at >= created_at));
CREATE UNIQUE INDEX ON "My shop"."Us ers" (lower(mail));
CREATE UNIQUE INDEX ON "My shop"."Us ers" (color) WHERE status = 'sent';
CREATE TABLE pairs (a int, b text, PRIMARY KEY (a, b));
CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent bigint REFERENCES orders,
  root bigint NOT NULL REFERENCES orders, a int, b text, "user" uuid NOT NULL REFERENCES "My shop"."Us ers",
  FOREIGN KEY (a, b) REFERENCES pairs, CHECK (parent <> id), CHECK ((a IS NULL) = (b IS NULL)));
CREATE TABLE lines (order_id bigint REFERENCES orders, line_no smallint, qty int NOT NULL CHECK (qty BETWEEN 1 AND 9), price numeric(6,2) NOT NULL CHECK (price > 0),
  total numeric(9,2) GENERATED ALWAYS AS (qty * price) STORED, PRIMARY KEY (order_id, line_no));
CREATE TABLE ranged (id int, day date NOT NULL, kind text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE ranged_1 PARTITION OF ranged FOR VALUES FROM ('2019-01-01') TO ('2020-01-01');
CREATE TABLE ranged_2 PARTITION OF ranged FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE listed (id int, kind text) PARTITION BY LIST (kind);
CREATE TABLE listed_a PARTITION OF listed FOR VALUES IN ('a', 'b');
CREATE TABLE hashed (id int PRIMARY KEY) PARTITION BY HASH (id);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE impossible (id int CHECK (id > 5 AND id < 3) NOT NULL);
CREATE TABLE child_of_impossible (id int primary key, x int not null);
CREATE TABLE ordered (low int, high int, CHECK (low < high));
CREATE TABLE booking (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, room int NOT NULL, during tstzrange NOT NULL, EXCLUDE USING gist (room WITH =, during WITH &&));
CREATE TABLE tenants (id int PRIMARY KEY, name text NOT NULL UNIQUE, slug text UNIQUE CHECK (slug ~ '^[a-z0-9-]+$'));
CREATE TABLE products (tenant_id int REFERENCES tenants, id int, name text NOT NULL, PRIMARY KEY (tenant_id, id));
CREATE TABLE sales (tenant_id int NOT NULL REFERENCES tenants, id int, parent int, product int NOT NULL, PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, product) REFERENCES products, FOREIGN KEY (tenant_id, parent) REFERENCES sales);
CREATE TABLE profile (user_id uuid PRIMARY KEY REFERENCES "My shop"."Us ers", bio text);
CREATE TABLE dept (id int PRIMARY KEY, name text, head int);
CREATE TABLE emp (id int PRIMARY KEY, name text, dept int NOT NULL REFERENCES dept);
ALTER TABLE dept ADD FOREIGN KEY (head) REFERENCES emp;
CREATE TABLE hen (id int PRIMARY KEY, egg int NOT NULL);
CREATE TABLE egg (id int PRIMARY KEY, hen int NOT NULL REFERENCES hen);
ALTER TABLE hen ADD FOREIGN KEY (egg) REFERENCES egg DEFERRABLE;
CREATE TABLE kinds (kind text NOT NULL CHECK (kind IN ('card','cash')), card text, cash numeric, CHECK ((kind = 'card' AND card IS NOT NULL AND cash IS NULL) OR (kind = 'cash' AND card IS NULL AND cash IS NOT NULL)));
CREATE TABLE sums (a int NOT NULL, b int NOT NULL, total int NOT NULL CHECK (total >= 0), CHECK (total = a * b));
CREATE TABLE empty_table ();
CREATE TABLE only_id (id bigserial);
CREATE TABLE flags (on_ boolean PRIMARY KEY);

CREATE DOMAIN year AS integer CHECK (VALUE BETWEEN 1901 AND 2155);
CREATE TABLE films (film_id serial PRIMARY KEY, title text NOT NULL, release_year year, fulltext tsvector NOT NULL, last_update timestamptz NOT NULL);
CREATE TABLE payments (payment_id int NOT NULL, film_id int NOT NULL, paid_at timestamptz NOT NULL, amount numeric(5,2) NOT NULL, PRIMARY KEY (paid_at, payment_id)) PARTITION BY RANGE (paid_at);
CREATE TABLE payments_1 PARTITION OF payments (FOREIGN KEY (film_id) REFERENCES films) FOR VALUES FROM ('2022-01-01') TO ('2022-02-01');
CREATE TABLE payments_2 PARTITION OF payments (FOREIGN KEY (film_id) REFERENCES films) FOR VALUES FROM ('2022-02-01') TO ('2022-03-01');
CREATE TABLE shapes (id int PRIMARY KEY, at point, grid int[][], codes char(2)[] NOT NULL, spans int4range[], bits bit(3) NOT NULL, mac macaddr, lapse interval, doc xml, at_time time(0), search tsquery, many int4multirange);
