"""Hiding an index from the planner and from writes, inside a transaction or for all.

With `indislive = false` a session does not even open the index. Sessions know a table's list of
indexes until the table's own row changes, so that is touched as well. What is written while an
index is hidden has no entry in it: roll that back.
"""

from __future__ import annotations

__all__ = ["HIDE", "SHOW", "TOGGLE"]

SWITCH = """
WITH switched AS (
    UPDATE pg_index SET indislive = {live} WHERE indexrelid = ANY (%s) RETURNING indrelid
)
UPDATE pg_class SET relpages = relpages WHERE oid IN (SELECT indrelid FROM switched)
"""
SHOW = SWITCH.format(live=True)
"""Takes a list of oids."""
HIDE = SWITCH.format(live=False)
"""Takes a list of oids."""
TOGGLE = SWITCH.format(live="NOT indislive")
"""Takes a list of oids: of those that are hidden, and of those that are not."""
