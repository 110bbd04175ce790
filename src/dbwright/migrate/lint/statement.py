"""What rules ask of a statement again and again: its commands, its names, its words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dbwright.model.catalog import Catalog, Column, MaterializedView, Table
from dbwright.model.finding import ObjectRef
from dbwright.model.judged import JudgedMigration, JudgedStatement
from dbwright.model.names import qualify, quote
from dbwright.sql.lexer import significant, tokens
from dbwright.sql.parse import Node

__all__ = [
    "ROW_CHANGES",
    "Command",
    "adds_required_columns",
    "brief",
    "column_ref",
    "commands",
    "dropped_from",
    "file_ref",
    "found_column",
    "found_table",
    "grouped",
    "is_row_change",
    "list_name",
    "named",
    "qualified",
    "schema_of",
    "table_ref",
    "target",
]

LONGEST = 60
TABLE_LIKE = ("OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_FOREIGN_TABLE")
OF_TABLES = ("OBJECT_TRIGGER", "OBJECT_POLICY", "OBJECT_RULE")
"""Kinds whose names end with their own, behind that of the table."""
DEMANDS = ("CONSTR_NOTNULL", "CONSTR_PRIMARY")
GIVES = ("CONSTR_DEFAULT", "CONSTR_IDENTITY", "CONSTR_GENERATED")
SERIAL = frozenset("serial serial2 serial4 serial8 smallserial bigserial".split())
ROW_CHANGES = frozenset(("InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "CopyStmt"))


@dataclass(frozen=True, slots=True)
class Command:
    """One command of an ALTER TABLE."""

    kind: str
    """As libpg_query names it: `AT_AddColumn`."""
    table: str
    """Qualified."""
    name: str
    """The column's, the constraint's …; empty where there is none."""
    node: Node

    def definition(self, kind: str) -> Node | None:
        """What is added or set, where it is a node of this kind."""
        found: Node | None = self.node.get("def", {}).get(kind)
        return found


def commands(step: JudgedStatement, file: JudgedMigration, *kinds: str) -> Iterator[Command]:
    """Those of an ALTER TABLE, of these kinds; none for other statements."""
    if step.kind != "AlterTableStmt":
        return
    table = qualified(step, file, step.node["relation"])
    for wrapped in step.node.get("cmds", ()):
        node = wrapped["AlterTableCmd"]
        if not kinds or node["subtype"] in kinds:
            yield Command(node["subtype"], table, node.get("name", ""), node)


def qualified(step: JudgedStatement, file: JudgedMigration, relation: Node) -> str:
    """A relation's whole name, by the session's search_path; where it is in none of its schemas,
    by the one in which it would be made."""
    name = relation["relname"]
    if schema := relation.get("schemaname"):
        return qualify(schema, name)
    return _in_search_path(step, file, name)


def named(step: JudgedStatement, file: JudgedMigration, parts: Sequence[str]) -> str:
    """The same of a name as a list of words."""
    return qualify(*parts[-2:]) if len(parts) > 1 else _in_search_path(step, file, parts[0])


def schema_of(file: JudgedMigration, table: str) -> str:
    """The schema of a table, as the catalog has its name; `public` for one that is not there."""
    found = found_table(file, table)
    return "public" if found is None else found.schema


def adds_required_columns(step: JudgedStatement, file: JudgedMigration) -> tuple[str, ...]:
    """Columns that it adds as NOT NULL, without what gives a value to rows that are there."""
    found: list[str] = []
    for command in commands(step, file, "AT_AddColumn"):
        column = command.definition("ColumnDef") or {}
        kinds = {one["Constraint"]["contype"] for one in column.get("constraints", ())}
        type_name = column.get("typeName", {}).get("names", [{"String": {}}])[-1]["String"]
        given = kinds.intersection(GIVES) or type_name.get("sval") in SERIAL
        if given or not kinds.intersection(DEMANDS):
            continue
        made = found_column(file.after, command.table, column["colname"])
        domain = None if made is None else made.domain
        if not any(one.qualified == domain and one.default for one in file.after.types):
            found.append(column["colname"])
    return tuple(found)


def list_name(items: Sequence[Node]) -> tuple[str, ...]:
    """The words of a name that is a list of strings."""
    return tuple(item["String"].get("sval", "") for item in items)


def found_table(file: JudgedMigration, name: str) -> Table | None:
    """The table as it was before the file, or as the file made it."""
    return file.before.find_table(name) or file.after.find_table(name)


def found_column(catalog: Catalog, table: str, name: str) -> Column | None:
    found = catalog.find_table(table)
    if found is None:
        return None
    return next((column for column in found.columns if column.name == name), None)


def table_ref(file: JudgedMigration, name: str) -> ObjectRef:
    """With the kind that it has."""
    for catalog in (file.before, file.after):
        relations: tuple[Table | MaterializedView, ...] = catalog.materialized_views
        found = catalog.find_table(name) or next(
            (r for r in relations if r.qualified == name), None
        )
        if found is not None:
            return found.ref
    return ObjectRef("table", name)


def column_ref(table: str, column: str) -> ObjectRef:
    return ObjectRef("column", f"{table}.{quote(column)}")


def file_ref(file: JudgedMigration) -> ObjectRef:
    """The migration itself."""
    return ObjectRef("migration", str(file.migration))


def is_row_change(step: JudgedStatement) -> bool:
    """Does it change or read rows, rather than the schema?"""
    return step.kind in ROW_CHANGES or step.kind == "SelectStmt"


def target(step: JudgedStatement, file: JudgedMigration) -> str | None:
    """The table (qualified) that the statement is about; None where it names none, or several."""
    relation = step.node.get("relation")
    if not isinstance(relation, Mapping) or "relname" not in relation:
        return None
    name = qualified(step, file, relation)
    if found_table(file, name) is not None:
        return name
    index = _table_of_index(file, name)
    return name if index is None else index


def dropped_from(step: JudgedStatement, file: JudgedMigration) -> frozenset[str]:
    """The tables (qualified) that a DROP is about: itself, or whose index, trigger, policy …"""
    kind = step.node.get("removeType", "")
    if step.kind != "DropStmt" or kind not in (*TABLE_LIKE, *OF_TABLES, "OBJECT_INDEX"):
        return frozenset()
    found: set[str] = set()
    for one in step.node.get("objects", ()):
        words = list_name(one["List"]["items"]) if "List" in one else ()
        if kind in OF_TABLES:
            words = words[:-1]
        if not words:
            continue
        name = named(step, file, words)
        found.add(_table_of_index(file, name) or name)
    return frozenset(found)


def grouped(step: JudgedStatement, file: JudgedMigration, names: Iterable[str]) -> tuple[str, ...]:
    """The tables, with the partitions of the one that the statement is about as one."""
    about = target(step, file)
    parent = None if about is None else found_table(file, about)
    if about is None or parent is None or parent.partition_key is None:
        return tuple(dict.fromkeys(names))
    within = {about, *_descendants(file.before, parent)}
    return tuple(dict.fromkeys(about if name in within else name for name in names))


def brief(text: str) -> str:
    """The statement's beginning, on one line."""
    begin = "".join(
        " " if token.kind in ("space", "comment") else token.text
        for token in tokens(text[: LONGEST * 4])
    )
    words = " ".join(begin.split())  # a string or a body may hold line ends
    for mark in ("( ", " )", " ,", " ;"):
        words = words.replace(mark, mark.strip())
    return words if len(words) <= LONGEST else words[:LONGEST].rstrip() + " …"


def _in_search_path(step: JudgedStatement, file: JudgedMigration, name: str) -> str:
    path = [
        token.text.strip('"').replace('""', '"')
        for token in significant(step.session.get("search_path", "public"))
        if token.kind in ("word", "identifier") and token.text != '"$user"'
    ] or ["public"]
    for one in step.new or ():
        if one.startswith("pg_temp_") and one.partition(".")[2] == quote(name):
            return one
    for schema in path:
        for catalog in (file.before, file.after):
            if catalog.has_relation(schema, name):
                return qualify(schema, name)
    return qualify(path[0], name)


def _descendants(catalog: Catalog, table: Table) -> Iterator[str]:
    for child in catalog.children(table):
        yield child.qualified
        yield from _descendants(catalog, child)


def _table_of_index(file: JudgedMigration, name: str) -> str | None:
    """The table of an index of this qualified name; None where it is none."""
    for catalog in (file.before, file.after):
        relations: tuple[Table | MaterializedView, ...] = catalog.tables
        for relation in relations + catalog.materialized_views:
            if any(index.qualified == name for index in relation.indexes):
                return relation.qualified
    return None
