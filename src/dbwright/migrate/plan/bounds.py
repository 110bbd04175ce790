"""The bounds of a partition as a condition over its rows."""

from __future__ import annotations

from typing import Any

from dbwright.model.names import quote
from dbwright.model.relations import PartitionKey
from dbwright.sql.parse import Node, SyntaxProblem, parse
from dbwright.sql.scope.canonical import canonical_expression

__all__ = ["condition"]


def condition(key: PartitionKey, bound: str) -> str | None:
    """For a range over one column, and a list; None for others (hash, default, several columns),
    whose condition the server writes in ways of its own."""
    if len(key.columns) != 1 or key.columns[0] is None:
        return None
    column = quote(key.columns[0])
    try:
        (parsed,) = parse(f"CREATE TABLE p PARTITION OF t {bound}").statements
    except SyntaxProblem:
        return None
    spec = parsed.node.get("partbound", {})
    if spec.get("is_default"):
        return None
    if key.strategy == "list":
        return _list(column, spec.get("listdatums", ()))
    if key.strategy == "range":
        return _range(column, spec)
    return None


def _list(column: str, values: Any) -> str | None:
    texts = [canonical_expression(value) for value in values]
    plain = [text for text in texts if text is not None and text.upper() != "NULL"]
    if None in texts:
        return None
    parts = [f"({column} IS NOT NULL AND {column} IN ({', '.join(plain)}))"] if plain else []
    if len(plain) < len(texts):
        parts.append(f"{column} IS NULL")
    return " OR ".join(parts)


def _range(column: str, spec: Node) -> str | None:
    parts = [f"{column} IS NOT NULL"]
    for field, sign in (("lowerdatums", ">="), ("upperdatums", "<")):
        (value,) = spec.get(field, ({},))
        text = canonical_expression(value)
        if text is None:
            return None
        if text.strip('"').lower() not in ("minvalue", "maxvalue"):
            parts.append(f"{column} {sign} {text}")
    return " AND ".join(parts)
