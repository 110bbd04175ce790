"""Which SQL does a body in PL/pgSQL run, and which does it put together at run time?

The body is read token by token: libpg_query's own PL/pgSQL parser refuses every function that uses
a type of the user's (`Not implemented`), and those are most.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.sql.lexer import Token, significant
from dbwright.sql.parse import Node, SyntaxProblem, parse, parse_alone

__all__ = ["executes_dynamic_sql", "executes_unquoted_sql", "statements_of_body"]

_BEFORE_STATEMENT = frozenset("begin then else loop declare query for in exception".split())
_WRITING = frozenset("alter call copy create delete drop insert merge truncate update with".split())
_AFTER_EXPRESSION = frozenset("into using loop strict".split())
_QUOTING = frozenset("quote_ident quote_literal quote_nullable".split())


def executes_dynamic_sql(create_function_sql: str) -> bool | None:
    """Does the function EXECUTE a text that is more than a constant?

    None where that can't be told: another language than SQL and PL/pgSQL, or not a CREATE FUNCTION
    or PROCEDURE. A function in SQL has no EXECUTE.
    """
    executed = _executed(create_function_sql)
    return None if executed is None else any(not _is_constant(text) for text in executed)


def executes_unquoted_sql(create_function_sql: str) -> bool | None:
    """Does it EXECUTE a text with a part that quote_ident, quote_literal or format's %I and %L
    did not quote? A variable counts as unquoted. None as above."""
    executed = _executed(create_function_sql)
    return None if executed is None else any(not _is_quoted(text) for text in executed)


def statements_of_body(body: str) -> list[str] | None:
    """The statements of a body that may write, each as SQL; a function that is called (PERFORM) as
    the query that calls it. None where it runs a text, which nobody can read before."""
    found = list(significant(body))
    statements: list[str] = []
    for index, token in enumerate(found):
        if token.kind != "word" or not (_is_statement(found, index) or _is_looped(found, index)):
            continue
        if token.lower == "execute":
            return None
        if token.lower in _WRITING or token.lower == "perform":
            text = body[token.offset : _end_of(found, index, len(body))]
            statements.append(f"SELECT{text[7:]}" if token.lower == "perform" else text)
    return statements


def _is_looped(found: list[Token], index: int) -> bool:
    """Does a query begin there that a loop goes over: FOR … IN (UPDATE …)?"""
    return index > 1 and found[index - 1].text == "(" and found[index - 2].lower == "in"


def _end_of(found: list[Token], index: int, end: int) -> int:
    """Where the statement that begins there ends: at its semicolon, or where a loop begins."""
    depth = 0
    for token in found[index + 1 :]:
        depth += (token.text in "([") - (token.text in ")]")
        loop = token.kind == "word" and token.lower in ("into", "loop")
        insert = found[index].lower in ("insert", "merge", "with") and token.lower == "into"
        if depth < 0 or (depth == 0 and (token.text == ";" or (loop and not insert))):
            return token.offset
    return end


def _executed(create_function_sql: str) -> list[str] | None:
    """The expressions that the function's EXECUTEs run."""
    parsed = parse_alone(create_function_sql)
    if parsed is None or parsed.kind != "CreateFunctionStmt":
        return None
    node = parsed.node
    found = (wrapped["DefElem"] for wrapped in node.get("options", ()))
    options = {option["defname"]: option for option in found}
    if "sql_body" in node or "as" not in options:
        return []
    language = options.get("language", {}).get("arg", {}).get("String", {}).get("sval", "sql")
    if language.lower() == "sql":
        return []
    if language.lower() != "plpgsql":
        return None
    body = options["as"]["arg"]["List"]["items"][0]["String"].get("sval", "")
    return list(_expressions(body))


def _expressions(body: str) -> Iterator[str]:
    """What follows each EXECUTE that is a statement (and not a privilege's or a trigger's)."""
    found = list(significant(body))
    for index, token in enumerate(found):
        if token.kind == "word" and token.lower == "execute" and _is_statement(found, index):
            start, depth, end = token.end, 0, len(body)
            for after in found[index + 1 :]:
                depth += (after.text in "([") - (after.text in ")]")
                over = after.kind == "word" and after.lower in _AFTER_EXPRESSION
                if depth <= 0 and (after.text == ";" or over):
                    end = after.offset
                    break
            yield body[start:end]


def _is_statement(found: list[Token], index: int) -> bool:
    if index == 0:
        return True
    before = found[index - 1]
    return before.text in (";", ">>") or (
        before.kind == "word" and before.lower in _BEFORE_STATEMENT
    )


def _expression(text: str) -> Node | None:
    """The tree of an expression; None where it can't be read."""
    try:
        (statement,) = parse(f"SELECT {text}").statements
        (target,) = statement.node["targetList"]
    except (SyntaxProblem, ValueError, KeyError):
        return None
    value: Node = target["ResTarget"]["val"]
    return value


def _is_constant(text: str) -> bool:
    found = _expression(text)
    return found is not None and "A_Const" in found


def _is_quoted(text: str) -> bool:
    found = _expression(text)
    return found is not None and _quoted(found)


def _quoted(expression: Node) -> bool:
    """Is every part a constant or quoted?"""
    ((kind, node),) = expression.items()
    if kind == "A_Const":
        return True
    if kind == "A_Expr":
        parts = [node[side] for side in ("lexpr", "rexpr") if side in node]
        return all(_quoted(part) for part in parts)
    if kind == "CoalesceExpr":
        return all(_quoted(part) for part in node["args"])
    if kind == "TypeCast":
        name = node["typeName"]["names"][-1]["String"]["sval"]
        # The text of a registered object is quoted where it must be.
        return name.startswith("reg") or _quoted(node["arg"])
    if kind == "FuncCall":
        name = node["funcname"][-1]["String"]["sval"]
        arguments = node.get("args", [])
        if name == "format" and arguments:
            return _quoted_format(arguments)
        if name in ("concat", "concat_ws"):
            return all(_quoted(part) for part in arguments)
        return name in _QUOTING
    return False


def _quoted_format(arguments: list[Node]) -> bool:
    """format('…', …): every %s must itself be quoted; %I and %L do it."""
    template = arguments[0].get("A_Const", {}).get("sval", {}).get("sval")
    if template is None:
        return False
    kinds = _conversions(template)
    if any("$" in kind for kind in kinds):
        return all(kind.endswith(("I", "L")) for kind in kinds)
    values = arguments[1:]
    return len(kinds) == len(values) and all(
        kind.endswith(("I", "L")) or _quoted(value)
        for kind, value in zip(kinds, values, strict=True)
    )


def _conversions(template: str) -> list[str]:
    """The conversions of a format string, without `%%`: `I`, `1$s`, `-10s` …"""
    found: list[str] = []
    position = template.find("%")
    while 0 <= position < len(template) - 1:
        end = position + 1
        while end < len(template) - 1 and template[end] in "0123456789$-*":
            end += 1
        if template[end] != "%":
            found.append(template[position + 1 : end + 1])
        position = template.find("%", end + 1)
    return found
