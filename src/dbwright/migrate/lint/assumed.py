"""Tables that a file alters and nobody knows: assumed, so that its statements can be tried at all.

A file that comes alone, without a target and without the files before it, says little of the tables
that it is about: their names, and those of some columns. So much is made: a column whose type is to
change has the type that mostly becomes the new one, one with a foreign key is bigint, all others
are text. What is then found has low confidence, and the report says what was assumed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dbwright.migrate.lint.statement import list_name
from dbwright.model.judged import JudgedRun, JudgedStatement
from dbwright.model.migration import Migration, MigrationScript, ReadMigration, ScriptStatement
from dbwright.model.names import qualify, quote
from dbwright.sql.parse import Node, walk

__all__ = ["assumed_for"]

UNKNOWN = frozenset(("42P01", "3F000"))
"""SQLSTATEs of what names a table or a schema that is not there."""
BECOMES = {
    "int8": "integer",
    "int4": "smallint",
    "numeric": "integer",
    "float8": "real",
    "timestamptz": "timestamp",
    "jsonb": "json",
    "text": "varchar(100)",
    "varchar": "text",
    "bpchar": "text",
}
"""What mostly was the type before, by the new one."""
NAMED = {
    "IndexStmt": ("IndexElem",),
    "UpdateStmt": ("ResTarget",),
    "InsertStmt": ("ResTarget",),
}
"""Nodes whose name is a column's, by the statement."""
USING_GIN = "jsonb"
KEY = "bigint"
Name = tuple[str, ...]


@dataclass(slots=True)
class _Assumed:
    """A table that is made up."""

    columns: dict[str, str] = field(default_factory=dict)
    """Types by name."""
    key: tuple[str, ...] = ()
    constraints: list[str] = field(default_factory=list)
    dropped: set[str] = field(default_factory=set)
    """Columns that the file drops."""
    made: set[str] = field(default_factory=set)
    """Columns that the file itself adds, or that get their name there."""

    def had(self, column: str, type_: str) -> None:
        """The column was there before the file, unless the file has made it."""
        if column not in self.made:
            self.columns.setdefault(column, type_)


def assumed_for(run: JudgedRun) -> ReadMigration | None:
    """A migration that makes the tables of the run's files as far as these tell of them; None
    where no statement was refused because of one that is not there."""
    tables: dict[Name, _Assumed] = {}
    made: set[Name] = set()
    for file in run.migrations:
        for step in file.steps:
            if step.kind == "CreateStmt":
                made.add(_name(step.node["relation"]))
            refusal = step.effects.refusal
            if refusal is not None and refusal.sqlstate in UNKNOWN:
                _tell(step, tables)
    texts = list(_texts({name: one for name, one in tables.items() if name not in made}))
    if not texts:
        return None
    statements = tuple(ScriptStatement(text, 1) for text in texts)
    migration = Migration("", "assumed", "assumed tables", "")
    return ReadMigration(migration, MigrationScript(statements, None))


def _tell(step: JudgedStatement, tables: dict[Name, _Assumed]) -> None:
    """What one statement tells of tables."""
    node = step.node
    for name in _tables(step):
        tables.setdefault(name, _Assumed())
    relation = node.get("relation")
    if not isinstance(relation, Mapping) or "relname" not in relation:
        return
    about = tables.setdefault(_name(relation), _Assumed())
    kind = USING_GIN if node.get("accessMethod") == "gin" else "text"
    for column in _columns(step):
        about.had(column, kind)
    if step.kind == "RenameStmt" and node.get("renameType") == "OBJECT_COLUMN":
        about.made.add(node["newname"])
    for wrapped in node.get("cmds", ()):
        _of_command(wrapped["AlterTableCmd"], about, tables)


def _of_command(command: Node, about: _Assumed, tables: dict[Name, _Assumed]) -> None:
    subtype, name = command["subtype"], command.get("name", "")
    definition = command.get("def", {})
    if subtype == "AT_AddColumn":
        column = definition["ColumnDef"]
        if column["colname"] not in about.dropped:
            about.columns.pop(column["colname"], None)
        about.made.add(column["colname"])
        for one in column.get("constraints", ()):
            _references(one["Constraint"], tables, _type(column))
    elif subtype == "AT_AlterColumnType":
        if name not in about.made:
            about.columns[name] = BECOMES.get(_type(definition["ColumnDef"]), "text")
    elif subtype == "AT_AddConstraint":
        constraint = definition["Constraint"]
        for key in (*constraint.get("keys", ()), *constraint.get("fk_attrs", ())):
            if key["String"]["sval"] not in about.made:
                about.columns[key["String"]["sval"]] = KEY
        _references(constraint, tables, KEY)
    elif subtype == "AT_DropColumn":
        about.had(name, "text")
        about.dropped.add(name)
        about.made.discard(name)
    elif subtype in ("AT_DropConstraint", "AT_ValidateConstraint"):
        about.constraints.append(f"CONSTRAINT {quote(name)} CHECK (true)")
    elif name and subtype.startswith(("AT_Set", "AT_Drop", "AT_ColumnDefault", "AT_AddIdentity")):
        about.had(name, "text")


def _references(constraint: Node, tables: dict[Name, _Assumed], type_: str) -> None:
    """The table that a foreign key points to, with its key."""
    if "pktable" not in constraint:
        return
    target = tables.setdefault(_name(constraint["pktable"]), _Assumed())
    target.key = list_name(constraint.get("pk_attrs", ())) or ("id",)
    for column in target.key:
        target.columns[column] = type_ or KEY


def _tables(step: JudgedStatement) -> Iterator[Name]:
    """All that the statement names as a table."""
    if step.kind == "DropStmt" and step.node.get("removeType") == "OBJECT_TABLE":
        for one in step.node.get("objects", ()):
            yield list_name(one["List"]["items"])
    for kind, node in walk(step.node):
        if kind in ("RangeVar", "relation", "pktable") and "relname" in node:
            yield _name(node)


def _columns(step: JudgedStatement) -> Iterator[str]:
    """Names that can only be columns of the table that the statement is about."""
    if step.kind == "RenameStmt" and step.node.get("renameType") == "OBJECT_COLUMN":
        yield step.node["subname"]
    for kind, node in walk(step.node):
        if kind == "ColumnRef":
            names = [one["String"]["sval"] for one in node.get("fields", ()) if "String" in one]
            yield from names[-1:]
        elif "name" in node and kind in NAMED.get(step.kind, ()):
            yield node["name"]


def _texts(tables: Mapping[Name, _Assumed]) -> Iterator[str]:
    for schema in dict.fromkeys(name[0] for name in tables if len(name) > 1):
        yield f"CREATE SCHEMA IF NOT EXISTS {quote(schema)}"
    for name, one in tables.items():
        parts = [f"{quote(column)} {type_}" for column, type_ in one.columns.items()]
        if one.key:
            parts.append(f"PRIMARY KEY ({', '.join(map(quote, one.key))})")
        yield f"CREATE TABLE {qualify(*name)} ({', '.join((*parts, *one.constraints))})"


def _name(relation: Node) -> Name:
    parts = (relation.get("schemaname", ""), relation["relname"])
    return tuple(part for part in parts if part)


def _type(column: Node) -> str:
    names = column.get("typeName", {}).get("names", ())
    return str(names[-1]["String"].get("sval", "")) if names else ""
