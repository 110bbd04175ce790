"""Into what an index takes the values of a key apart: by its operator class and its type."""

from __future__ import annotations

from collections.abc import Mapping

from dbwright.model.catalog import Column, IndexColumn
from dbwright.model.entries import EntryKind
from dbwright.model.names import quote
from dbwright.tune.indexes.immutable import expression_tree

__all__ = ["entry_kind", "key_text", "result_column"]

TYPES: Mapping[EntryKind | None, str] = {
    EntryKind.LEXEMES: "tsvector",
    EntryKind.JSON_KEYS: "jsonb",
    EntryKind.JSON_PATHS: "jsonb",
}
"""Of an expression; of others, text."""


def key_text(key: IndexColumn) -> str:
    """As in CREATE INDEX, without its operator class."""
    return quote(key.column) if key.column is not None else key.expression or ""


def entry_kind(key: IndexColumn, column: Column | None) -> EntryKind | None:
    """Of a GIN index's key; `column` where it is one. None for a plain value (btree_gin), and for
    an expression that does not tell its type."""
    if "trgm" in key.operator_class:
        return EntryKind.TRIGRAMS
    if key.operator_class == "jsonb_path_ops":
        return EntryKind.JSON_PATHS
    if column is not None:
        if column.is_array:
            return EntryKind.ELEMENTS
        of_type = {"tsvector": EntryKind.LEXEMES, "jsonb": EntryKind.JSON_KEYS}
        return of_type.get(column.base_type)
    return _of_expression(key.expression or "")


def result_column(key: IndexColumn) -> Column:
    """An expression, as the column that it would be."""
    kind = entry_kind(key, None)
    name = TYPES.get(kind, "text")
    return Column("", 0, name, name, is_array=kind is EntryKind.ELEMENTS)


def _of_expression(expression: str) -> EntryKind | None:
    tree = expression_tree(expression) or {}
    called = tree.get("FuncCall", {}).get("funcname", [{}])[-1].get("String", {}).get("sval", "")
    if called in ("to_tsvector", "setweight", "strip"):
        return EntryKind.LEXEMES
    if called == "string_to_array":
        return EntryKind.ELEMENTS
    operator = tree.get("A_Expr", {}).get("name", [{}])[-1].get("String", {}).get("sval", "")
    if operator in ("->", "#>"):
        return EntryKind.JSON_KEYS
    cast = tree.get("TypeCast", {}).get("typeName", {})
    if cast.get("arrayBounds"):
        return EntryKind.ELEMENTS
    name = (cast.get("names") or [{}])[-1].get("String", {}).get("sval", "")
    return {"tsvector": EntryKind.LEXEMES, "jsonb": EntryKind.JSON_KEYS}.get(name)
