"""Which tables the statements of a migration say that they write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dbwright.migrate.runner.work import Work
from dbwright.model.catalog import Table
from dbwright.sql.parse import SyntaxProblem, parse, walk

__all__ = ["Written", "written_by"]

REMOVING = ("DeleteStmt", "TruncateStmt", "MergeStmt")
CHANGING = ("UpdateStmt", "MergeStmt", "InsertStmt", "CopyStmt")
HARMLESS = frozenset(("setval", "set_config", "nextval", "pg_sleep", "pg_notify"))
"""Functions that write no table."""
LONGEST_PARSED = 1 << 20

Name = tuple[str, str]
"""Schema (empty where none is written) and table."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a file says that it writes."""

    removed_from: frozenset[Name] = field(default_factory=frozenset)
    changed: frozenset[Name] = field(default_factory=frozenset)
    retyped: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    """Table and column of `ALTER … TYPE … USING`, and of another expression of a generated one."""
    anything: bool = False
    """Is there what nobody can read from outside: Python, DO, CALL, a function?"""

    def removes_from(self, tables: Iterable[Table]) -> bool:
        """From one of them (a table and its partitions)?"""
        return self.anything or not self.removed_from.isdisjoint(_names(tables))

    def changes(self, tables: Iterable[Table], column: str = "") -> bool:
        """The column of one of them?"""
        every = tuple(tables)
        if self.anything or any((table.name, column) in self.retyped for table in every):
            return True
        return not (self.changed | self.removed_from).isdisjoint(_names(every))


def written_by(work: Work) -> Written:
    """Of one direction of a migration."""
    if work.function is not None:
        return Written(anything=True)
    removed: set[Name] = set()
    changed: set[Name] = set()
    retyped: set[tuple[str, str]] = set()
    anything = False
    for kind, node in _nodes(statement.text for statement in work.statements):
        if kind in REMOVING:
            removed |= set(_targets(node))
        if kind in CHANGING:
            changed |= set(_targets(node))
        if kind == "AlterTableStmt":
            retyped |= set(_retyped(node))
        anything = anything or kind in ("DoStmt", "CallStmt", "unread") or _calls(kind, node)
    return Written(frozenset(removed), frozenset(changed), frozenset(retyped), anything)


def _names(tables: Iterable[Table]) -> frozenset[Name]:
    return frozenset(name for t in tables for name in ((t.schema, t.name), ("", t.name)))


def _nodes(texts: Iterable[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for text in texts:
        try:
            statements = parse(text).statements if len(text) < LONGEST_PARSED else ()
        except SyntaxProblem:
            yield "unread", {}
            continue
        if len(text) >= LONGEST_PARSED:
            yield "unread", {}
        for statement in statements:
            yield statement.kind, statement.node
            yield from walk(statement.node)


def _targets(node: Mapping[str, Any]) -> Iterator[Name]:
    relations = [node["relation"]] if "relation" in node else []
    relations += [one["RangeVar"] for one in node.get("relations", ()) if "RangeVar" in one]
    for relation in relations:
        yield relation.get("schemaname", ""), relation["relname"]


def _retyped(node: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for wrapped in node.get("cmds", ()):
        command = wrapped["AlterTableCmd"]
        definition = command.get("def", {}).get("ColumnDef", {})
        new_words = command.get("subtype") == "AT_AlterColumnType" and "raw_default" in definition
        if new_words or command.get("subtype") == "AT_SetExpression":
            yield node["relation"]["relname"], command["name"]


def _calls(kind: str, node: Mapping[str, Any]) -> bool:
    """Is it a query without tables that calls a function: SELECT fill_totals()?"""
    if kind != "SelectStmt" or node.get("fromClause"):
        return False
    targets: Iterable[Mapping[str, Any]] = node.get("targetList", ())
    calls = (one.get("ResTarget", {}).get("val", {}).get("FuncCall") for one in targets)
    return any(call["funcname"][-1]["String"]["sval"] not in HARMLESS for call in calls if call)
