"""A view in the place of a table: what an application knows by another name still works."""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.plan.situation import Situation
from dbwright.model.catalog import PUBLIC, Table
from dbwright.model.names import quote

__all__ = ["stand_in", "why_not"]


def stand_in(situation: Situation, table: Table, base: str, columns: str) -> list[str]:
    """CREATE VIEW under the table's name, with its rights. `base`: the table's name from then on,
    qualified; `columns`: what is selected."""
    option = " WITH (security_invoker = true)" if situation.major >= 15 else ""
    lines = [f"CREATE VIEW {table.qualified}{option} AS SELECT {columns} FROM {base}"]
    return [*lines, *_grants(table)]


def why_not(situation: Situation, table: Table) -> str:
    """Why a view can't stand for the table; empty where it can."""
    if situation.major < 15 and table.row_security:
        return (
            f"{table.qualified} has row level security, which a view before version 15 would not "
            "heed"
        )
    if table.is_partition or table.kind.value == "foreign table":
        return f"{table.qualified} is a {'partition' if table.is_partition else 'foreign table'}"
    return ""


def _grants(table: Table) -> Iterator[str]:
    for grant in table.grants:
        if grant.grantee == table.owner:
            continue
        words = [one for one in grant.privileges if one in ("SELECT", "INSERT", "UPDATE", "DELETE")]
        grantee = grant.grantee if grant.grantee == PUBLIC else quote(grant.grantee)
        if words:
            yield f"GRANT {', '.join(words)} ON {table.qualified} TO {grantee}"
