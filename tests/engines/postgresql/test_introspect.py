"""What is read from the catalog, on every major version."""

from __future__ import annotations

import psycopg

from dbwright.model.catalog import Grant, ReplicaIdentity, Sequence, TableKind, TypeKind
from dbwright.model.snapshot import Snapshot
from dbwright.sql.ddl import (
    check_definition,
    foreign_key_definition,
    index_definition,
    key_definition,
)


def test_nothing_is_skipped_for_a_superuser(features: Snapshot) -> None:
    assert [part.part for part in features.skipped] == ["workload"]


def test_columns(features: Snapshot) -> None:
    users = features.catalog.table("shop.users")
    assert [column.name for column in users.columns] == [
        "id", "mail", "name", "tags", "full_name", "state", "meta", "code", "place",
    ]  # fmt: skip
    identity, mail, name, tags, full_name, state, _, code, place = users.columns
    assert (identity.type, identity.identity, identity.not_null) == ("bigint", "always", True)
    assert (mail.type, mail.base_type, mail.domain) == ("shop.email", "text", "shop.email")
    assert (name.type, name.base_type, name.length) == (
        "character varying(40)",
        "character varying",
        40,
    )
    assert name.collation == '"C"'
    assert name.comment == "how they are called"
    assert name.grants == (Grant("PUBLIC", ("UPDATE",), "dbwright"),)
    assert (tags.base_type, tags.is_array, tags.default) == ("text", True, "'{}'::text[]")
    assert (full_name.generated, full_name.default) == ("stored", "((name)::text || '!'::text)")
    assert (state.type, state.default) == ("shop.state", "'new'::shop.state")
    assert (code.type, code.length) == ("character(3)", 3)
    assert (place.base_type, place.is_array) == ("shop.point3", False)


def test_keys_and_constraints(features: Snapshot) -> None:
    users = features.catalog.table("shop.users")
    orders = features.catalog.table("shop.orders")
    assert users.primary_key is not None
    assert users.primary_key.columns == ("id",)
    assert [key.columns for key in users.unique_constraints] == [("mail",)]
    late, first = orders.foreign_keys
    assert (late.name, late.validated) == ("late", False)
    assert (first.references, first.referenced_columns) == ("shop.users", ("id",))
    assert (first.on_delete, first.deferrable, first.initially_deferred) == ("SET NULL", True, True)
    assert [(c.name, c.expression) for c in orders.checks] == [
        ("positive", "(total >= (0)::numeric)")
    ]
    assert [(x.name, x.operators) for x in orders.exclusions] == [("one_at_a_time", ("&&",))]
    referencing = features.catalog.referencing(users)
    assert [(table.name, key.name) for table, key in referencing] == [
        ("orders", "late"),
        ("orders", "orders_user_id_fkey"),
    ]


def test_partitions_and_inheritance(features: Snapshot) -> None:
    catalog = features.catalog
    events = catalog.table("shop.events")
    assert events.kind is TableKind.PARTITIONED
    assert events.partition_key is not None
    assert (events.partition_key.strategy, events.partition_key.definition) == (
        "range",
        "RANGE (at)",
    )
    partitions = {table.name: table.partition_bound for table in catalog.children(events)}
    assert partitions["events_rest"] == "DEFAULT"
    assert str(partitions["events_2024"]).startswith("FOR VALUES FROM ('2024-01-01")
    child_index = catalog.table("shop.events_2024").indexes[0]
    assert child_index.parent == "shop.events_kind"
    child = catalog.table("shop.child")
    assert (child.inherits, child.is_partition) == (("shop.base",), False)
    assert [column.inherited for column in child.columns] == [True, False]


def test_odd_names(features: Snapshot) -> None:
    table = features.catalog.table('"Ünïcode ☃"."Tab""le"')
    assert [column.name for column in table.columns] == ["Col 1", "select", "a\nb"]
    assert table.column_ref("select").name == '"Ünïcode ☃"."Tab""le"."select"'


def test_definitions_are_those_of_the_server(features: Snapshot, featured: str) -> None:
    """What dbwright would write to make an object again is what the server itself would."""
    with psycopg.connect(featured) as connection:
        connection.execute("SET search_path = pg_catalog")
        for table in features.catalog.tables:
            for index in table.indexes:
                row = connection.execute("SELECT pg_get_indexdef(%s)", [index.oid]).fetchone()
                assert row is not None
                ours = index_definition(index, table.qualified)
                assert ours == str(row[0]).replace(" ON ONLY ", " ON ")
            theirs = {
                str(name): str(definition)
                for name, definition in connection.execute(
                    "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
                    "WHERE conrelid = %s",
                    [table.oid],
                )
            }
            for key in table.keys:
                assert key_definition(key, primary=key is table.primary_key) == theirs[key.name]
            for foreign_key in table.foreign_keys:
                assert foreign_key_definition(foreign_key) == theirs[foreign_key.name]
            for check in table.checks:
                # The server puts one more pair of parentheses around the expression.
                assert check_definition(check) == theirs[check.name].replace(
                    f"({check.expression})", str(check.expression)
                )


def test_views(features: Snapshot) -> None:
    (view,) = features.catalog.views
    assert view.depends_on == ("shop.users",)
    assert "FROM shop.users" in (view.definition or "")
    (totals,) = features.catalog.materialized_views
    assert (totals.populated, totals.depends_on) == (False, ("shop.orders",))


def test_functions_and_triggers(features: Snapshot) -> None:
    functions = {function.signature: function for function in features.catalog.functions}
    assert set(functions) == {"shop.answer(a integer, b text)", "shop.touch()", "shop.work()"}
    answer = functions["shop.answer(a integer, b text)"]
    assert answer.security_definer
    assert answer.settings == (("search_path", "shop, pg_temp"),)
    assert "PUBLIC" in {grant.grantee for grant in answer.grants}
    assert functions["shop.work()"].kind == "procedure"
    (trigger,) = features.catalog.table("shop.orders").triggers
    assert (trigger.timing, trigger.events, trigger.level) == (
        "BEFORE",
        ("INSERT", "UPDATE"),
        "ROW",
    )
    assert (trigger.enabled, trigger.conditional, trigger.function) == (
        "disabled",
        True,
        "shop.touch",
    )


def test_security(features: Snapshot) -> None:
    users = features.catalog.table("shop.users")
    assert users.row_security
    (policy,) = users.policies
    assert (policy.command, policy.permissive, policy.roles) == ("SELECT", True, ("PUBLIC",))
    assert policy.using is not None
    assert "PUBLIC" in {grant.grantee for grant in users.grants}
    (default,) = features.catalog.default_privileges
    assert (default.schema, default.object_type) == ("shop", "tables")


def test_secrets_are_not_read(features: Snapshot) -> None:
    (server,) = features.catalog.foreign_servers
    assert server.secret_options == ("password",)
    assert server.user_mappings[0].options == ("user", "password")
    assert "geheim" not in repr(features)


def test_types(features: Snapshot) -> None:
    types = {type_.name: type_ for type_ in features.catalog.types}
    assert types["state"].labels == ("new", "paid", "sent")
    assert (types["email"].kind, types["email"].base_type) == (TypeKind.DOMAIN, "text")
    assert types["email"].not_null
    assert [check.name for check in types["email"].checks] == ["at_sign"]
    assert [attribute.type for attribute in types["point3"].attributes] == [
        "integer", "integer", "numeric(4,2)",
    ]  # fmt: skip
    assert types["span"].base_type == "double precision"


def test_sequences(features: Snapshot) -> None:
    catalog = features.catalog
    sequences: dict[str, Sequence] = {sequence.name: sequence for sequence in catalog.sequences}
    lonely = sequences["lonely"]
    assert (lonely.type, lonely.increment, lonely.cycle, lonely.last_value) == (
        "smallint",
        5,
        True,
        1,
    )
    assert (lonely.owned_by, lonely.used_by_default) == (None, False)
    serial = sequences["orders_id_seq"]
    assert serial.owned_by == ("shop", "orders", "id")
    assert (serial.identity, serial.used_by_default) == (False, True)
    identity = catalog.sequence_of(catalog.table("shop.users"), "id")
    assert identity is not None
    assert (identity.identity, identity.last_value) == (True, 500)


def test_the_rest(features: Snapshot) -> None:
    catalog = features.catalog
    (publication,) = catalog.publications
    assert publication.tables == ("shop.users",)
    (statistics,) = catalog.extended_statistics
    assert (statistics.table, statistics.columns) == ("shop.orders", ("user_id", "total"))
    scratch = catalog.table("shop.scratch")
    assert scratch.persistence == "unlogged"
    assert scratch.option == {"fillfactor": "50", "autovacuum_enabled": "off"}
    assert scratch.replica_identity is ReplicaIdentity.DEFAULT
    assert catalog.table("shop.remote").foreign_server == "elsewhere"
    assert [rule.name for rule in catalog.table("shop.base").rewrite_rules] == ["no_delete"]
    setting = catalog.setting("statement_timeout")
    assert setting is not None
    assert (setting.value, setting.source) == ("0", "default")
    assert catalog.database is not None
    assert catalog.hba_rules


def test_statistics(features: Snapshot) -> None:
    statistics = features.statistics
    assert statistics is not None
    users = features.catalog.table("shop.users")
    table = statistics.of(users)
    assert table is not None
    assert table.rows == 500
    assert (table.heap_bytes or 0) > 0
    column = statistics.of_column(users, "name")
    assert column is not None
    assert (column.distinct, column.null_fraction, len(column.common_values)) == (7, 0, 7)
    never = statistics.of(features.catalog.table("shop.base"))
    assert never is not None
    assert never.rows is None


def test_activity_does_not_hold_ourselves(features: Snapshot) -> None:
    activity = features.activity
    assert activity is not None
    assert [s.application for s in activity.sessions if s.application == "dbwright"] == []
