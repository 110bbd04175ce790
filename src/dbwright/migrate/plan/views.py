"""A view in the place of a table: what an application knows by another name still works."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dbwright.migrate.plan.situation import Situation
from dbwright.model.catalog import PUBLIC, Table
from dbwright.model.names import quote

__all__ = ["stand_in", "why_not"]


DATA = ("SELECT", "INSERT", "UPDATE", "DELETE")
"""What one may do with a view."""


def stand_in(
    situation: Situation,
    table: Table,
    base: str,
    columns: str,
    second: Mapping[str, str] | None = None,
) -> list[str]:
    """CREATE VIEW under the table's name, with its rights. `base`: the table's name from then on,
    qualified; `columns`: what is selected; `second`: other names of columns, by the table's."""
    option = " WITH (security_invoker = true)" if table.row_security else ""
    lines = [f"CREATE VIEW {table.qualified}{option} AS SELECT {columns} FROM {base}"]
    return [*lines, *_grants(situation, table, second or {})]


def why_not(situation: Situation, table: Table) -> str:
    """Why a view can't stand for the table; empty where it can."""
    if situation.major < 15 and table.row_security:
        return (
            f"{table.qualified} has row level security, which a view before version 15 would not "
            "heed"
        )
    if table.row_security and any(column.grants for column in table.columns):
        return (
            f"{table.qualified} has row level security, and rights on single columns, which a view "
            "that heeds it would not let through"
        )
    if table.is_partition or table.kind.value == "foreign table":
        return f"{table.qualified} is a {'partition' if table.is_partition else 'foreign table'}"
    return ""


def _grants(situation: Situation, table: Table, second: Mapping[str, str]) -> Iterator[str]:
    owner = situation.owner_of(table)
    if owner is not None:
        yield _grant(table, ", ".join(DATA), owner)
    for grant in table.grants:
        words = [one for one in grant.privileges if one in DATA]
        if words and grant.grantee not in (table.owner, owner):
            yield _grant(table, ", ".join(words), grant.grantee)
    for column in table.columns:
        names = [column.name, *([second[column.name]] if column.name in second else [])]
        listed = ", ".join(quote(name) for name in names)
        for grant in column.grants:
            words = [f"{one} ({listed})" for one in grant.privileges if one in DATA]
            if words:
                yield _grant(table, ", ".join(words), grant.grantee)


def _grant(table: Table, words: str, grantee: str) -> str:
    to = grantee if grantee == PUBLIC else quote(grantee)
    return f"GRANT {words} ON {table.qualified} TO {to}"
