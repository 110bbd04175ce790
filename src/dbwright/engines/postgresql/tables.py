"""From rows of the catalog queries to tables, views and everything that hangs on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from operator import attrgetter
from sys import intern
from typing import Any, Protocol, TypeVar

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

__all__ = ["ENABLED", "QUERIES", "Relations", "build_relations", "options"]

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
COMPRESSION = {None: None, "p": "pglz", "l": "lz4"}
GENERATED = {None: None, "s": "stored", "v": "virtual"}
COLUMN_IDENTITY = {None: None, "a": "always", "d": "by default"}
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

TRUTHS = (
    "unique",
    "primary",
    "exclusion",
    "immediate",
    "valid",
    "ready",
    "clustered",
    "replica_identity",
    "nulls_not_distinct",
    "partial",
    "partitioned",
)
"""Of an index, in the order of their bits."""
NULLS_NOT_DISTINCT = 1 << TRUTHS.index("nulls_not_distinct")
PARTITIONED = 1 << TRUTHS.index("partitioned")

DEFAULT_COLLATION = 100
"""pg_collation's "default": the database's own."""


class Rows(Protocol):
    """The rows of each query of `QUERIES`, by its name; each is asked for once."""

    def __getitem__(self, query: str, /) -> list[Row]: ...


QUERIES = (
    "columns",
    "column_types",
    "relations",
    "collations",
    "operator_classes",
    "indexes",
    "constraints",
    "triggers",
    "rewrite_rules",
    "policies",
    "views",
)
"""In the order in which their rows are used."""


@dataclass(frozen=True, slots=True)
class Relations:
    """What the relation queries gave: the nouns, and what other nouns must know of them."""

    tables: tuple[Table, ...]
    views: tuple[View, ...]
    materialized_views: tuple[MaterializedView, ...]
    pairs: Mapping[int, tuple[str, str]]
    """Schema and name of each relation, by oid."""
    columns: Mapping[int, Mapping[int, str]]
    """Column names by oid and position."""
    domain_checks: Mapping[int, tuple[Check, ...]]
    """The CHECK constraints of domains, by the domain's oid."""
    collations: list[Row]
    locked: tuple[str, ...]
    """Qualified names of the relations that could not be read whole."""


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
    partitioned_indexes: dict[int, str] = field(default_factory=dict)
    """Qualified, by oid; a partition's own index may be in another schema."""
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


def build_relations(rows: Rows) -> Relations:
    """Tables, views and materialized views, each sorted by schema and name."""
    column_rows = rows["columns"]
    names = _Names()
    for row in column_rows:
        names.columns[row[0]][row[1]] = row[2]
    type_rows = rows["column_types"]
    relation_rows = rows["relations"]
    for row in relation_rows:
        names.relations[row.oid] = qualify(row.schema, row.name)
        names.pairs[row.oid] = (row.schema, row.name)
    collation_rows = rows["collations"]
    for row in collation_rows:
        names.collations[row.oid] = _system_name(row)
    columns = _columns(column_rows, type_rows, names)
    # Most columns have the database's own collation, or none: remember the others.
    own_collations = {
        (row.relation, row.position): row.collation
        for row in column_rows
        if row.collation not in (None, DEFAULT_COLLATION)
    }
    indexes = _indexes(rows["operator_classes"], rows["indexes"], own_collations, names)
    constraint_rows = rows["constraints"]
    tables, views, materialized_views = _relations(
        relation_rows, constraint_rows, rows, columns, indexes, names
    )
    return Relations(
        tables=tables,
        views=views,
        materialized_views=materialized_views,
        pairs=names.pairs,
        columns=names.columns,
        domain_checks=_domain_checks(constraint_rows),
        collations=collation_rows,
        locked=tuple(sorted(names.relations[row.oid] for row in relation_rows if row.locked)),
    )


def _relations(
    relation_rows: list[Row],
    constraint_rows: list[Row],
    rows: Rows,
    columns: Mapping[int, tuple[Column, ...]],
    indexes: Mapping[int, tuple[Index, ...]],
    names: _Names,
) -> tuple[tuple[Table, ...], tuple[View, ...], tuple[MaterializedView, ...]]:
    constraints = _group(sorted(constraint_rows, key=attrgetter("name")))
    index_constraints = {
        row.index: row.name for row in constraint_rows if row.type in "pux" and row.index
    }
    triggers = _by_relation(rows["triggers"], _trigger)
    rewrite_rules = _by_relation(rows["rewrite_rules"], _rewrite_rule)
    policies = _by_relation(rows["policies"], _policy)
    view_rows = {row.relation: row for row in rows["views"]}
    tables: list[Table] = []
    views: list[View] = []
    materialized: list[MaterializedView] = []
    for row in relation_rows:
        oid = row.oid
        if row.kind in KINDS:
            tables.append(
                Table(
                    columns=columns.get(oid, ()),
                    indexes=_with_constraints(indexes.get(oid, ()), index_constraints),
                    triggers=triggers.get(oid, ()),
                    rewrite_rules=rewrite_rules.get(oid, ()),
                    policies=policies.get(oid, ()),
                    **_table_facts(row, names),
                    **_constraints(oid, constraints.get(oid, ()), names),
                )
            )
            continue
        shared = _view_facts(row, view_rows.get(oid), names)
        shared["columns"] = columns.get(oid, ())
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


def _with_constraints(indexes: tuple[Index, ...], names: Mapping[int, str]) -> tuple[Index, ...]:
    """The indexes, each with the constraint that it enforces."""
    if not any(index.oid in names for index in indexes):
        return indexes
    return tuple(
        replace(index, constraint=names[index.oid]) if index.oid in names else index
        for index in indexes
    )


def _view_facts(row: Row, view: Row | None, names: _Names) -> dict[str, Any]:
    reads = (view.reads or ()) if view else ()
    return {
        "oid": row.oid,
        "schema": row.schema,
        "name": row.name,
        "owner": row.owner,
        "definition": view.definition if view else None,
        "depends_on": tuple(sorted(names.relations[r] for r in reads if r in names.relations)),
        "options": options(row.options),
        "comment": row.comment,
        "grants": grants(row.acl),
    }


def _domain_checks(constraints: Iterable[Row]) -> Mapping[int, tuple[Check, ...]]:
    found: dict[int, list[Check]] = defaultdict(list)
    for row in sorted(constraints, key=attrgetter("name")):
        if row.domain and row.type == "c":
            found[row.domain].append(
                Check(row.name, row.expression, validated=row.validated, comment=row.comment)
            )
    return {oid: tuple(checks) for oid, checks in found.items()}


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


def _columns(
    rows: list[Row], type_rows: list[Row], names: _Names
) -> Mapping[int, tuple[Column, ...]]:
    """The columns of each relation, in their order. Equal columns of different tables (`id bigint
    NOT NULL`) are one object: of a large schema's columns most are."""
    types = {(row.type, row.modifier): row for row in type_rows}
    known: dict[tuple[Any, ...], Column] = {}
    groups: dict[int, list[Column]] = defaultdict(list)
    for row in rows:
        if row.acl is not None:
            column = _column(row, types, names)
        else:
            key = row[1:]
            found = known.get(key)
            column = known[key] = found if found else _column(row, types, names)
        groups[row[0]].append(column)
    return {oid: tuple(sorted(group, key=attrgetter("position"))) for oid, group in groups.items()}


def _column(row: Row, types: Mapping[tuple[int, int], Row], names: _Names) -> Column:
    type_ = types.get((row.type, row.modifier))
    if type_ is None:  # the type came into use after the types were read
        return Column(intern(row.name), row.position, "unknown", "unknown")
    return Column(
        name=intern(row.name),
        position=row.position,
        type=type_.name,
        base_type=type_.base,
        domain=qualify(type_.schema, type_.plain_name) if type_.is_domain else None,
        is_array=type_.is_array,
        not_null=bool(row.truths & 1),
        default=row.default,
        generated=GENERATED[row.generated],
        identity=COLUMN_IDENTITY[row.identity],
        collation=names.collations.get(row.collation)
        if row.collation not in (None, type_.collation)
        else None,
        length=_length(type_.base, row.modifier),
        type_length=type_.length,
        type_alignment=ALIGNMENT[type_.alignment],
        storage=STORAGE.get(row.storage, row.storage),
        compression=COMPRESSION.get(row.compression, row.compression),
        statistics_target=row.statistics_target,
        inherited=bool(row.truths & 2),
        comment=row.comment,
        grants=grants(row.acl),
    )


def _length(base_type: str, modifier: int) -> int | None:
    if modifier < 0:
        return None
    if base_type in ("character varying", "character"):
        return modifier - 4  # the modifier counts the length word (VARHDRSZ)
    if base_type in ("bit", "bit varying"):
        return modifier
    return None


def _indexes(
    class_rows: list[Row],
    rows: list[Row],
    own_collations: Mapping[tuple[int, int], int],
    names: _Names,
) -> Mapping[int, tuple[Index, ...]]:
    """The indexes of each relation, by name; without the constraints that they enforce."""
    for row in rows:
        names.indexes[row.oid] = row.name
        if row.truths & PARTITIONED:
            schema, _ = names.pairs.get(row.relation, ("", ""))
            names.partitioned_indexes[row.oid] = qualify(schema, row.name)
        if row.truths & NULLS_NOT_DISTINCT:
            names.nulls_not_distinct.add(row.oid)
    make = _index_maker({row.oid: row for row in class_rows}, own_collations, names)
    groups: dict[int, list[Index]] = defaultdict(list)
    for row in rows:
        groups[row.relation].append(make(row))
    return {oid: tuple(sorted(group, key=attrgetter("name"))) for oid, group in groups.items()}


def _index_maker(
    classes: Mapping[int, Row],
    own_collations: Mapping[tuple[int, int], int],
    names: _Names,
) -> Callable[[Row], Index]:
    known: dict[tuple[Any, ...], IndexColumn] = {}

    def key(row: Row, n: int, columns: tuple[int, ...]) -> IndexColumn:
        """As with columns, equal keys of different indexes are one object."""
        position = columns[n]
        collation = _vector(row.collations)[n]
        if collation == own_collations.get((row.relation, position), DEFAULT_COLLATION):
            collation = 0
        parts = (
            names.columns[row.relation].get(position),
            row.expressions[n] if row.expressions else None,
            _vector(row.operator_classes)[n],
            collation,
            _vector(row.column_flags)[n],
            options((row.class_options or {}).get(str(n + 1))),
        )
        found = known.get(parts)
        if found is None:
            found = known[parts] = _index_column(*parts)
        return found

    def _index_column(
        column: str | None,
        expression: str | None,
        class_oid: int,
        collation: int,
        flags: int,
        parameters: tuple[tuple[str, str], ...],
    ) -> IndexColumn:
        operator_class = classes.get(class_oid)
        return IndexColumn(
            column=column,
            expression=expression,
            operator_class=_system_name(operator_class) if operator_class else "",
            default_operator_class=operator_class is None or operator_class.default,
            collation=names.collations.get(collation),
            descending=bool(flags & 1),
            nulls_first=bool(flags & 2),
            options=parameters,
        )

    def make(row: Row) -> Index:
        schema = names.pairs.get(row.relation, ("", ""))[0]
        columns = _vector(row.columns)
        return Index(
            oid=row.oid,
            schema=schema,
            name=row.name,
            method=intern(row.method),
            keys=tuple([key(row, n, columns) for n in range(row.key_count)]),
            include=names.of_columns(row.relation, columns[row.key_count :]),
            predicate=row.predicate,
            parent=names.partitioned_indexes.get(row.parent),
            options=options(row.options),
            tablespace=row.tablespace,
            comment=row.comment,
            **_truths(row.truths),
        )

    return make


@lru_cache(maxsize=4096)
def _vector(text: str) -> tuple[int, ...]:
    """An int2vector or oidvector: numbers with spaces between."""
    return tuple(map(int, text.split()))


@lru_cache(maxsize=256)
def _truths(bits: int) -> dict[str, Any]:
    return {name: bool(bits >> n & 1) for n, name in enumerate(TRUTHS)}


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
