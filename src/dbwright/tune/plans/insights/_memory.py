"""How much work_mem a node would have needed, from the figures that EXPLAIN gives."""

from __future__ import annotations

from dbwright.model.catalog import Catalog
from dbwright.model.plan import Plan

__all__ = ["bytes_of", "hash_multiplier", "megabytes", "set_work_mem", "work_mem_of"]

MIB = 1024 * 1024
DEFAULT_WORK_MEM = 4 * MIB
UNITS = {"kb": 1024, "mb": MIB, "gb": 1024 * MIB, "tb": 1024 * 1024 * MIB, "b": 1}
MULTIPLIED_SINCE = 15
"""From here on hash_mem_multiplier is 2 by default; it is 1 in 13 and 14, and unknown before."""
MUCH = 1024 * MIB


def work_mem_of(plan: Plan, catalog: Catalog | None) -> int:
    """Bytes of work_mem under which the plan was made."""
    shown = plan.settings.get("work_mem")
    if shown is not None:
        return bytes_of(shown)
    setting = catalog.setting("work_mem") if catalog is not None else None
    return DEFAULT_WORK_MEM if setting is None else int(setting.value) * 1024


def hash_multiplier(plan: Plan, catalog: Catalog | None) -> float:
    """How many times work_mem a hash table may take."""
    shown = plan.settings.get("hash_mem_multiplier")
    if shown is not None:
        return float(shown)
    setting = catalog.setting("hash_mem_multiplier") if catalog is not None else None
    if setting is not None:
        return float(setting.value)
    if catalog is not None:
        return 2.0 if catalog.server.major >= MULTIPLIED_SINCE else 1.0
    return 1.0  # rather too much memory than too little


def megabytes(count: float) -> int:
    """The next size that people set: 1, 2, 3, 4, 6, 8, 12, 16 … MB, in bytes."""
    size = 1
    while size * MIB < count:
        size = size * 3 // 2 if size & (size - 1) == 0 and size > 1 else (size * 4 + 2) // 3
    return size * MIB


def set_work_mem(count: int) -> str:
    """What to do with the figure."""
    size = f"{count // MIB}MB"
    if count > MUCH:
        return (
            f"It would take work_mem = '{size}', which is too much to give to one sort or hash "
            "of one query: read fewer rows, or have an index give their order."
        )
    return (
        f"SET work_mem = '{size}' before this query (or ALTER ROLE … SET for the role that runs "
        "it) keeps it in memory. Each sort and hash of each session may take that much: don't "
        "set it for the whole server without counting them."
    )


def bytes_of(written: str) -> int:
    """`64kB`, `4MB`, or a bare number of kilobytes."""
    digits = written.rstrip("kKmMgGtTbB")
    unit = written[len(digits) :].lower() or "kb"
    return int(float(digits) * UNITS[unit])
