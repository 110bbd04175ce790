"""The machine that a server runs on, as far as settings depend on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

__all__ = ["Disk", "Machine", "Use"]


class Disk(StrEnum):
    """What the data directory is on."""

    SSD = "ssd"
    """Solid state, SATA or NVMe, in the machine."""
    HDD = "hdd"
    """Rotating."""
    NETWORK = "network"
    """A SAN, or a volume that a cloud attaches over the network."""


class Use(StrEnum):
    """What the server is for."""

    WEB = "web"
    """Many short statements of an application, nearly all data in memory."""
    OLTP = "oltp"
    """Many short transactions that write, more data than memory."""
    ANALYTICS = "analytics"
    """Few long queries over much data, and bulk loads."""
    MIXED = "mixed"
    DESKTOP = "desktop"
    """A developer's own machine, which does much else."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Memory, processors and disk. None is unknown, never a guess."""

    memory_bytes: int | None = None
    """What the server may use: a container's limit counts, where that is less."""
    cpus: int | None = None
    """As many as can run at once; a container's share, rounded up."""
    disk: Disk | None = None
    use: Use = Use.MIXED

    def filled(self, other: Machine | None) -> Machine:
        """What is unknown here as the other one has it."""
        if other is None:
            return self
        return replace(
            self,
            memory_bytes=other.memory_bytes if self.memory_bytes is None else self.memory_bytes,
            cpus=other.cpus if self.cpus is None else self.cpus,
            disk=other.disk if self.disk is None else self.disk,
        )
