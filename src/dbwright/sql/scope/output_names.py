"""How PostgreSQL names a column of a result that has no name given.

After FigureColnameInternal of parse_target.c.
"""

from __future__ import annotations

from dbwright.sql.parse import Node

__all__ = ["output_name"]

_FIXED = {
    "CoalesceExpr": "coalesce",
    "A_ArrayExpr": "array",
    "RowExpr": "row",
    "GroupingFunc": "grouping",
    "MergeSupportFunc": "merge_action",
    "XmlSerialize": "xmlserialize",
    "JsonParseExpr": "json",
    "JsonScalarExpr": "json_scalar",
    "JsonSerializeExpr": "json_serialize",
    "JsonObjectConstructor": "json_object",
    "JsonArrayConstructor": "json_array",
    "JsonArrayQueryConstructor": "json_array",
    "JsonObjectAgg": "json_objectagg",
    "JsonArrayAgg": "json_arrayagg",
}
_VALUES = {
    "SVFOP_CURRENT_TIME_N": "current_time",
    "SVFOP_CURRENT_TIMESTAMP_N": "current_timestamp",
    "SVFOP_LOCALTIME_N": "localtime",
    "SVFOP_LOCALTIMESTAMP_N": "localtimestamp",
}
_XML = {"IS_XMLELEMENT": "xmlelement", "IS_XMLCONCAT": "xmlconcat", "IS_XMLFOREST": "xmlforest"}
_JSON = {"JSON_EXISTS_OP": "json_exists", "JSON_QUERY_OP": "json_query"}


def output_name(expression: Node) -> str:
    """The name; `?column?` where the expression gives none."""
    return _figure(expression)[0] or "?column?"


def _figure(expression: Node) -> tuple[str | None, bool]:
    """The name, and whether it is strong enough to go before a type's."""
    ((kind, node),) = expression.items() if expression else (("", {}),)
    if kind in ("ColumnRef", "A_Indirection"):
        field = "fields" if kind == "ColumnRef" else "indirection"
        names = [part["String"]["sval"] for part in node.get(field, ()) if "String" in part]
        if names:
            return names[-1], True
        return _figure(node["arg"]) if kind == "A_Indirection" else (None, False)
    if kind == "FuncCall":
        return node["funcname"][-1]["String"]["sval"], True
    if kind == "A_Expr":
        return ("nullif", True) if node["kind"] == "AEXPR_NULLIF" else (None, False)
    if kind == "TypeCast":
        name, strong = _figure(node["arg"])
        if strong:
            return name, True
        return node["typeName"]["names"][-1]["String"]["sval"], False
    if kind == "CollateClause":
        return _figure(node["arg"])
    if kind == "CaseExpr":
        name, strong = _figure(node.get("defresult", {}))
        return (name, True) if strong else ("case", False)
    if kind == "MinMaxExpr":
        return ("least" if node.get("op") == "IS_LEAST" else "greatest"), True
    if kind == "SubLink":
        return _sublink(node)
    if kind == "SQLValueFunction":
        operation = node["op"]
        return _VALUES.get(operation, operation.removeprefix("SVFOP_").lower()), True
    if kind == "XmlExpr":
        return _XML.get(node["op"], node["op"].removeprefix("IS_").lower()), True
    if kind == "JsonFuncExpr":
        return _JSON.get(node["op"], "json_value"), True
    return _FIXED.get(kind), kind in _FIXED


def _sublink(node: Node) -> tuple[str | None, bool]:
    kind = node.get("subLinkType")
    if kind == "EXISTS_SUBLINK":
        return "exists", True
    if kind == "ARRAY_SUBLINK":
        return "array", True
    if kind != "EXPR_SUBLINK":
        return None, False
    select = node["subselect"].get("SelectStmt", {})
    while "larg" in select:
        select = select["larg"]
    targets = select.get("targetList", ())
    if not targets:
        return ("column1", True) if "valuesLists" in select else (None, False)
    first = targets[0]["ResTarget"]
    if "name" in first:
        return first["name"], True
    return _figure(first["val"])[0], True
