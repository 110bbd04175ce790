"""Who may act as whom, and who is above row level security."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dbwright.model.catalog import Catalog, Role, Table

__all__ = ["acts_as", "bypasses_row_security", "groups_of", "login_members"]


def groups_of(catalog: Catalog, role: str) -> frozenset[str]:
    """The role and every role it is a member of, however far up."""
    return _closure(catalog, role, only_inherited=False)


def acts_as(catalog: Catalog, role: str) -> frozenset[str]:
    """The role and those whose privileges it has without SET ROLE (manual, Role Membership)."""
    return _closure(catalog, role, only_inherited=True)


def bypasses_row_security(catalog: Catalog, role: str, table: Table) -> bool:
    """Do the table's policies not count for the role? False where the role is not known."""
    known = catalog.role(role)
    if known is not None and (known.superuser or known.bypass_rls):
        return True
    return not table.force_row_security and table.owner in acts_as(catalog, role)


def login_members(catalog: Catalog) -> Mapping[str, tuple[Role, ...]]:
    """Of each role: the roles that log in, are no superusers, and are it or a member of it."""
    found: dict[str, list[Role]] = {}
    for role in catalog.roles:
        if role.login and not role.superuser:
            for group in groups_of(catalog, role.name):
                found.setdefault(group, []).append(role)
    return {group: tuple(roles) for group, roles in found.items()}


def _closure(catalog: Catalog, role: str, *, only_inherited: bool) -> frozenset[str]:
    found = {role}
    pending: list[str] = [role]
    while pending:
        known = catalog.role(pending.pop())
        if known is None or (only_inherited and not known.inherit):
            continue
        above: Iterable[str] = known.member_of
        for group in above:
            if group not in found:
                found.add(group)
                pending.append(group)
    return frozenset(found)
