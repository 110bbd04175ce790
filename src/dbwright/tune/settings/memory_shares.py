"""Who takes how much of the memory when everybody takes what they may."""

from __future__ import annotations

from dataclasses import dataclass

from dbwright.model.catalog import Catalog
from dbwright.model.machine import Machine
from dbwright.model.settings import server_wide, size_bytes
from dbwright.tune.settings.parallel import wanted_workers
from dbwright.tune.settings.proposal import number_of

__all__ = ["MemoryShares", "shares_now"]


@dataclass(frozen=True, slots=True)
class MemoryShares:
    """The sizes of settings, in bytes, and how often each is taken in the worst case."""

    buffers: int
    work: int
    maintenance: int
    wal_buffers: int
    takers: int
    """Connections that are allowed, and parallel workers."""
    vacuums: int
    vacuum_each: int | None = None
    """autovacuum_work_mem, where it is set."""

    @property
    def vacuum_bytes(self) -> int:
        return self.vacuums * (self.maintenance if self.vacuum_each is None else self.vacuum_each)

    @property
    def work_bytes(self) -> int:
        return self.takers * self.work

    @property
    def worst_case_bytes(self) -> int:
        return self.buffers + self.wal_buffers + self.vacuum_bytes + self.work_bytes


def shares_now(catalog: Catalog, machine: Machine) -> MemoryShares | None:
    """As the server has them for everybody; None where one is not known."""
    sizes = [
        size_bytes(setting)
        for name in ("shared_buffers", "work_mem", "maintenance_work_mem", "wal_buffers")
        if (setting := server_wide(catalog, name)) is not None
    ]
    connections = catalog.setting("max_connections")
    if len(sizes) != 4 or connections is None:
        return None
    buffers, work, maintenance, wal_buffers = sizes
    own = catalog.setting("autovacuum_work_mem")
    return MemoryShares(
        buffers=buffers,
        work=work,
        maintenance=maintenance,
        wal_buffers=max(0, wal_buffers),
        takers=int(connections.value) + wanted_workers(catalog, machine),
        vacuums=int(number_of(catalog, "autovacuum_max_workers", 3)),
        vacuum_each=None if own is None or own.value == "-1" else size_bytes(own),
    )
