"""Settings of the server that the size of an index, or what is known of it, depends on."""

from __future__ import annotations

import math

from dbwright.model.catalog import Catalog, MaterializedView, Table

__all__ = ["gin_build_memory", "statistics_target"]

PARALLEL_GIN_SINCE = 18
WORKER_MEMORY = 32 * 2**20
"""Of each process of a parallel build, at least."""


def gin_build_memory(catalog: Catalog, pages: float) -> float:
    """Bytes that a GIN build gathers before it writes them, on a table of so many pages. From
    version 18 on, workers sort the entries of larger tables, and they are written once."""
    memory = _number(catalog, "maintenance_work_mem", 64 << 10) * 1024
    workers = _number(catalog, "max_parallel_maintenance_workers", 2)
    smallest = _number(catalog, "min_parallel_table_scan_size", 1024)
    # As plan_create_index_workers decides.
    shared = workers > 0 and pages >= smallest and memory >= 2 * WORKER_MEMORY
    return math.inf if catalog.server.major >= PARALLEL_GIN_SINCE and shared else memory


def statistics_target(relation: Table | MaterializedView, catalog: Catalog) -> int:
    """What ANALYZE went by: it takes the greatest target of all columns."""
    usual = _number(catalog, "default_statistics_target", 100)
    return max([usual, *(column.statistics_target or 0 for column in relation.columns)])


def _number(catalog: Catalog, name: str, usual: int) -> int:
    setting = catalog.setting(name)
    return usual if setting is None else int(setting.value)
