"""Opening a PostgreSQL server to look at it, and saying plainly why it could not be opened."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import Format

from dbwright.engines.postgresql.ending import noted
from dbwright.errors import ConnectionRefused, UnknownTarget, UnsupportedServer

__all__ = ["OLDEST_VERSION", "connect", "display_name", "is_url"]

OLDEST_VERSION = 12

CONNECT_TIMEOUT = 10
"""Seconds, unless the URL or PGCONNECT_TIMEOUT says otherwise."""

TEXT_TYPES = ("text", "varchar", "bpchar", "name", '"char"', 705)
"""The last one is that of constants, which has no name here."""

NEXT_STEPS: Mapping[str, str] = {
    "28P01": "check the user and the password (URL, PGPASSWORD, or a passfile line)",
    "28000": "the server's pg_hba.conf does not let this user in from here this way: "
    "try another user, host or sslmode",
    "3D000": "check the database's name at the end of the URL",
    "53300": "all connections are taken: connect as a superuser (reserved connections), "
    "or end some sessions first",
    "57P03": "the server is starting up, shutting down or in recovery: try again in a moment",
    "57P01": "the server is shutting down: try again when it is up",
}


def is_url(text: str) -> bool:
    """Is this a PostgreSQL connection URL?"""
    return text.startswith(("postgresql://", "postgres://"))


def connect(
    url: str, *, application_name: str = "dbwright", client_encoding: str | None = None
) -> psycopg.Connection[Any]:
    """Open the server in autocommit, without prepared statements (so poolers are fine).
    `client_encoding`: None for what the URL, the environment or the server says.

    Everything libpq knows is honoured: URL, service file, passfile, sslmode, environment.
    Raises ConnectionRefused, UnknownTarget (the URL can't be read), UnsupportedServer; Interrupted
    where nobody waits for it any more (`ending`).
    """
    parameters = _parameters(url)
    if "connect_timeout" not in parameters and "PGCONNECT_TIMEOUT" not in os.environ:
        parameters["connect_timeout"] = CONNECT_TIMEOUT
    parameters["application_name"] = application_name
    if client_encoding is not None:
        parameters["client_encoding"] = client_encoding
    try:
        connection = psycopg.connect(
            make_conninfo("", **parameters), autocommit=True, prepare_threshold=None
        )
    except psycopg.Error as problem:
        raise _refused(display_name(url), problem) from None
    _check_version(connection, display_name(url))
    if connection.info.parameter_status("client_encoding") == "SQL_ASCII":
        _read_as_utf8(connection)
    noted(connection)
    return connection


class _Utf8(Loader):
    """A text of a database that does not say how its texts are encoded: as UTF-8, which most are,
    with marks where one is not. (psycopg would give bytes.)"""

    def load(self, data: Buffer) -> str:
        return bytes(data).decode(errors="replace")


class _Utf8Binary(_Utf8):
    format = Format.BINARY


def _read_as_utf8(connection: psycopg.Connection[Any]) -> None:
    for name in TEXT_TYPES:
        connection.adapters.register_loader(name, _Utf8)
        connection.adapters.register_loader(name, _Utf8Binary)


def display_name(url: str) -> str:
    """The target as a person would name it, without its password."""
    try:
        parameters = _parameters(url)
    except UnknownTarget:
        return "postgresql://(unreadable)"
    if parameters.get("service") and not parameters.get("host"):
        return f"service {parameters['service']}"
    user = parameters.get("user") or os.environ.get("PGUSER") or ""
    host = str(parameters.get("host") or os.environ.get("PGHOST") or "")
    port = parameters.get("port") or os.environ.get("PGPORT") or ""
    database = parameters.get("dbname") or os.environ.get("PGDATABASE") or user or ""
    where = host if not host.startswith("/") else ""
    at = f"{user}@" if user else ""
    suffix = f":{port}" if port and where else ""
    return f"postgresql://{at}{where}{suffix}/{database}"


def _parameters(url: str) -> dict[str, str | int | None]:
    try:
        return dict(conninfo_to_dict(url))
    except psycopg.ProgrammingError:
        # libpq's message quotes the part it can't read, which may be in the password.
        raise UnknownTarget(
            "the connection URL can't be read",
            "write postgresql://user@host:5432/database, with special characters "
            "percent-encoded (@ is %40)",
        ) from None


def _refused(target: str, problem: psycopg.Error) -> ConnectionRefused:
    text = " ".join(str(problem).split())
    state = problem.sqlstate or _state_from_message(text)
    # psycopg prefixes each attempt with the address it tried; the last sentence is the cause.
    cause = text.split("FATAL: ")[-1].strip() if "FATAL: " in text else text
    return ConnectionRefused(
        f"can't connect to {target}: {cause}", NEXT_STEPS.get(state, _advice(text))
    )


def _state_from_message(text: str) -> str:
    """libpq gives no SQLSTATE for a failed connection, only the server's English sentence."""
    phrases = {
        "password authentication failed": "28P01",
        "no password supplied": "28P01",
        "no pg_hba.conf entry": "28000",
        "does not exist": "3D000" if "database" in text else "28P01",
        "too many clients": "53300",
        "remaining connection slots": "53300",
        "too many connections": "53300",
        "the database system is": "57P03",
    }
    return next((state for phrase, state in phrases.items() if phrase in text), "")


def _advice(text: str) -> str:
    lowered = text.lower()
    if "could not translate host name" in lowered or "name or service not known" in lowered:
        return "check the host's name in the URL"
    if "timeout" in lowered:
        return "check host and port, and that a firewall lets you through"
    if "ssl" in lowered or "certificate" in lowered:
        return "check sslmode and sslrootcert in the URL"
    if "service" in lowered:
        return "check the service's name and the service file (PGSERVICEFILE)"
    return "check host and port, and that the server is running"


def _check_version(connection: psycopg.Connection[Any], target: str) -> None:
    version = connection.info.server_version
    if version < OLDEST_VERSION * 10000:
        connection.close()
        raise UnsupportedServer(
            f"{target} is PostgreSQL {version // 10000}; dbwright reads {OLDEST_VERSION} and later",
            "upgrade the server: its version gets no more fixes",
        )
