-- Columns of many kinds, in random and in sorted order. {rows} rows.
SELECT setseed(0.4);
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE varied AS
SELECT g::bigint AS id,
       (random() * 10)::int AS low,
       (power(random(), 4) * 20000)::int AS skewed,
       repeat('k', 1 + (random() * 25)::int) || g AS words,
       md5(g::text) AS digest,
       'user' || (random() * 5000)::int || '@example.com' AS mail,
       md5((random() * {rows})::int::text)::uuid AS token,
       timestamptz '2024-01-01' + g * interval '13 s' AS at,
       date '2020-01-01' + (random() * 1000)::int AS day,
       (random() * 10000)::numeric(12, 2) AS price,
       (random() * {rows})::int::numeric AS amount,
       CASE WHEN random() < 0.7 THEN NULL ELSE (random() * 50000)::int END AS seldom,
       random() AS share,
       random() < 0.1 AS flag,
       (random() * {rows} / 4)::int AS parent,
       (ARRAY['open', 'closed', 'waiting for parts'])[1 + (random() * 2.99)::int] AS status,
       (g / 4)::int AS child_of,
       (random() * 32000)::smallint AS small,
       repeat('x', (random() * 200)::int) AS wide,
       (ARRAY['sad', 'ok', 'happy'])[1 + (random() * 2.99)::int]::mood AS mood,
       format('{"id": %s, "tags": ["t%s", "t%s"], "city": "c%s"}', g, (random() * 50)::int,
              (random() * 50)::int, (random() * 200)::int)::jsonb AS document,
       ARRAY[(random() * 300)::int, (random() * 300)::int, (random() * 300)::int] AS labels,
       to_tsvector('simple', format('w%s w%s w%s w%s', (random() * 900)::int,
                   (power(random(), 3) * 900)::int, (random() * 900)::int, g % 5000)) AS search
FROM generate_series(1, {rows}) g;

CREATE TABLE heavy AS
SELECT (1 / (random() + 1e-5))::int AS zipf,
       least(1e9, 1 / power(random() + 1e-9, 2))::bigint AS steep,
       exp(random() * 12)::int AS log_uniform
FROM generate_series(1, {rows}) g;

CREATE TABLE paired AS
SELECT city, city / 10 AS region, g AS line, (g / 3) AS header
FROM (SELECT g, (random() * 2000)::int AS city FROM generate_series(1, {rows}) g) source;
ALTER TABLE paired ADD PRIMARY KEY (header, line);
CREATE STATISTICS paired_combinations (ndistinct) ON city, region FROM paired;

CREATE TABLE empty (id int);
CREATE TABLE one AS SELECT 1 AS id;
