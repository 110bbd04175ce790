"""What the planner must know of the machine: how dear a random page is, how much is cached."""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.catalog import Catalog, Setting
from dbwright.model.machine import Disk, Machine, Use
from dbwright.model.settings import size_bytes, size_text
from dbwright.tune.settings.proposal import (
    Proposal,
    Proposals,
    is_near,
    memory_text,
    round_down,
    settled,
)

__all__ = ["planner_proposals"]

RANDOM_PAGE = 1.1
"""Times a sequential page, on what does not rotate (manual, random_page_cost; pgtune)."""
DEAR_PAGE = 2.0
"""Up to here somebody has chosen it with such a disk in mind."""
READS_AHEAD = {Disk.SSD: 200, Disk.NETWORK: 300, Disk.HDD: 2}
"""effective_io_concurrency (pgtune)."""
CACHE_SHARE = {Use.DESKTOP: 1 / 4}
"""Of the memory, shared buffers among it; three quarters for other uses (pgtune)."""
ANALYTICS_TARGET = 500
"""default_statistics_target for few queries over much data (pgtune)."""


def planner_proposals(catalog: Catalog, machine: Machine) -> Proposals:
    """As far as memory and disk are known."""
    left: list[str] = []
    found = [
        *_random_page_cost(catalog, machine, left),
        *_reads_ahead(catalog, machine, left),
        *_cache(catalog, machine, left),
        *_target(catalog, machine, left),
    ]
    return Proposals(tuple(found), tuple(left))


def _random_page_cost(catalog: Catalog, machine: Machine, left: list[str]) -> Iterator[Proposal]:
    setting = _settled(catalog, "random_page_cost", left)
    page = _settled(catalog, "seq_page_cost", left)
    if setting is None or page is None or machine.disk not in (Disk.SSD, Disk.NETWORK):
        return
    sequential = float(page.value)
    if float(setting.value) > DEAR_PAGE * sequential:
        yield Proposal(
            setting,
            f"{RANDOM_PAGE * sequential:g}",
            f"{setting.value} is for rotating disks, and this one ({machine.disk}) reads a random "
            "page nearly as fast as the next one",
        )


def _reads_ahead(catalog: Catalog, machine: Machine, left: list[str]) -> Iterator[Proposal]:
    setting = _settled(catalog, "effective_io_concurrency", left)
    # A default of 0: the system can't be asked to read ahead, and takes no other value.
    if setting is None or machine.disk is None or setting.default == "0":
        return
    wanted = READS_AHEAD[machine.disk]
    if int(setting.value) < wanted:
        yield Proposal(
            setting,
            str(wanted),
            f"so many reads of a bitmap scan can be under way at a time ({machine.disk})",
        )


def _cache(catalog: Catalog, machine: Machine, left: list[str]) -> Iterator[Proposal]:
    setting = _settled(catalog, "effective_cache_size", left)
    if setting is None or machine.memory_bytes is None:
        return
    share = CACHE_SHARE.get(machine.use, 3 / 4)
    wanted = round_down(machine.memory_bytes * share)
    if not is_near(size_bytes(setting), wanted):
        yield Proposal(
            setting,
            size_text(wanted),
            f"so much of {memory_text(machine.memory_bytes)} holds pages of the database; it is "
            "an estimate for the planner and takes no memory",
        )


def _target(catalog: Catalog, machine: Machine, left: list[str]) -> Iterator[Proposal]:
    setting = _settled(catalog, "default_statistics_target", left)
    if setting is None or machine.use is not Use.ANALYTICS:
        return
    if int(setting.value) < ANALYTICS_TARGET:
        yield Proposal(
            setting,
            str(ANALYTICS_TARGET),
            "long queries are worth finer statistics; it counts from the next ANALYZE on",
        )


def _settled(catalog: Catalog, name: str, left: list[str]) -> Setting | None:
    setting = settled(catalog, name)
    if isinstance(setting, Setting):
        return setting
    left += [setting] if setting else []
    return None
