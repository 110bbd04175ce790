"""Models of SQLAlchemy, SQLModel and Django, by Python's own parser: nothing is imported or run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Model", "python_models"]

ROOTS = {
    "DeclarativeBase": "sqlalchemy",
    "DeclarativeBaseNoMeta": "sqlalchemy",
    "MappedAsDataclass": "sqlalchemy",
    "SQLModel": "sqlmodel",
}
MAKES_BASE = ("declarative_base", "automap_base")


@dataclass(frozen=True, slots=True)
class Model:
    """A class or a call that declares a table."""

    name: str
    """The class's; the table's for a call of `Table`."""
    table: str
    """Empty where the code does not say it by itself: Django makes it of the app and the class."""
    tool: str
    line: int


def python_models(text: str) -> tuple[Model, ...]:
    """The models of a file, in its order. Raises SyntaxError, ValueError, RecursionError."""
    tree = ast.parse(text)
    return tuple(sorted(_models(tree), key=lambda one: one.line))


def _models(tree: ast.Module) -> Iterator[Model]:
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    tools = dict(ROOTS)
    for node in ast.walk(tree):  # Base = declarative_base()
        if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)):
            continue
        if _last(node.value.func) in MAKES_BASE:
            tools |= {one.id: "sqlalchemy" for one in node.targets if isinstance(one, ast.Name)}
    for node in classes:
        tool = _tool(node, tools)
        if tool and node.name not in tools:
            tools[node.name] = tool  # what inherits from it is one, too
        table = _text_of(node.body, "__tablename__")
        if table is not None:
            yield Model(node.name, table, tool or "sqlalchemy", node.lineno)
        elif tool == "sqlmodel" and _is_table(node):
            yield Model(node.name, node.name.lower(), tool, node.lineno)
        elif tool == "django":
            yield from _django(node)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _last(node.func) == "Table" and len(node.args) >= 2:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield Model(first.value, first.value, "sqlalchemy", node.lineno)


def _tool(node: ast.ClassDef, tools: dict[str, str]) -> str:
    for base in node.bases:
        if isinstance(base, ast.Attribute) and base.attr == "Model":
            owner = _last(base.value)
            if owner == "models":
                return "django"
            if owner == "db":
                return "sqlalchemy"
        if _last(base) in tools:
            return tools[_last(base)]
    return ""


def _django(node: ast.ClassDef) -> Iterator[Model]:
    table = ""
    for inner in node.body:
        if isinstance(inner, ast.ClassDef) and inner.name == "Meta":
            if _is_true(inner.body, "abstract"):
                return
            table = _text_of(inner.body, "db_table") or ""
    yield Model(node.name, table.replace('"', ""), "django", node.lineno)


def _is_table(node: ast.ClassDef) -> bool:
    return any(
        word.arg == "table" and isinstance(word.value, ast.Constant) and word.value.value is True
        for word in node.keywords
    )


def _assigned(body: list[ast.stmt], name: str) -> ast.expr | None:
    for one in body:
        if isinstance(one, ast.Assign):
            if any(isinstance(target, ast.Name) and target.id == name for target in one.targets):
                return one.value
        elif isinstance(one, ast.AnnAssign) and _last(one.target) == name:
            return one.value
    return None


def _text_of(body: list[ast.stmt], name: str) -> str | None:
    value = _assigned(body, name)
    found = value.value if isinstance(value, ast.Constant) else None
    return found if isinstance(found, str) else None


def _is_true(body: list[ast.stmt], name: str) -> bool:
    value = _assigned(body, name)
    return isinstance(value, ast.Constant) and value.value is True


def _last(node: ast.expr) -> str:
    """The last part of a dotted name."""
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript):
        return _last(node.value)
    return node.id if isinstance(node, ast.Name) else ""
