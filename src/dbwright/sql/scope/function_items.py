"""The columns of functions in FROM."""

from __future__ import annotations

from typing import Any

from dbwright.sql.parse import Node
from dbwright.sql.scope.expressions import function_name
from dbwright.sql.scope.functions import COLUMNS, SCALAR_RESULT
from dbwright.sql.scope.relations import Relations

__all__ = ["function_columns"]


def function_columns(relations: Relations, kind: str, node: Node) -> tuple[str, ...] | None:
    """The columns of a function, ROWS FROM, XMLTABLE or JSON_TABLE; None where not known."""
    if kind == "RangeTableFunc":
        return tuple(part["RangeTableFuncCol"]["colname"] for part in node.get("columns", ()))
    if kind == "JsonTable":
        return tuple(_json_columns(node.get("columns", ())))
    columns: list[str] = []
    functions = node.get("functions", ())
    for function in functions:
        call, definitions = (*function["List"]["items"], {})[:2]
        if definitions:
            columns += _defined(definitions["List"]["items"])
            continue
        found = _of_call(relations, call, node if len(functions) == 1 else {})
        if found is None:
            return None
        columns += found
    columns += _defined(node.get("coldeflist", ())) if "coldeflist" in node else []
    return tuple(columns + (["ordinality"] if node.get("ordinality") else []))


def _defined(definitions: Any) -> list[str]:
    return [part["ColumnDef"]["colname"] for part in definitions]


def _of_call(relations: Relations, node: Node, item: Node) -> list[str] | None:
    """The columns of one call; `item` is the FROM item, where the call is the only one in it."""
    if "coldeflist" in item:
        return []
    alias = item.get("alias", {})
    call = node.get("FuncCall")
    if call is None:  # current_date and such
        return [alias.get("aliasname", _special_name(node))]
    name = function_name(call)
    schema = call["funcname"][-2]["String"]["sval"] if len(call["funcname"]) > 1 else None
    known = None if schema == "pg_catalog" else relations.function(schema, name)
    if known is not None:
        if known.columns is not None:
            return list(known.columns)
        return [alias.get("aliasname", name)]
    if schema not in (None, "pg_catalog"):
        return None
    if name in COLUMNS:
        return list(COLUMNS[name])
    if name in SCALAR_RESULT:
        return [SCALAR_RESULT[name]]
    if name.endswith(("_populate_record", "_populate_recordset")):
        return None
    if name == "unnest" and len(call.get("args", ())) > 1:
        return ["unnest"] * len(call["args"])
    return [alias.get("aliasname", name)] if name in _ONE_VALUE else None


def _special_name(node: Node) -> str:
    return next(iter(node), "")


def _json_columns(columns: Any) -> list[str]:
    """The columns of JSON_TABLE, those of nested paths too."""
    names: list[str] = []
    for part in columns:
        column = part["JsonTableColumn"]
        if column.get("coltype") == "JTC_NESTED":
            names += _json_columns(column.get("columns", ()))
        else:
            names.append(column["name"])
    return names


_ONE_VALUE = frozenset(
    """
    generate_series generate_subscripts json_object_keys jsonb_object_keys jsonb_path_query
    regexp_matches regexp_split_to_array regexp_split_to_table string_to_array string_to_table
    unnest skeys svals lower upper now coalesce
    """.split()
)
"""PostgreSQL's own functions of one value that are usual in FROM."""
