"""The copy that migrations are tried on: a throw-away server with a database `stage`.

`stage` is as the target is before the next migration, and nothing runs on it but what brings it to
the next one: each try has a database of its own, made from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg.conninfo import conninfo_to_dict

from dbwright.engines.postgresql.introspect import introspect
from dbwright.engines.postgresql.session import Session
from dbwright.model.catalog import PUBLIC, Catalog, Database
from dbwright.model.names import literal, quote
from dbwright.model.report import Skipped
from dbwright.sandbox.server import Server

__all__ = ["SETTINGS", "STAGE", "Stage", "catalog_of", "rights", "session_settings"]

STAGE = "stage"
SETTINGS: Mapping[str, str] = {
    # What runs in the background would be measured as well.
    "autovacuum": "off",
    "max_locks_per_transaction": "1024",
    "max_connections": "100",
    # As in production: what is written is measured.
    "wal_level": "replica",
    "full_page_writes": "on",
    "max_wal_size": "8GB",
    "shared_buffers": "128MB",
}
SESSION_SETTINGS = ("TimeZone", "search_path")
"""Of production's, on which what a statement does depends."""
OUR_OWN = ("client", "session")
"""Sources of settings that are those of the session that read them."""
READ_SECONDS = 120.0
DROPS = """
SELECT format('DROP DATABASE %I', datname) FROM pg_database
UNION ALL SELECT format('DROP ROLE %I', rolname) FROM pg_roles ORDER BY 1
"""


@dataclass(slots=True)
class Stage:
    """A server, and what is known of the content of its database."""

    server: Server
    table: str
    """The history's, as it was told."""
    source: str
    """Where schema and rows are from, for people."""
    generated: bool = False
    sampled: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)
    """Of each new session, as SQL writes their values."""
    made: tuple[str, ...] = ()
    """Tables whose rows were made up, qualified."""
    unusual: bool = True
    """Of those rows: are there values that changes fall over?"""
    rows: int = 0
    """How many were asked for in each of those."""
    origin: Catalog | None = None
    """The target's own schema, as long as the stage is as the target is."""
    skipped: list[Skipped] = field(default_factory=list)
    helps: bool = False
    """Are roles and databases made that files only name? Where a target is known, it has them."""
    role: str = ""
    """Who runs the files, with the rights of the target; empty for the copy's superuser."""
    database: Database | None = None
    """The target's: whose it is, and who may do what there. Only where there is a `role`."""
    shared: frozenset[str] = frozenset()
    """What all databases of the server share (roles, databases), as it is before the next
    migration, as SQL that drops it."""

    def url(self, database: str = STAGE) -> str:
        return self.server.url(database)

    def as_role(self, url: str) -> str:
        """The same database for the role that runs the files."""
        name = str(conninfo_to_dict(url)["dbname"])
        return self.server.url(name, user=self.role) if self.role else url

    def set_up(self, database: str = STAGE) -> None:
        """Give new sessions of the database the target's settings, and roles their rights on it."""
        with psycopg.connect(self.server.url(), autocommit=True) as connection:
            for name, value in self.settings.items():
                statement = f"ALTER DATABASE {quote(database)} SET {name} = {value}"
                connection.execute(statement.encode())
            for statement in [] if self.database is None else rights(self.database, database):
                connection.execute(statement.encode())

    def know_shared(self) -> None:
        """What roles and databases there are now belongs to the stage."""
        self.shared = frozenset(self._drops())

    def forget_shared(self) -> None:
        """Drop those that a try made: the next one shall find none of them."""
        with psycopg.connect(self.server.url(), autocommit=True) as connection:
            for drop in self._drops():
                if drop not in self.shared:
                    connection.execute(drop.encode())

    def make_shared(self, create: str) -> None:
        """Make a role or a database, which stays."""
        before = frozenset(self._drops())
        with psycopg.connect(self.server.url(), autocommit=True) as connection:
            connection.execute(create.encode())
        self.shared |= frozenset(self._drops()) - before

    def _drops(self) -> list[str]:
        with psycopg.connect(self.server.url(), autocommit=True) as connection:
            return [row[0] for row in connection.execute(DROPS)]

    @contextmanager
    def copied(self, name: str) -> Iterator[str]:
        """The URL of a copy of `stage`, which is gone at the end of the block."""
        self.make_copy(name)
        try:
            yield self.url(name)
        finally:
            self.drop(name)
            self.forget_shared()

    def make_copy(self, name: str, origin: str = STAGE) -> None:
        self.server.create_database(name, f"TEMPLATE {quote(origin)}")
        self.set_up(name)

    def rename(self, name: str, other: str) -> None:
        with psycopg.connect(self.server.url(), autocommit=True) as connection:
            rename = f"ALTER DATABASE {quote(name)} RENAME TO {quote(other)}"
            connection.execute(rename.encode())

    def drop(self, name: str) -> None:
        with psycopg.connect(self.server.url(), autocommit=True) as connection:
            # Sessions of clients may be about to end: before 13 they can't be put out at once.
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
            )
            force = " WITH (FORCE)" if self.server.major >= 13 else ""
            connection.execute(f"DROP DATABASE IF EXISTS {quote(name)}{force}".encode())


def catalog_of(url: str) -> Catalog:
    """As it is now. Raises TargetError, Unreadable where the server is gone."""
    with Session.open(url, READ_SECONDS) as session:
        return introspect(session)


def rights(one: Database, name: str) -> Iterator[str]:
    """What gives the database `name` the owner and the privileges of `one`."""
    if one.owner:
        yield f"ALTER DATABASE {quote(name)} OWNER TO {quote(one.owner)}"
    if one.grants:
        yield f"REVOKE ALL ON DATABASE {quote(name)} FROM PUBLIC"
    for grant in one.grants:
        to = PUBLIC if grant.grantee == PUBLIC else quote(grant.grantee)
        yield f"GRANT {', '.join(grant.privileges)} ON DATABASE {quote(name)} TO {to}"


def session_settings(catalog: Catalog) -> dict[str, str]:
    """The target's, as SQL writes their values."""
    return {
        # A list is written as a list: in quotes it would be one name.
        setting.name: setting.value if setting.name == "search_path" else literal(setting.value)
        for setting in catalog.settings
        if setting.name in SESSION_SETTINGS and setting.source not in OUR_OWN and setting.value
    }
