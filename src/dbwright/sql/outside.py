"""Which statements refuse to run in a transaction, as far as their form tells."""

from __future__ import annotations

from dbwright.sql.parse import Node, ParsedStatement, parse_alone

__all__ = ["refuses_transactions"]

ALWAYS = frozenset(
    "CreatedbStmt DropdbStmt AlterSystemStmt CreateTableSpaceStmt DropTableSpaceStmt".split()
)


def refuses_transactions(text: str) -> bool:
    """Must this statement run outside of a transaction block? False for what is no SQL."""
    parsed = parse_alone(text)
    return parsed is not None and _refuses(parsed)


def _refuses(parsed: ParsedStatement) -> bool:
    node = parsed.node
    if parsed.kind in ALWAYS:
        return True
    if parsed.kind == "VacuumStmt":
        return bool(node.get("is_vacuumcmd"))
    if parsed.kind == "ClusterStmt":
        return "relation" not in node
    if parsed.kind == "ReindexStmt":
        return "concurrently" in _options(node) or "relation" not in node
    if parsed.kind == "AlterTableStmt":
        return any(_is_concurrent_detach(one["AlterTableCmd"]) for one in node.get("cmds", ()))
    return parsed.kind in ("IndexStmt", "DropStmt") and bool(node.get("concurrent"))


def _options(node: Node) -> set[str]:
    return {one["DefElem"]["defname"] for one in node.get("params", ())}


def _is_concurrent_detach(command: Node) -> bool:
    return bool(command.get("def", {}).get("PartitionCmd", {}).get("concurrent"))
