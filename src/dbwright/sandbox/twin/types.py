"""What the tables of a catalog are declared with, as DDL: schemas, extensions, collations, types,
functions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbwright.model.catalog import Catalog, Function, Type, TypeKind
from dbwright.model.finding import ObjectRef
from dbwright.model.names import literal, quote
from dbwright.sql.ddl_objects import attribute_definition, collation_definition

__all__ = ["Declaration", "types_and_functions"]

SERVERS_OWN = ("pg_catalog", "information_schema")


@dataclass(frozen=True, slots=True)
class Declaration:
    """One statement, and what it declares. What fails is tried again when others are there."""

    object: ObjectRef
    sql: str
    instead: str = ""
    """What is tried where nothing helps: the same with less."""


def types_and_functions(catalog: Catalog) -> Iterator[Declaration]:
    """Schemas, extensions, collations, types and functions: what tables are declared with."""
    for schema in catalog.schemas:
        yield Declaration(schema.ref, f"CREATE SCHEMA IF NOT EXISTS {quote(schema.name)}")
    for extension in catalog.extensions:
        place = f" SCHEMA {quote(extension.schema)}" if extension.schema != "pg_catalog" else ""
        create = f"CREATE EXTENSION IF NOT EXISTS {quote(extension.name)}"
        yield Declaration(extension.ref, f"{create}{place} CASCADE")
    for collation in catalog.collations:
        if collation.schema not in SERVERS_OWN:
            yield Declaration(collation.ref, f"CREATE COLLATION {collation_definition(collation)}")
    for type_ in catalog.types:
        sql = _type(type_)
        if sql:
            yield Declaration(type_.ref, sql)
    for function in catalog.functions:
        sql = _function(function)
        if sql:
            yield Declaration(function.ref, sql)


def _type(type_: Type) -> str:
    head = f"CREATE TYPE {type_.qualified} AS"
    if type_.kind is TypeKind.ENUM:
        return f"{head} ENUM ({', '.join(map(literal, type_.labels))})"
    if type_.kind is TypeKind.COMPOSITE:
        return f"{head} ({', '.join(map(attribute_definition, type_.attributes))})"
    if type_.kind is TypeKind.RANGE:
        return f"{head} RANGE (SUBTYPE = {type_.base_type})"
    if type_.kind is TypeKind.DOMAIN:
        # Its checks are no matter to the planner, and may call what is not there.
        collate = f" COLLATE {type_.collation}" if type_.collation is not None else ""
        return f"CREATE DOMAIN {type_.qualified} AS {type_.base_type}{collate}"
    return ""


def _function(function: Function) -> str:
    if function.kind not in ("function", "window function") or function.language in ("c", ""):
        return ""
    words = [f"CREATE FUNCTION {function.qualified}({function.declared_arguments})"]
    words.append(f"RETURNS {function.returns} LANGUAGE {quote(function.language)}")
    words += [function.volatility.upper(), f"PARALLEL {function.parallel.upper()}"]
    words += ["WINDOW"] if function.kind == "window function" else []
    words += ["STRICT"] if function.strict else []
    words += ["LEAKPROOF"] if function.leakproof else []
    words += ["SECURITY DEFINER"] if function.security_definer else []
    words.append(f"COST {function.cost:g}")
    if function.result_rows:
        words.append(f"ROWS {function.result_rows:g}")
    # One with a setting of its own is never written into the query.
    words += [f"SET {name} TO {literal(value)}" for name, value in function.settings]
    body = function.sql_body
    words.append(body if body is not None else f"AS {literal(function.source)}")
    return " ".join(words)
