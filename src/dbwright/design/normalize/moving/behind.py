"""What a table has that its parts and the view do not take over: told, so that nobody misses it."""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.catalog import PUBLIC, Catalog, Table
from dbwright.model.names import quote

__all__ = ["left_behind", "select_grants"]


def left_behind(catalog: Catalog, table: Table) -> tuple[str, ...]:
    """A sentence each."""
    return tuple(_told(catalog, table))


def _told(catalog: Catalog, table: Table) -> Iterator[str]:
    referring = [
        f"{other.qualified} ({key.name})"
        for other, key in catalog.referencing(table)
        if other.oid != table.oid
    ]
    if referring:
        yield f"these still refer to the old table: {', '.join(referring)}"
    views = [view.qualified for view in catalog.views if table.qualified in view.depends_on]
    views += [
        view.qualified for view in catalog.materialized_views if table.qualified in view.depends_on
    ]
    if views:
        yield f"these still read the old table: {', '.join(views)}"
    for what, names in (
        ("triggers", [trigger.name for trigger in table.triggers]),
        ("policies", [policy.name for policy in table.policies]),
        ("rules", [rule.name for rule in table.rewrite_rules]),
        ("checks", [check.name for check in table.checks]),
        ("exclusion constraints", [one.name for one in table.exclusions]),
        ("defaults of", [one.name for one in table.columns if one.default or one.identity]),
        ("indexes", sorted(_indexes(table))),
    ):
        if names:
            yield f"{what} {', '.join(names)} stay with the old table"
    if table.row_security:
        yield "the table has row level security: nobody is let in to the view until you say whom"
    if table.partition_key is not None:
        yield "the table is partitioned; the parts are not"
    yield "the view can't be written to: writers go to the parts"


def _indexes(table: Table) -> Iterator[str]:
    backing = {key.name for key in table.keys}
    yield from (index.name for index in table.indexes if index.name not in backing)


def select_grants(table: Table, view: str) -> tuple[str, ...]:
    """Who may read the table may read the view, unless rows are hidden from them."""
    if table.row_security:
        return ()
    return tuple(
        f"GRANT SELECT ON {view} TO {PUBLIC if grant.grantee == PUBLIC else quote(grant.grantee)};"
        for grant in table.grants
        if "SELECT" in grant.privileges and grant.grantee != table.owner
    )
