"""Statistics that are made for a try, on a server with rows, and are gone afterwards."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from dbwright.model.catalog import Catalog, MaterializedView, Table, TableKind
from dbwright.model.names import qualify, quote

__all__ = [
    "KINDS",
    "MOST_MEMBERS",
    "Gathered",
    "Option",
    "Relation",
    "Trial",
    "creation",
    "targets",
    "trial",
]

Relation = Table | MaterializedView
KINDS = ("ndistinct", "dependencies", "mcv")
MOST_MEMBERS = 8
"""STATS_MAX_DIMENSIONS (statistics.h)."""


@dataclass(frozen=True, slots=True)
class Option:
    """A CREATE STATISTICS."""

    members: tuple[str, ...]
    """Columns and expressions, as SQL."""
    kinds: tuple[str, ...]
    """Of `KINDS`; empty for an expression alone, which has statistics as a column has."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What ANALYZE found for one object: the server's own bytes, in hexadecimal."""

    relation: str
    """Qualified."""
    kind: str
    inherited: bool
    data: str | None


class Trial:
    """Objects of one table, each with one kind, of which some are looked at. Made by `trial`."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._names: dict[tuple[tuple[str, ...], str], list[tuple[str, str]]] = {}
        """By members and kind: the relation and the object's name, both qualified."""

    def has(self, option: Option) -> bool:
        """Could the server make it?"""
        return all((option.members, kind) in self._names for kind in option.kinds or ("",))

    @contextmanager
    def only(self, options: Collection[Option]) -> Iterator[None]:
        """As if of all that is tried there were these alone."""
        kept = {name for option in options for _, name in self._objects(option)}
        every = [name for objects in self._names.values() for _, name in objects]
        dropped = [name for name in every if name not in kept]
        with self._connection.transaction(force_rollback=True):
            if dropped:
                self._connection.execute(f"DROP STATISTICS {', '.join(dropped)}".encode())
            yield

    def gathered(self, option: Option) -> list[Gathered]:
        """What ANALYZE found for it; nothing of expressions."""
        found: list[Gathered] = []
        inherited = "stxdinherit" if self._connection.info.server_version >= 150000 else "false"
        for kind in option.kinds:
            for relation, name in self._names[option.members, kind]:
                rows = self._connection.execute(
                    f"SELECT {inherited}, encode(stxd{kind}::bytea, 'hex') "
                    "FROM pg_statistic_ext s JOIN pg_statistic_ext_data d ON d.stxoid = s.oid "
                    f"WHERE s.stxnamespace::regnamespace::text || '.' || quote_ident(s.stxname) "
                    "= %s".encode(),
                    (name,),
                )
                found += [Gathered(relation, kind, row[0], row[1]) for row in rows]
        return found

    def _objects(self, option: Option) -> Iterator[tuple[str, str]]:
        for kind in option.kinds or ("",):
            yield from self._names[option.members, kind]

    def _make(self, relation: Relation, members: tuple[str, ...], kind: str) -> None:
        number = sum(len(objects) for objects in self._names.values())
        name = qualify(relation.schema, f"dbwright_trial_{number}")
        with self._connection.transaction():
            self._connection.execute(creation(name, relation, Option(members, (kind,))).encode())
        self._names.setdefault((members, kind), []).append((relation.qualified, name))


@contextmanager
def trial(
    connection: psycopg.Connection[Any],
    catalog: Catalog,
    relation: Relation,
    options: Iterable[Option],
) -> Iterator[Trial]:
    """Make the options, and ANALYZE; all is rolled back at the end of the block.

    What the server refuses (a type without an order, an expression before version 14 or one that
    is not immutable) is not there. Raises psycopg.Error, also for the session's time-out.
    """
    with connection.transaction(force_rollback=True):
        tried = Trial(connection)
        parts = {(one.members, kind) for one in options for kind in one.kinds or ("",)}
        for members, kind in sorted(parts):
            try:
                with connection.transaction():
                    for target in targets(catalog, relation, kind):
                        tried._make(target, members, kind)
            except psycopg.errors.QueryCanceled:
                raise
            except psycopg.Error as problem:
                if problem.sqlstate is None:
                    raise
                tried._names.pop((members, kind), None)
        connection.execute(f"ANALYZE {relation.qualified}".encode())
        yield tried


def creation(name: str, relation: Relation, option: Option) -> str:
    """CREATE STATISTICS, without a semicolon. `name` is qualified."""
    columns = {quote(column.name) for column in relation.columns}
    members = ", ".join(one if one in columns else f"({one})" for one in option.members)
    kinds = f" ({', '.join(option.kinds)})" if any(option.kinds) else ""
    return f"CREATE STATISTICS {name}{kinds} ON {members} FROM {relation.qualified}"


def targets(catalog: Catalog, relation: Relation, kind: str) -> tuple[Relation, ...]:
    """The relations whose own statistics the planner reads. It estimates the rows of a partitioned
    table, and of a parent, one partition after the other; groups it estimates for the whole."""
    if isinstance(relation, MaterializedView) or kind == "ndistinct":
        return (relation,)
    members: list[Table] = [relation]
    for member in members:
        members += catalog.children(member)
    return tuple(member for member in members if member.kind is TableKind.TABLE)
