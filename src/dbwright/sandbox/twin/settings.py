"""Production's locale and planner settings, as far as this server has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg

from dbwright.model.catalog import Catalog
from dbwright.model.names import literal
from dbwright.model.report import Skipped

__all__ = ["database_options", "planner_settings"]

COST_SETTINGS = frozenset(
    """
    constraint_exclusion cursor_tuple_fraction default_statistics_target effective_cache_size
    effective_io_concurrency from_collapse_limit geqo geqo_effort geqo_generations geqo_pool_size
    geqo_seed geqo_selection_bias geqo_threshold hash_mem_multiplier jit jit_above_cost
    jit_inline_above_cost jit_optimize_above_cost join_collapse_limit max_parallel_workers
    max_parallel_workers_per_gather min_parallel_index_scan_size min_parallel_table_scan_size
    parallel_leader_participation parallel_setup_cost parallel_tuple_cost plan_cache_mode
    random_page_cost recursive_worktable_factor search_path seq_page_cost temp_buffers work_mem
    """.split()
)
"""Beside all whose names begin with enable_ or cpu_."""


def database_options(catalog: Catalog, connection: psycopg.Connection[Any]) -> str:
    """The options of CREATE DATABASE that give it production's order of texts.

    Where this machine does not have the locale, texts are at least not in the order of C, if they
    are not there: else the planner would use plain indexes for LIKE.
    """
    mine = next((d for d in catalog.databases if d.name == catalog.server.database), None)
    if mine is None or mine.collate in ("C", "POSIX"):
        return "TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'" if mine else ""
    known = [
        row[0]
        for row in connection.execute(
            "SELECT DISTINCT collcollate FROM pg_collation WHERE collcollate IS NOT NULL"
        )
    ]
    wanted = _spelling(mine.collate)
    found = next((name for name in known if _spelling(name) == wanted), None)
    if found is None:
        return ""
    place = literal(found)
    return f"TEMPLATE template0 LC_COLLATE {place} LC_CTYPE {place}"


def planner_settings(
    connection: psycopg.Connection[Any], database: str, catalog: Catalog
) -> Iterator[Skipped]:
    """Set for the database what production's sessions have: defaults too, which are others in other
    versions. What production's version can't do is switched off."""
    here = dict(connection.execute("SELECT name, setting FROM pg_settings"))
    there = {setting.name for setting in catalog.settings}
    for name in here:
        if name.startswith("enable_") and there and name not in there:
            connection.execute(f"ALTER DATABASE {database} SET {name} = off".encode())
    for setting in catalog.settings:
        if setting.name not in COST_SETTINGS and not setting.name.startswith(("enable_", "cpu_")):
            continue
        if setting.value == here.get(setting.name, setting.default):
            continue
        value = setting.value
        if setting.unit and not setting.unit[0].isdigit():
            value += setting.unit
        # A list is written as a list: in quotes it would be one name.
        text = value if setting.name == "search_path" and value else literal(value)
        try:
            connection.execute(f"ALTER DATABASE {database} SET {setting.name} = {text}".encode())
        except psycopg.Error as problem:
            message = problem.diag.message_primary or str(problem)
            yield Skipped("twin.settings", f"{setting.name}: {message}")


def _spelling(locale: str) -> str:
    """en_US.UTF-8 and en_US.utf8 are one."""
    return locale.lower().replace("-", "")
