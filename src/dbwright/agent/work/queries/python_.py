"""The texts of a Python file, by Python's own parser: nothing is imported or run."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from dbwright.agent.work.queries.text import HOLE, Text

__all__ = ["python_texts"]


def python_texts(source: str) -> Iterator[Text]:
    """Each text alone, joined with those that are added to it; docstrings are left out.

    Raises SyntaxError, ValueError, RecursionError.
    """
    tree = ast.parse(source)
    calls: dict[int, str] = {}
    inner: set[int] = set()
    """Nodes that are a part of a larger text."""
    docstrings = set(_docstrings(tree))
    added_to = set(_added_to(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = _called(node.func)
            for argument in (*node.args[:2], *(word.value for word in node.keywords)):
                calls[id(argument)] = called
                if called == "text" and id(node) in calls:
                    calls[id(argument)] = calls[id(node)]
            if called == "format" and isinstance(node.func, ast.Attribute):
                calls[id(node.func.value)] = calls.get(id(node), "format")
        if id(node) in inner or id(node) in docstrings:
            inner |= {id(child) for child in ast.iter_child_nodes(node)}
            continue
        text = _text(node) if isinstance(node, ast.expr) else None
        if text is not None and isinstance(node, ast.expr):
            inner |= {id(child) for child in ast.walk(node)}
            text += f" {HOLE}" if id(node) in added_to else ""
            yield Text(text, node.lineno, calls.get(id(node), ""))


def _added_to(tree: ast.AST) -> Iterator[int]:
    """Texts that get a name to which the same function adds more: `q = "…"`, `q += "…"`."""
    for scope in ast.walk(tree):
        if not isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        nodes = list(ast.walk(scope))
        grown = {
            node.target.id
            for node in nodes
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
        }
        for node in nodes:
            if isinstance(node, ast.Assign) and grown.intersection(
                target.id for target in node.targets if isinstance(target, ast.Name)
            ):
                yield id(node.value)


def _docstrings(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        first = body[0] if body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            yield id(first.value)


def _text(node: ast.expr) -> str | None:
    """What it is known to be; None where it is no text."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        parts = [
            str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values
        ]
        return "".join(parts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _text(node.left), _text(node.right)
        if left is None and right is None:
            return None
        return (HOLE if left is None else left) + (HOLE if right is None else right)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        left = _text(node.left)  # "… %s" % value: put in before the driver sees it
        return None if left is None else _filled(left)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        owner = _text(node.func.value)
        if owner is not None and node.func.attr == "format":
            return _formatted(owner)
        if owner is not None and node.func.attr in ("strip", "lstrip", "rstrip"):
            return owner
    return None


def _filled(text: str) -> str:
    for form in ("%s", "%d", "%r", "%i"):
        text = text.replace(form, HOLE)
    return text.replace("%%", "%")


def _formatted(text: str) -> str:
    parts: list[str] = []
    depth = 0
    for letter in text.replace("{{", "\ue001").replace("}}", "\ue002"):
        if letter == "{":
            depth += 1
            parts.append(HOLE)
        elif letter == "}" and depth:
            depth -= 1
        elif not depth:
            parts.append(letter)
    return "".join(parts).replace("\ue001", "{").replace("\ue002", "}")


def _called(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr.lower()
    return node.id.lower() if isinstance(node, ast.Name) else ""
