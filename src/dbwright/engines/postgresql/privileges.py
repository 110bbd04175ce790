"""Access privileges: from the catalog's aclitem notation to the words of GRANT."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from dbwright.model.catalog import PUBLIC, Grant

__all__ = ["grants"]

LETTERS = {
    "a": "INSERT",
    "r": "SELECT",
    "w": "UPDATE",
    "d": "DELETE",
    "D": "TRUNCATE",
    "x": "REFERENCES",
    "t": "TRIGGER",
    "X": "EXECUTE",
    "U": "USAGE",
    "C": "CREATE",
    "c": "CONNECT",
    "T": "TEMPORARY",
    "s": "SET",
    "A": "ALTER SYSTEM",
    "m": "MAINTAIN",
}
"""The letters of an aclitem (manual, Privileges)."""


def grants(acl: Iterable[str] | None) -> tuple[Grant, ...]:
    """`["app=ar*/owner", "=r/owner"]` as grants; None (the owner's own rights only) as none."""
    return () if acl is None else tuple(_grant(item) for item in acl)


@lru_cache(maxsize=4096)
def _grant(item: str) -> Grant:
    grantee, rest = _name(item)
    letters, _, grantor = rest.removeprefix("=").partition("/")
    privileges: list[str] = []
    grantable: list[str] = []
    for letter in letters:
        if letter == "*":
            grantable.append(privileges[-1])
        else:
            privileges.append(LETTERS.get(letter, letter))
    return Grant(
        grantee=grantee or PUBLIC,
        privileges=tuple(privileges),
        grantor=_name(grantor)[0],
        grantable=tuple(grantable),
    )


def _name(text: str) -> tuple[str, str]:
    """A role's name at the start of the text, with or without quotes, and the rest."""
    if not text.startswith('"'):
        name, mark, rest = text.partition("=")
        return name, mark + rest
    end = 1
    name = ""
    while end < len(text):
        if text[end] != '"':
            name += text[end]
            end += 1
        elif text[end + 1 : end + 2] == '"':
            name += '"'
            end += 2
        else:
            break
    return name, text[end + 1 :]
