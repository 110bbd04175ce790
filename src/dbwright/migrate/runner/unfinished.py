"""A statement that runs outside of transactions and was cut off: is it done, or must it run again?

The catalog tells it of those that leave a trace. What leaves none is the person's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from dbwright.migrate.runner.leftovers import Leftover, of_build, of_rebuild, qualified
from dbwright.model.names import qualify
from dbwright.sql.parse import Node, ParsedStatement

__all__ = ["LOOKS", "Rest", "index_of_that_name", "leftovers_of", "other_of_that_name", "rest_of"]

INDEX = """
SELECT pg_get_indexdef(i.indexrelid)
FROM pg_class t
JOIN pg_class c ON c.relnamespace = t.relnamespace AND c.relname = %s
JOIN pg_index i ON i.indexrelid = c.oid AND i.indrelid = t.oid
WHERE t.oid = to_regclass(%s)
"""
"""An index is in its table's schema, wherever the search_path looks first."""
OTHER = """
SELECT FROM pg_class t JOIN pg_class c ON c.relnamespace = t.relnamespace AND c.relname = %s
WHERE t.oid = to_regclass(%s)
  AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indexrelid = c.oid AND i.indrelid = t.oid)
"""
IS_INDEX = "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(%s)"
DETACHING = """
SELECT coalesce((to_jsonb(i) ->> 'inhdetachpending')::boolean, false) FROM pg_inherits i
WHERE i.inhparent = to_regclass(%s) AND i.inhrelid = to_regclass(%s)
"""


@dataclass(frozen=True, slots=True)
class Rest:
    """What is left to do of a statement."""

    known: bool = True
    leftovers: tuple[Leftover, ...] = ()
    """To be dropped first."""
    instead: str = ""
    """A statement that brings it to its end."""
    again: bool = True
    """Is it to run once more?"""
    note: str = ""
    """What was found, for who watches."""


DONE = Rest(again=False, note="it had ended")
AGAIN = Rest(note="it had left nothing behind")
UNKNOWN = Rest(known=False)


def rest_of(connection: psycopg.Connection[Any], parsed: ParsedStatement | None) -> Rest:
    """Look at what it left behind. Raises psycopg.Error."""
    look = None if parsed is None else LOOKS.get(parsed.kind)
    return UNKNOWN if look is None or parsed is None else look(connection, parsed.node)


def leftovers_of(
    connection: psycopg.Connection[Any], parsed: ParsedStatement | None
) -> tuple[Leftover, ...]:
    """Invalid indexes that are there and may be of this statement. Raises psycopg.Error."""
    if parsed is not None and parsed.kind == "IndexStmt":
        return of_build(connection, parsed.node)
    if parsed is not None and parsed.kind == "ReindexStmt":
        return of_rebuild(connection, parsed.node)
    return ()


def other_of_that_name(connection: psycopg.Connection[Any], node: Node) -> bool:
    """Has something else the name that a CREATE INDEX gives?"""
    names = (node["idxname"], qualified(node["relation"]))
    return connection.execute(OTHER, names).rowcount > 0


def index_of_that_name(connection: psycopg.Connection[Any], node: Node) -> str | None:
    """The definition of an index that has the name and the table of a CREATE INDEX already."""
    row = connection.execute(INDEX, (node["idxname"], qualified(node["relation"]))).fetchone()
    return None if row is None else str(row[0])


def _created_index(connection: psycopg.Connection[Any], node: Node) -> Rest:
    found = of_build(connection, node)
    names = ", ".join(leftover.index for leftover in found)
    name = node.get("idxname")
    if not name:  # the server chose its name, and would choose another one now
        return Rest(known=False, note=f"invalid indexes of its table: {names}" if names else "")
    if found:
        return Rest(leftovers=found, note=f"it had left the invalid index {names}")
    return AGAIN if index_of_that_name(connection, node) is None else DONE


def _dropped_index(connection: psycopg.Connection[Any], node: Node) -> Rest:
    if node.get("removeType") != "OBJECT_INDEX":
        return UNKNOWN
    names = [item["List"]["items"] for item in node["objects"]]
    parts = [[part["String"]["sval"] for part in name] for name in names]
    found = [connection.execute(IS_INDEX, (qualify(*each),)).fetchone() for each in parts]
    return DONE if not any(found) else Rest(note="the index is still there")


def _reindexed(connection: psycopg.Connection[Any], node: Node) -> Rest:
    found = of_rebuild(connection, node)
    names = ", ".join(leftover.index for leftover in found)
    return Rest(leftovers=found, note=f"it had left {names}" if names else AGAIN.note)


def _repeatable(connection: psycopg.Connection[Any], node: Node) -> Rest:
    return Rest(note="it does no harm twice")


def _detached(connection: psycopg.Connection[Any], node: Node) -> Rest:
    commands = [item["AlterTableCmd"] for item in node["cmds"]]
    if [command["subtype"] for command in commands] != ["AT_DetachPartition"]:
        return UNKNOWN
    parent = qualified(node["relation"])
    child = qualified(commands[0]["def"]["PartitionCmd"]["name"])
    row = connection.execute(DETACHING, (parent, child)).fetchone()
    if row is None:
        return DONE
    if row[0]:
        finish = f"ALTER TABLE {parent} DETACH PARTITION {child} FINALIZE"
        return Rest(instead=finish, again=False, note="it had been detached in part")
    return AGAIN


def _created_database(connection: psycopg.Connection[Any], node: Node) -> Rest:
    return DONE if _is_database(connection, node) else AGAIN


def _dropped_database(connection: psycopg.Connection[Any], node: Node) -> Rest:
    return AGAIN if _is_database(connection, node) else DONE


def _is_database(connection: psycopg.Connection[Any], node: Node) -> bool:
    found = connection.execute("SELECT FROM pg_database WHERE datname = %s", (node["dbname"],))
    return found.rowcount > 0


LOOKS: Mapping[str, Callable[[psycopg.Connection[Any], Node], Rest]] = {
    "IndexStmt": _created_index,
    "DropStmt": _dropped_index,
    "ReindexStmt": _reindexed,
    "VacuumStmt": _repeatable,
    "ClusterStmt": _repeatable,
    "AlterSystemStmt": _repeatable,
    "AlterTableStmt": _detached,
    "CreatedbStmt": _created_database,
    "DropdbStmt": _dropped_database,
}
