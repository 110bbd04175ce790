"""Values that the checks of a column let pass, made of the constants that they name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import psycopg

from dbwright.model.catalog import Catalog, Column, Table
from dbwright.model.names import literal, quote
from dbwright.sandbox.generated.values import Style, value_of
from dbwright.sql.constants import constants_of_expressions

__all__ = ["allowed"]

COMMON = ("1", "0", "10", "100", "a", "aa", "a@example.org", "true", "2024-06-01")
"""Values that many checks let pass."""
LONGEST = 200
"""Characters of a text that a check on its length asks for."""
TRIED = 20
"""Values of an expression that are held against the checks."""


def allowed(
    connection: psycopg.Connection[Any],
    catalog: Catalog,
    table: Table,
    column: Column,
    style: Style,
) -> Style:
    """With values that checks of this one column let pass, and lower bounds of partitions."""
    checks = [
        check.expression
        for check in table.checks
        if check.expression is not None and check.columns == (column.name,)
    ]
    domain = next((t for t in catalog.types if t.qualified == column.domain), None)
    domain_checks = [] if domain is None else [c.expression for c in domain.checks if c.expression]
    if checks or domain_checks:
        texts = constants_of_expressions([*checks, *domain_checks])
        for instead in ("", *_others(column, texts)):
            tried = replace(style, instead=instead)
            if _all_pass(connection, column, checks, value_of(catalog, column, tried)):
                return tried
        return replace(style, candidates=_passing(connection, column, checks, texts, COMMON))
    key = table.partition_key
    if key is None or column.name not in key.columns or key.strategy == "hash":
        return style
    bounds = [_lower(child.partition_bound or "") for child in catalog.children(table)]
    found = _passing(connection, column, [], constants_of_expressions(bounds), ())
    return replace(style, candidates=found, unique=True)  # no partition may take a NULL


def _others(column: Column, texts: Sequence[str]) -> Iterator[str]:
    """Other expressions for texts, by what checks are mostly about: a length, an address."""
    if column.base_type in ("text", "character varying", "character"):
        yield "'user' || n || '@example.org'"
        for text in texts:
            if text.isdecimal() and 0 < int(text) <= LONGEST:
                yield f"lpad(to_hex(n), {text}, '0')"


def _all_pass(
    connection: psycopg.Connection[Any], column: Column, checks: Sequence[str], expression: str
) -> bool:
    """Do the first values meet the checks? Those of a domain are met where the type takes them."""
    holds = " AND ".join(f"coalesce(({check}), true)" for check in checks) or "true"
    rows = f"SELECT ({expression}) AS {quote(column.name)} FROM generate_series(1, {TRIED}) AS n"
    try:
        row = connection.execute(
            f"SELECT bool_and({holds}), count({quote(column.name)}) FROM ({rows}) AS t".encode()
        ).fetchone()
    except psycopg.Error:
        if connection.closed:
            raise
        return False
    return row is not None and bool(row[0])


def _lower(bound: str) -> str:
    """The part of FOR VALUES … that belongs to the partition."""
    return bound.partition(" TO (")[0] if " FROM (" in bound else bound


def _passing(
    connection: psycopg.Connection[Any],
    column: Column,
    checks: Sequence[str],
    texts: Sequence[str],
    more: Sequence[str],
) -> tuple[str, ...]:
    steps = [*texts, *more]
    if column.base_type in ("smallint", "integer", "bigint", "numeric", "double precision", "real"):
        steps += [f"{text}{step}" for text in texts for step in (" + 1", " - 1")]
    else:
        steps += ["a" * int(text) for text in texts if text.isdecimal() and int(text) <= LONGEST]
    return tuple(
        value
        for text in dict.fromkeys(steps)
        if (value := _passes(connection, column, checks, text)) is not None
    )


def _passes(
    connection: psycopg.Connection[Any], column: Column, checks: Sequence[str], text: str
) -> str | None:
    """The value as the server writes it; None where the type or a check refuses it."""
    number, sign, step = text.rpartition(" + ") if " + " in text else text.rpartition(" - ")
    value = f"{literal(number)}::{column.type} {sign.strip()} {step}" if sign else literal(text)
    row = f"(SELECT ({value})::{column.type} AS {quote(column.name)}) AS t"
    holds = " AND ".join(f"coalesce(({check}), true)" for check in checks) or "true"
    query = f"SELECT {quote(column.name)}::text FROM {row} WHERE {holds}"
    try:
        found = connection.execute(query.encode()).fetchone()
    except psycopg.Error:
        if connection.closed:
            raise
        return None
    return None if found is None else found[0]
