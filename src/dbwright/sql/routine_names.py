"""The identity arguments of a function, as pg_get_function_identity_arguments writes them."""

from __future__ import annotations

from dbwright.model.names import quote
from dbwright.sql.parse import Node

__all__ = ["routine_name"]

_BUILT_IN = {
    "bool": "boolean",
    "bpchar": "character",
    "bit": "bit",
    "decimal": "numeric",
    "float4": "real",
    "float8": "double precision",
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "interval": "interval",
    "time": "time without time zone",
    "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone",
    "timetz": "time with time zone",
    "varbit": "bit varying",
    "varchar": "character varying",
}
_PLAIN = frozenset(
    """
    anyarray anyelement anyenum anynonarray anyrange box bytea cidr circle cstring date daterange
    event_trigger inet int4range int8range internal json jsonb jsonpath line lseg macaddr macaddr8
    money name numeric numrange oid path pg_lsn point polygon record refcursor regclass regproc
    regprocedure regtype text tid trigger tsquery tsrange tstzrange tsvector txid_snapshot uuid void
    xid xml
    """.split()
)
_MODES = {
    "FUNC_PARAM_OUT": "OUT ",
    "FUNC_PARAM_INOUT": "INOUT ",
    "FUNC_PARAM_VARIADIC": "VARIADIC ",
}


def routine_name(node: Node) -> str | None:
    """The arguments of a CreateFunctionStmt, joined; None where a type is not a built-in one."""
    found: list[str] = []
    for wrapped in node.get("parameters", ()):
        parameter = wrapped["FunctionParameter"]
        if parameter["mode"] == "FUNC_PARAM_TABLE":
            continue
        type_ = _type(parameter["argType"])
        if type_ is None:
            return None
        mode = _MODES.get(parameter["mode"], "IN " if node.get("is_procedure") else "")
        name = f"{quote(parameter['name'])} " if parameter.get("name") else ""
        found.append(f"{mode}{name}{type_}")
    return ", ".join(found)


def _type(node: Node) -> str | None:
    names = [part["String"]["sval"] for part in node["names"]]
    if node.get("pct_type") or (len(names) > 1 and names[0] != "pg_catalog"):
        return None
    name = names[-1]
    known = _BUILT_IN.get(name, name if name in _PLAIN else None)
    if known is None:
        return None
    return known + "[]" if node.get("arrayBounds") else known
