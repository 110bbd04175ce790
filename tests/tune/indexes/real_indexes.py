"""Databases with varied columns, analyzed, then indexed in many ways, on three majors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psycopg

from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.catalog import Index, MaterializedView, Table
from dbwright.model.snapshot import Snapshot
from dbwright.model.statistics import IndexStatistics, Statistics
from dbwright.sandbox import Server

__all__ = ["BTREES", "OTHERS", "ROWS", "SINCE_13", "TRIGRAMS", "Built", "build"]

VARIED = Path(__file__).with_name("varied.sql")

ROWS = {12: 40_000, 15: 60_000, 18: 120_000}
"""On 18 ANALYZE takes a quarter of the rows; on 12 nearly all."""

BTREES = {
    "unique_bigint": "varied (id)",
    "random_float": "varied (share)",
    "low": "varied (low)",
    "skewed": "varied (skewed)",
    "words": "varied (words)",
    "digest": "varied (digest)",
    "mail": "varied (mail)",
    "token": "varied (token)",
    "at": "varied (at)",
    "day": "varied (day DESC)",
    "price": "varied (price)",
    "amount": "varied (amount)",
    "seldom": "varied (seldom)",
    "seldom_last": "varied (seldom DESC NULLS LAST)",
    "flag": "varied (flag)",
    "parent": "varied (parent)",
    "status": "varied (status)",
    "child_of": "varied (child_of)",
    "small": "varied (small)",
    "wide": "varied (wide)",
    "mood": "varied (mood)",
    "pattern": "varied (mail text_pattern_ops)",
    "low_skewed": "varied (low, skewed)",
    "low_flag": "varied (low, flag)",
    "status_mail": "varied (status, mail)",
    "parent_day": "varied (parent, day)",
    "mail_id": "varied (mail, id)",
    "low_status_day": "varied (low, status, day)",
    "seldom_low": "varied (seldom, low)",
    "seldom_words": "varied (seldom, words)",
    "four": "varied (flag, mood, status, low)",
    "small_price": "varied (small, price)",
    "day_at": "varied (day, at)",
    "covering": "varied (parent) INCLUDE (low, status)",
    "covering_words": "varied (id) INCLUDE (words)",
    "covering_price": "varied (day) INCLUDE (price)",
    "unique_id": "varied (id)",
    "fill_50": "varied (id) WITH (fillfactor = 50)",
    "fill_100": "varied (parent) WITH (fillfactor = 100)",
    "partial": "varied (skewed) WHERE flag",
    "partial_not_null": "varied (seldom) WHERE seldom IS NOT NULL",
    "partial_status": "varied (status, parent) WHERE status = 'open'",
    "lower_mail": "varied (lower(mail))",
    "hour": "varied (date_trunc('hour', share * interval '1 day' + timestamp '2024-01-01'))",
    "zipf": "heavy (zipf)",
    "steep": "heavy (steep)",
    "log_uniform": "heavy (log_uniform)",
    "zipf_log": "heavy (zipf, log_uniform)",
    "steep_zipf": "heavy (steep, zipf)",
    "city_region": "paired (city, region)",
    "header_line": "paired (header, line)",
    "header_line_city": "paired (header, line, city)",
    "empty_table": "empty (id)",
    "one_row": "one (id)",
}
SINCE_13 = {"not_joined": "varied (low) WITH (deduplicate_items = off)"}
OTHERS = {
    "hash_unique": "varied USING hash (id)",
    "hash_mail": "varied USING hash (mail)",
    "hash_low": "varied USING hash (low)",
    "hash_zipf": "heavy USING hash (zipf)",
    "brin_at": "varied USING brin (at)",
    "brin_words": "varied USING brin (digest, id)",
    "brin_small_ranges": "varied USING brin (id) WITH (pages_per_range = 1)",
    "gin_labels": "varied USING gin (labels)",
    "gin_search": "varied USING gin (search)",
    "gin_document": "varied USING gin (document)",
    "gin_document_path": "varied USING gin (document jsonb_path_ops)",
}
TRIGRAMS = {
    "gin_mail": "varied USING gin (mail gin_trgm_ops)",
    "gin_digest": "varied USING gin (digest gin_trgm_ops)",
}


@dataclass(frozen=True)
class Built:
    """A database, its statistics from before it had indexes, and the indexes as they were built."""

    snapshot: Snapshot
    """With 20 values a column, as commands read them."""
    statistics: Statistics
    """With all of them."""

    def index(self, name: str) -> tuple[Index, Table | MaterializedView]:
        for table in self.snapshot.catalog.tables:
            for index in table.indexes:
                if index.name == name:
                    return index, table
        raise KeyError(name)

    def real(self, name: str) -> IndexStatistics:
        assert self.snapshot.statistics is not None
        found = self.snapshot.statistics.of_index(self.index(name)[0])
        assert found is not None
        return found


def build(server: Server) -> Built:
    server.create_database("varied")
    rows = ROWS[server.major]
    indexes = {**BTREES, **OTHERS, **(SINCE_13 if server.major >= 13 else {})}
    with psycopg.connect(server.url("varied"), autocommit=True) as connection:
        if server.major == 18:
            indexes |= TRIGRAMS
            connection.execute("CREATE EXTENSION pg_trgm")
        connection.execute(VARIED.read_text().replace("{rows}", str(rows)).encode())
        connection.execute("VACUUM ANALYZE")
        for name, on in indexes.items():
            unique = "UNIQUE" if name == "unique_id" else ""
            connection.execute(f"CREATE {unique} INDEX {name} ON {on}".encode())
    with Session.open(server.url("varied"), 60) as session:
        snapshot = read(session)
    with Session.open(server.url("varied"), 60) as session:
        whole = read(session, values=None).statistics
    assert whole is not None
    return Built(snapshot, whole)
