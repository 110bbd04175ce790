"""What a table lacks that was made anew in the place of another one: what is not told by rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from dbwright.migrate.rehearsal.pairs import TablePair, paired
from dbwright.model.catalog import Catalog, Column, Index, Table

__all__ = ["lacking"]

SHOWN = 8
"""Parts of a table that are named."""


def lacking(
    before: Catalog, after: Catalog, left_out: Collection[str]
) -> Iterator[tuple[Table, str]]:
    """Tables as they were, and in words what the new one of that name lacks."""
    pairs, _ = paired(before, after, left_out)
    for pair in pairs:
        if pair.before.oid != pair.after.oid and pair.name == pair.after.qualified:
            found = list(dict.fromkeys(_lacking(before, after, pair)))
            if found:
                more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
                yield pair.before, ", ".join(found[:SHOWN]) + more


def _lacking(before: Catalog, after: Catalog, pair: TablePair) -> Iterator[str]:
    old, new = pair.before, pair.after
    for one in pair.columns:
        yield from (f"{what} of {one.before.name}" for what in _of_column(one.before, one.after))
    if old.primary_key is not None and new.primary_key is None:
        yield "the primary key"
    there = {_told(index) for index in new.indexes}
    yield from (
        f"the index {i.name}" for i in old.indexes if _told(i) not in there and not i.primary
    )
    checks = {check.expression for check in new.checks}
    yield from (f"the check {c.name}" for c in old.checks if c.expression not in checks)
    keys = {(key.columns, key.references) for key in new.foreign_keys}
    yield from (
        f"the foreign key {key.name}"
        for key in old.foreign_keys
        if (key.columns, key.references) not in keys
    )
    coming = {(child.qualified, key.columns) for child, key in after.referencing(new)}
    yield from (
        f"the foreign key {key.name} of {child.qualified}"
        for child, key in before.referencing(old)
        if (child.qualified, key.columns) not in coming and child.qualified != old.qualified
    )
    triggers = {trigger.name for trigger in new.triggers}
    yield from (f"the trigger {t.name}" for t in old.triggers if t.name not in triggers)
    policies = {policy.name for policy in new.policies}
    yield from (f"the policy {p.name}" for p in old.policies if p.name not in policies)
    if old.row_security and not new.row_security:
        yield "row level security"
    granted = {(g.grantee, privilege) for g in new.grants for privilege in g.privileges}
    for grant in old.grants:
        own = grant.grantee in (old.owner, new.owner)
        if not own and any((grant.grantee, p) not in granted for p in grant.privileges):
            yield f"privileges of {grant.grantee}"


def _of_column(old: Column, new: Column) -> Iterator[str]:
    fills = new.default is not None or new.identity is not None
    if old.identity is not None and not fills:
        yield "the identity"
    elif old.default is not None and not fills:
        yield "the expression" if old.generated else "the default"
    elif old.generated is not None and new.generated is None:
        yield "the expression"
    if old.not_null and not new.not_null:
        yield "NOT NULL"


def _told(index: Index) -> object:
    keys = tuple((key.column, key.expression) for key in index.keys)
    return index.unique, index.method, keys, index.predicate
