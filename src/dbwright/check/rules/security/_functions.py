"""Functions: who may call them, and changing them."""

from __future__ import annotations

from dbwright.model.catalog import Function
from dbwright.model.finding import Fix

__all__ = ["alter_function", "callers", "is_trigger", "keyword"]


def is_trigger(function: Function) -> bool:
    """Is it called by a trigger, whoever changes the table? Nobody can call it by itself."""
    return function.returns in ("trigger", "event_trigger")


def callers(function: Function) -> list[str]:
    """Who may EXECUTE it by a grant, other than its owner."""
    return sorted(
        {
            grant.grantee
            for grant in function.grants
            if "EXECUTE" in grant.privileges and grant.grantee != function.owner
        }
    )


def keyword(function: Function) -> str:
    """As ALTER and GRANT name its kind."""
    return {"procedure": "PROCEDURE", "aggregate": "AGGREGATE"}.get(function.kind, "FUNCTION")


def alter_function(function: Function, up: str, down: str, *, risk: str = "") -> Fix:
    """`up` and `down` are the parts after ALTER FUNCTION and the function's signature."""
    start = f"ALTER {keyword(function)} {function.signature}"
    return Fix(up=f"{start} {up};", down=f"{start} {down};", risk=risk)
