"""What a statement is in a conversation, told from its parse tree."""

from __future__ import annotations

from enum import IntEnum, auto

from dbwright.sql.fingerprint import fingerprint
from dbwright.sql.parse import SyntaxProblem, parse

__all__ = ["Role", "identified"]


class Role(IntEnum):
    """What a statement is in a conversation."""

    BEGIN = auto()
    END = auto()
    WORD = auto()
    """Of a session: SET, SAVEPOINT, DISCARD …"""
    PING = auto()
    READ = auto()
    INSERT_ROW = auto()
    WRITE = auto()
    OTHER = auto()


def identified(text: bytes, longest: int) -> tuple[str, Role]:
    """Fingerprint and role; an empty fingerprint for what can't be parsed.

    Above `longest` bytes only the fingerprint is found out.
    """
    decoded = text.decode(errors="replace").replace("\0", "")
    try:
        found = fingerprint(decoded)
        return found, _role(decoded) if len(text) <= longest else Role.OTHER
    except SyntaxProblem:
        return "", Role.OTHER


def _role(text: str) -> Role:
    statements = parse(text).statements
    if not statements:
        return Role.PING
    if len(statements) > 1:
        return Role.OTHER
    kind, node = statements[0].kind, statements[0].node
    if kind == "TransactionStmt":
        return _TRANSACTION.get(node.get("kind", ""), Role.WORD)
    if kind == "SelectStmt":
        asks = {"fromClause", "valuesLists", "larg", "withClause"} & set(node)
        values = [t.get("ResTarget", {}).get("val", {}) for t in node.get("targetList", ())]
        return Role.PING if not asks and all("A_Const" in v for v in values) else Role.READ
    if kind == "InsertStmt":
        rows = node.get("selectStmt", {}).get("SelectStmt", {}).get("valuesLists", ())
        return Role.INSERT_ROW if len(rows) == 1 else Role.WRITE
    if kind in ("UpdateStmt", "DeleteStmt", "MergeStmt"):
        return Role.WRITE
    return Role.WORD if kind in _WORDS else Role.OTHER


_TRANSACTION = {
    "TRANS_STMT_BEGIN": Role.BEGIN,
    "TRANS_STMT_START": Role.BEGIN,
    "TRANS_STMT_COMMIT": Role.END,
    "TRANS_STMT_ROLLBACK": Role.END,
    "TRANS_STMT_PREPARE": Role.END,
}
_WORDS = {
    "VariableSetStmt", "VariableShowStmt", "DiscardStmt", "DeallocateStmt", "PrepareStmt",
    "ListenStmt", "UnlistenStmt", "ClosePortalStmt",
}  # fmt: skip
