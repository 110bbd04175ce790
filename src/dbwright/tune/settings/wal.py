"""Checkpoints and the write-ahead log: room for it, so that time decides when a checkpoint comes.

The rules of thumb are pgtune's. What was counted goes before them: where time already decides,
`max_wal_size` is enough; where the log's size does, it must hold three times what is written in
one `checkpoint_timeout`.
"""

from __future__ import annotations

from dbwright.model.catalog import Catalog, Setting
from dbwright.model.checkpoints import checkpoint_seconds, enough_wal, too_many_requested
from dbwright.model.machine import Machine, Use
from dbwright.model.settings import seconds, shown, size_bytes, size_text
from dbwright.model.statistics import Statistics
from dbwright.tune.settings.proposal import GB, MB, Proposal, Proposals, settled

__all__ = ["wal_proposals"]

MOST_WAL = {
    Use.WEB: 4 * GB,
    Use.OLTP: 8 * GB,
    Use.ANALYTICS: 16 * GB,
    Use.DESKTOP: 2 * GB,
    Use.MIXED: 4 * GB,
}
LEAST_WAL = {Use.WEB: GB, Use.OLTP: 2 * GB, Use.ANALYTICS: 4 * GB, Use.DESKTOP: 0, Use.MIXED: GB}
COMPLETION = 0.9
ENOUGH_BUFFERS = 16 * MB
"""One segment: more is never used (manual, wal_buffers)."""
ENOUGH_CHECKPOINTS = 20
TIMED_SHARE = 0.9
"""Of all checkpoints: then time decides."""


def wal_proposals(catalog: Catalog, machine: Machine, statistics: Statistics) -> Proposals:
    """For max_wal_size, min_wal_size, checkpoint_completion_target and wal_buffers."""
    left: list[str] = []
    most = _max_wal_size(catalog, machine, statistics, left)
    found = [
        most,
        None if _time_decides(statistics) else _min_wal_size(catalog, machine, most, left),
        _completion(catalog, left),
        _buffers(catalog, left),
    ]
    return Proposals(tuple(proposal for proposal in found if proposal is not None), tuple(left))


def _max_wal_size(
    catalog: Catalog, machine: Machine, statistics: Statistics, left: list[str]
) -> Proposal | None:
    setting = _settled(catalog, "max_wal_size", left)
    timeout = catalog.setting("checkpoint_timeout")
    if setting is None or timeout is None:
        return None
    now, often = size_bytes(setting), seconds(timeout)
    if too_many_requested(statistics, often):
        counted = statistics.checkpoints
        assert counted is not None
        every = checkpoint_seconds(statistics) or 0.0
        return Proposal(
            setting,
            size_text(max(MOST_WAL[machine.use], enough_wal(statistics, now, often))),
            f"{counted.requested:,} of {counted.requested + counted.timed:,} checkpoints came "
            f"because the log was full, one every {every:,.0f} s instead of {shown(timeout)}",
            measured=True,
        )
    if _time_decides(statistics):
        left.append(f"max_wal_size: with {shown(setting)} time decides over checkpoints already")
        return None
    wanted = MOST_WAL[machine.use]
    if now >= wanted:
        return None
    return Proposal(
        setting, size_text(wanted), "room for a burst of writes, before its size calls a checkpoint"
    )


def _min_wal_size(
    catalog: Catalog, machine: Machine, most: Proposal | None, left: list[str]
) -> Proposal | None:
    setting = _settled(catalog, "min_wal_size", left)
    limit = catalog.setting("max_wal_size")
    if setting is None or limit is None:
        return None
    wanted = LEAST_WAL[machine.use]
    if most is None:
        wanted = min(wanted, size_bytes(limit))
    if size_bytes(setting) >= wanted:
        return None
    why = "so much of the log is kept to be written again, instead of being made anew"
    return Proposal(setting, size_text(wanted), why)


def _time_decides(statistics: Statistics) -> bool:
    counted = statistics.checkpoints
    if counted is None or counted.timed + counted.requested < ENOUGH_CHECKPOINTS:
        return False
    return counted.timed >= TIMED_SHARE * (counted.timed + counted.requested)


def _completion(catalog: Catalog, left: list[str]) -> Proposal | None:
    setting = _settled(catalog, "checkpoint_completion_target", left)
    if setting is None or float(setting.value) >= COMPLETION:
        return None
    return Proposal(setting, f"{COMPLETION}", "spreads a checkpoint's writes over the time it has")


def _buffers(catalog: Catalog, left: list[str]) -> Proposal | None:
    """By default it follows shared_buffers, and is left alone."""
    setting = _settled(catalog, "wal_buffers", left)
    if setting is None or setting.source in ("default", "override"):
        return None
    if size_bytes(setting) >= ENOUGH_BUFFERS:
        return None
    return Proposal(
        setting,
        size_text(ENOUGH_BUFFERS),
        "a commit waits when they are full; one segment of the log is as much as is ever used",
        ENOUGH_BUFFERS,
    )


def _settled(catalog: Catalog, name: str, left: list[str]) -> Setting | None:
    setting = settled(catalog, name)
    if isinstance(setting, Setting):
        return setting
    left += [setting] if setting else []
    return None
