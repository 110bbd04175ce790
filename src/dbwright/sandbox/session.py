"""The connection that loads files: an ordinary role, with a superuser's hand where it is harmless.

The files are not trusted, so the session is logged in as an ordinary role from the start (a
superuser who only does SET ROLE could be reset by a statement). For a statement that
`trust.harmless` lets pass, the role is a superuser for the time of that one statement. Whether the
backend has noticed that it is ordinary again is checked; if not, it is closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dbwright.errors import SandboxError
from dbwright.model.names import literal, quote
from dbwright.sandbox.settings import USER
from dbwright.sandbox.trust import LOADER

if TYPE_CHECKING:
    import psycopg

    from dbwright.sandbox.server import Server

__all__ = ["Session"]

_LOCK = 0x64627772
"""Key of the advisory lock: one load at a time on a server, since the role is the server's."""
_SAVEPOINT = "dbwright_statement"
_CHUNK = 1 << 20
"""Characters of COPY data sent at once."""
# Naming an object that is not a relation takes a lock on it, and with it the backend hears what
# others have committed: the role's rights too, in the middle of a transaction.
_REFRESH = b"SELECT pg_catalog.pg_get_object_address('schema', '{pg_catalog}', '{}')"
_IS_SUPERUSER = f"""SELECT pg_catalog.pg_has_role({literal(LOADER)}, 'pg_execute_server_program',
                                                  'usage')""".encode()


class Session:
    """Runs statements in one database of a sandbox. Errors of statements are psycopg.Error."""

    def __init__(self, server: Server, database: str, statement_timeout: float) -> None:
        import psycopg

        self.server = server
        self.database = database
        self._timeout = f"SET statement_timeout = {int(statement_timeout * 1000)}"
        self._admin = psycopg.connect(
            server.url(), autocommit=True, options="-c search_path=pg_catalog"
        )
        try:
            self.major = self._admin.info.server_version // 10000
            self._prepare()
            self._connection = self._connect()
        except BaseException:
            self._admin.close()
            raise

    def close(self) -> None:
        """Close both connections; what is not committed is lost."""
        if hasattr(self, "_connection"):
            self._connection.close()
        self._admin.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def in_transaction(self) -> bool:
        """Is a transaction block of the file's own open?"""
        from psycopg.pq import TransactionStatus

        return self._connection.info.transaction_status != TransactionStatus.IDLE

    @property
    def connection(self) -> psycopg.Connection[Any]:
        """That of the ordinary role, in autocommit; another one after `reconnect`."""
        return self._connection

    @property
    def closed(self) -> bool:
        """Did the connection break?"""
        return bool(self._connection.closed)

    def reconnect(self) -> None:
        """Connect again. Raises psycopg.OperationalError."""
        self._connection.close()
        self._connection = self._connect()

    def fresh(self) -> None:
        """As a new session would be; no transaction may be open."""
        self._send(b"DISCARD ALL")

    def schema(self) -> str:
        """Where unqualified names go now."""
        row = self._connection.execute(b"SELECT pg_catalog.current_schema()").fetchone()
        return str(row[0]) if row and row[0] else "public"

    def extensions(self) -> frozenset[str]:
        """The extensions that the server could make."""
        rows = self._admin.execute("SELECT name FROM pg_available_extensions").fetchall()
        return frozenset(name for (name,) in rows)

    def control(self, text: str) -> None:
        """A BEGIN, COMMIT, SAVEPOINT …: never wrapped."""
        self._send(text.encode())

    def run(self, text: str) -> None:
        """One statement (or several, all or nothing), whose rows are thrown away.

        In the file's transaction block, a refused one leaves the block as it was.
        """
        with self._guarded():
            if text[:6].lower().startswith(_READING):
                self._stream(text)
            else:
                self._send(text.encode())

    def copy(self, text: str, data: str) -> None:
        """COPY … FROM stdin with its lines."""
        with self._guarded(), self._connection.cursor().copy(text.encode()) as copy:
            for start in range(0, len(data), _CHUNK):
                copy.write(data[start : start + _CHUNK].encode())

    def elevated(self, texts: Iterable[str]) -> None:
        """Statements that `trust.harmless` let pass, with a superuser's rights, all or nothing."""
        script = ";\n".join(texts).encode()
        with self._guarded(), self.superuser():
            self._send(script)

    def make_role(self, name: str) -> None:
        """A role that the files only name, for the loading role to act as."""
        role = quote(name)
        self._admin.execute(f"CREATE ROLE {role} NOLOGIN".encode())
        self._admin.execute(f"GRANT {role} TO {LOADER}".encode())
        self._send(_REFRESH)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """With a time limit, and in a transaction block with a way back."""
        import psycopg

        if not self.in_transaction:
            self._send(self._timeout.encode())
            yield
            return
        self._send(f"{self._timeout}; SAVEPOINT {_SAVEPOINT}".encode())
        try:
            yield
        except psycopg.Error:
            if not self.closed:
                self._send(f"ROLLBACK TO {_SAVEPOINT}; RELEASE {_SAVEPOINT}".encode())
            raise
        self._send(f"RELEASE {_SAVEPOINT}".encode())

    @contextmanager
    def superuser(self) -> Iterator[None]:
        """With a superuser's rights for as long as the block lasts: for what `trust.harmless` let
        pass alone."""
        self._admin.execute(f"ALTER ROLE {LOADER} SUPERUSER".encode())
        try:
            self._send(_REFRESH)
            yield
        finally:
            self._lower()

    def _lower(self) -> None:
        """Ordinary again, and known to be."""
        from psycopg.pq import TransactionStatus

        lowered = False
        try:
            self._admin.execute(f"ALTER ROLE {LOADER} NOSUPERUSER".encode())
            failed = self._connection.info.transaction_status == TransactionStatus.INERROR
            if failed:  # the caller goes back to the savepoint; until then nothing can run
                self._send(f"ROLLBACK TO {_SAVEPOINT}".encode())
            if not self.closed:
                self._send(_REFRESH)
                row = self._connection.execute(_IS_SUPERUSER).fetchone()
                lowered = row is not None and not row[0]
        finally:
            if not lowered:
                self._connection.close()

    def _send(self, text: bytes) -> None:
        self._connection.execute(text).close()

    def _stream(self, text: str) -> None:
        """Row by row: a result may be larger than the memory."""
        with self._connection.cursor() as cursor:
            for _ in cursor.stream(text.encode()):
                pass

    def _connect(self) -> psycopg.Connection[Any]:
        import psycopg

        # From 16 on, who makes a role may not act as it unless this is set.
        own = "-c createrole_self_grant=set,inherit" if self.major >= 16 else ""
        return psycopg.connect(
            self.server.url(self.database, LOADER),
            autocommit=True,
            client_encoding="utf8",
            prepare_threshold=None,
            options=own,
        )

    def _prepare(self) -> None:
        """The loading role, and the database as its own."""
        admin, name = self._admin, quote(self.database)
        admin.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        admin.execute("SET lock_timeout = '5s'")  # a file may hold a lock on its own role
        if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (LOADER,)).fetchone():
            admin.execute(f"CREATE ROLE {LOADER} LOGIN".encode())
        # Before 16 CREATEROLE may grant every right, that of running programs too.
        # From then on it can give away only what it has, so it has what is harmless.
        roles = "CREATEROLE BYPASSRLS" if self.major >= 16 else "NOCREATEROLE NOBYPASSRLS"
        admin.execute(
            f"ALTER ROLE {LOADER} LOGIN NOSUPERUSER NOREPLICATION CREATEDB {roles}".encode()
        )
        known = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (self.database,))
        if not known.fetchone():
            self.server.create_database(self.database)
        admin.execute(f"ALTER DATABASE {name} OWNER TO {LOADER}".encode())
        self._own_schema()

    def _own_schema(self) -> None:
        import psycopg

        with psycopg.connect(self.server.url(self.database), autocommit=True) as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_event_trigger WHERE evtenabled <> 'D'"
            ).fetchone()
            if row and row[0]:
                raise SandboxError(
                    f"Database {self.database} has event triggers that would run as {USER}.",
                    "Load the files into an empty database.",
                )
            connection.execute(f"ALTER SCHEMA public OWNER TO {LOADER}".encode())


_READING = ("select", "values", "table ", "show ", "explai", "fetch ")
