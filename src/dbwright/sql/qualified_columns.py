"""An expression over one table's columns, for a statement that names other tables as well."""

from __future__ import annotations

from dbwright.model.names import quote
from dbwright.sql.parse import parse, walk

__all__ = ["qualified_columns"]

SELECT = "SELECT "


def qualified_columns(expression: str, alias: str) -> str:
    """The expression with the alias before each of its columns.

    As the server writes expressions: a column is a name alone. Raises SyntaxProblem.
    """
    tree = parse(SELECT + expression)
    places = sorted(
        tree.character(node["location"])
        for statement in tree.statements
        for kind, node in walk(statement.node)
        if kind == "ColumnRef" and len(node["fields"]) == 1
    )
    parts, end = [], len(SELECT)
    for place in places:
        parts += [tree.text[end:place], f"{quote(alias)}."]
        end = place
    return "".join([*parts, tree.text[end:]])
