"""Whom the two sides name: the user of files is the other side's, and who is missing there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from dbwright.model.catalog import PUBLIC, Catalog, Grant

__all__ = ["as_user", "missing_roles"]


def as_user(catalog: Catalog, loader: str, user: str) -> Catalog:
    """`loader`, as whom files were loaded, where they say CURRENT_USER or nothing at all, is the
    user who will run them. Owners are not compared with files, and stay."""

    def named(role: str) -> str:
        return user if role == loader else role

    return replace(
        catalog,
        default_privileges=tuple(
            replace(
                one,
                role=named(one.role),
                grants=tuple(replace(g, grantee=named(g.grantee)) for g in one.grants),
            )
            for one in catalog.default_privileges
        ),
        tables=tuple(
            replace(
                table,
                policies=tuple(
                    replace(policy, roles=tuple(map(named, policy.roles)))
                    for policy in table.policies
                ),
            )
            if table.policies
            else table
            for table in catalog.tables
        ),
        foreign_servers=tuple(
            replace(
                server,
                user_mappings=tuple(replace(m, role=named(m.role)) for m in server.user_mappings),
            )
            for server in catalog.foreign_servers
        ),
    )


def missing_roles(before: Catalog, after: Catalog, *, owners: bool, privileges: bool) -> list[str]:
    """Roles that `after` names and `before` has not: statements that name them would fail."""
    there = {role.name for role in before.roles} | {PUBLIC, ""}
    return sorted(set(_named(after, owners, privileges)) - there) if before.roles else []


def _named(catalog: Catalog, owners: bool, privileges: bool) -> Iterator[str]:
    """Whose privileges, policies, mappings and objects there are."""
    wholes: tuple[Any, ...] = (
        *catalog.schemas,
        *catalog.tables,
        *catalog.views,
        *catalog.materialized_views,
        *catalog.sequences,
        *catalog.functions,
        *catalog.types,
        *catalog.foreign_servers,
    )
    for whole in wholes:
        if owners:
            yield whole.owner
        if privileges:
            yield from (role for role in _grantees(whole.grants) if role != whole.owner)
    for table in catalog.tables:
        for policy in table.policies:
            yield from policy.roles
        for column in table.columns if privileges else ():
            yield from (role for role in _grantees(column.grants) if role != table.owner)
    for server in catalog.foreign_servers:
        yield from (mapping.role for mapping in server.user_mappings)
    for one in catalog.default_privileges if privileges else ():
        yield one.role
        yield from _grantees(one.grants)


def _grantees(grants: tuple[Grant, ...]) -> Iterator[str]:
    return (grant.grantee for grant in grants)
