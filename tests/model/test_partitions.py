"""The tree of partitions, as a real server has it."""

from __future__ import annotations

from dataclasses import replace

from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.partitions import partition_leaves, partition_root
from servers.postgresql import Database

TREE = """
CREATE TABLE "All Days" (day date, part int) PARTITION BY RANGE (day);
CREATE TABLE old PARTITION OF "All Days" FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE new PARTITION OF "All Days" FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')
    PARTITION BY LIST (part);
CREATE TABLE new_1 PARTITION OF new FOR VALUES IN (1);
CREATE TABLE new_2 PARTITION OF new FOR VALUES IN (2) PARTITION BY HASH (part);
CREATE TABLE parent (id int);
CREATE TABLE heir () INHERITS (parent);
"""


def test_the_top_and_the_ends_of_a_tree(database: Database) -> None:
    database.execute(TREE)
    with Session.open(database.url, 30) as session:
        catalog = read(session).catalog
    roots = {table.name: partition_root(catalog, table).name for table in catalog.tables}
    assert roots == {
        **dict.fromkeys(("All Days", "old", "new", "new_1", "new_2"), "All Days"),
        "parent": "parent",
        "heir": "heir",
    }
    leaves = {
        table.name: {leaf.name for leaf in partition_leaves(catalog, table)}
        for table in catalog.tables
    }
    assert leaves.pop("All Days") == {"old", "new_1"}
    assert leaves.pop("new") == {"new_1"}
    assert not any(leaves.values())  # inheritance alone makes no partitions

    unread = replace(
        catalog, tables=tuple(table for table in catalog.tables if table.name != "All Days")
    )
    assert partition_root(unread, unread.table("public.new_1")).name == "new"
