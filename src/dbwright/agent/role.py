"""`dbwright agent role`: the SQL of a role that may read what an agent needs, and no more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

from dbwright.agent.safe_sql.known_functions import REFUSED_EXTENSIONS
from dbwright.agent.safe_sql.secrets import is_secret_name
from dbwright.configuration import Configuration
from dbwright.errors import UsageError
from dbwright.model.catalog import Catalog, Column, MaterializedView, Table, TableKind, View
from dbwright.model.document import Document
from dbwright.model.names import quote
from dbwright.operation import Effect, Example, Parameter, operation
from dbwright.progress import Progress, silent
from dbwright.target import opened, resolve

__all__ = ["role"]

LONGEST_NAME = 63
"""Bytes (NAMEDATALEN)."""
CONNECTIONS = 10
SYSTEM_SCHEMAS = frozenset(("pg_catalog", "information_schema"))
NO_SECRETS = frozenset(
    ("boolean", "date", "interval", "time without time zone", "time with time zone")
) | {f"timestamp {zone} time zone" for zone in ("with", "without")}

_Relation = Table | View | MaterializedView


@operation(
    Effect.READS,
    examples=(
        Example("dbwright agent role postgresql://me@localhost/shop", "for all schemas"),
        Example("dbwright agent role --schemas shop,audit --name reader", "for some"),
    ),
)
def role(
    target: Annotated[
        str | None,
        Parameter(
            "a URL, a snapshot, SQL files, or a name in dbwright.toml", "TARGET", argument=True
        ),
    ] = None,
    *,
    name: Annotated[str, Parameter("what the role is called", "ROLE")] = "dbwright_agent",
    schemas: Annotated[
        str | None, Parameter("schemas that it may read, with commas between", "NAMES")
    ] = None,
    configuration: Configuration,
    progress: Progress = silent,
) -> Document:
    """Print the SQL of a least-privilege role for coding agents, and its way back.

    The role may read the tables of the schemas and the server's statistics, and nothing else.
    Columns whose names tell of secrets are left out, foreign tables as well. Nothing is run: an
    owner reads the SQL and runs it. It holds no password; \\password of psql sets one.
    """
    _require_name(name)
    with opened(resolve(target, configuration), values=None, progress=progress) as source:
        catalog = source.snapshot.catalog
        database = source.snapshot.catalog.server.database
    chosen = _schemas(catalog, schemas)
    up = _text(_up(catalog, database, name, chosen))
    down = _text(_down(catalog, database, name, chosen))
    text = (
        f"{up}\n-- The way back, to be run in each database where it was created:\n--\n"
        + "".join(f"-- {line}\n" for line in down.splitlines())
    )
    left_out = [
        f"{one.qualified}.{quote(column.name)}"
        for one in _relations(catalog, chosen)
        for column in one.columns
        if _is_secret(column)
    ]
    data = {"role": name, "schemas": chosen, "up": up, "down": down, "left_out": left_out}
    return Document("agent role", text, data, plain=True)


def _require_name(name: str) -> None:
    if not name or len(name.encode()) > LONGEST_NAME or "\0" in name or not name.isprintable():
        raise UsageError("the role's name can't be used", "give 1 to 63 letters with --name")
    if name.startswith("pg_") or name in ("public", "none"):
        raise UsageError(f"{name} is a name that the server keeps", "give another with --name")


def _schemas(catalog: Catalog, wanted: str | None) -> list[str]:
    known = [one.name for one in catalog.schemas if one.name not in SYSTEM_SCHEMAS]
    if wanted is None:
        return known
    chosen = [part.strip() for part in wanted.split(",") if part.strip()]
    for one in chosen:
        if one not in known:
            raise UsageError(
                f"there is no schema {one}", f"there are: {', '.join(known) or 'none'}"
            )
    if not chosen:
        raise UsageError("no schema was named", "give --schemas NAME,NAME or leave it out")
    return list(dict.fromkeys(chosen))


def _up(catalog: Catalog, database: str, name: str, schemas: list[str]) -> Iterator[str]:
    who = quote(name)
    yield "-- A role for agents: it reads, and nothing else. Run it as the database's owner with"
    yield f"-- CREATEROLE, or as a superuser; then set a password in psql: \\password {name}"
    yield "BEGIN;"
    yield ""
    yield f"CREATE ROLE {who} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
    yield f"  INHERIT CONNECTION LIMIT {CONNECTIONS};"
    yield f"ALTER ROLE {who} SET default_transaction_read_only = on;"
    for setting, value in (
        ("statement_timeout", "30s"),
        ("lock_timeout", "2s"),
        ("idle_in_transaction_session_timeout", "60s"),
        ("work_mem", "16MB"),
    ):
        yield f"ALTER ROLE {who} SET {setting} = '{value}';"
    yield "-- Statistics of all sessions and statements, without the power over them that"
    yield "-- pg_signal_backend has, and without the secret settings that pg_monitor sees."
    yield f"GRANT pg_read_all_stats TO {who};"
    yield f"GRANT CONNECT ON DATABASE {quote(database)} TO {who};"
    for schema in schemas:
        yield ""
        yield from _grants(catalog, schema, who)
    yield ""
    yield "COMMIT;"
    yield from _for_a_superuser(catalog, who)
    yield from _of_public(catalog, database, schemas)


def _grants(catalog: Catalog, schema: str, who: str) -> Iterator[str]:
    where = quote(schema)
    yield f"GRANT USAGE ON SCHEMA {where} TO {who};"
    for one in _relations(catalog, [schema]):
        secret = [column.name for column in one.columns if _is_secret(column)]
        if isinstance(one, Table) and one.kind is TableKind.FOREIGN:
            yield f"-- {one.qualified} is a foreign table: reading it acts on another server."
        elif not secret:
            yield f"GRANT SELECT ON {one.qualified} TO {who};"
        else:
            open_columns = [quote(c.name) for c in one.columns if c.name not in secret]
            yield f"-- Without {', '.join(map(quote, secret))}."
            if open_columns:
                yield f"GRANT SELECT ({', '.join(open_columns)}) ON {one.qualified} TO {who};"
    if any(sequence.schema == schema for sequence in catalog.sequences):
        yield f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA {where} TO {who};"
    owners = sorted({one.owner for one in _relations(catalog, [schema]) if one.owner})
    for owner in owners:
        yield f"-- Tables that {quote(owner)} will create here, with all their columns:"
        yield (
            f"-- ALTER DEFAULT PRIVILEGES FOR ROLE {quote(owner)} IN SCHEMA {where} "
            f"GRANT SELECT ON TABLES TO {who};"
        )


def _for_a_superuser(catalog: Catalog, who: str) -> Iterator[str]:
    yield ""
    yield "-- A superuser may add:"
    yield f"-- ALTER ROLE {who} SET temp_file_limit = '1GB';"
    if catalog.server.version_number >= 150000:
        yield "-- Keeps the trees of its queries out of the server's log (and lets it choose what"
        yield "-- else of it is logged):"
        yield f"-- GRANT SET ON PARAMETER log_min_messages TO {who};"


def _of_public(catalog: Catalog, database: str, schemas: list[str]) -> Iterator[str]:
    """What everybody may do, and so this role too: it can't be taken from one role alone."""
    yield ""
    yield "-- What everybody may do, this role may do as well. Look who else needs it, then:"
    yield f"-- REVOKE TEMPORARY ON DATABASE {quote(database)} FROM PUBLIC;"
    if catalog.server.version_number < 150000 and "public" in schemas:
        yield "-- REVOKE CREATE ON SCHEMA public FROM PUBLIC;"
    for extension in catalog.extensions:
        if extension.name in REFUSED_EXTENSIONS:
            reason = REFUSED_EXTENSIONS[extension.name]
            yield f"-- The extension {quote(extension.name)} {reason}:"
            yield (
                f"-- REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA {quote(extension.schema)} "
                "FROM PUBLIC;"
            )
    for function in catalog.functions:
        everybody = any(
            grant.grantee == "PUBLIC" and "EXECUTE" in grant.privileges for grant in function.grants
        )
        if function.security_definer and everybody:
            yield f"-- It acts with the rights of {quote(function.owner)}:"
            yield f"-- REVOKE EXECUTE ON FUNCTION {function.signature} FROM PUBLIC;"


def _down(catalog: Catalog, database: str, name: str, schemas: list[str]) -> Iterator[str]:
    who = quote(name)
    yield "BEGIN;"
    yield f"DROP OWNED BY {who};"
    yield f"REVOKE CONNECT ON DATABASE {quote(database)} FROM {who};"
    yield f"DROP ROLE {who};"
    yield "COMMIT;"


def _relations(catalog: Catalog, schemas: Iterable[str]) -> list[_Relation]:
    wanted = frozenset(schemas)
    every: tuple[_Relation, ...] = (*catalog.tables, *catalog.views, *catalog.materialized_views)
    return sorted(
        (one for one in every if one.schema in wanted), key=lambda one: (one.schema, one.name)
    )


def _is_secret(column: Column) -> bool:
    return column.base_type not in NO_SECRETS and is_secret_name(column.name)


def _text(lines: Iterable[str]) -> str:
    """The lines; a name with a line feed in it must not end a comment."""
    return "".join(f"{_one_line(line) if line.startswith('--') else line}\n" for line in lines)


def _one_line(line: str) -> str:
    return " ".join(line.splitlines())
