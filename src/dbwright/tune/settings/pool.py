"""How many connections a machine can work with, and what a pool of them forbids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dbwright.model.machine import Machine
from dbwright.model.workload import Query
from dbwright.sql.parse import Node, SyntaxProblem, parse, walk

__all__ = ["FORMULA", "connections_for", "pgbouncer_settings", "pool_reason", "session_state"]

FORMULA = "processors x 2 + disks that work at the same time (PostgreSQL wiki)"
CLIENTS = 100
"""pgbouncer's max_client_conn by default."""
KEPT_STATEMENTS = 200
ADVISORY = ("pg_advisory_lock", "pg_advisory_lock_shared", "pg_try_advisory_lock")
"""Locks that a session holds until it ends; those of a transaction are fine."""
LIKELY = ("listen", "advisory_lock", "prepare", "declare", "temp", "set ", "set_config", "discard")
"""A statement without any of these words uses no state of its session."""
TEMPORARY = "t"
WITH_HOLD = 0x20
"""CURSOR_OPT_HOLD (parsenodes.h)."""


def connections_for(machine: Machine) -> int | None:
    """Connections that are worth having at work; None where the processors are not known.

    One disk is counted: for solid state disks the formula has no figure, and of rotating ones
    nobody said how many there are.
    """
    if machine.cpus is None:
        return None
    return 2 * machine.cpus + 1


def pool_reason(machine: Machine) -> str:
    """The formula with its figures."""
    return f"{machine.cpus} x 2 + 1"


def pgbouncer_settings(database: str, size: int, clients: int) -> str:
    """What pgbouncer.ini needs for a pool in transaction mode."""
    return "\n".join(
        (
            "[databases]",
            f"{_ini(database)} = host=127.0.0.1 port=5432 dbname={_ini(database)}",
            "[pgbouncer]",
            "pool_mode = transaction",
            f"default_pool_size = {size}",
            f"max_db_connections = {size}",
            f"max_client_conn = {max(CLIENTS, clients)}",
            f"max_prepared_statements = {KEPT_STATEMENTS}",
        )
    )


def session_state(queries: Iterable[Query]) -> tuple[str, ...]:
    """What of the workload relies on its session, and would break in transaction mode."""
    found: set[str] = set()
    for query in queries:
        text = query.example or query.text
        lowered = text.lower()
        if not any(word in lowered for word in LIKELY):
            continue
        try:
            statements = parse(text).statements
        except SyntaxProblem:
            continue
        for statement in statements:
            for kind, node in ((statement.kind, statement.node), *walk(statement.node)):
                found.update(_state(kind, node))
    return tuple(sorted(found))


def _state(kind: str, node: Node) -> Iterator[str]:
    if kind == "ListenStmt":
        yield "LISTEN"
    elif kind == "PrepareStmt":
        yield "PREPARE"
    elif kind == "VariableSetStmt":
        if not node.get("is_local") and node.get("name", "") not in ("", "TRANSACTION"):
            yield f"SET {node['name']}"
    elif kind == "DeclareCursorStmt" and node.get("options", 0) & WITH_HOLD:
        yield "DECLARE … WITH HOLD"
    elif _makes_temporary_table(kind, node):
        yield "CREATE TEMPORARY TABLE"
    elif kind == "FuncCall":
        name = node["funcname"][-1]["String"]["sval"]
        if name in ADVISORY or (name == "set_config" and _is_for_session(node)):
            yield f"{name}()"


def _is_for_session(call: Node) -> bool:
    """Does set_config() set something beyond the transaction? A parameter does not tell."""
    arguments = call.get("args", [])
    last = arguments[-1].get("A_Const", {}) if len(arguments) == 3 else {}
    return "boolval" in last and not last["boolval"].get("boolval")


def _makes_temporary_table(kind: str, node: Node) -> bool:
    """One that outlives its transaction."""
    if kind == "CreateStmt":
        relation, on_commit = node["relation"], node.get("oncommit")
    elif kind == "CreateTableAsStmt":
        relation, on_commit = node["into"]["rel"], node["into"].get("onCommit")
    elif kind == "intoClause":  # SELECT INTO, and CREATE TABLE AS with which ON COMMIT
        relation, on_commit = node["rel"], node.get("onCommit")
    else:
        return False
    return relation.get("relpersistence") == TEMPORARY and on_commit != "ONCOMMIT_DROP"


def _ini(name: str) -> str:
    """A name with other letters than usual stands in double quotes."""
    return name if name.replace("_", "").isalnum() else '"' + name.replace('"', '""') + '"'
