"""The throw-away server of a `Judge`: the target's schema without its foreign keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg

from dbwright.design.seed.judge import VALID, Judge
from dbwright.engines.postgresql.session import first_line
from dbwright.model.catalog import Catalog, Table, TypeKind
from dbwright.model.names import quote
from dbwright.model.report import Skipped
from dbwright.progress import Progress
from dbwright.sandbox import start
from dbwright.sandbox.twin.declare import declare
from dbwright.sql.ddl import check_definition

__all__ = ["judge"]

DATABASE = "seed"
SETTINGS = {"autovacuum": "off", "max_wal_size": "4GB", "synchronous_commit": "off"}


@contextmanager
def judge(catalog: Catalog, progress: Progress) -> Iterator[Judge]:
    """Raises SandboxError."""
    plain = replace(catalog, tables=tuple(map(_without_references, catalog.tables)), views=())
    progress("starting a sandbox")
    with start(settings=SETTINGS, progress=progress) as server:
        server.create_database(DATABASE, "ENCODING 'UTF8' TEMPLATE template0")
        with psycopg.connect(server.url(DATABASE), autocommit=True) as connection:
            skipped = [one for one in declare(connection, plain, progress) if _matters(one)]
            skipped += _domains(connection, catalog)
            skipped += _exclusions(connection, catalog)
            connection.execute(
                "SET client_min_messages = error; SET timezone = 'UTC'; SET datestyle = 'ISO';"
                "SET check_function_bodies = off"
            )
            connection.execute(VALID)
            yield Judge(connection, catalog, skipped)


def _matters(skipped: Skipped) -> bool:
    """Do rows depend on what could not be made? Not on views, and seldom on functions."""
    kinds = ("table", "partitioned table", "constraint", "index", "type", "domain", "column")
    return any(name.startswith(tuple(f"{kind} " for kind in kinds)) for name in skipped.objects)


def _without_references(table: Table) -> Table:
    """No foreign keys yet; keys at once, for those that wait can't say what is a duplicate."""
    keys = tuple(replace(key, deferrable=False) for key in table.unique_constraints)
    primary = table.primary_key and replace(table.primary_key, deferrable=False)
    exclusions = {exclusion.index for exclusion in table.exclusions}
    indexes = tuple(
        index for index in table.indexes if index.unique and index.name not in exclusions
    )
    return replace(
        table,
        foreign_keys=(),
        unique_constraints=keys,
        primary_key=primary,
        indexes=indexes,
        columns=tuple(replace(column, statistics_target=None) for column in table.columns),
    )


def _domains(connection: psycopg.Connection[Any], catalog: Catalog) -> Iterator[Skipped]:
    for type_ in catalog.types:
        if type_.kind is not TypeKind.DOMAIN:
            continue
        changes = [f"ADD CONSTRAINT {quote(c.name)} {check_definition(c)}" for c in type_.checks]
        changes += ["SET NOT NULL"] if type_.not_null else []
        for change in changes:
            try:
                connection.execute(f"ALTER DOMAIN {type_.qualified} {change}".encode())
            except psycopg.Error as problem:
                yield Skipped("rows", first_line(problem), "", (str(type_.ref),))


def _exclusions(connection: psycopg.Connection[Any], catalog: Catalog) -> Iterator[Skipped]:
    for table in catalog.tables:
        for exclusion in table.exclusions:
            if exclusion.inherited or exclusion.definition is None or table.is_partition:
                continue
            definition = exclusion.definition
            for words in (" INITIALLY DEFERRED", " DEFERRABLE"):
                definition = definition.removesuffix(words)
            add = f"ADD CONSTRAINT {quote(exclusion.name)} {definition}"
            try:
                connection.execute(f"ALTER TABLE {table.qualified} {add}".encode())
            except psycopg.Error as problem:
                name = str(table.constraint_ref(exclusion.name))
                yield Skipped("rows", first_line(problem), "", (name,))
