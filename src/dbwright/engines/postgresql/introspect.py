"""Reading a database's objects into a `Catalog`, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dbwright.engines.postgresql import objects
from dbwright.engines.postgresql.ahead import ReadAhead
from dbwright.engines.postgresql.columns import ColumnRows, collect_columns
from dbwright.engines.postgresql.dependencies import dependencies
from dbwright.engines.postgresql.names import options
from dbwright.engines.postgresql.privileges import grants
from dbwright.engines.postgresql.session import Row, Session
from dbwright.engines.postgresql.tables import ENABLED, QUERIES, build_relations
from dbwright.memory import garbage_collection_paused
from dbwright.model.catalog import (
    Catalog,
    Collation,
    DefaultPrivilege,
    EventTrigger,
    Extension,
    OtherObject,
    Schema,
    Subscription,
    Tablespace,
)
from dbwright.model.finding import ObjectRef
from dbwright.model.names import qualify
from dbwright.progress import Progress, silent

__all__ = ["introspect"]

SERVERS_OWN = ("pg_catalog", "information_schema")
DEFAULT_ACL_TYPE = {
    "r": "tables",
    "S": "sequences",
    "f": "functions",
    "T": "types",
    "n": "schemas",
    "L": "large objects",
}
OTHER_QUERIES = (
    "schemas",
    "sequences",
    "functions",
    "types",
    "roles",
    "passwords",
    "extensions",
    "available_extensions",
    "foreign_servers",
    "user_mappings",
    "publications",
    "subscriptions",
    "slots",
    "settings",
    "setting_overrides",
    "databases",
    "hba_rules",
    "default_privileges",
    "extended_statistics",
    "tablespaces",
    "event_triggers",
    "large_objects",
    "dependencies",
    "others",
    "other_objects",
)
"""Beside those of tables, in the order in which their rows are used."""

PARTS = {"passwords": "catalog.roles.passwords"}
"""Where the part of the catalog is not named as its query."""


def introspect(session: Session, progress: Progress = silent) -> Catalog:
    """All objects that the session's user can see.

    What can't be read lands in `session.skipped`. Raises ConnectionLost, and Unreadable only
    where the server can't even say what it is.
    """
    progress("reading the catalog")
    server_row = session.fetch("server")[0]
    with garbage_collection_paused(), ReadAhead(session, _steps(session)) as rows:
        catalog, locked = _catalog(rows, server_row, session.connection.info.host)
    _note_restricted(session, server_row, locked)
    return catalog


def _steps(session: Session) -> dict[str, Callable[[], Any]]:
    """Every reading step, in the order in which `_catalog` uses its rows."""
    user = qualify(session.connection.info.user)
    remedies = {
        "passwords": f"GRANT SELECT ON pg_authid TO {user}",
        "hba_rules": f"GRANT EXECUTE ON FUNCTION pg_hba_file_rules() TO {user}; "
        f"GRANT SELECT ON pg_hba_file_rules TO {user}",
    }
    pairs: set[tuple[int, int]] = set()

    def columns() -> ColumnRows:
        found = session.try_collect("columns", "catalog.columns", collect_columns)
        pairs.update(found.types)
        return found

    def column_types() -> list[Row]:
        return session.try_fetch(
            "column_types",
            "catalog.column_types",
            types=",".join(str(type_) for type_, _ in pairs),
            modifiers=",".join(str(modifier) for _, modifier in pairs),
        )

    def step(query: str) -> Callable[[], list[Row]]:
        part = PARTS.get(query, f"catalog.{query}")
        return lambda: session.try_fetch(query, part, remedy=remedies.get(query, ""))

    steps = {query: step(query) for query in (*QUERIES, *OTHER_QUERIES)}
    return steps | {"columns": columns, "column_types": column_types}


def _note_restricted(session: Session, server: Row, locked: tuple[str, ...]) -> None:
    if locked:
        session.skip(
            "catalog.expressions",
            "an ACCESS EXCLUSIVE lock is held or waited for: sizes, expressions and predicates "
            "were not read",
            "run it again when the lock is gone",
            locked,
        )
    if not server.reads_all_settings and not server.superuser:
        session.skip(
            "catalog.settings.restricted",
            "some settings are shown only to members of pg_read_all_settings",
            f"GRANT pg_monitor TO {qualify(server.user)}",
        )


def _catalog(rows: ReadAhead, server_row: Row, host: str) -> tuple[Catalog, tuple[str, ...]]:
    """The catalog, and the names of the relations that could not be read whole."""
    relations = build_relations(rows)
    pairs, names = relations.pairs, relations.columns
    catalog = Catalog(
        engine="postgresql",
        server=objects.server(server_row, host),
        captured_at=server_row.now,
        tables=relations.tables,
        views=relations.views,
        materialized_views=relations.materialized_views,
        schemas=tuple(
            Schema(row.name, row.owner, row.comment, grants(row.acl)) for row in rows["schemas"]
        ),
        sequences=tuple(objects.sequence(row, pairs, names) for row in rows["sequences"]),
        functions=tuple(objects.function(row) for row in rows["functions"]),
        types=objects.types(rows["types"], relations.domain_checks),
        roles=objects.roles(rows["roles"], rows["passwords"], server_row.database),
        extensions=tuple(
            Extension(row.name, row.version, row.schema, row.available_version, row.owner)
            for row in rows["extensions"]
        ),
        available_extensions=tuple(row.name for row in rows["available_extensions"]),
        foreign_servers=objects.foreign_servers(rows["foreign_servers"], rows["user_mappings"]),
        publications=tuple(objects.publication(row, pairs, names) for row in rows["publications"]),
        subscriptions=tuple(
            Subscription(row.name, row.owner, row.enabled, row.slot, tuple(row.publications))
            for row in rows["subscriptions"]
        ),
        slots=tuple(objects.slot(row) for row in rows["slots"]),
        settings=tuple(objects.setting(row) for row in rows["settings"]),
        setting_overrides=tuple(objects.overrides(rows["setting_overrides"])),
        databases=tuple(objects.database(row) for row in rows["databases"]),
        hba_rules=tuple(objects.hba_rule(row) for row in rows["hba_rules"]),
        default_privileges=tuple(
            DefaultPrivilege(
                row.role,
                row.schema,
                DEFAULT_ACL_TYPE.get(row.object_type, row.object_type),
                grants(row.acl),
            )
            for row in rows["default_privileges"]
        ),
        extended_statistics=tuple(
            objects.extended_statistics(row, pairs, names)
            for row in rows["extended_statistics"]
            if row.relation in pairs
        ),
        tablespaces=tuple(
            Tablespace(row.name, row.owner, options(row.options)) for row in rows["tablespaces"]
        ),
        event_triggers=tuple(
            EventTrigger(
                row.name,
                row.event,
                qualify(row.function_schema, row.function_name),
                ENABLED[row.enabled],
                tuple(row.tags or ()),
                row.owner,
                row.comment,
            )
            for row in rows["event_triggers"]
        ),
        large_objects=next((row.count for row in rows["large_objects"]), None),
        collations=tuple(
            Collation(
                row.schema,
                row.name,
                objects.PROVIDER.get(row.provider, row.provider),
                row.version,
                row.actual_version,
                row.locale,
                row.ctype,
                row.deterministic,
                row.rules,
                row.owner,
                row.comment,
            )
            for row in relations.collations
            if row.version is not None or row.schema not in SERVERS_OWN
        ),
    )
    dependency_rows = rows["dependencies"]
    others = tuple(ObjectRef(row.kind, row.name) for row in rows["others"])
    found = rows["other_objects"]
    needs = dependencies(catalog, dependency_rows, names, relations.collations, found)
    catalog = replace(
        catalog,
        dependencies=needs,
        others=others,
        other_objects=tuple(
            OtherObject(
                row.oid,
                row.kind,
                row.name,
                row.target,
                tuple(row.statements),
                row.owner,
                row.comment,
            )
            for row in found
        ),
    )
    return catalog, relations.locked
