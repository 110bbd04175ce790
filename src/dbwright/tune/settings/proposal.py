"""A setting that should have another value, and sizes as people write them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dbwright.model.catalog import Catalog, Setting
from dbwright.model.settings import server_wide, shown

__all__ = [
    "GB",
    "MB",
    "Proposal",
    "Proposals",
    "is_near",
    "memory_text",
    "number_of",
    "overrides_of",
    "round_down",
    "round_up",
    "settled",
]

KB = 1024
MB = 1024**2
GB = 1024**3
ENOUGH_MORE = 1.25
"""Less of a rise is left alone."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One setting."""

    setting: Setting
    value: str
    """As ALTER SYSTEM takes it."""
    why: str
    """With the figures; no full stop at its end."""
    uses_bytes: int | None = None
    """Of memory, when everybody takes what the setting lets them; None: none."""
    measured: bool = False
    """Is it asked for by what was counted, not by a rule of thumb?"""

    @property
    def text(self) -> str:
        """`work_mem 4MB -> 32MB (reload; at worst 3.4 GB in all): …`."""
        needs = "restart" if self.setting.context == "postmaster" else "reload"
        if self.uses_bytes is not None:
            needs += f"; at worst {memory_text(self.uses_bytes)} in all"
        return f"{self.setting.name} {shown(self.setting)} -> {self.value} ({needs}): {self.why}"


@dataclass(frozen=True, slots=True)
class Proposals:
    """Those of one topic, and what was looked at and left as it is."""

    proposals: tuple[Proposal, ...] = ()
    left: tuple[str, ...] = ()
    """`name: why`."""


def settled(catalog: Catalog, name: str) -> Setting | str:
    """The setting as everybody gets it, or why nothing can be said about it."""
    setting = server_wide(catalog, name)
    if setting is None:
        known = catalog.setting(name) is not None
        return f"{name}: the role that looked has a value of its own" if known else ""
    if setting.pending_restart:
        return f"{name}: a change of it waits for a restart already"
    return setting


def number_of(catalog: Catalog, name: str, default: float) -> float:
    """Of a setting without unit."""
    setting = catalog.setting(name)
    return default if setting is None else float(setting.value)


def overrides_of(catalog: Catalog, names: Iterable[str]) -> tuple[str, ...]:
    """Values of roles and databases, which hide the server's."""
    wanted = frozenset(names)
    return tuple(
        " ".join(
            filter(
                None,
                (
                    f"role {override.role}" if override.role else "",
                    f"database {override.database}" if override.database else "",
                    f"{override.name} = {override.value}",
                ),
            )
        )
        for override in catalog.setting_overrides
        if override.name in wanted
    )


def round_down(size: float) -> int:
    """To a size that a person would set: 8 to 15 times a power of two, 64 kB at least."""
    unit = 64 * KB
    while unit * 16 <= size:
        unit *= 2
    return max(1, int(size // unit)) * unit


def round_up(size: float) -> int:
    """The next power of two, 64 kB at least."""
    unit = 64 * KB
    while unit < size:
        unit *= 2
    return unit


def memory_text(size: float) -> str:
    """Of a machine, whose memory is no round number: `23.5 GB`."""
    if size >= 1000 * GB:
        return f"{size / GB / 1024:.3g} TB"
    return f"{size / GB:.3g} GB" if size >= 1000 * MB else f"{size / MB:.3g} MB"


def is_near(now: float, wanted: float) -> bool:
    """Is what is there not worth a change?"""
    return now * ENOUGH_MORE > wanted
