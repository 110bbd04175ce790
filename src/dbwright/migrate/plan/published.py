"""Tables whose rows are sent to subscribers, who know them by name and by column."""

from __future__ import annotations

from dbwright.migrate.plan.situation import Situation
from dbwright.model.catalog import Table
from dbwright.model.names import quote

__all__ = ["published"]


def published(situation: Situation, table: Table, what: str) -> tuple[str, ...]:
    """What subscribers have to be told; nothing where there are none. `what`: a few words."""
    names = [
        quote(one.name) for one in situation.before.publications if table.qualified in one.tables
    ]
    if not names:
        return ()
    return (
        f"{table.qualified} is published by {', '.join(names)}, and {what}: subscribers stop at "
        "rows with names that they don't know. Change each subscriber first, or take the table out "
        "of the publication, and copy it anew after",
    )
