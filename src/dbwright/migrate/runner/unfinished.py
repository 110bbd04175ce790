"""A statement that runs outside of transactions and was cut off: is it done, or must it run again?

The catalog tells it of those that leave a trace. What leaves none is the person's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from dbwright.model.names import qualify
from dbwright.sql.parse import Node, SyntaxProblem, parse

__all__ = ["Rest", "rest_of"]

INDEX = """
SELECT i.indisvalid, c.oid::regclass::text
FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid
WHERE c.oid = to_regclass(%s)
"""
DETACHING = """
SELECT i.inhdetachpending FROM pg_inherits i
WHERE i.inhparent = to_regclass(%s) AND i.inhrelid = to_regclass(%s)
"""


@dataclass(frozen=True, slots=True)
class Rest:
    """What is left to do of a statement."""

    known: bool = True
    first: tuple[str, ...] = ()
    """To clear away what it left behind; outside of transactions."""
    again: bool = True
    """Is it to run once more?"""
    note: str = ""
    """What was found, for who watches."""


DONE = Rest(again=False, note="it had ended")
AGAIN = Rest(note="it had left nothing behind")
UNKNOWN = Rest(known=False)


def rest_of(connection: psycopg.Connection[Any], statement: str) -> Rest:
    """Look at what it left behind. Raises psycopg.Error."""
    try:
        parsed = parse(statement).statements[0]
    except (SyntaxProblem, IndexError):
        return UNKNOWN
    look = LOOKS.get(parsed.kind)
    return UNKNOWN if look is None else look(connection, parsed.node)


def _created_index(connection: psycopg.Connection[Any], node: Node) -> Rest:
    name = node.get("idxname")
    if not name:
        return UNKNOWN  # the server chose its name, and would choose another one now
    relation = node["relation"]
    found = connection.execute(INDEX, (_qualified(relation.get("schemaname"), name),)).fetchone()
    if found is None:
        return AGAIN
    valid, index = found
    if valid:
        return DONE
    return Rest(
        first=(f"DROP INDEX CONCURRENTLY {index}",), note=f"it had left the invalid index {index}"
    )


def _dropped_index(connection: psycopg.Connection[Any], node: Node) -> Rest:
    if node.get("removeType") != "OBJECT_INDEX":
        return UNKNOWN
    names = [item["List"]["items"] for item in node["objects"]]
    parts = [[part["String"]["sval"] for part in name] for name in names]
    found = [connection.execute(INDEX, (_qualified(*each),)).fetchone() for each in parts]
    return DONE if not any(found) else Rest(note="the index is still there")


def _reindexed(connection: psycopg.Connection[Any], node: Node) -> Rest:
    rows = connection.execute(
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid "
        "WHERE NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$'"
    ).fetchall()
    names = [row[0] for row in rows]
    drops = tuple(f"DROP INDEX CONCURRENTLY {name}" for name in names)
    return Rest(first=drops, note=f"it had left {', '.join(names)}" if names else AGAIN.note)


def _repeatable(connection: psycopg.Connection[Any], node: Node) -> Rest:
    return Rest(note="it does no harm twice")


def _detached(connection: psycopg.Connection[Any], node: Node) -> Rest:
    commands = [item["AlterTableCmd"] for item in node["cmds"]]
    if [command["subtype"] for command in commands] != ["AT_DetachPartition"]:
        return UNKNOWN
    parent, child = node["relation"], commands[0]["def"]["PartitionCmd"]["name"]
    names = [_qualified(one.get("schemaname"), one["relname"]) for one in (parent, child)]
    row = connection.execute(DETACHING, names).fetchone()
    if row is None:
        return DONE
    if row[0]:
        finish = f"ALTER TABLE {names[0]} DETACH PARTITION {names[1]} FINALIZE"
        return Rest(first=(finish,), again=False, note="it had been detached in part")
    return AGAIN


def _qualified(*parts: str | None) -> str:
    return qualify(*(part for part in parts if part))


LOOKS: Mapping[str, Callable[[psycopg.Connection[Any], Node], Rest]] = {
    "IndexStmt": _created_index,
    "DropStmt": _dropped_index,
    "ReindexStmt": _reindexed,
    "VacuumStmt": _repeatable,
    "ClusterStmt": _repeatable,
    "AlterSystemStmt": _repeatable,
    "AlterTableStmt": _detached,
}
