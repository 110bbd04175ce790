"""From rows of the catalog queries to roles, settings, functions and all that is no table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from dbwright.engines.postgresql import passwords
from dbwright.engines.postgresql.host import machine_of_process
from dbwright.engines.postgresql.names import options
from dbwright.engines.postgresql.privileges import grants
from dbwright.engines.postgresql.session import Row
from dbwright.engines.postgresql.tables import PERSISTENCE
from dbwright.model.catalog import (
    Attribute,
    Check,
    Database,
    ExtendedStatistics,
    ForeignServer,
    Function,
    HbaRule,
    Publication,
    PublishedTable,
    Role,
    Sequence,
    Server,
    Setting,
    SettingOverride,
    Slot,
    Type,
    TypeKind,
    UserMapping,
)
from dbwright.model.names import multirange_name, qualify

__all__ = [
    "database",
    "extended_statistics",
    "foreign_servers",
    "function",
    "hba_rule",
    "overrides",
    "publication",
    "roles",
    "sequence",
    "server",
    "setting",
    "slot",
    "types",
]

FUNCTION_KIND = {"f": "function", "p": "procedure", "a": "aggregate", "w": "window function"}
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
SECRET_OPTIONS = ("password", "passwd", "passcode", "secret", "token", "passfile", "sslpassword")
"""Option names of foreign servers and user mappings that hold a secret (part of the name)."""


def server(row: Row, host: str) -> Server:
    """`host` is where the connection leads. A port on loopback may lead elsewhere (a tunnel, a
    container): only a unix socket says that the server's machine is this one."""
    here = machine_of_process() if host.startswith("/") else None
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
        memory_bytes=here.memory_bytes if here else None,
        cores=here.cpus if here else None,
    )


def sequence(
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
        owned_by=owned_by,
        identity=bool(row.identity),
        used_by_default=row.used_by_default,
        comment=row.comment,
        grants=grants(row.acl),
        persistence=PERSISTENCE[row.persistence],
    )


def function(row: Row) -> Function:
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
        declared_arguments=row.declared_arguments,
        sql_body=row.sql_body,
        cost=row.cost,
        result_rows=row.result_rows,
        grants=grants(row.acl),
        comment=row.comment,
        definition=row.definition,
        aggregate=options(row.aggregate),
    )


def types(rows: list[Row], checks: Mapping[int, tuple[Check, ...]]) -> tuple[Type, ...]:
    return tuple(
        Type(
            oid=row.oid,
            schema=row.schema,
            name=row.name,
            kind=TYPE_KIND[row.kind],
            owner=row.owner,
            labels=tuple(row.labels or ()),
            base_type=row.base_type,
            collation=row.collation,
            not_null=row.not_null,
            default=row.default,
            checks=checks.get(row.oid, ()),
            attributes=tuple(
                Attribute(*attribute)
                for attribute in zip(
                    row.attribute_names or (),
                    row.attribute_types or (),
                    row.attribute_collations or (),
                    row.attribute_comments or (),
                    strict=True,
                )
            ),
            comment=row.comment,
            grants=grants(row.acl),
            range_options=_range_options(row),
        )
        for row in rows
    )


def _range_options(row: Row) -> tuple[tuple[str, str], ...]:
    """Without the name that the server itself would choose for the multirange."""
    chosen = qualify(row.schema, multirange_name(row.name))
    return tuple(
        pair for pair in options(row.range_options) if pair != ("multirange_type_name", chosen)
    )


def roles(rows: list[Row], password_rows: list[Row], database: str) -> tuple[Role, ...]:
    """`password_rows` is empty where pg_authid could not be read. Hashes are compared here with
    a few guesses, and go no further."""
    stored = {
        row.name: (passwords.kind(row.hash), passwords.guessable(row.name, row.hash, [database]))
        for row in password_rows
    }
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


def foreign_servers(rows: list[Row], mappings: list[Row]) -> tuple[ForeignServer, ...]:
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
        type=row.type,
        version=row.version,
        comment=row.comment,
    )


def _is_secret(option: str) -> bool:
    return any(part in option.lower() for part in SECRET_OPTIONS)


def publication(
    row: Row, names: Mapping[int, tuple[str, str]], columns: Mapping[int, Mapping[int, str]]
) -> Publication:
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
        named=tuple(_published(row, names, columns)),
        schemas=tuple(row.published_schemas),
        generated_columns="stored" if row.generated_columns == "s" else "none",
        comment=row.comment,
    )


def _published(
    row: Row, names: Mapping[int, tuple[str, str]], columns: Mapping[int, Mapping[int, str]]
) -> Iterable[PublishedTable]:
    for place, oid in enumerate(row.named):
        if oid not in names:
            continue  # a table of an extension
        positions = (row.named_columns or {})[place] if row.named_columns else None
        yield PublishedTable(
            qualify(*names[oid]),
            tuple(columns[oid].get(position, "") for position in positions or ()),
            row.named_conditions[place] if row.named_conditions else None,
        )


def slot(row: Row) -> Slot:
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


def setting(row: Row) -> Setting:
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


def overrides(rows: list[Row]) -> Iterable[SettingOverride]:
    for row in rows:
        for name, value in options(row.settings):
            yield SettingOverride(name, value, row.role, row.database)


def database(row: Row) -> Database:
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


def hba_rule(row: Row) -> HbaRule:
    return HbaRule(
        line=row.line,
        file=row.file,
        type=row.type,
        databases=tuple(row.databases or ()),
        users=tuple(row.users or ()),
        address=row.address,
        netmask=row.netmask,
        method=row.method,
        options=tuple(row.options or ()),
        error=row.error,
    )


def extended_statistics(
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
        owner=row.owner,
        comment=row.comment,
    )
