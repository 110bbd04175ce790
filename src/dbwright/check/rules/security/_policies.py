"""Policies as SQL, and what their expressions hold."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from dbwright.check.rules.security._grants import grantee_name
from dbwright.model.catalog import Policy, Table
from dbwright.model.names import literal, quote
from dbwright.sql.lexer import significant
from dbwright.sql.parse import Node, SyntaxProblem, parse

__all__ = [
    "alter_policy",
    "calls_without_columns",
    "create_policy",
    "drop_policy",
    "is_always_true",
    "roles_sql",
]

_PREFIX = "SELECT "
_CONSTANT_WORDS = frozenset(["true", "false", "and", "or", "not"])


def roles_sql(policy: Policy) -> str:
    return ", ".join(grantee_name(role) for role in policy.roles)


def create_policy(table: Table, policy: Policy) -> str:
    """The CREATE POLICY statement, and its comment. Raises ValueError where an expression was
    not read."""
    if _unread(policy):
        raise ValueError(f"the expression of policy {policy.name} is not known")
    words = [f"CREATE POLICY {quote(policy.name)} ON {table.qualified}"]
    if not policy.permissive:
        words.append("AS RESTRICTIVE")
    words.append(f"FOR {policy.command} TO {roles_sql(policy)}")
    text = " ".join(words) + _expressions(policy.using, policy.check) + ";"
    if policy.comment is not None:
        text += (
            f"\nCOMMENT ON POLICY {quote(policy.name)} ON {table.qualified} "
            f"IS {literal(policy.comment)};"
        )
    return text


def drop_policy(table: Table, policy: Policy) -> str:
    return f"DROP POLICY {quote(policy.name)} ON {table.qualified};"


def alter_policy(table: Table, policy: Policy, using: str | None, check: str | None) -> str:
    """Give it these expressions; None leaves one as it is."""
    return f"ALTER POLICY {quote(policy.name)} ON {table.qualified}{_expressions(using, check)};"


@lru_cache(maxsize=4096)
def is_always_true(expression: str | None) -> bool:
    """Is it `true`, `1 = 1` or a joining of such? False where it was not read."""
    if expression is None:
        return False
    if expression == "true":
        return True
    words = [token for token in significant(expression) if token.kind in ("word", "identifier")]
    # Without a look at the tree: a name in it is a column, a function or a type.
    if any(word.lower not in _CONSTANT_WORDS for word in words):
        return False
    found = _tree(expression)
    return found is not None and _truth(found) is True


@lru_cache(maxsize=4096)
def calls_without_columns(
    expression: str, functions: frozenset[str]
) -> tuple[tuple[int, int], ...]:
    """Where calls of the functions stand that don't depend on the row: from, to, in characters.

    `functions`: `name` of those of pg_catalog, `schema.name` of others. Calls within a sub-select
    are left out: one that does not depend on the row runs once.
    """
    tree = _tree(expression)
    found: list[tuple[int, int]] = []
    for call in () if tree is None else _calls(tree, functions):
        start = call["location"] - len(_PREFIX)
        if not expression.isascii():
            start = len(expression.encode()[:start].decode(errors="ignore"))
        found.append((start, _end_of_call(expression, start)))
    return tuple(sorted(found))


def _unread(policy: Policy) -> bool:
    return (policy.has_using and policy.using is None) or (
        policy.has_check and policy.check is None
    )


def _expressions(using: str | None, check: str | None) -> str:
    text = "" if using is None else f" USING ({using})"
    return text if check is None else f"{text} WITH CHECK ({check})"


def _tree(expression: str) -> Node | None:
    try:
        (statement,) = parse(_PREFIX + expression).statements
        (target,) = statement.node["targetList"]
    except (SyntaxProblem, ValueError, KeyError):
        return None
    value: Node = target["ResTarget"]["val"]
    return value


def _truth(expression: Node) -> bool | None:
    """The value of an expression of constants; None where it can't be told."""
    ((kind, node),) = expression.items()
    if kind == "A_Const" and "boolval" in node:
        return bool(node["boolval"].get("boolval", False))
    if kind == "A_Expr" and node["kind"] == "AEXPR_OP" and "lexpr" in node:
        left, right = node["lexpr"].get("A_Const"), node["rexpr"].get("A_Const")
        if left is None or right is None or node["name"][-1]["String"]["sval"] != "=":
            return None
        return True if _value(left) == _value(right) else None
    if kind == "BoolExpr":
        values = [_truth(part) for part in node["args"]]
        if node["boolop"] == "OR_EXPR":
            return True if True in values else None
        if node["boolop"] == "AND_EXPR":
            return True if all(value is True for value in values) else None
    return None


def _value(constant: Node) -> dict[str, object]:
    return {name: value for name, value in constant.items() if name != "location"}


def _calls(expression: object, names: frozenset[str]) -> Iterator[Node]:
    """The outermost calls of the functions without a column, and not those in sub-selects."""
    if isinstance(expression, list):
        for part in expression:
            yield from _calls(part, names)
    elif isinstance(expression, dict):
        for kind, node in expression.items():
            if kind == "FuncCall" and _name(node) in names and not _has_column(node):
                yield node
            elif kind != "SubLink":
                yield from _calls(node, names)


def _name(call: Node) -> str:
    return ".".join(part["String"]["sval"] for part in call["funcname"])


def _has_column(node: object) -> bool:
    if isinstance(node, list):
        return any(_has_column(part) for part in node)
    if isinstance(node, dict):
        return "ColumnRef" in node or any(_has_column(part) for part in node.values())
    return False


def _end_of_call(expression: str, start: int) -> int:
    depth = 0
    for token in significant(expression, start):
        if token.kind == "punctuation":
            depth += (token.text == "(") - (token.text == ")")
            if token.text == ")" and depth == 0:
                return token.end
    return len(expression)
