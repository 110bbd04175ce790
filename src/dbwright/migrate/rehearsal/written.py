"""Which tables, and which of their columns, the statements of a migration say that they write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dbwright.migrate.runner.work import Work
from dbwright.sql.parse import SyntaxProblem, parse, walk
from dbwright.sql.plpgsql import statements_of_body

__all__ = ["ANY", "Name", "Written", "written_by"]

FILLING = ("InsertStmt", "CopyStmt")
HARMLESS = frozenset(("setval", "set_config", "nextval", "pg_sleep", "pg_notify"))
"""Functions that write no table."""
LONGEST_PARSED = 1 << 20
ANY = ""
"""In the place of a column: whichever."""

Name = tuple[str, str]
"""Schema (empty where none is written) and table."""
Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """What a file says that it writes."""

    removed_from: frozenset[Name] = field(default_factory=frozenset)
    set: frozenset[tuple[Name, str]] = field(default_factory=frozenset)
    """Tables, and columns of them that get another value."""
    retyped: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    """Table and column of `ALTER … TYPE … USING`, and of another expression of a generated one."""
    respelled: frozenset[str] = field(default_factory=frozenset)
    """Types (without their schema) whose values look otherwise: a label that is renamed, an
    attribute more."""
    anything: bool = False
    """Is there what nobody can read from outside: Python, CALL, a function, a text that is put
    together as it runs?"""


def written_by(work: Work) -> Written:
    """Of one direction of a migration."""
    if work.function is not None:
        return Written(anything=True)
    removed: set[Name] = set()
    changed: set[tuple[Name, str]] = set()
    filled: set[Name] = set()
    retyped: set[tuple[str, str]] = set()
    respelled: set[str] = set()
    anything = False
    for kind, node in _nodes(statement.text for statement in work.statements):
        targets = list(_targets(node))
        if _removes(kind, node):
            removed |= set(targets)
        changed |= {(name, column) for name in targets for column in _columns(kind, node)}
        if kind in FILLING:
            filled |= set(targets)
        retyped |= set(_retyped(kind, node))
        respelled |= set(_respelled(kind, node))
        anything = anything or kind in ("CallStmt", "unread") or _calls(kind, node)
    # Rows that are taken out and put in again have whatever values.
    emptied = {table for _, table in removed}
    changed |= {(name, ANY) for name in filled if name[1] in emptied}
    return Written(
        frozenset(removed), frozenset(changed), frozenset(retyped), frozenset(respelled), anything
    )


def _nodes(texts: Iterable[str]) -> Iterator[tuple[str, Node]]:
    for text in texts:
        try:
            statements = parse(text).statements if len(text) < LONGEST_PARSED else ()
        except SyntaxProblem:
            yield "unread", {}
            continue
        if len(text) >= LONGEST_PARSED:
            yield "unread", {}
        for statement in statements:
            if statement.kind == "DoStmt":
                yield from _of_block(statement.node)
            else:
                yield statement.kind, statement.node
                yield from walk(statement.node)


def _of_block(node: Node) -> Iterator[tuple[str, Node]]:
    """Of what a DO runs."""
    options = {one["DefElem"]["defname"]: one["DefElem"]["arg"] for one in node["args"]}
    language = options.get("language", {}).get("String", {}).get("sval", "plpgsql")
    body = options.get("as", {}).get("String", {}).get("sval", "")
    statements = statements_of_body(body) if language.lower() == "plpgsql" else None
    if statements is None:
        yield "unread", {}
    else:
        yield from _nodes(statements)


def _targets(node: Node) -> Iterator[Name]:
    relations = [node["relation"]] if "relname" in node.get("relation", {}) else []
    relations += [one["RangeVar"] for one in node.get("relations", ()) if "RangeVar" in one]
    for relation in relations:
        yield relation.get("schemaname", ""), relation["relname"]


def _removes(kind: str, node: Node) -> bool:
    if kind == "MergeStmt":
        return any(clause["commandType"] == "CMD_DELETE" for clause in _clauses(node))
    return kind in ("DeleteStmt", "TruncateStmt")


def _columns(kind: str, node: Node) -> Iterator[str]:
    """Those that get another value in rows that are there."""
    lists: list[Iterable[Node]] = []
    if kind == "UpdateStmt":
        lists.append(node.get("targetList", ()))
    elif kind == "InsertStmt":
        lists.append(node.get("onConflictClause", {}).get("targetList", ()))
    elif kind == "MergeStmt":
        updates = (one for one in _clauses(node) if one["commandType"] == "CMD_UPDATE")
        lists += [clause.get("targetList", ()) for clause in updates]
    for targets in lists:
        yield from (one["ResTarget"]["name"] for one in targets)


def _clauses(node: Node) -> Iterator[Node]:
    return (one["MergeWhenClause"] for one in node.get("mergeWhenClauses", ()))


def _retyped(kind: str, node: Node) -> Iterator[tuple[str, str]]:
    if kind != "AlterTableStmt":
        return
    for wrapped in node.get("cmds", ()):
        command = wrapped["AlterTableCmd"]
        definition = command.get("def", {}).get("ColumnDef", {})
        new_words = command.get("subtype") == "AT_AlterColumnType" and "raw_default" in definition
        if new_words or command.get("subtype") == "AT_SetExpression":
            yield node["relation"]["relname"], command["name"]


def _respelled(kind: str, node: Node) -> Iterator[str]:
    if kind == "AlterEnumStmt" and "oldVal" in node:
        yield node["typeName"][-1]["String"]["sval"]
    if kind == "AlterTableStmt" and node.get("objtype") == "OBJECT_TYPE":
        kinds = {one["AlterTableCmd"].get("subtype") for one in node.get("cmds", ())}
        if kinds == {"AT_AddColumn"}:
            yield node["relation"]["relname"]


def _calls(kind: str, node: Node) -> bool:
    """Is it a query without tables that calls a function: SELECT fill_totals()?"""
    if kind != "SelectStmt" or node.get("fromClause"):
        return False
    targets: Iterable[Node] = node.get("targetList", ())
    calls = (one.get("ResTarget", {}).get("val", {}).get("FuncCall") for one in targets)
    return any(call["funcname"][-1]["String"]["sval"] not in HARMLESS for call in calls if call)
