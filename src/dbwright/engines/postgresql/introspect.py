"""Reading a database's objects into a `Catalog`, in a fixed number of queries."""

from __future__ import annotations

import gc
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from dbwright.engines.postgresql import passwords
from dbwright.engines.postgresql.privileges import grants
from dbwright.engines.postgresql.session import Row, Session, Unreadable
from dbwright.engines.postgresql.tables import (
    ENABLED,
    RelationRows,
    build_checks_of_domains,
    build_relations,
    options,
)
from dbwright.model.catalog import (
    Attribute,
    Catalog,
    Check,
    Collation,
    Database,
    DefaultPrivilege,
    EventTrigger,
    ExtendedStatistics,
    Extension,
    ForeignServer,
    Function,
    HbaRule,
    PasswordKind,
    Publication,
    Role,
    Schema,
    Sequence,
    Server,
    Setting,
    SettingOverride,
    Slot,
    Subscription,
    Tablespace,
    Type,
    TypeKind,
    UserMapping,
)
from dbwright.model.names import qualify
from dbwright.progress import Progress, silent

__all__ = ["introspect"]

FUNCTION_KIND = {"f": "function", "p": "procedure", "a": "aggregate", "w": "function"}
VOLATILITY = {"i": "immutable", "s": "stable", "v": "volatile"}
PARALLEL = {"s": "safe", "r": "restricted", "u": "unsafe"}
TYPE_KIND = {
    "e": TypeKind.ENUM,
    "d": TypeKind.DOMAIN,
    "c": TypeKind.COMPOSITE,
    "r": TypeKind.RANGE,
    "b": TypeKind.BASE,
}
PROVIDER = {"c": "libc", "i": "icu", "b": "builtin", "d": "default"}
DEFAULT_ACL_TYPE = {
    "r": "tables",
    "S": "sequences",
    "f": "functions",
    "T": "types",
    "n": "schemas",
    "L": "large objects",
}
SECRET_OPTIONS = ("password", "passwd", "passcode", "secret", "token", "passfile", "sslpassword")
"""Option names of foreign servers and user mappings that hold a secret (part of the name)."""


def introspect(session: Session, progress: Progress = silent) -> Catalog:
    """All objects that the session's user can see.

    What can't be read lands in `session.skipped`. Raises ConnectionLost, and Unreadable only
    where the server can't even say what it is.
    """
    with _without_garbage_collection():
        return _introspect(session, progress)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """A catalog is millions of small objects that all live on: searching them again and again
    for garbage takes as long as building them."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _introspect(session: Session, progress: Progress) -> Catalog:
    progress("reading the catalog")
    server_row = session.fetch("server")[0]
    rows = _relation_rows(session)
    progress("building the model")
    tables, views, materialized_views = build_relations(rows)
    pairs = {row.oid: (row.schema, row.name) for row in rows.relations}
    column_names: dict[int, dict[int, str]] = defaultdict(dict)
    for row in rows.columns:
        column_names[row.relation][row.position] = row.name
    _note_locked(session, rows.relations)
    progress("reading roles, settings and the rest")

    def read(query: str, part: str | None = None) -> list[Row]:
        return session.try_fetch(query, part or f"catalog.{query}")

    settings = tuple(_setting(row) for row in read("settings"))
    if not server_row.reads_all_settings and not server_row.superuser:
        session.skip(
            "catalog.settings.restricted",
            "some settings are shown only to members of pg_read_all_settings",
            f"GRANT pg_monitor TO {qualify(server_row.user)}",
        )
    return Catalog(
        engine="postgresql",
        server=_server(server_row, session),
        captured_at=server_row.now,
        schemas=tuple(
            Schema(row.name, row.owner, row.comment, grants(row.acl)) for row in read("schemas")
        ),
        tables=tables,
        views=views,
        materialized_views=materialized_views,
        sequences=_sequences(session, read("sequences"), pairs, column_names),
        functions=tuple(_function(row) for row in read("functions")),
        types=_types(read("types"), build_checks_of_domains(rows.constraints)),
        roles=_roles(session, read("roles"), server_row.database),
        extensions=tuple(
            Extension(row.name, row.version, row.schema, row.available_version, row.owner)
            for row in read("extensions")
        ),
        foreign_servers=_foreign_servers(read("foreign_servers"), read("user_mappings")),
        publications=tuple(_publication(row) for row in read("publications")),
        subscriptions=tuple(
            Subscription(row.name, row.owner, row.enabled, row.slot, tuple(row.publications))
            for row in read("subscriptions")
        ),
        slots=tuple(_slot(row) for row in read("slots")),
        settings=settings,
        setting_overrides=tuple(_overrides(read("setting_overrides"))),
        databases=tuple(_database(row) for row in read("databases")),
        collations=tuple(
            Collation(
                row.schema,
                row.name,
                PROVIDER.get(row.provider, row.provider),
                row.version,
                row.actual_version,
            )
            for row in rows.collations
            if row.version is not None
        ),
        hba_rules=_hba_rules(session),
        default_privileges=tuple(
            DefaultPrivilege(
                row.role,
                row.schema,
                DEFAULT_ACL_TYPE.get(row.object_type, row.object_type),
                grants(row.acl),
            )
            for row in read("default_privileges")
        ),
        extended_statistics=tuple(
            _extended_statistics(row, pairs, column_names)
            for row in read("extended_statistics")
            if row.relation in pairs
        ),
        tablespaces=tuple(
            Tablespace(row.name, row.owner, options(row.options)) for row in read("tablespaces")
        ),
        event_triggers=tuple(
            EventTrigger(
                row.name,
                row.event,
                qualify(row.function_schema, row.function_name),
                ENABLED[row.enabled],
            )
            for row in read("event_triggers")
        ),
        large_objects=next((row.count for row in read("large_objects")), None),
    )


def _relation_rows(session: Session) -> RelationRows:
    """The queries without which there is no catalog to speak of: their failure is told once."""

    def read(query: str) -> list[Row]:
        return session.try_fetch(query, f"catalog.{query}")

    return RelationRows(
        relations=read("relations"),
        column_types=read("column_types"),
        columns=read("columns"),
        constraints=read("constraints"),
        indexes=read("indexes"),
        operator_classes=read("operator_classes"),
        collations=read("collations"),
        triggers=read("triggers"),
        rewrite_rules=read("rewrite_rules"),
        policies=read("policies"),
        views=read("views"),
    )


def _note_locked(session: Session, relations: Iterable[Row]) -> None:
    locked = sorted(qualify(row.schema, row.name) for row in relations if row.locked)
    if locked:
        session.skip(
            "catalog.expressions",
            "an ACCESS EXCLUSIVE lock is held or waited for: sizes, expressions and predicates "
            "were not read",
            "run it again when the lock is gone",
            locked,
        )


def _server(row: Row, session: Session) -> Server:
    here = _is_here(session)
    return Server(
        version=row.version.split()[0],
        version_number=row.version_number,
        database=row.database,
        user=row.user,
        superuser=bool(row.superuser),
        in_recovery=row.in_recovery,
        started_at=row.started_at,
        block_size=row.block_size,
        data_checksums=row.data_checksums,
        ssl=row.ssl,
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if here else None,
        cores=os.cpu_count() if here else None,
    )


def _is_here(session: Session) -> bool:
    """Does the server run on this machine? (A port on loopback may lead elsewhere: a tunnel or a
    container; only a unix socket is certain.)"""
    return session.connection.info.host.startswith("/")


def _sequences(
    session: Session,
    rows: list[Row],
    pairs: Mapping[int, tuple[str, str]],
    columns: Mapping[int, Mapping[int, str]],
) -> tuple[Sequence, ...]:
    unreadable = [qualify(row.schema, row.name) for row in rows if not row.readable]
    if unreadable:
        session.skip(
            "catalog.sequences.last_value",
            "the last value of some sequences may not be read",
            f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA … TO {session.connection.info.user}",
            unreadable,
        )
    return tuple(_sequence(row, pairs, columns) for row in rows)


def _sequence(
    row: Row, pairs: Mapping[int, tuple[str, str]], columns: Mapping[int, Mapping[int, str]]
) -> Sequence:
    owned_by = None
    if row.owner_relation in pairs:
        schema, table = pairs[row.owner_relation]
        owned_by = (schema, table, columns[row.owner_relation].get(row.owner_column, ""))
    return Sequence(
        oid=row.oid,
        schema=row.schema,
        name=row.name,
        owner=row.owner,
        type=row.type,
        start=row.start,
        minimum=row.minimum,
        maximum=row.maximum,
        increment=row.increment,
        cycle=row.cycle,
        cache=row.cache,
        last_value=row.last_value,
        owned_by=owned_by,
        identity=bool(row.identity),
        used_by_default=row.used_by_default,
        comment=row.comment,
        grants=grants(row.acl),
    )


def _function(row: Row) -> Function:
    return Function(
        oid=row.oid,
        schema=row.schema,
        name=row.name,
        arguments=row.arguments,
        owner=row.owner,
        kind=FUNCTION_KIND[row.kind],
        language=row.language,
        returns=row.returns,
        volatility=VOLATILITY[row.volatility],
        parallel=PARALLEL[row.parallel],
        strict=row.strict,
        leakproof=row.leakproof,
        security_definer=row.security_definer,
        settings=options(row.settings),
        source=row.source,
        grants=grants(row.acl),
        comment=row.comment,
    )


def _types(rows: list[Row], checks: Mapping[int, tuple[Check, ...]]) -> tuple[Type, ...]:
    return tuple(
        Type(
            oid=row.oid,
            schema=row.schema,
            name=row.name,
            kind=TYPE_KIND[row.kind],
            owner=row.owner,
            labels=tuple(row.labels or ()),
            base_type=row.base_type,
            not_null=row.not_null,
            default=row.default,
            checks=checks.get(row.oid, ()),
            attributes=tuple(
                Attribute(name, type_)
                for name, type_ in zip(
                    row.attribute_names or (), row.attribute_types or (), strict=True
                )
            ),
            comment=row.comment,
            grants=grants(row.acl),
        )
        for row in rows
    )


def _roles(session: Session, rows: list[Row], database: str) -> tuple[Role, ...]:
    stored: dict[str, tuple[PasswordKind, bool]] = {}
    try:
        for row in session.fetch("passwords"):
            weak = passwords.guessable(row.name, row.hash, [database])
            stored[row.name] = (passwords.kind(row.hash), weak)
    except Unreadable as problem:
        session.skip(
            "catalog.roles.passwords",
            problem.reason,
            f"GRANT SELECT ON pg_authid TO {qualify(session.connection.info.user)}",
        )
    return tuple(
        Role(
            name=row.name,
            superuser=row.superuser,
            create_role=row.create_role,
            create_database=row.create_database,
            inherit=row.inherit,
            login=row.login,
            replication=row.replication,
            bypass_rls=row.bypass_rls,
            connection_limit=row.connection_limit,
            valid_until=row.valid_until,
            member_of=tuple(row.member_of),
            password=stored[row.name][0] if row.name in stored else None,
            guessable_password=stored[row.name][1] if row.name in stored else None,
            comment=row.comment,
        )
        for row in rows
    )


def _foreign_servers(rows: list[Row], mappings: list[Row]) -> tuple[ForeignServer, ...]:
    by_server: dict[int, list[UserMapping]] = defaultdict(list)
    for mapping in mappings:
        names = None
        if mapping.options is not None:
            names = tuple(name for name, _ in options(mapping.options))
        role = "PUBLIC" if mapping.role == "public" else mapping.role
        by_server[mapping.server].append(UserMapping(role, names))
    return tuple(_foreign_server(row, tuple(by_server[row.oid])) for row in rows)


def _foreign_server(row: Row, mappings: tuple[UserMapping, ...]) -> ForeignServer:
    pairs = options(row.options)
    secret = tuple(name for name, _ in pairs if _is_secret(name))
    return ForeignServer(
        name=row.name,
        wrapper=row.wrapper,
        owner=row.owner,
        options=tuple((name, "***" if name in secret else value) for name, value in pairs),
        secret_options=secret,
        user_mappings=mappings,
        grants=grants(row.acl),
    )


def _is_secret(option: str) -> bool:
    return any(part in option.lower() for part in SECRET_OPTIONS)


def _publication(row: Row) -> Publication:
    actions = {
        "insert": row.insert,
        "update": row.update,
        "delete": row.delete,
        "truncate": row.truncate,
    }
    return Publication(
        name=row.name,
        owner=row.owner,
        all_tables=row.all_tables,
        tables=tuple(qualify(*pair) for pair in zip(row.schemas, row.tables, strict=True)),
        publishes=tuple(action for action, published in actions.items() if published),
        via_root=row.via_root,
    )


def _slot(row: Row) -> Slot:
    return Slot(
        name=row.name,
        kind=row.kind,
        plugin=row.plugin,
        database=row.database,
        active=row.active,
        temporary=row.temporary,
        retained_bytes=row.retained_bytes,
        safe_wal_bytes=row.safe_wal_bytes,
        wal_status=row.wal_status,
        xmin_age=row.xmin_age,
        catalog_xmin_age=row.catalog_xmin_age,
        inactive_since=row.inactive_since,
    )


def _setting(row: Row) -> Setting:
    return Setting(
        name=row.name,
        value=row.value or "",
        unit=row.unit,
        type=row.type,
        context=row.context,
        source=row.source,
        default=row.default,
        source_file=row.source_file,
        pending_restart=row.pending_restart,
    )


def _overrides(rows: list[Row]) -> Iterable[SettingOverride]:
    for row in rows:
        for name, value in options(row.settings):
            yield SettingOverride(name, value, row.role, row.database)


def _database(row: Row) -> Database:
    return Database(
        name=row.name,
        owner=row.owner,
        encoding=row.encoding,
        collate=row.collate or "",
        ctype=row.ctype or "",
        locale_provider=PROVIDER.get(row.provider, row.provider),
        collation_version=row.collation_version,
        actual_collation_version=row.actual_collation_version,
        is_template=row.is_template,
        allows_connections=row.allows_connections,
        connection_limit=row.connection_limit,
        comment=row.comment,
        grants=grants(row.acl),
    )


def _hba_rules(session: Session) -> tuple[HbaRule, ...]:
    try:
        rows = session.fetch("hba_rules")
    except Unreadable as problem:
        user = qualify(session.connection.info.user)
        session.skip(
            "catalog.hba_rules",
            problem.reason,
            f"GRANT EXECUTE ON FUNCTION pg_hba_file_rules() TO {user}; "
            f"GRANT SELECT ON pg_hba_file_rules TO {user}",
        )
        return ()
    return tuple(
        HbaRule(
            line=row.line,
            type=row.type,
            databases=tuple(row.databases or ()),
            users=tuple(row.users or ()),
            address=row.address,
            netmask=row.netmask,
            method=row.method,
            options=tuple(row.options or ()),
            error=row.error,
        )
        for row in rows
    )


def _extended_statistics(
    row: Row, pairs: Mapping[int, tuple[str, str]], columns: Mapping[int, Mapping[int, str]]
) -> ExtendedStatistics:
    kinds = {"d": "ndistinct", "f": "dependencies", "m": "mcv", "e": "expressions"}
    return ExtendedStatistics(
        schema=row.schema,
        name=row.name,
        table=qualify(*pairs[row.relation]),
        kinds=tuple(kinds.get(kind, kind) for kind in row.kinds),
        columns=tuple(columns[row.relation].get(position, "") for position in row.columns),
        expressions=row.expressions,
        statistics_target=row.target,
    )
