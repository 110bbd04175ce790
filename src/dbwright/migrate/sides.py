"""The two sides of a comparison, read so that they can be compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from dbwright.diff.kinds.not_null_names import NAMED
from dbwright.diff.plan import plan
from dbwright.diff.roles import as_user
from dbwright.engines.postgresql.introspect import introspect
from dbwright.engines.postgresql.session import Session
from dbwright.errors import NoServerPrograms, TargetError
from dbwright.migrate.history.table import is_history
from dbwright.model.catalog import Catalog
from dbwright.model.snapshot import Snapshot
from dbwright.progress import Progress
from dbwright.sandbox import start
from dbwright.sandbox.trust import LOADER
from dbwright.target import Files, Target, opened

__all__ = ["NEEDED", "Side", "read_both"]

SECONDS = 120.0
NEEDED = frozenset(
    f"catalog.{part}"
    for part in (
        "collations columns column_types constraints default_privileges dependencies "
        "event_triggers expressions extended_statistics extensions foreign_servers functions "
        "indexes operator_classes other_objects policies publications relations rewrite_rules "
        "schemas sequences triggers types user_mappings views"
    ).split()
)
"""Without one of these a schema is not whole: what was not read would be dropped."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two."""

    name: str
    catalog: Catalog
    from_files: bool
    notes: tuple[str, ...] = ()


def read_both(before: Target, after: Target, progress: Progress) -> tuple[Side, Side]:
    """Both as one major writes expressions and queries: each has its own way with them.

    Raises TargetError where a side can't be read whole, UsageError, SandboxError.
    """
    sides: list[Side] = []
    # Files go last, to be loaded into a server of the other side's major.
    for target in sorted((before, after), key=lambda one: isinstance(one, Files)):
        major = sides[0].catalog.server.major if sides else None
        sides.append(_read(target, major, progress))
    first, second = sides
    if isinstance(before, Files) and not isinstance(after, Files):
        first, second = second, first
    first, second = _as_one_user(first, second), _as_one_user(second, first)
    newest = max(first.catalog.server.major, second.catalog.server.major)
    oldest = min(first.catalog.server.major, second.catalog.server.major)
    sides_ = (_as_written_by(newest, side, progress) for side in (first, second))
    first, second = (_without_names(side) if oldest < NAMED else side for side in sides_)
    return first, second


def _as_one_user(side: Side, other: Side) -> Side:
    if not side.from_files or other.from_files:
        return side
    return replace(side, catalog=as_user(side.catalog, LOADER, other.catalog.server.user))


def _without_names(side: Side) -> Side:
    """NOT NULLs without the names that the older server does not know."""
    tables = tuple(
        replace(table, not_nulls=tuple(one for one in table.not_nulls if not one.validated))
        if table.not_nulls
        else table
        for table in side.catalog.tables
    )
    return replace(side, catalog=replace(side.catalog, tables=tables))


def _read(target: Target, major: int | None, progress: Progress) -> Side:
    try:
        snapshot = _snapshot(target, major, progress)
    except NoServerPrograms:
        if major is None or not isinstance(target, Files):
            raise
        snapshot = _snapshot(target, None, progress)
    _require_whole(snapshot)
    catalog = _without_history(snapshot.catalog)
    return Side(snapshot.target, catalog, snapshot.from_files, tuple(_unread(snapshot)))


def _without_history(catalog: Catalog) -> Catalog:
    """The memory of migrations is no part of the schema that they make."""
    if not any(map(is_history, catalog.tables)):
        return catalog
    tables = tuple(table for table in catalog.tables if not is_history(table))
    return replace(catalog, tables=tables)


def _snapshot(target: Target, major: int | None, progress: Progress) -> Snapshot:
    with opened(
        target, budget_seconds=SECONDS, values=None, major=major, progress=progress
    ) as source:
        return source.snapshot


def _require_whole(snapshot: Snapshot) -> None:
    for refused in snapshot.refused:
        place = f"{refused.location.file}:{refused.location.line}"
        raise TargetError(
            f"{place}: the server refused a statement: {refused.message}",
            "a schema that is not whole is not compared: mend the file, or leave the statement out",
        )
    for skipped in snapshot.skipped:
        if skipped.part in NEEDED:
            raise TargetError(
                f"{snapshot.target}: {skipped.part} could not be read: {skipped.reason}",
                skipped.remedy or "a schema that is not whole is not compared: run it again",
            )


def _unread(snapshot: Snapshot) -> Iterator[str]:
    """What users made that has no noun."""
    for other in snapshot.catalog.others:
        yield str(other)
    if snapshot.catalog.dependencies is None:
        yield f"what needs what in {snapshot.target}: an older snapshot, make it again"


def _as_written_by(major: int, side: Side, progress: Progress) -> Side:
    """The schema as a server of that major writes it, made anew on one where it was another."""
    catalog = side.catalog
    if catalog.server.major == major:
        return side
    try:
        with start(major, settings={"autovacuum": "off"}, progress=progress) as server:
            server.create_database("written")
            url = server.url("written")
            left = _make(url, catalog, progress)
            with Session.open(url, SECONDS) as session:
                made = introspect(session, progress)
    except NoServerPrograms:
        left = [f"there is no server of version {major} here"]
        made = catalog
    if left:
        told = f"expressions of {side.name} as version {major} writes them ({left[0]})"
        return replace(side, notes=(*side.notes, told))
    return replace(side, catalog=_own(made, catalog))


def _make(url: str, catalog: Catalog, progress: Progress) -> list[str]:
    """Make the schema in an empty database; why it could not be."""
    with psycopg.connect(url, autocommit=True) as connection:
        with Session.open(url, SECONDS) as session:
            empty = introspect(session)
        found = plan(empty, catalog, owners=False, privileges=False)
        if found.unwritten:
            ref, why = found.unwritten[0]
            return [f"{ref}: {why}"]
        connection.execute("SET check_function_bodies = off; SET client_min_messages = error")
        for number, step in enumerate(found.steps):
            progress("making the schema", number, len(found.steps))
            try:
                connection.execute(step.sql.encode())
            except psycopg.Error as problem:
                return [problem.diag.message_primary or str(problem)]
    return []


def _own(made: Catalog, catalog: Catalog) -> Catalog:
    """As it was made, with the owners, the privileges and the server that it has."""
    owned = ("tables", "views", "materialized_views", "sequences", "functions", "types", "schemas")
    changed: dict[str, Any] = {}
    for field in owned:
        theirs = {str(noun.ref): noun for noun in getattr(catalog, field)}
        changed[field] = tuple(
            replace(noun, owner=theirs[str(noun.ref)].owner, grants=theirs[str(noun.ref)].grants)
            if str(noun.ref) in theirs
            else noun
            for noun in getattr(made, field)
        )
    grants = {
        (table.qualified, column.name): column.grants
        for table in catalog.tables
        for column in table.columns
        if column.grants
    }
    if grants:
        changed["tables"] = tuple(
            replace(
                table,
                columns=tuple(
                    replace(column, grants=grants.get((table.qualified, column.name), ()))
                    for column in table.columns
                ),
            )
            for table in changed["tables"]
        )
    return replace(
        catalog,
        **changed,
        extended_statistics=made.extended_statistics,
        event_triggers=made.event_triggers,
        dependencies=made.dependencies,
        publications=catalog.publications,
    )
