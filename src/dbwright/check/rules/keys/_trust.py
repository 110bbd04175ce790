"""Which expressions of a database may be evaluated: doing so runs the functions that they call,
with the rights of the role that checks."""

from __future__ import annotations

from dbwright.model.catalog import Catalog, TypeKind
from dbwright.sql.lexer import significant

__all__ = ["harmless_names", "may_evaluate", "qualified_names"]

Name = tuple[str, str]
"""Schema and name."""


def harmless_names(catalog: Catalog) -> set[Name]:
    """Functions of superusers and of the role that checks, who could do all that anyway; enums."""
    trusted = {role.name for role in catalog.roles if role.superuser} | {catalog.server.user}
    known = {(function.schema, function.name) for function in catalog.functions}
    known -= {(f.schema, f.name) for f in catalog.functions if f.owner not in trusted}
    return known | {(t.schema, t.name) for t in catalog.types if t.kind is TypeKind.ENUM}


def may_evaluate(expression: str, harmless: set[Name]) -> bool:
    """Does it call only built-in functions and harmless ones?

    The expression was written with search_path = pg_catalog: what is not built in is qualified.
    An operator or a type of a user may call any function: with them it is not evaluated.
    """
    return all(name in harmless for name in qualified_names(expression))


def qualified_names(expression: str) -> list[Name]:
    """The names with a schema, in the order of the text."""
    found = list(significant(expression))
    kinds = ("word", "identifier")
    return [
        (_unquoted(schema.text), _unquoted(name.text))
        for schema, dot, name in zip(found, found[1:], found[2:], strict=False)
        if dot.text == "." and schema.kind in kinds
    ]


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
