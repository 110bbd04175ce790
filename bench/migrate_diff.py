"""The difference of two large catalogs, beside the time of reading them, in the same run.

    python bench/migrate_diff.py [--tables 1000] [--changed 50] [--rounds 3]

Prints a table: seconds of reading both, of the differences, of the statements up and down, and the
limit of a second for both. Each figure is the median of the rounds. A changed table gets another
column, loses one, and has a view over a column whose type changes.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import TypeVar

import psycopg

from dbwright.diff.compare import differences
from dbwright.diff.write import parts
from dbwright.engines.postgresql.introspect import introspect
from dbwright.engines.postgresql.session import Session
from dbwright.model.catalog import Catalog
from dbwright.sandbox import start

T = TypeVar("T")
LIMIT = 1.0
"""Seconds, of two catalogs of 1,000 tables."""
COLUMNS = """
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int NOT NULL, b text NOT NULL DEFAULT 'x',
    c timestamptz NOT NULL DEFAULT now(), d numeric(12, 2), e boolean, f uuid, g jsonb, h text,
    i int, j int, k date, l varchar(40), m text[], n double precision
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tables", type=int, default=1000)
    parser.add_argument("--changed", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    with start() as server:
        urls = []
        for name in ("before", "after"):
            server.create_database(name)
            urls.append(server.url(name))
            _make(urls[-1], chosen.tables, chosen.changed if name == "after" else 0, chosen.changed)
        reading = [_timed(lambda: [_read(url) for url in urls])[0] for _ in range(chosen.rounds)]
        before, after = (_read(url) for url in urls)
    comparing, writing = [], []
    for _ in range(chosen.rounds):
        seconds, found = _timed(lambda: differences(before, after))
        comparing.append(seconds)
        seconds, made = _timed(lambda: parts(before, after, ()))
        writing.append(seconds)
    steps = sum(len(part.up.steps) + len(part.down.steps) for part in made)
    print(f"{chosen.tables} tables, {len(found)} differences, {steps} statements up and down")
    print(f"{'reading both catalogs':40} {statistics.median(reading):6.2f} s")
    print(f"{'differences':40} {statistics.median(comparing):6.2f} s   limit {LIMIT:.2f} s")
    print(f"{'statements, both ways':40} {statistics.median(writing):6.2f} s   limit {LIMIT:.2f} s")


def _make(url: str, tables: int, changed: int, views: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for number in range(tables):
            name = f"t{number}"
            kind = "bigint" if number < changed else "int"
            columns = COLUMNS.replace(" i int", f" i {kind}").replace(
                "k date", "k2 date" if number < changed else "k date"
            )
            connection.execute(
                f"CREATE TABLE {name} ({columns}); CREATE INDEX {name}_a ON {name} (a);"
                f"CREATE INDEX {name}_b_c ON {name} (b, c);"
                f"CREATE INDEX {name}_d ON {name} (d) WHERE e".encode()
            )
            if number:
                key = f"ALTER TABLE {name} ADD FOREIGN KEY (i) REFERENCES t{number - 1}"
                connection.execute(key.encode())
            if number < views:
                view = f"CREATE VIEW v{number} AS SELECT id, i FROM {name}"
                connection.execute(view.encode())


def _read(url: str) -> Catalog:
    with Session.open(url, 600) as session:
        return introspect(session)


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


if __name__ == "__main__":
    main()
