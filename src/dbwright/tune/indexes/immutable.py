"""May an expression be a key of an index? CREATE INDEX takes only immutable ones.

Told from the tree and the columns' types; a function that is not known here is refused, for the
server would perhaps refuse it. What is taken is proven by tests on a server.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dbwright.model.catalog import Catalog, Column
from dbwright.sql.parse import Node, SyntaxProblem, parse, walk

__all__ = ["column_types", "expression_tree", "is_immutable"]

FUNCTIONS = frozenset(
    """
    abs array_length ascii bit_length btrim cardinality ceil ceiling char_length
    character_length chr coalesce decode digest encode exp floor greatest initcap
    json_extract_path json_extract_path_text jsonb_array_length jsonb_extract_path
    jsonb_extract_path_text jsonb_typeof least left length ln log lower lpad ltrim md5 mod
    nullif numnode octet_length overlay position pow power regexp_replace regexp_substr repeat
    replace reverse right round rpad rtrim setweight sha256 sha512 sign split_part sqrt
    starts_with strip strpos substr substring translate trim trunc upper
    """.split()
)
DATES = frozenset(("date_trunc", "date_part", "extract"))
"""Immutable but for timestamp with time zone (which date_trunc makes of a date)."""
OPERATORS = frozenset("+ - * / % || -> ->> #> #>> = <> < <= > >= ~~ !~~ & | # && @> <@ ?".split())
STABLE_TYPES = frozenset(("timestamp with time zone", "time with time zone", "money"))
TEXTS = frozenset(("text", "character varying", "character"))
NUMBERS = frozenset(("smallint", "integer", "bigint", "numeric", "real", "double precision"))
CASTABLE = TEXTS | NUMBERS | frozenset(("boolean", "uuid", "jsonb", "name"))
"""Types whose casts to one another depend on nothing else; an enum's to text does."""
CASTS = frozenset(
    "text varchar bpchar int2 int4 int8 numeric float4 float8 bool uuid jsonb name".split()
)
CAST_TO = {
    "bool": "boolean",
    "bpchar": "character",
    "date": "date",
    "float4": "real",
    "float8": "double precision",
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "numeric": "numeric",
    "text": "text",
    "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone",
    "uuid": "uuid",
    "varchar": "character varying",
}
"""Types by the names that the grammar gives them."""
MOVED = {
    "timestamp with time zone": "timestamp without time zone",
    "timestamp without time zone": "timestamp with time zone",
}
"""By AT TIME ZONE."""
NODES = frozenset(
    """
    A_Expr A_Const ColumnRef FuncCall TypeCast A_Indirection A_Indices CoalesceExpr MinMaxExpr
    CaseExpr CaseWhen BoolExpr NullTest BooleanTest CollateClause String A_Star List TypeName
    """.split()
)


def expression_tree(expression: str) -> Node | None:
    """The tree of an expression; None where it does not parse."""
    try:
        (statement,) = parse(f"SELECT {expression}").statements
        target: Any = statement.node["targetList"][0]["ResTarget"]["val"]
    except (SyntaxProblem, LookupError, ValueError):
        return None
    return target if isinstance(target, Mapping) else None


def column_types(columns: Iterable[Column]) -> dict[str, str]:
    """The base type of each column by its name; an array's with brackets."""
    return {c.name: f"{c.base_type}[]" if c.is_array else c.base_type for c in columns}


def is_immutable(expression: str, types: Mapping[str, str], catalog: Catalog) -> bool:
    """`types` are the table's columns by name, as `column_types` gives them."""
    tree = expression_tree(expression)
    if tree is None:
        return False
    if "?" in _types_in(tree, types):
        return False
    for kind, node in walk({"expression": tree}):
        if kind[0].isupper() and kind not in NODES:
            return False
        if kind in ("FuncCall", "A_Expr", "TypeCast"):
            used = _types_in(list(node.values()), types)
            if not {"FuncCall": _function, "A_Expr": _operator, "TypeCast": _cast}[kind](
                node, used, catalog
            ):
                return False
    return True


def _types_in(tree: Any, types: Mapping[str, str]) -> set[str]:
    """The types of what an expression is made of: of columns (`?` for one that is not known), and
    where one is cast, or moved to a time zone, what comes of it."""
    found: set[str] = set()
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
            continue
        if not isinstance(node, Mapping):
            continue
        if "ColumnRef" in node:
            name = node["ColumnRef"]["fields"][-1].get("String", {}).get("sval", "")
            found.add(types.get(name, "?"))
            continue
        made = _made(node, types)
        if made is None:
            waiting += node.values()
        else:
            found |= made
    return found


def _made(node: Node, types: Mapping[str, str]) -> set[str] | None:
    """What comes of a cast, or of AT TIME ZONE; None of anything else."""
    cast, call = node.get("TypeCast"), node.get("FuncCall")
    if cast is not None and "arrayBounds" not in cast["typeName"]:
        inner = _types_in(cast["arg"], types)
        name = CAST_TO.get(cast["typeName"]["names"][-1]["String"]["sval"])
        return inner if name is None or not inner or "?" in inner else {name}
    if call is not None and call["funcname"][-1]["String"]["sval"] == "timezone":
        inner = _types_in(call.get("args", []), types)
        return {MOVED.get(type_, type_) for type_ in inner}
    return None


def _function(node: Node, used: set[str], catalog: Catalog) -> bool:
    names = [part["String"]["sval"] for part in node["funcname"]]
    if "over" in node or "agg_star" in node:
        return False
    if names[-1] == "to_tsvector":
        return len(node.get("args", ())) == 2  # without the configuration it is stable
    if names[-1] == "timezone":
        both = {"timestamp without time zone", "timestamp with time zone"}
        return len(node.get("args", ())) == 2 and used <= both
    if names[-1] in DATES:
        dates = "date" in used and names[-1] == "date_trunc"
        return not used & STABLE_TYPES and not dates
    own = [f for f in catalog.functions if f.name == names[-1] and names[:-1] in ([], [f.schema])]
    if own:
        return all(function.volatility == "immutable" for function in own)
    return names[-1] in FUNCTIONS and names[:-1] in ([], ["pg_catalog"])


def _operator(node: Node, used: set[str], _: Catalog) -> bool:
    name = node["name"][-1]["String"]["sval"]
    if node["kind"] not in ("AEXPR_OP", "AEXPR_NULLIF", "AEXPR_LIKE", "AEXPR_IN"):
        return False
    if name == "||" and not used <= TEXTS:
        return False  # of a number and a text it is only stable
    # A day may have 23 hours; a date against a timestamp with time zone depends on the session.
    return name in OPERATORS and not used & STABLE_TYPES


def _cast(node: Node, used: set[str], _: Catalog) -> bool:
    """Casts of dates to text and back depend on DateStyle."""
    name = node["typeName"]["names"][-1]["String"]["sval"]
    if "A_Const" in node["arg"]:
        return True
    if name in ("date", "timestamp"):
        return used <= {"date", "timestamp without time zone"}
    return name in CASTS and used <= CASTABLE
