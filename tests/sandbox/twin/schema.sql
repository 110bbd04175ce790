-- A library: every kind of column, index and statistics that a planner tells apart.
CREATE SCHEMA library;
CREATE TYPE library.state AS ENUM ('lent', 'shelved', 'lost', 'repair');
CREATE DOMAIN library.isbn AS text CHECK (VALUE ~ '^[0-9]+$');
CREATE FUNCTION library.initial(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT
    AS 'SELECT upper(left(name, 1))';

CREATE TABLE library.authors (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    country text NOT NULL,
    city text NOT NULL,
    born date
);
INSERT INTO library.authors (name, country, city, born)
SELECT md5(n::text), 'country ' || n % 40, 'city ' || n % 40 * 3 + n % 3,
       CASE WHEN n % 4 > 0 THEN date '1900-01-01' + n % 36000 END
FROM generate_series(1, 8000) n;
CREATE INDEX ON library.authors (lower(name));
CREATE INDEX ON library.authors (library.initial(name));
CREATE INDEX ON library.authors (country, born DESC);
CREATE INDEX authors_name_pattern ON library.authors (name text_pattern_ops);
CREATE STATISTICS library.places (ndistinct, dependencies, mcv)
    ON country, city FROM library.authors;

CREATE TABLE library.books (
    id bigint PRIMARY KEY,
    dropped_later integer,
    author_id bigint NOT NULL REFERENCES library.authors,
    isbn library.isbn NOT NULL UNIQUE,
    title text NOT NULL,
    state library.state NOT NULL,
    price numeric(8, 2) NOT NULL,
    tags text[] NOT NULL,
    details jsonb NOT NULL,
    words tsvector,
    available int4range NOT NULL,
    added timestamptz NOT NULL,
    shelf integer,
    total numeric GENERATED ALWAYS AS (price * 1.19) STORED
);
ALTER TABLE library.books DROP COLUMN dropped_later;
INSERT INTO library.books
SELECT n, 1 + (n * 7919) % 8000, n::text, 'title ' || md5(n::text),
       (CASE WHEN n % 100 < 90 THEN 'shelved' WHEN n % 100 < 98 THEN 'lent' ELSE 'lost' END)::library.state,
       n % 300 + 0.5, ARRAY['tag ' || n % 50, 'tag ' || n % 7],
       jsonb_build_object('pages', n % 900, 'language', CASE WHEN n % 10 < 7 THEN 'en' ELSE 'de' END),
       to_tsvector('simple', 'word' || n % 200 || ' common'),
       int4range(n % 1000, n % 1000 + 10), timestamptz '2024-01-01' + n * interval '1 minute',
       CASE WHEN n % 5 = 0 THEN n % 30 END
FROM generate_series(1, 40000) n;
CREATE INDEX ON library.books (author_id);
CREATE INDEX ON library.books (state) WHERE state <> 'shelved';
CREATE INDEX ON library.books USING gin (tags);
CREATE INDEX ON library.books USING gin (details jsonb_path_ops);
CREATE INDEX ON library.books USING gin (words);
CREATE INDEX ON library.books USING gist (available);
CREATE INDEX ON library.books USING brin (added);
CREATE INDEX ON library.books (author_id, added DESC) INCLUDE (title);
CREATE INDEX ON library.books USING hash (shelf);

CREATE TABLE library.loans (
    id bigint NOT NULL, book_id bigint NOT NULL, member integer NOT NULL,
    lent date NOT NULL, returned date,
    PRIMARY KEY (id, lent)
) PARTITION BY RANGE (lent);
CREATE TABLE library.loans_2024 PARTITION OF library.loans
    FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE library.loans_2025 PARTITION OF library.loans
    FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY RANGE (lent);
CREATE TABLE library.loans_2025_1 PARTITION OF library.loans_2025
    FOR VALUES FROM ('2025-01-01') TO ('2025-07-01');
CREATE TABLE library.loans_2025_2 PARTITION OF library.loans_2025
    FOR VALUES FROM ('2025-07-01') TO ('2026-01-01');
CREATE TABLE library.loans_old PARTITION OF library.loans DEFAULT;
INSERT INTO library.loans
SELECT n, 1 + (n * 31) % 40000, n % 3000, date '2024-01-01' + n % 730,
       CASE WHEN n % 20 > 0 THEN date '2024-01-15' + n % 730 END
FROM generate_series(1, 60000) n;
CREATE INDEX ON library.loans (book_id);
CREATE INDEX ON library.loans (member, lent);

CREATE TABLE library.notes (id integer PRIMARY KEY, body text);
CREATE TABLE library.long_notes (pages integer) INHERITS (library.notes);
INSERT INTO library.notes SELECT n, repeat('x', 100) FROM generate_series(1, 500) n;
INSERT INTO library.long_notes SELECT n, repeat('y', 900), n FROM generate_series(501, 3000) n;
CREATE TABLE library.never_analyzed (id integer PRIMARY KEY, v text);
CREATE TABLE library.empty (id integer PRIMARY KEY, v text);

CREATE VIEW library.lent_books AS
    SELECT b.id, b.title, a.name AS author FROM library.books b
    JOIN library.authors a ON a.id = b.author_id WHERE b.state = 'lent';
CREATE MATERIALIZED VIEW library.per_author AS
    SELECT author_id, count(*) AS books, sum(price) AS worth FROM library.books GROUP BY author_id;
CREATE UNIQUE INDEX ON library.per_author (author_id);
