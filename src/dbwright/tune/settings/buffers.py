"""How large shared_buffers should be: the manual's share of the memory, then what was counted."""

from __future__ import annotations

from dbwright.model.machine import Machine, Use
from dbwright.model.settings import size_text
from dbwright.tune.settings.measured import Measured
from dbwright.tune.settings.proposal import GB, MB, is_near, memory_text, round_down

__all__ = ["wanted_buffers"]

BUFFERS_SHARE = {Use.DESKTOP: 1 / 16}
"""Of the memory; a quarter for other uses (PostgreSQL manual, shared_buffers)."""
MOST_BUFFERS_SHARE = 0.4
"""More is unlikely to work better (the same)."""
PLENTY_OF_BUFFERS = 16 * GB
"""More must be asked for by the hit ratio."""
GOOD_HIT_FRACTION = 0.99
POOR_HIT_FRACTION = 0.9
MUCH_READ = 10 * GB
LEAST_BUFFERS = 128 * MB


def wanted_buffers(
    machine: Machine, measured: Measured, now: int, left: list[str]
) -> tuple[int, str, bool]:
    """Bytes, why, and whether the counters ask for it. Why it is left as it is goes to `left`."""
    memory = machine.memory_bytes or 0
    share = BUFFERS_SHARE.get(machine.use, 0.25)
    wanted = round_down(memory * share)
    why = f"{'a quarter' if share == 0.25 else 'a sixteenth'} of {memory_text(memory)}"
    hit, data = measured.hit_fraction, measured.databases_bytes
    poor = hit is not None and hit < POOR_HIT_FRACTION and measured.read_bytes >= MUCH_READ
    if poor and data is not None and data > max(wanted, now):
        if now >= wanted:
            wanted = round_down(memory * MOST_BUFFERS_SHARE)
        return (
            max(now, wanted),
            f"{why} is the start, and only {hit:.0%} of the blocks that were read were in it",
            True,
        )
    if wanted > PLENTY_OF_BUFFERS and (hit is None or hit >= GOOD_HIT_FRACTION):
        wanted = PLENTY_OF_BUFFERS
        why = f"{size_text(wanted)}, where {why} would be more than the hit ratio asks for"
    if data is not None and 2 * data < wanted:
        wanted = max(LEAST_BUFFERS, round_down(2 * data))
        why = f"twice the {data / MB:,.0f} MB of all databases; more would stay empty"
    if hit is not None:
        why += f"; {hit:.1%} of the blocks that were read were in it"
    if is_near(now, wanted):
        wanted = now
        left.append(f"shared_buffers: {size_text(now)} is enough ({why})")
    return max(now, wanted), why, False
