"""A query as the server analysed and rewrote it: names resolved, views and policies unfolded.

The tree is that of `debug_print_rewritten`, which is printed when a statement is prepared: it is
neither planned nor run. The settings for it are the transaction's own where one is open (so a
pooler is fine), and stand as before afterwards. The server sends the tree to this session alone;
it writes it to its log as well, unless this user may set `log_min_messages`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.pq import ExecStatus, TransactionStatus

from dbwright.engines.postgresql.node_tree import (
    NodeTree,
    TreeUnreadable,
    constant_bytes,
    node_trees,
    walk_nodes,
)
from dbwright.errors import StatementRejected

__all__ = [
    "LARGEST_TREE",
    "Analysed",
    "analysed",
    "constant_text",
    "may_set",
    "may_set_log_level",
    "objects_of",
]

LARGEST_TREE = 8_000_000
"""Characters; a query over views of views may have more than its text lets one think."""

TITLE = "rewritten parse tree"

_FUNCTIONS = frozenset(
    "funcid opfuncid aggfnoid winfnoid hashfuncid negfuncid startInRangeFunc endInRangeFunc".split()
)
_OPERATORS = frozenset("opno opnos eqop sortop cycle_mark_neop".split())
_TYPES = ("type", "Type", "types", "Types", "typeid", "typid")


@dataclass(frozen=True, slots=True)
class Analysed:
    """The objects that trees name, by oid."""

    trees: tuple[NodeTree, ...]
    nodes: tuple[NodeTree, ...]
    """All of them, in the order of the text."""
    relations: frozenset[int]
    functions: frozenset[int]
    called: frozenset[int]
    """Of the functions those that are called by name (or by a cast)."""
    operators: frozenset[int]
    types: frozenset[int]
    samplers: frozenset[int]
    """Functions of TABLESAMPLE."""

    def commands(self) -> frozenset[int]:
        """Numbers of CmdType (nodes.h): 1 is SELECT."""
        return frozenset(node.number("commandType") for node in self.nodes if node.kind == "QUERY")


def analysed(
    connection: psycopg.Connection[Any],
    query: str,
    *,
    name: str = "",
    quiet: bool = False,
) -> Analysed:
    """The tree of one statement, which may have parameters ($1). Nothing is run.

    It stays prepared as `name`, to be run as it was analysed. `quiet`: keep the tree out of the
    server's log, which takes the right to set `log_min_messages`.
    Raises StatementRejected where the server does not take it, or the tree can't be relied upon.
    """
    texts = _printed(connection, query, name, quiet)
    if sum(map(len, texts)) > LARGEST_TREE:
        raise StatementRejected(
            "with all the views in it the query is too large", "ask for less at a time"
        )
    try:
        return objects_of(tree for text in texts for tree in node_trees(text))
    except TreeUnreadable as problem:
        raise StatementRejected(
            f"the server's own view of the query can't be read: {problem}", "write shorter names"
        ) from None


def objects_of(trees: Iterable[NodeTree]) -> Analysed:
    """The objects that trees name; of expressions in the catalog as well."""
    trees = tuple(trees)
    nodes = tuple(node for tree in trees for node in walk_nodes(tree))
    found: dict[str, set[int]] = {kind: set() for kind in ("f", "o", "t", "s", "r", "c")}
    for node in nodes:
        if node.kind in ("RTE", "RANGETBLENTRY"):
            found["r"].add(node.number("relid"))
        for field_name in node.fields:
            kind = _kind(field_name)
            if kind:
                found[kind].update(node.numbers(field_name))
        if node.kind == "FUNCEXPR":
            found["c"].add(node.number("funcid"))
    for oids in found.values():
        oids.discard(0)
    return Analysed(
        trees=trees,
        nodes=nodes,
        relations=frozenset(found["r"]),
        functions=frozenset(found["f"]),
        called=frozenset(found["c"]),
        operators=frozenset(found["o"]),
        types=frozenset(found["t"]),
        samplers=frozenset(found["s"]),
    )


def may_set_log_level(connection: psycopg.Connection[Any]) -> bool:
    """May this user keep the tree out of the server's log?"""
    return may_set(connection, "log_min_messages")


def may_set(connection: psycopg.Connection[Any], name: str) -> bool:
    """May this user change the setting, which is a superuser's unless it was granted (15 on)?"""
    if connection.info.parameter_status("is_superuser") == "on":
        return True
    if connection.info.server_version < 150000:
        return False
    row = connection.execute(
        "SELECT pg_catalog.has_parameter_privilege(%s, 'SET')", (name,)
    ).fetchone()
    return bool(row and row[0])


def constant_text(constant: NodeTree) -> str | None:
    """The text of a CONST of type text; None where it is none."""
    data = constant_bytes(constant) if constant.kind == "CONST" else None
    return None if data is None else data.decode(errors="replace")


def _kind(field_name: str) -> str:
    if field_name in _FUNCTIONS:
        return "f"
    if field_name in _OPERATORS:
        return "o"
    if field_name == "tsmhandler":
        return "s"
    return "t" if field_name.endswith(_TYPES) else ""


def _printed(connection: psycopg.Connection[Any], query: str, name: str, quiet: bool) -> list[str]:
    trees: list[str] = []

    def hear(said: psycopg.errors.Diagnostic) -> None:
        if (said.message_primary or "").startswith(TITLE):
            trees.append(said.message_detail or "")

    wanted = {
        "debug_pretty_print": "off",
        "client_min_messages": "log",
        **({"log_min_messages": "fatal"} if quiet else {}),
        "debug_print_rewritten": "on",
    }
    before = _settings(connection, wanted)
    _set(connection, wanted)
    connection.add_notice_handler(hear)
    try:
        # The message Parse alone: EXECUTE never comes.
        result = connection.pgconn.prepare(name.encode(), query.encode())
    finally:
        connection.remove_notice_handler(hear)
        # Where it failed the transaction's settings end with it.
        if connection.info.transaction_status in (
            TransactionStatus.IDLE,
            TransactionStatus.INTRANS,
        ):
            _set(connection, dict(reversed(before.items())))
    if result.status != ExecStatus.COMMAND_OK:
        raise _rejected(result.get_error_message(connection.info.encoding))
    return trees


def _rejected(message: str | None) -> StatementRejected:
    words = (message or "").strip().splitlines()[0].removeprefix("ERROR:").strip()
    return StatementRejected(words, "correct the query")


def _settings(connection: psycopg.Connection[Any], names: Iterable[str]) -> dict[str, str]:
    columns = ", ".join(f"pg_catalog.current_setting('{name}')" for name in names)
    row = connection.execute(f"SELECT {columns}".encode()).fetchone()
    assert row is not None
    return dict(zip(names, map(str, row), strict=True))


def _set(connection: psycopg.Connection[Any], values: Mapping[str, str]) -> None:
    within = connection.info.transaction_status == TransactionStatus.INTRANS
    calls = ", ".join(
        f"pg_catalog.set_config('{name}', '{value}', {'true' if within else 'false'})"
        for name, value in values.items()
    )
    connection.execute(f"SELECT {calls}".encode())
