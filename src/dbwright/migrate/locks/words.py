"""Short names for what the lock table says again and again."""

from __future__ import annotations

from collections.abc import Mapping

from dbwright.model.finding import LockMode
from dbwright.model.lock_fact import LockRole

__all__ = [
    "AS",
    "AX",
    "BATCHES",
    "DEFAULT_PARTITION",
    "EXCLUSIVELY",
    "INDEX",
    "MATERIALIZED_VIEW",
    "NOTHING",
    "PARENT",
    "PARTITION",
    "REFERENCED",
    "REFERENCING",
    "RS",
    "RX",
    "SEQUENCE",
    "SHADOW",
    "SRX",
    "SUX",
    "TABLE",
    "VIEW",
    "S",
    "X",
    "only",
]

AS, RS, RX = LockMode.ACCESS_SHARE, LockMode.ROW_SHARE, LockMode.ROW_EXCLUSIVE
SUX, S = LockMode.SHARE_UPDATE_EXCLUSIVE, LockMode.SHARE
SRX, X, AX = LockMode.SHARE_ROW_EXCLUSIVE, LockMode.EXCLUSIVE, LockMode.ACCESS_EXCLUSIVE

TABLE, INDEX, SEQUENCE = LockRole.TABLE, LockRole.INDEX, LockRole.SEQUENCE
VIEW, MATERIALIZED_VIEW = LockRole.VIEW, LockRole.MATERIALIZED_VIEW
REFERENCED, REFERENCING = LockRole.REFERENCED, LockRole.REFERENCING
PARENT, PARTITION = LockRole.PARENT, LockRole.PARTITION
DEFAULT_PARTITION = LockRole.DEFAULT_PARTITION

NOTHING: Mapping[LockRole, LockMode] = {}
EXCLUSIVELY: Mapping[LockRole, LockMode] = {TABLE: AX}
"""The lock of most forms of ALTER TABLE."""

BATCHES = (
    "Add the column as nullable without a default, SET DEFAULT, fill the rows that are there in "
    "batches, then NOT NULL by way of a validated CHECK."
)
SHADOW = (
    "Add a column of the new type, keep it up to date by a trigger, fill it in batches, then swap "
    "the names in one short transaction."
)


def only(*roles: LockRole) -> frozenset[LockRole]:
    """These roles."""
    return frozenset(roles)
