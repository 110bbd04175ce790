"""For which roles a time-out is set."""

from __future__ import annotations

from dbwright.model.catalog import Catalog, Role

__all__ = ["unbounded_roles"]


def unbounded_roles(catalog: Catalog, name: str) -> tuple[Role, ...]:
    """The roles that log in and have no such time-out of their own or of the database.

    The server's own value is not looked at. Without other roles that log in, superusers count.
    """
    bounded = {
        override.role
        for override in catalog.setting_overrides
        if override.name == name
        and override.value.rstrip("dhminus ") != "0"
        and override.database in (None, catalog.server.database)
    }
    if None in bounded:
        return ()
    logins = [role for role in catalog.roles if role.login]
    ordinary = [role for role in logins if not role.superuser]
    return tuple(role for role in ordinary or logins if role.name not in bounded)
