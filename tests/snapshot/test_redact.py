"""What a redacted snapshot still holds: names, declarations and figures, and no value.

Values that may not be in the file all hold a mark: `zq` in texts, 77712 in numbers, the year 1887
in times, and so on. The file is searched for them as bytes.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from dbwright.check.check import check
from dbwright.configuration import Configuration
from dbwright.engines import snapshot_file
from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.snapshot import Snapshot
from dbwright.model.statistics import ColumnStatistics
from dbwright.sandbox import Server, start
from dbwright.snapshot.redact import redacted
from dbwright.snapshot.snapshot import snapshot as make
from servers.postgresql import Database

MARKS = (
    "zq", "77712", "1887-", "deadbeef", "203.0.113.7", "fe80::7771", "08:00:2b:77", "13:37:42",
    "1010111001", "7q7q",
)  # fmt: skip

# Each column with few values (which become common values) and with many (a histogram).
TYPES = {
    "text": "'zqtext' || {n}",
    "character varying(12)": "'zqvar' || {n}",
    "character(9)": "'zqch' || {n}",
    "name": "'zqname' || {n}",
    "smallint": "{n} + 20000",
    "integer": "777120000 + {n}",
    "bigint": "77712000000000 + {n}",
    "numeric(9,2)": "7771200.25 + {n}",
    "numeric": "7771200.25 + {n}",
    "real": "777120 + {n}",
    "double precision": "7771200.5 + {n}",
    "money": "7771200.5 + {n}",
    "date": "date '1887-03-01' + {n}",
    "timestamp without time zone": "timestamp '1887-03-01 10:00' + {n} * interval '1 minute'",
    "timestamp(0) with time zone": "timestamptz '1887-03-01 10:00+00' + {n} * interval '1 minute'",
    "time without time zone": "time '13:37:42' + {n} * interval '1 microsecond'",
    "interval": "77712 * interval '1 day' + {n} * interval '1 second'",
    "json": "json_build_object('k', 'zqjson' || {n})",
    "jsonb": "jsonb_build_object('k', 'zqjsonb' || {n})",
    "text[]": "ARRAY['zqarray' || {n}, 'zqother']",
    "integer[]": "ARRAY[777120000 + {n}]",
    "int4range": "int4range(777120000, 777120001 + {n})",
    "daterange": "daterange('1887-01-01', date '1887-03-01' + {n})",
    "uuid": "('deadbeef-0000-4000-8000-' || lpad({n}::text, 12, '0'))::uuid",
    "inet": "inet '203.0.113.7' + {n}",
    "cidr": "set_masklen(inet 'fe80::7771', 128)::cidr",
    "macaddr": "('08:00:2b:77:71:' || lpad(({n} % 90)::text, 2, '0'))::macaddr",
    "bytea": "convert_to('zqbytea' || {n}, 'UTF8')",
    "bit varying": "B'1010111001' || {n}::bit(9)",
    "tsvector": "to_tsvector('simple', 'zqword' || {n})",
    "shop.email": "'zq' || {n} || '@example.com'",
    "shop.state": "(ARRAY['new', 'paid'])[1 + {n} % 2]::shop.state",
    "shop.pair": "ROW({n}, 'zqpair' || {n})::shop.pair",
    "boolean": "{n} % 3 = 0",
}

SCHEMA = """
CREATE SCHEMA shop;
CREATE DOMAIN shop.email AS text;
CREATE TYPE shop.state AS ENUM ('new', 'paid', 'sent');
CREATE TYPE shop.pair AS (a int, b text);
CREATE TABLE shop.cities (city text, size int) PARTITION BY LIST (city);
CREATE TABLE shop.cities_a PARTITION OF shop.cities FOR VALUES IN ('zqlist', NULL, 'zq''two');
CREATE TABLE shop.cities_rest PARTITION OF shop.cities DEFAULT;
CREATE TABLE shop.tenants (id int, name text) PARTITION BY LIST (id);
CREATE TABLE shop.tenants_a PARTITION OF shop.tenants FOR VALUES IN (77712, 777123);
CREATE TABLE shop.people (name text) PARTITION BY RANGE (name);
CREATE TABLE shop.people_a PARTITION OF shop.people FOR VALUES FROM (MINVALUE) TO ('zqrange');
CREATE TABLE shop.lower_people (name text) PARTITION BY RANGE (lower(name));
CREATE TABLE shop.lower_people_a PARTITION OF shop.lower_people FOR VALUES FROM ('zq') TO ('zr');
CREATE TABLE shop.events (at date, place int) PARTITION BY RANGE (at, place);
CREATE TABLE shop.events_a PARTITION OF shop.events FOR VALUES FROM ('2024-01-01', 1) TO ('2025-01-01', 2);
CREATE TABLE shop.hashed (id int) PARTITION BY HASH (id);
CREATE TABLE shop.hashed_a PARTITION OF shop.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE shop.items (
    id bigint PRIMARY KEY DEFAULT 12345,
    note text DEFAULT 'a default' CHECK (note <> 'a checked value')
);
COMMENT ON TABLE shop.items IS 'a comment';
CREATE TABLE shop.held (%s);
INSERT INTO shop.held SELECT %s FROM generate_series(1, 300) n;
INSERT INTO shop.cities SELECT 'zqlist', n FROM generate_series(1, 9) n;
CREATE INDEX ON shop.held (upper(few_0));
CREATE STATISTICS shop.together (mcv, dependencies) ON few_0, few_1 FROM shop.held;
CREATE STATISTICS shop.of_expressions ON (lower(few_0)), (lower(many_0)) FROM shop.held;
CREATE MATERIALIZED VIEW shop.copy AS SELECT many_0, many_5, few_12 FROM shop.held;
ANALYZE
"""

STATEMENTS = """
SELECT 'zqstring', 77712
SELECT /* zqcomment */ 1 -- zqcomment too
SELECT $zq$zqdollar$zq$, E'zq\\'escape', U&'zq\\0041', B'1010111001', X'deadbeef', N'zqnational'
SELECT interval '77712' day, date '1887-01-01', 'zq'::text
INSERT INTO shop.items VALUES (77712, 'zqinsert') ON CONFLICT DO NOTHING
UPDATE shop.items SET note = 'zqupdate' WHERE id = 77712
SET shop.user_name = 'zqset'
SELECT set_config('shop.user_name', 'zqconfig', false)
DO $$ BEGIN PERFORM 'zqdo'; END $$
COMMENT ON TABLE shop.cities IS 'a comment of a statement: 7q7q'
COMMENT ON TABLE shop.cities IS NULL
NOTIFY channel, 'zqnotify'
CREATE TEMPORARY TABLE made AS SELECT 'zqtable'
COPY (SELECT 'zqcopy') TO STDOUT
EXPLAIN SELECT 'zqexplain'
PREPARE p(text) AS SELECT $1 || 'zqprepare'
EXECUTE p('zqexecute')
CREATE ROLE zr PASSWORD '7q7qpassword'
ALTER ROLE zr PASSWORD '7q7qpassword'
DROP ROLE zr
DECLARE c CURSOR WITH HOLD FOR SELECT 'zqcursor'
SELECT count(*) FROM shop.held WHERE few_0 IN ('zqtext1', 'zqtext2') LIMIT 77712
CREATE TEMPORARY TABLE declared (a text DEFAULT 'zqdefault' CHECK (a <> 'zqcheck'))
""".strip().splitlines()

LEFT_OPEN = (
    "SELECT 'zqactivity', pg_advisory_lock(77712)",
    # Neither can be parsed: one is no SQL, one is cut off by the server.
    "SELEC 'zqbroken'",
    "SELECT '" + "zqlong " * 1000 + "'",
    "SET standard_conforming_strings = off; SELECT 'it\\'s zqbackslash, isn\\'t it'",
)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    settings = {
        "shared_preload_libraries": "pg_stat_statements",
        "track_activity_query_size": "900",
    }
    with start(settings=settings) as server:
        yield server


@pytest.fixture(scope="module")
def full(server: Server) -> Iterator[Snapshot]:
    """Of a database with marked values in every place."""
    server.create_database("marked")
    url = server.url("marked")
    names = [(number, type_, value) for number, (type_, value) in enumerate(TYPES.items())]
    columns = ", ".join(f"few_{n} {type_}, many_{n} {type_}" for n, type_, _ in names)
    rows = ", ".join(
        f"({value.format(n='(n % 4)')})::{type_}, ({value.format(n='n')})::{type_}"
        for _, type_, value in names
    )
    with ExitStack() as stack:
        connection = stack.enter_context(psycopg.connect(url, autocommit=True))
        connection.execute("CREATE EXTENSION pg_stat_statements")
        connection.execute((SCHEMA % (columns, rows)).encode())
        connection.execute("SELECT pg_stat_statements_reset()")
        for statement in STATEMENTS:
            if statement.startswith("COPY"):
                with connection.cursor().copy(statement.encode()) as copy:
                    list(copy)
            else:
                connection.execute(statement.encode())
        for statement in LEFT_OPEN:
            other = stack.enter_context(psycopg.connect(url, autocommit=True))
            # What is no SQL stays the session's last query all the same.
            with suppress(psycopg.errors.SyntaxError):
                other.execute(statement.encode())
        with Session.open(url, 60) as session:
            yield read(session, values=None, workload=True)


@pytest.fixture(scope="module")
def without(full: Snapshot) -> Snapshot:
    return redacted(full)


def _bytes(snapshot: Snapshot, folder: Path) -> bytes:
    path = folder / "s.dbw"
    snapshot_file.save(snapshot, path)
    return gzip.decompress(path.read_bytes()).lower()


def test_no_marked_value_is_in_the_file(full: Snapshot, without: Snapshot, tmp_path: Path) -> None:
    before, after = _bytes(full, tmp_path), _bytes(without, tmp_path)
    assert [mark for mark in MARKS if mark.encode() not in before] == [], "they were planted"
    for mark in MARKS:
        # A number that was marked begins so; within the digits of a time it is chance.
        start = rb"(?<![0-9.])" if mark.isdigit() else b""
        found = re.search(start + re.escape(mark.encode()), after)
        assert found is None, after[max(0, found.start() - 200) : found.end() + 100].decode()
    assert without.redacted


def test_statistics_of_expressions_stay_without_values(full: Snapshot, without: Snapshot) -> None:
    assert full.statistics is not None and without.statistics is not None
    (before,) = (data for data in full.statistics.extended if data.expressions)
    (after,) = (data for data in without.statistics.extended if data.expressions)
    assert all(one.sample for one in before.expressions)
    assert [one.distinct for one in after.expressions] == [
        one.distinct for one in before.expressions
    ]
    assert not any(one.common_values or one.histogram for one in after.expressions)


def test_every_kind_of_statement_was_there(full: Snapshot) -> None:
    """Else the test above proves nothing of them."""
    assert full.workload is not None
    assert full.activity is not None
    seen = "\n".join(query.text for query in full.workload.queries).lower()
    for word in (
        "notify",
        "comment on",
        "do $$",
        "declare c",
        "prepare p",
        "copy (",
        "/* zqcomment",
    ):
        assert word in seen, word
    queries = [session.query or "" for session in full.activity.sessions]
    for word in ("zqactivity", "zqbroken", "zqlong", "zqbackslash"):
        assert any(word in query for query in queries), word


def test_queries_are_still_queries(without: Snapshot) -> None:
    assert without.workload is not None
    assert without.activity is not None
    texts = [query.text for query in without.workload.queries]
    assert "UPDATE shop.items SET note = $1 WHERE id = $2" in texts
    assert "SET shop.user_name = $1" in texts
    assert "DO $1" in texts
    sessions = [session.query for session in without.activity.sessions]
    assert "SELECT $1, pg_advisory_lock($2)" in sessions
    assert sessions.count("(redacted)") >= 2
    (lock,) = [lock for lock in without.activity.locks if lock.type == "advisory"]
    assert lock.key == "1"


def test_declarations_stay(without: Snapshot) -> None:
    items = without.catalog.table("shop.items")
    assert items.column("note").default == "'a default'::text"
    assert "a checked value" in (items.checks[0].expression or "")
    assert items.comment == "a comment"
    bounds = {table.name: table.partition_bound for table in without.catalog.tables}
    assert bounds["cities_a"] == "FOR VALUES IN ((redacted), NULL, (redacted))"
    assert bounds["cities_rest"] == "DEFAULT"
    assert bounds["people_a"] == "FOR VALUES FROM (MINVALUE) TO ((redacted))"
    assert bounds["events_a"] == "FOR VALUES FROM ('2024-01-01', 1) TO ('2025-01-01', 2)"
    assert bounds["hashed_a"] == "FOR VALUES WITH (modulus 2, remainder 0)"


def _pairs(
    full: Snapshot, without: Snapshot
) -> Iterator[tuple[ColumnStatistics, ColumnStatistics]]:
    assert full.statistics is not None
    assert without.statistics is not None
    yield from zip(full.statistics.columns, without.statistics.columns, strict=True)


def test_figures_stay(full: Snapshot, without: Snapshot) -> None:
    for old, new in _pairs(full, without):
        assert (old.table_oid, old.column, old.distinct) == (
            new.table_oid,
            new.column,
            new.distinct,
        )
        if new.common_values:
            assert new.common_frequencies == old.common_frequencies


def test_substitutes_are_values_of_the_type_in_its_order(
    server: Server, full: Snapshot, without: Snapshot
) -> None:
    """As the server itself sees it."""
    table = full.catalog.table("shop.held")
    ordered = set()
    with psycopg.connect(server.url("marked")) as connection:
        for old, new in _pairs(full, without):
            if old.table_oid != table.oid or not new.redacted:
                continue
            type_ = table.column(old.column).type
            ordered.add(type_)
            query = sql.SQL(
                "SELECT array_agg(o::text ORDER BY o) = array_agg(o::text ORDER BY n) "
                "FROM unnest(%s::text[]::{type}[], %s::text[]::{type}[]) u (o, n)"
            ).format(type=sql.SQL(type_))
            olds = list(old.common_values + old.histogram)
            assert len(olds) > 3, old.column
            row = connection.execute(query, [olds, list(new.common_values + new.histogram)])
            assert row.fetchone() == (True,), old.column
    numbers_times_texts = set(list(TYPES)[: list(TYPES).index("time without time zone")])
    assert ordered == numbers_times_texts - {"money"} | {"shop.email"}


def test_booleans_and_labels_stay(full: Snapshot, without: Snapshot) -> None:
    kinds = {t: n for n, t in enumerate(TYPES)}
    kept = {f"few_{kinds['boolean']}", f"few_{kinds['shop.state']}"}
    assert {old.column for old, new in _pairs(full, without) if old == new and old.common_values} == {
        *kept, *(name.replace("few", "many") for name in kept),
    }  # fmt: skip


def test_materialized_views_are_redacted_like_tables(full: Snapshot, without: Snapshot) -> None:
    (view,) = full.catalog.materialized_views
    found = {new.column: new for old, new in _pairs(full, without) if old.table_oid == view.oid}
    assert all(
        column.redacted and column.common_values + column.histogram for column in found.values()
    )


def test_twice_is_once(without: Snapshot) -> None:
    assert redacted(without) == without


# --- clients --------------------------------------------------------------------------------


def test_addresses_of_clients_go(tmp_path: Path) -> None:
    hba = "host all all 127.0.0.1/32 trust\n"
    settings = {"listen_addresses": "127.0.0.1", "port": "54988"}
    with start(settings=settings, hba=hba) as server:
        over_tcp = psycopg.connect(
            "postgresql://dbwright@127.0.0.1:54988/postgres", autocommit=True
        )
        with over_tcp, Session.open(server.url(), 30) as session:
            over_tcp.execute("SELECT 1")
            full = read(session)
    assert full.activity is not None
    assert "127.0.0.1" in {session.client for session in full.activity.sessions}
    after = redacted(full).activity
    assert after is not None
    assert {session.client for session in after.sessions} <= {None, "socket", "(redacted)"}


# --- files ----------------------------------------------------------------------------------

FILES = """
CREATE TABLE people (id integer PRIMARY KEY, born date, state text);
INSERT INTO people VALUES ('zqnumber', NULL, NULL);
INSERT INTO people VALUES ('zqnumber', NULL, 'again');
INSERT INTO people VALUES (1, '1887-13-13', NULL);
INSERT INTO people VALUES (2, NULL, "zqdouble");
INSERT INTO people VALUES (3, NULL, 'zq' 'zqnear');
INSERT INTO people VALUES (77712777127771277712, NULL, NULL);
INSERT INTO people VALUES (4, NULL, NULL), (4, NULL, 'zqtwice');
INSERT INTO nowhere VALUES ('zqnowhere');
DO $$ BEGIN RAISE EXCEPTION 'zqraised %', 77712; END $$;
COPY people FROM '/zq';
SELECT 'zqopen
"""


def test_refused_statements_of_files(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text(FILES)
    full = make(str(tmp_path / "a.sql"), configuration=Configuration())
    without = make(str(tmp_path / "a.sql"), redact=True, configuration=Configuration())
    assert len(full.refused) == len(without.refused) == 10
    before, after = _bytes(full, tmp_path), _bytes(without, tmp_path)
    for mark in ("zqnumber", "1887-", "zqdouble", "zqraised", "zqopen", "zqnear", "77712"):
        assert mark.encode() in before, mark
    for mark in MARKS:
        assert mark.encode() not in after, after[after.find(mark.encode()) - 200 :][:300]
    assert 'relation "nowhere" does not exist' in {refused.message for refused in without.refused}
    assert [refused.hint for refused in without.refused] == [
        refused.hint for refused in full.refused
    ]


# --- rules ----------------------------------------------------------------------------------

FAULTS = """
CREATE TABLE posts (id bigint PRIMARY KEY);
CREATE TABLE comments (
    id bigint PRIMARY KEY, commentable_type text NOT NULL, commentable_id bigint NOT NULL,
    points text NOT NULL, is_open text NOT NULL, born_on text NOT NULL, tags text NOT NULL,
    password text, padded char(20), number integer UNIQUE
);
INSERT INTO comments SELECT n, 'Post', n, n * 7, CASE WHEN n % 2 = 0 THEN 'yes' ELSE 'no' END,
    to_char(date '2000-01-01' + n, 'YYYY-MM-DD'), 'a' || n || repeat(',b', n % 3), 'secret' || n, 'x' || n,
    1999999000 + n FROM generate_series(1, 500) n;
ANALYZE
"""
NEEDS_VALUES = {
    "types/text-holds-boolean",
    "types/text-holds-date",
    "types/text-holds-list",
    "types/text-holds-number",
}


def test_rules_do_not_take_substitutes_for_values(database: Database, tmp_path: Path) -> None:
    database.execute(FAULTS)
    configuration = Configuration()
    reports = []
    for redact in (False, True):
        path = tmp_path / f"{redact}.dbw"
        snapshot_file.save(make(database.url, redact=redact, configuration=configuration), path)
        reports.append(check(str(path), configuration=configuration))
    full, without = reports
    found = {finding.rule for finding in full.findings}
    assert found >= NEEDS_VALUES, "the faults are there"
    gone = {finding.key for finding in full.findings} - {f.key for f in without.findings}
    # What can't be known is not found; nothing is found that is not there.
    assert {f.key for f in without.findings} <= {f.key for f in full.findings}
    assert {key.partition(":")[0] for key in gone} == NEEDS_VALUES | {
        "types/key-near-its-limit",
        "security/secret-column",
    }
    (told,) = [part for part in without.skipped if part.part == "statistics.columns.values"]
    assert set(told.rules) == NEEDS_VALUES
    assert "--redact" in told.remedy
    (polymorphic,) = [f for f in without.findings if f.rule == "keys/polymorphic-reference"]
    assert polymorphic.evidence["tables"] == [], "only the names of the columns speak for it"
