"""What kind of statement a text is, by PostgreSQL's grammar: the first look, before any server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from dbwright.agent.safe_sql.limits import Limits
from dbwright.errors import QueryRefused
from dbwright.sql.lexer import significant
from dbwright.sql.parse import Node, ParsedStatement, SyntaxProblem, parse, walk

__all__ = ["Kind", "Literal", "Statement", "read_planned", "read_statement"]


class Kind(StrEnum):
    """What may be run."""

    QUERY = "query"
    """SELECT, VALUES, TABLE, WITH … SELECT."""
    EXPLAIN = "explain"
    SHOW = "show"


@dataclass(frozen=True, slots=True)
class Literal:
    """A string constant, and the type that it is written with (`'…'::jsonb`); else empty."""

    text: str
    type_name: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement that only reads, as far as its words tell."""

    kind: Kind
    text: str
    """The query; of an EXPLAIN the one that is explained; of a SHOW the setting's name."""
    options: str = ""
    """Of an EXPLAIN."""
    literals: tuple[Literal, ...] = field(default=())


WRITES = {
    "InsertStmt": "an INSERT",
    "UpdateStmt": "an UPDATE",
    "DeleteStmt": "a DELETE",
    "MergeStmt": "a MERGE",
}
INSTEAD = "give one SELECT, VALUES, TABLE, EXPLAIN or SHOW; changes go through a migration"
EXPLAIN_OPTIONS = {
    name: name.upper()
    for name in "analyze verbose costs settings buffers wal timing summary memory".split()
}
FORMATS = frozenset(("text", "json", "xml", "yaml"))
TRUE, FALSE = frozenset(("", "true", "on", "1")), frozenset(("false", "off", "0"))


def read_statement(text: str, limits: Limits) -> Statement:
    """The one statement of a text. Raises QueryRefused where it does more than read."""
    if len(text) > limits.query_characters:
        raise _too_long(text, limits)
    alone = _alone(text)
    if alone.kind == "SelectStmt":
        return _query(text, alone.node, limits)
    if alone.kind == "ExplainStmt":
        return _explain(text, alone.node, limits)
    if alone.kind == "VariableShowStmt":
        return Statement(Kind.SHOW, str(alone.node["name"]).lower())
    what = WRITES.get(alone.kind) or f"a statement of another kind ({alone.kind})"
    raise QueryRefused(f"it is {what}: only what reads is run here", INSTEAD)


def read_planned(text: str, limits: Limits) -> Statement:
    """The one statement of a text that is to be planned and not run: it may change rows, lock them
    and have parameters. Raises QueryRefused."""
    if len(text) > limits.query_characters:
        raise _too_long(text, limits)
    alone = _alone(text)
    nodes = [(alone.kind, alone.node), *walk(alone.node)]
    if alone.kind not in (*WRITES, "SelectStmt") or any(
        kind == "intoClause" or "intoClause" in node for kind, node in nodes
    ):
        raise QueryRefused(
            "it is no query, INSERT, UPDATE, DELETE or MERGE alone",
            "of what makes a table or a cursor explain the SELECT in it",
        )
    _require_few_relations(sum(kind == "RangeVar" for kind, _ in nodes), limits)
    return Statement(Kind.QUERY, _without_end(text), literals=tuple(_literals(alone.node)))


def _too_long(text: str, limits: Limits) -> QueryRefused:
    return QueryRefused(
        f"the query has {len(text):,} characters", f"stay below {limits.query_characters:,}"
    )


def _require_few_relations(relations: int, limits: Limits) -> None:
    if relations > limits.relations:
        raise QueryRefused(
            f"it names relations in {relations} places", f"stay below {limits.relations}"
        )


def _alone(text: str) -> ParsedStatement:
    try:
        statements = parse(text).statements
    except SyntaxProblem as problem:
        raise QueryRefused(f"the SQL does not parse: {problem.message}", "mend it") from None
    if len(statements) != 1:
        count = len(statements) or "no"
        plural = "" if len(statements) == 1 else "s"
        raise QueryRefused(f"there are {count} statement{plural} in it", "give exactly one")
    return statements[0]


def _query(text: str, node: Node, limits: Limits) -> Statement:
    relations = 0
    for kind, child in ((("SelectStmt"), node), *walk(node)):
        if kind in WRITES:
            raise QueryRefused(f"a part of it is {WRITES[kind]}", INSTEAD)
        if kind == "intoClause" or "intoClause" in child:
            raise QueryRefused("SELECT INTO creates a table", "leave INTO out")
        if "lockingClause" in child:
            raise QueryRefused(
                "it locks rows (FOR UPDATE, FOR SHARE)", "leave the locking clause out"
            )
        if kind == "ParamRef":
            raise QueryRefused("it has parameters ($1) and no values", "write the values in it")
        relations += kind == "RangeVar"
    _require_few_relations(relations, limits)
    return Statement(Kind.QUERY, _without_end(text), literals=tuple(_literals(node)))


def _explain(text: str, node: Node, limits: Limits) -> Statement:
    ((kind, inner),) = node["query"].items()
    if kind != "SelectStmt":
        what = WRITES.get(kind) or f"a statement of another kind ({kind})"
        raise QueryRefused(f"what it explains is {what}", "explain a SELECT")
    explained = _query(_explained(text), inner, limits)
    options = ", ".join(_option(one["DefElem"]) for one in node.get("options", ()))
    return Statement(
        Kind.EXPLAIN, explained.text, f"({options})" if options else "", explained.literals
    )


def _explained(text: str) -> str:
    """The query behind EXPLAIN and its options. It is judged and run as this text alone, so it need
    not be proven that it is the one that was meant."""
    found = list(significant(text))
    place = 1
    while place < len(found) and found[place].lower in ("analyze", "analyse", "verbose"):
        place += 1
    first = found[place + 1].lower if place + 1 < len(found) else ""
    if (
        place == 1
        and found[place].text == "("
        and first not in ("select", "with", "values", "table", "(")
    ):
        depth = 0
        while place < len(found):
            depth += (found[place].text == "(") - (found[place].text == ")")
            place += 1
            if depth == 0:
                break
    query = text[found[place].offset :] if place < len(found) else ""
    if _alone(query).kind != "SelectStmt":
        raise QueryRefused("what it explains can't be told", "write EXPLAIN (options) SELECT …")
    return query


def _option(element: Node) -> str:
    name = str(element["defname"]).lower()
    value = _plain_value(element.get("arg"))
    if name == "format" and value in FORMATS:
        return f"FORMAT {value.upper()}"
    if name in EXPLAIN_OPTIONS and value in TRUE | FALSE:
        return f"{EXPLAIN_OPTIONS[name]} {'OFF' if value in FALSE else 'ON'}"
    known = ", ".join([*EXPLAIN_OPTIONS, "format"])
    raise QueryRefused(
        f"EXPLAIN has no option {name} here, or not with this value", f"it has {known}"
    )


def _plain_value(argument: Any) -> str:
    """`ON`, `1` and `'on'` as the text `on` or `1`; empty where there is no value."""
    if not argument:
        return ""
    ((_, value),) = argument.items()
    inner = value.get("boolval", value.get("sval", value.get("ival", "")))
    if isinstance(inner, dict):
        inner = next(iter(inner.values()), "")
    return str(inner).lower()


def _without_end(text: str) -> str:
    tokens = list(significant(text))
    while tokens and tokens[-1].text == ";":
        tokens.pop()
    return text[tokens[0].offset : tokens[-1].end]


def _literals(node: Node) -> Iterator[Literal]:
    typed: set[int] = set()
    for kind, child in walk(node):
        if kind == "TypeCast":
            constant = child.get("arg", {}).get("A_Const", {})
            if "sval" in constant:
                typed.add(id(constant))
                yield Literal(_string(constant), _type_name(child.get("typeName", {})))
        elif kind == "A_Const" and "sval" in child and id(child) not in typed:
            yield Literal(_string(child), "")


def _string(constant: Node) -> str:
    value = constant["sval"]
    return str(value.get("sval", "")) if isinstance(value, dict) else str(value)


def _type_name(node: Node) -> str:
    parts = [str(one.get("String", {}).get("sval", "")) for one in node.get("names", ())]
    name = ".".join('"' + part.replace('"', '""') + '"' for part in parts)
    return name + "[]" * bool(node.get("arrayBounds"))
