"""Columns whose names say that they hold personal data or secrets."""

from __future__ import annotations

from collections.abc import Iterable

from dbwright.model.catalog import Column
from dbwright.model.sensitive_names import HASHED, PASSWORD, TOKEN, personal_name, secret_name

__all__ = ["HASHED", "PASSWORD", "TOKEN", "personal", "personal_kind", "secret_kind", "secret_name"]

_TEXT = frozenset(["text", "character varying", "character", "citext", "name"])
_SECRET_TYPES = _TEXT | {"bytea"}
_PERSONAL_TYPES = _TEXT | {"date", "inet", "integer", "bigint", "numeric", "bytea"}


def personal_kind(column: Column) -> str | None:
    """`telling` or `hinting`; None for a column that does not look personal."""
    if column.base_type not in _PERSONAL_TYPES or column.is_array:
        return None
    return personal_name(column.name)


def personal(columns: Iterable[Column]) -> list[Column]:
    """Those that look personal, secrets left out; none where a single hint is all there is."""
    found = [c for c in columns if personal_kind(c) and not secret_kind(c)]
    telling = any(personal_kind(column) == "telling" for column in found)
    return found if telling or len(found) > 1 else []


def secret_kind(column: Column) -> str | None:
    """PASSWORD, TOKEN or HASHED (what a password was turned into); None for others."""
    if column.base_type not in _SECRET_TYPES or column.is_array:
        return None
    return secret_name(column.name)
