"""From rows of the catalog queries to tables, views and everything that hangs on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from sys import intern
from typing import Any, TypeVar

from dbwright.engines.postgresql.privileges import grants
from dbwright.engines.postgresql.session import Row
from dbwright.model.catalog import (
    Check,
    Column,
    Exclusion,
    ForeignKey,
    Index,
    IndexColumn,
    Key,
    MaterializedView,
    NotNull,
    PartitionKey,
    Policy,
    ReplicaIdentity,
    RewriteRule,
    Table,
    TableKind,
    Trigger,
    View,
)
from dbwright.model.names import qualify, quote

__all__ = ["ENABLED", "RelationRows", "build_checks_of_domains", "build_relations", "options"]

T = TypeVar("T")

ENABLED = {"O": "origin", "D": "disabled", "R": "replica", "A": "always"}
ACTION = {
    "a": "NO ACTION",
    "r": "RESTRICT",
    "c": "CASCADE",
    "n": "SET NULL",
    "d": "SET DEFAULT",
}
STORAGE = {"p": "plain", "e": "external", "m": "main", "x": "extended"}
COMPRESSION = {"": None, "p": "pglz", "l": "lz4"}
PERSISTENCE = {"p": "permanent", "u": "unlogged", "t": "temporary"}
ALIGNMENT = {"c": 1, "s": 2, "i": 4, "d": 8}
KINDS = {"r": TableKind.TABLE, "p": TableKind.PARTITIONED, "f": TableKind.FOREIGN}
STRATEGY = {"r": "range", "l": "list", "h": "hash"}
IDENTITY = {
    "d": ReplicaIdentity.DEFAULT,
    "n": ReplicaIdentity.NOTHING,
    "f": ReplicaIdentity.FULL,
    "i": ReplicaIdentity.INDEX,
}
POLICY_COMMAND = {"*": "ALL", "r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"}
RULE_EVENT = {"1": "SELECT", "2": "UPDATE", "3": "INSERT", "4": "DELETE"}

DEFAULT_COLLATION = 100
"""pg_collation's "default": the database's own."""


@dataclass(frozen=True, slots=True)
class RelationRows:
    """The rows of each query, as they came."""

    relations: list[Row]
    column_types: list[Row]
    columns: list[Row]
    constraints: list[Row]
    indexes: list[Row]
    operator_classes: list[Row]
    collations: list[Row]
    triggers: list[Row]
    rewrite_rules: list[Row]
    policies: list[Row]
    views: list[Row]


@dataclass(slots=True)
class _Names:
    """Oids and numbers, and what they are called."""

    relations: dict[int, str] = field(default_factory=dict)
    """Qualified, by oid."""
    pairs: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Schema and name, by oid."""
    columns: dict[int, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    """By relation and position."""
    indexes: dict[int, str] = field(default_factory=dict)
    collations: dict[int, str] = field(default_factory=dict)
    constraint_of_index: dict[int, str] = field(default_factory=dict)
    nulls_not_distinct: set[int] = field(default_factory=set)
    """Oids of unique indexes that hold NULLs to be equal."""

    def of_columns(self, relation: int, positions: Iterable[int] | None) -> tuple[str, ...]:
        """The plain columns among the positions (0 stands for an expression)."""
        known = self.columns.get(relation, {})
        return tuple(known[p] for p in positions or () if p in known)


def options(pairs: Iterable[str] | None) -> tuple[tuple[str, str], ...]:
    """`["fillfactor=90"]` as pairs."""
    if not pairs:
        return ()
    return tuple((name, value) for name, _, value in (pair.partition("=") for pair in pairs))


def build_relations(
    rows: RelationRows,
) -> tuple[tuple[Table, ...], tuple[View, ...], tuple[MaterializedView, ...]]:
    """Tables, views and materialized views, each sorted by schema and name."""
    names = _names(rows)
    columns = _by_relation(rows.columns, _column_maker(rows, names))
    constraints = _group(rows.constraints)
    indexes = _by_relation(rows.indexes, _index_maker(rows, names))
    triggers = _by_relation(rows.triggers, _trigger)
    rewrite_rules = _by_relation(rows.rewrite_rules, _rewrite_rule)
    policies = _by_relation(rows.policies, _policy)
    view_rows = {row.relation: row for row in rows.views}
    tables: list[Table] = []
    views: list[View] = []
    materialized: list[MaterializedView] = []
    for row in rows.relations:
        oid = row.oid
        own_columns = columns.get(oid, ())
        if row.kind in KINDS:
            tables.append(
                Table(
                    columns=own_columns,
                    indexes=indexes.get(oid, ()),
                    triggers=triggers.get(oid, ()),
                    rewrite_rules=rewrite_rules.get(oid, ()),
                    policies=policies.get(oid, ()),
                    **_table_facts(row, names),
                    **_constraints(oid, constraints.get(oid, ()), names),
                )
            )
            continue
        view = view_rows.get(oid)
        reads = (
            tuple(names.relations[r] for r in (view.reads or ()) if r in names.relations)
            if view
            else ()
        )
        shared: dict[str, Any] = {
            "oid": oid,
            "schema": row.schema,
            "name": row.name,
            "owner": row.owner,
            "columns": own_columns,
            "definition": view.definition if view else None,
            "depends_on": tuple(sorted(reads)),
            "options": options(row.options),
            "comment": row.comment,
            "grants": grants(row.acl),
        }
        if row.kind == "v":
            views.append(
                View(
                    triggers=triggers.get(oid, ()),
                    rewrite_rules=rewrite_rules.get(oid, ()),
                    **shared,
                )
            )
        else:
            materialized.append(
                MaterializedView(
                    populated=row.populated,
                    indexes=indexes.get(oid, ()),
                    tablespace=row.tablespace,
                    **shared,
                )
            )
    return tuple(tables), tuple(views), tuple(materialized)


def build_checks_of_domains(constraints: Iterable[Row]) -> Mapping[int, tuple[Check, ...]]:
    """The CHECK constraints of domains, by the domain's oid."""
    found: dict[int, list[Check]] = defaultdict(list)
    for row in constraints:
        if row.domain and row.type == "c":
            found[row.domain].append(
                Check(row.name, row.expression, validated=row.validated, comment=row.comment)
            )
    return {oid: tuple(checks) for oid, checks in found.items()}


def _names(rows: RelationRows) -> _Names:
    names = _Names()
    for row in rows.relations:
        names.relations[row.oid] = qualify(row.schema, row.name)
        names.pairs[row.oid] = (row.schema, row.name)
    for row in rows.columns:
        names.columns[row.relation][row.position] = row.name
    for row in rows.indexes:
        names.indexes[row.oid] = row.name
        if row.nulls_not_distinct:
            names.nulls_not_distinct.add(row.oid)
    for row in rows.collations:
        names.collations[row.oid] = _system_name(row)
    for row in rows.constraints:
        if row.type in "pux" and row.index:
            names.constraint_of_index[row.index] = row.name
    return names


def _group(rows: Iterable[Row]) -> Mapping[int, list[Row]]:
    groups: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.relation].append(row)
    return groups


def _by_relation(rows: Iterable[Row], make: Callable[[Row], T]) -> Mapping[int, tuple[T, ...]]:
    groups: dict[int, list[T]] = defaultdict(list)
    for row in rows:
        groups[row.relation].append(make(row))
    return {oid: tuple(group) for oid, group in groups.items()}


def _column_maker(rows: RelationRows, names: _Names) -> Callable[[Row], Column]:
    types = {(row.type, row.modifier): row for row in rows.column_types}

    def make(row: Row) -> Column:
        type_ = types.get((row.type, row.modifier))
        if type_ is None:  # the type came into use after the types were read
            return Column(intern(row.name), row.position, "unknown", "unknown")
        collation = row.collation
        return Column(
            intern(row.name),
            row.position,
            type_.name,
            type_.base,
            qualify(type_.schema, type_.plain_name) if type_.is_domain else None,
            type_.is_array,
            row.not_null,
            row.default,
            {"s": "stored", "v": "virtual"}.get(row.generated),
            {"a": "always", "d": "by default"}.get(row.identity),
            names.collations.get(collation) if collation not in (0, type_.collation) else None,
            _length(type_.base, row.modifier),
            type_.length,
            ALIGNMENT[type_.alignment],
            STORAGE.get(row.storage, row.storage),
            COMPRESSION.get(row.compression, row.compression),
            row.statistics_target,
            row.inherited,
            row.comment,
            grants(row.acl),
        )

    return make


def _length(base_type: str, modifier: int) -> int | None:
    if modifier < 0:
        return None
    if base_type in ("character varying", "character"):
        return modifier - 4  # the modifier counts the length word (VARHDRSZ)
    if base_type in ("bit", "bit varying"):
        return modifier
    return None


def _index_maker(rows: RelationRows, names: _Names) -> Callable[[Row], Index]:
    classes = {row.oid: row for row in rows.operator_classes}
    collation_of = {(row.relation, row.position): row.collation for row in rows.columns}
    schemas = {row.oid: row.schema for row in rows.relations}
    relation_of = {row.oid: row.relation for row in rows.indexes}

    def key(row: Row, n: int) -> IndexColumn:
        position = row.columns[n]
        operator_class = classes.get(row.operator_classes[n])
        flags = row.column_flags[n]
        collation = row.collations[n]
        own = collation_of.get((row.relation, position), DEFAULT_COLLATION)
        default = operator_class is None or operator_class.default
        parameters = (row.class_options or {}).get(str(n + 1))
        descending = bool(flags & 1)
        return IndexColumn(
            column=names.columns[row.relation].get(position),
            expression=row.expressions[n] if row.expressions else None,
            operator_class=_system_name(operator_class) if operator_class else "",
            default_operator_class=default,
            collation=names.collations.get(collation) if collation not in (0, own) else None,
            descending=descending,
            nulls_first=bool(flags & 2),
            options=options(parameters),
        )

    def make(row: Row) -> Index:
        schema = schemas.get(row.relation, "")
        return Index(
            oid=row.oid,
            schema=schema,
            name=row.name,
            method=row.method,
            keys=tuple(key(row, n) for n in range(row.key_count)),
            include=names.of_columns(row.relation, row.columns[row.key_count :]),
            unique=row.unique,
            primary=row.primary,
            exclusion=row.exclusion,
            immediate=row.immediate,
            nulls_not_distinct=row.nulls_not_distinct,
            valid=row.valid,
            ready=row.ready,
            clustered=row.clustered,
            replica_identity=row.replica_identity,
            partial=row.partial,
            predicate=row.predicate,
            constraint=names.constraint_of_index.get(row.oid),
            # A partition may be in another schema than its partitioned table.
            parent=qualify(schemas.get(relation_of[row.parent], ""), names.indexes[row.parent])
            if row.parent in names.indexes
            else None,
            partitioned=row.partitioned,
            options=options(row.options),
            tablespace=row.tablespace,
            comment=row.comment,
        )

    return make


def _system_name(row: Row) -> str:
    """As the server writes it: without its schema where that is pg_catalog."""
    return quote(row.name) if row.schema == "pg_catalog" else qualify(row.schema, row.name)


def _table_facts(row: Row, names: _Names) -> dict[str, Any]:
    return {
        "oid": row.oid,
        "schema": row.schema,
        "name": row.name,
        "owner": row.owner,
        "kind": KINDS[row.kind],
        "row_security": row.row_security,
        "force_row_security": row.force_row_security,
        "persistence": PERSISTENCE[row.persistence],
        "inherits": tuple(
            names.relations[parent] for parent in row.parents or () if parent in names.relations
        ),
        "is_partition": row.is_partition,
        "partition_bound": row.partition_bound,
        "partition_key": _partition_key(row, names),
        "replica_identity": IDENTITY[row.replica_identity],
        "options": options(row.options),
        "toast_options": options(row.toast_options),
        "of_type": row.of_type,
        "foreign_server": row.foreign_server,
        "tablespace": row.tablespace,
        "access_method": row.access_method,
        "comment": row.comment,
        "grants": grants(row.acl),
    }


def _partition_key(row: Row, names: _Names) -> PartitionKey | None:
    if row.partition_strategy is None:
        return None
    known = names.columns[row.oid]
    return PartitionKey(
        strategy=STRATEGY[row.partition_strategy],
        columns=tuple(known.get(position) for position in row.partition_columns),
        definition=row.partition_definition,
    )


def _constraints(oid: int, rows: Iterable[Row], names: _Names) -> dict[str, Any]:
    """The constraint fields of a table."""
    primary: Key | None = None
    unique: list[Key] = []
    foreign: list[ForeignKey] = []
    checks: list[Check] = []
    exclusions: list[Exclusion] = []
    not_nulls: list[NotNull] = []
    for row in rows:
        columns = names.of_columns(oid, row.columns)
        if row.type in "pu":
            key = _key(row, columns, names)
            if row.type == "p":
                primary = key
            else:
                unique.append(key)
        elif row.type == "f" and row.referenced in names.pairs:
            foreign.append(_foreign_key(oid, row, columns, names))
        elif row.type == "c":
            checks.append(
                Check(
                    name=row.name,
                    expression=row.expression,
                    columns=columns,
                    validated=row.validated,
                    enforced=row.enforced,
                    no_inherit=row.no_inherit,
                    inherited=row.inherited,
                    comment=row.comment,
                )
            )
        elif row.type == "x":
            exclusions.append(
                Exclusion(
                    name=row.name,
                    columns=columns,
                    operators=tuple(row.operators or ()),
                    index=names.indexes.get(row.index, row.name),
                    deferrable=row.deferrable,
                    initially_deferred=row.initially_deferred,
                    inherited=row.inherited,
                    comment=row.comment,
                )
            )
        elif row.type == "n" and columns:
            not_nulls.append(NotNull(row.name, columns[0], row.validated, row.inherited))
    return {
        "primary_key": primary,
        "unique_constraints": tuple(unique),
        "foreign_keys": tuple(foreign),
        "checks": tuple(checks),
        "exclusions": tuple(exclusions),
        "not_nulls": tuple(not_nulls),
    }


def _key(row: Row, columns: tuple[str, ...], names: _Names) -> Key:
    return Key(
        name=row.name,
        columns=columns,
        index=names.indexes.get(row.index, row.name),
        deferrable=row.deferrable,
        initially_deferred=row.initially_deferred,
        nulls_not_distinct=row.index in names.nulls_not_distinct,
        without_overlaps=row.period,
        inherited=row.inherited,
        comment=row.comment,
    )


def _foreign_key(oid: int, row: Row, columns: tuple[str, ...], names: _Names) -> ForeignKey:
    schema, table = names.pairs[row.referenced]
    return ForeignKey(
        name=row.name,
        columns=columns,
        referenced_schema=schema,
        referenced_table=table,
        referenced_columns=names.of_columns(row.referenced, row.referenced_columns),
        on_update=ACTION[row.on_update],
        on_delete=ACTION[row.on_delete],
        on_delete_columns=names.of_columns(oid, row.on_delete_columns),
        match_full=row.match_full,
        deferrable=row.deferrable,
        initially_deferred=row.initially_deferred,
        validated=row.validated,
        enforced=row.enforced,
        inherited=row.inherited,
        comment=row.comment,
    )


def _trigger(row: Row) -> Trigger:
    bits = row.type  # src/include/catalog/pg_trigger.h, TRIGGER_TYPE_*
    events = ((4, "INSERT"), (8, "DELETE"), (16, "UPDATE"), (32, "TRUNCATE"))
    return Trigger(
        name=row.name,
        function=qualify(row.function_schema, row.function_name),
        timing="BEFORE" if bits & 2 else "INSTEAD OF" if bits & 64 else "AFTER",
        events=tuple(name for bit, name in events if bits & bit),
        level="ROW" if bits & 1 else "STATEMENT",
        enabled=ENABLED[row.enabled],
        conditional=row.conditional,
        inherited=row.inherited,
        comment=row.comment,
    )


def _rewrite_rule(row: Row) -> RewriteRule:
    return RewriteRule(row.name, RULE_EVENT[row.event], row.instead, ENABLED[row.enabled])


def _policy(row: Row) -> Policy:
    return Policy(
        name=row.name,
        command=POLICY_COMMAND[row.command],
        permissive=row.permissive,
        roles=tuple(row.roles),
        using=row.using,
        check=row.check,
        has_using=row.has_using,
        has_check=row.has_check,
        comment=row.comment,
    )
