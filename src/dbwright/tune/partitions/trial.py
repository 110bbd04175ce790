"""What the planner of a twin makes of a workload once a table is partitioned.

The partitioned table is made in a database of its own on the twin's server, with the statistics
and file sizes that its partitions would have; the queries are planned there as on the twin.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql as composed

from dbwright.model.catalog import Table
from dbwright.model.snapshot import Snapshot
from dbwright.progress import silent
from dbwright.sandbox.server import Server
from dbwright.sandbox.twin.declare import declare
from dbwright.sandbox.twin.files import resize, write_btree
from dbwright.sandbox.twin.settings import database_options, planner_settings
from dbwright.sandbox.twin.twin import file_sizes, put_statistics
from dbwright.tune.explained import explained

__all__ = ["NoTrial", "Planned", "planned_on", "trial_database"]

_numbers = itertools.count(1)


class NoTrial(Exception):
    """The server can't be given the tables as they would be."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What the planner says of one statement."""

    cost: float
    relations: frozenset[str]
    """Names (`schema.name`, unquoted) of all tables in the plan."""


@contextmanager
def trial_database(
    server: Server, snapshot: Snapshot, required: Collection[Table]
) -> Iterator[psycopg.Connection[Any]]:
    """A session in a database with the snapshot's schema, statistics and sizes, which is gone at
    the end of the block. The server goes on running, unlike where a twin is made.

    Raises NoTrial where one of the required tables can't be made, or a key of it; psycopg.Error.
    """
    name = f"dbwright_trial_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        options = database_options(snapshot.catalog, connection)
    server.create_database(name, options)
    try:
        with psycopg.connect(server.url(name), autocommit=True) as connection:
            _furnish(connection, server, snapshot, name, required)
        # Another session: this one may hold what the files were before.
        with psycopg.connect(server.url(name), autocommit=True) as connection:
            connection.prepare_threshold = None
            yield connection
    finally:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            drop = composed.SQL("DROP DATABASE IF EXISTS {}").format(composed.Identifier(name))
            connection.execute(drop)


def _furnish(
    connection: psycopg.Connection[Any],
    server: Server,
    snapshot: Snapshot,
    name: str,
    required: Collection[Table],
) -> None:
    refs = {str(table.ref) for table in required}
    refs |= {str(table.constraint_ref(key.name)) for table in required for key in table.keys}
    for left in declare(connection, snapshot.catalog, silent):
        # What else is missing (a function, an index of an extension's type) only costs plans.
        if refs.intersection(left.objects):
            raise NoTrial(f"{', '.join(left.objects)}: {left.reason}")
    list(put_statistics(connection, snapshot, server.major))
    list(planner_settings(connection, name, snapshot.catalog))
    for path, pages, height in file_sizes(connection, snapshot.catalog, snapshot.statistics):
        file = server.data_directory / path
        if height:
            write_btree(file, height)
        resize(file, pages)


def planned_on(connection: psycopg.Connection[Any], statement: str) -> Planned | None:
    """None where the server can't plan it. Raises psycopg.Error where the server is gone."""
    document = explained(connection, statement, verbose=True)
    if document is None:
        return None
    plan = document["Plan"]
    return Planned(float(plan["Total Cost"]), frozenset(_relations(plan)))


def _relations(node: Mapping[str, Any]) -> Iterator[str]:
    if "Relation Name" in node and node["Node Type"] != "ModifyTable":
        yield f"{node.get('Schema', '')}.{node['Relation Name']}"
    for child in node.get("Plans", ()):
        yield from _relations(child)
