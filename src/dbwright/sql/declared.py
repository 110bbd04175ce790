"""Which objects does a DDL statement declare, and where in its text?

Names are those that the catalog will hold, also for what the statement leaves unnamed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbwright.model.finding import ObjectRef
from dbwright.model.names import qualify, quote
from dbwright.sql.default_names import DefaultNames, columns_in, index_column_name
from dbwright.sql.parse import Node, ParsedStatement, Tree, parse
from dbwright.sql.routine_names import routine_name

__all__ = ["Declared", "declared"]


@dataclass(frozen=True, slots=True)
class Declared:
    """An object, and the character of the statement's text where its declaration begins."""

    ref: ObjectRef
    offset: int


def declared(text: str, search_path_schema: str) -> tuple[Declared, ...]:
    """The objects that the statement makes (or renames to), as the catalog will name them.

    `search_path_schema` is where unqualified names go. Temporary relations are left out, and
    functions whose argument types can't be named from the text alone. Raises SyntaxProblem.
    """
    tree = parse(text)
    reader = _Reader(tree, search_path_schema)
    return tuple(found for statement in tree.statements for found in reader.statement(statement))


class _Reader:
    """Reads the statements of one tree."""

    def __init__(self, tree: Tree, schema: str) -> None:
        self.tree = tree
        self.schema = schema
        self.names = DefaultNames()

    def statement(self, statement: ParsedStatement) -> Iterator[Declared]:
        yield from self.node(statement.kind, statement.node, statement.offset)

    def node(self, kind: str, node: Node, start: int) -> Iterator[Declared]:
        read = _READERS.get(kind)
        if read is not None:
            yield from read(self, node, start)

    def place(self, node: Node, start: int) -> int:
        """Where a node stands; the statement's start where the parser doesn't say."""
        location = node.get("location", 0)
        return self.tree.character(location) if location > 0 else start

    def qualified(self, relation: Node) -> str:
        return qualify(relation.get("schemaname") or self.schema, relation["relname"])

    def names_of(self, parts: list[Node]) -> str:
        """A name that is a list of strings."""
        names = [part["String"]["sval"] for part in parts]
        return qualify(*names) if len(names) > 1 else qualify(self.schema, names[0])

    def table(self, node: Node, start: int, kind: str = "table") -> Iterator[Declared]:
        relation = node["relation"]
        if relation.get("relpersistence") == "t":
            return
        if "partspec" in node:
            kind = "partitioned table"
        yield Declared(ObjectRef(kind, self.qualified(relation)), start)
        for element in node.get("tableElts", ()):
            for name, child in element.items():
                if name == "ColumnDef":
                    yield from self.column(relation, child, start)
                elif name == "Constraint":
                    yield from self.constraint(relation, child, self.place(child, start), None)

    def foreign_table(self, node: Node, start: int) -> Iterator[Declared]:
        yield from self.table(node["base"], start, "foreign table")

    def column(self, relation: Node, column: Node, start: int) -> Iterator[Declared]:
        place = self.place(column, start)
        name = column["colname"]
        yield self.part("column", relation, name, place)
        types = [part["String"]["sval"] for part in column.get("typeName", {}).get("names", ())]
        if types and types[-1] in _SERIAL:
            yield self.sequence_of(relation, name, place)
        for wrapped in column.get("constraints", ()):
            child = wrapped["Constraint"]
            yield from self.constraint(relation, child, self.place(child, place), name)

    def constraint(
        self, relation: Node, node: Node, place: int, column: str | None
    ) -> Iterator[Declared]:
        """A constraint, and the index that it brings along."""
        kind = node["contype"]
        if kind == "CONSTR_IDENTITY" and column is not None:
            yield self.sequence_of(relation, column, place)
        if kind not in _LABELS:
            return
        columns = [column] if column is not None else _columns_of(node)
        if kind == "CONSTR_CHECK":
            used = columns_in(node.get("raw_expr", {}))
            columns = used if len(used) == 1 else []
        elif kind == "CONSTR_PRIMARY":
            columns = []
        name = node.get("conname") or node.get("indexname")
        if name:
            self.names.take(name)
        else:
            name = self.names.choose(relation["relname"], columns, _LABELS[kind])
        yield self.part("constraint", relation, name, place)
        if kind in _WITH_INDEX:
            yield self.index_named(relation, name, place)

    def part(self, kind: str, relation: Node, name: str, place: int) -> Declared:
        return Declared(ObjectRef(kind, f"{self.qualified(relation)}.{quote(name)}"), place)

    def index_named(self, relation: Node, name: str, place: int) -> Declared:
        schema = relation.get("schemaname") or self.schema
        return Declared(ObjectRef("index", qualify(schema, name)), place)

    def sequence_of(self, relation: Node, column: str, place: int) -> Declared:
        name = self.names.choose(relation["relname"], [column], "seq")
        schema = relation.get("schemaname") or self.schema
        return Declared(ObjectRef("sequence", qualify(schema, name)), place)

    def alter_table(self, node: Node, start: int) -> Iterator[Declared]:
        relation = node["relation"]
        for wrapped in node.get("cmds", ()):
            command = wrapped["AlterTableCmd"]
            definition = command.get("def", {})
            if command["subtype"] == "AT_AddColumn":
                yield from self.column(relation, definition["ColumnDef"], start)
            elif command["subtype"] in ("AT_AddConstraint", "AT_AddIdentity"):
                child = definition["Constraint"]
                place = self.place(child, start)
                yield from self.constraint(relation, child, place, command.get("name"))

    def index(self, node: Node, start: int) -> Iterator[Declared]:
        relation = node["relation"]
        name = node.get("idxname")
        if not name:
            columns: list[str] = []
            for wrapped in node["indexParams"] + node.get("indexIncludingParams", []):
                columns.append(index_column_name(wrapped["IndexElem"], columns))
            name = self.names.choose(relation["relname"], columns, "idx")
        yield self.index_named(relation, name, start)

    def view(self, node: Node, start: int) -> Iterator[Declared]:
        if node["view"].get("relpersistence") != "t":
            yield Declared(ObjectRef("view", self.qualified(node["view"])), start)

    def table_as(self, node: Node, start: int) -> Iterator[Declared]:
        relation = node["into"]["rel"]
        if relation.get("relpersistence") != "t":
            materialized = node["objtype"] == "OBJECT_MATVIEW"
            kind = "materialized view" if materialized else "table"
            yield Declared(ObjectRef(kind, self.qualified(relation)), start)

    def sequence(self, node: Node, start: int) -> Iterator[Declared]:
        if node["sequence"].get("relpersistence") != "t":
            yield Declared(ObjectRef("sequence", self.qualified(node["sequence"])), start)

    def function(self, node: Node, start: int) -> Iterator[Declared]:
        name = routine_name(node)
        if name is not None:
            kind = "procedure" if node.get("is_procedure") else "function"
            yield Declared(ObjectRef(kind, f"{self.names_of(node['funcname'])}({name})"), start)

    def trigger(self, node: Node, start: int) -> Iterator[Declared]:
        yield self.part("trigger", node["relation"], node["trigname"], start)

    def policy(self, node: Node, start: int) -> Iterator[Declared]:
        yield self.part("policy", node["table"], node["policy_name"], start)

    def enum_or_range(self, node: Node, start: int) -> Iterator[Declared]:
        yield Declared(ObjectRef("type", self.names_of(node["typeName"])), start)

    def composite(self, node: Node, start: int) -> Iterator[Declared]:
        yield Declared(ObjectRef("type", self.qualified(node["typevar"])), start)

    def defined(self, node: Node, start: int) -> Iterator[Declared]:
        if node["kind"] == "OBJECT_TYPE":
            yield Declared(ObjectRef("type", self.names_of(node["defnames"])), start)

    def domain(self, node: Node, start: int) -> Iterator[Declared]:
        yield Declared(ObjectRef("domain", self.names_of(node["domainname"])), start)

    def create_schema(self, node: Node, start: int) -> Iterator[Declared]:
        name = node.get("schemaname") or node.get("authrole", {}).get("rolename")
        if not name:
            return
        yield Declared(ObjectRef("schema", quote(name)), start)
        inside = _Reader(self.tree, name)
        for element in node.get("schemaElts", ()):
            ((kind, child),) = element.items()
            yield from inside.node(kind, child, start)

    def extension(self, node: Node, start: int) -> Iterator[Declared]:
        yield Declared(ObjectRef("extension", quote(node["extname"])), start)

    def rename(self, node: Node, start: int) -> Iterator[Declared]:
        relation, new = node.get("relation"), node["newname"]
        kind = node["renameType"]
        if relation is None:
            if kind == "OBJECT_SCHEMA":
                yield Declared(ObjectRef("schema", quote(new)), start)
        elif kind in _RENAMED:
            yield Declared(
                ObjectRef(_RENAMED[kind], self.qualified({**relation, "relname": new})), start
            )
        elif kind in _RENAMED_PART:
            yield self.part(_RENAMED_PART[kind], relation, new, start)


_SERIAL = ("serial", "bigserial", "smallserial", "serial2", "serial4", "serial8")
_LABELS = {
    "CONSTR_PRIMARY": "pkey",
    "CONSTR_UNIQUE": "key",
    "CONSTR_EXCLUSION": "excl",
    "CONSTR_CHECK": "check",
    "CONSTR_FOREIGN": "fkey",
    "CONSTR_NOTNULL": "not_null",
}
_WITH_INDEX = ("CONSTR_PRIMARY", "CONSTR_UNIQUE", "CONSTR_EXCLUSION")
_RENAMED = {
    "OBJECT_TABLE": "table",
    "OBJECT_VIEW": "view",
    "OBJECT_MATVIEW": "materialized view",
    "OBJECT_INDEX": "index",
    "OBJECT_SEQUENCE": "sequence",
    "OBJECT_FOREIGN_TABLE": "foreign table",
}
_RENAMED_PART = {
    "OBJECT_COLUMN": "column",
    "OBJECT_TABCONSTRAINT": "constraint",
    "OBJECT_TRIGGER": "trigger",
    "OBJECT_POLICY": "policy",
}
_READERS = {
    "CreateStmt": _Reader.table,
    "CreateForeignTableStmt": _Reader.foreign_table,
    "AlterTableStmt": _Reader.alter_table,
    "IndexStmt": _Reader.index,
    "ViewStmt": _Reader.view,
    "CreateTableAsStmt": _Reader.table_as,
    "CreateSeqStmt": _Reader.sequence,
    "CreateFunctionStmt": _Reader.function,
    "CreateTrigStmt": _Reader.trigger,
    "CreatePolicyStmt": _Reader.policy,
    "CreateEnumStmt": _Reader.enum_or_range,
    "CreateRangeStmt": _Reader.enum_or_range,
    "CompositeTypeStmt": _Reader.composite,
    "DefineStmt": _Reader.defined,
    "CreateDomainStmt": _Reader.domain,
    "CreateSchemaStmt": _Reader.create_schema,
    "CreateExtensionStmt": _Reader.extension,
    "RenameStmt": _Reader.rename,
}


def _columns_of(node: Node) -> list[str]:
    """The columns that a table constraint names, for its default name."""
    for field in ("keys", "fk_attrs"):
        if field in node:
            found = [part["String"]["sval"] for part in node[field]]
            return found + [part["String"]["sval"] for part in node.get("including", ())]
    columns: list[str] = []
    for exclusion in node.get("exclusions", ()):
        element = exclusion["List"]["items"][0]["IndexElem"]
        columns.append(index_column_name(element, columns))
    return columns
