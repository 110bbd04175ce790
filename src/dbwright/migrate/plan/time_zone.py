"""Changes of type whose values, and whose cost, depend on the session's TimeZone."""

from __future__ import annotations

from dbwright.migrate.plan.situation import Situation
from dbwright.model.catalog import Column

__all__ = ["depends_on_zone", "unknown_zone"]

ZONED = "with time zone"
SETTING = "timezone"


def depends_on_zone(here: Column, there: Column) -> bool:
    """Does a value of one type become one of the other by the session's TimeZone?"""
    return (ZONED in here.base_type) != (ZONED in there.base_type)


def unknown_zone(situation: Situation, here: Column, there: Column) -> str:
    """What is to be said where neither the file nor a target tells the TimeZone; empty where one
    does, or nothing depends on it."""
    said = (step.node.get("name", "") for step in situation.file.steps[:-1])
    if situation.run.start is not None or any(str(one).lower() == SETTING for one in said):
        return ""
    if not depends_on_zone(here, there):
        return ""
    return (
        f"`{situation.short}` gives each value by the session's TimeZone, which nobody says here: "
        "name the target, or put SET TimeZone = '…' before it"
    )
