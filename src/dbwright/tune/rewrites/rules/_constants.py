"""Constants of which it is known that no type takes two of them for one value."""

from __future__ import annotations

from dbwright.model.catalog import Catalog, Column
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rules._parts import INTEGERS, constant_kind, enum_labels
from dbwright.tune.rewrites.rules._texts import compares_bytes, text_column

__all__ = ["plain_constant", "told_apart"]

TEXTS = ("text", "varchar")


def told_apart(catalog: Catalog, column: Column, node: Node) -> tuple[str, str] | None:
    """The constant, where two that are written otherwise are two values of the column (`'t'` and
    `'true'` are one boolean)."""
    bare = constant_kind(node.get("TypeCast", {}).get("arg", node))
    labels = enum_labels(catalog, column.type)
    if labels:
        return bare if bare is not None and bare[1] in labels else None
    plain = plain_constant(node)
    if plain is None or plain[0] == "ival":
        return plain if column.base_type in (*INTEGERS, "numeric") else None
    return plain if text_column(column) and compares_bytes(column) else None


def plain_constant(value: Node) -> tuple[str, str] | None:
    """A constant that no type takes for the same as another of its kind."""
    cast = value.get("TypeCast", {})
    type_ = cast.get("typeName", {"names": ()})
    text = not type_.get("typmods") and _type_name(type_) in TEXTS
    constant = constant_kind(cast["arg"] if text else value)
    if constant is None or constant[0] == "ival":
        return constant
    letters = constant[1].isascii() and constant[1].isalpha() and constant[1].islower()
    return constant if constant[0] == "sval" and letters else None


def _type_name(type_: Node) -> str:
    return str(type_["names"][-1]["String"]["sval"]) if type_["names"] else ""
