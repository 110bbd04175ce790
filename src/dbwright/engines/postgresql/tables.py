"""From rows of the catalog queries to tables, views and everything that hangs on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Protocol, TypeVar

from dbwright.engines.postgresql.columns import build_columns
from dbwright.engines.postgresql.constraints import build_constraints, domain_checks
from dbwright.engines.postgresql.indexes import build_indexes
from dbwright.engines.postgresql.names import Names, options, system_name
from dbwright.engines.postgresql.privileges import grants
from dbwright.engines.postgresql.session import Row
from dbwright.model.catalog import (
    Check,
    Column,
    Index,
    MaterializedView,
    PartitionKey,
    Policy,
    ReplicaIdentity,
    RewriteRule,
    Table,
    TableKind,
    Trigger,
    View,
)
from dbwright.model.names import qualify

__all__ = ["ENABLED", "PERSISTENCE", "QUERIES", "Relations", "build_relations"]

T = TypeVar("T")
ENABLED = {"O": "origin", "D": "disabled", "R": "replica", "A": "always"}
PERSISTENCE = {"p": "permanent", "u": "unlogged", "t": "temporary"}
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
QUERIES = (
    "columns",
    "column_types",
    "relations",
    "collations",
    "operator_classes",
    "constraints",
    "indexes",
    "triggers",
    "rewrite_rules",
    "policies",
    "views",
)
"""In the order in which their rows are used."""


class Rows(Protocol):
    """What each query of `QUERIES` gave, by its name, each asked for once: a list of rows, of
    "columns" the `ColumnRows`."""

    def __getitem__(self, query: str, /) -> Any: ...


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


def build_relations(rows: Rows) -> Relations:
    """Tables, views and materialized views, each sorted by schema and name."""
    column_rows = rows["columns"]
    names = Names()
    type_rows = rows["column_types"]
    relation_rows = rows["relations"]
    for row in relation_rows:
        names.relations[row.oid] = qualify(row.schema, row.name)
        names.pairs[row.oid] = (row.schema, row.name)
    collation_rows = rows["collations"]
    for row in collation_rows:
        names.collations[row.oid] = system_name(row)
    columns = build_columns(column_rows, type_rows, names)
    class_rows = rows["operator_classes"]
    constraint_rows = rows["constraints"]
    for row in constraint_rows:
        if row.type in "pux" and row.index:
            names.index_constraints[row.index] = row.name
    indexes = build_indexes(class_rows, rows["indexes"], names)
    tables, views, materialized_views = _relations(
        relation_rows, constraint_rows, rows, columns, indexes, names
    )
    return Relations(
        tables=tables,
        views=views,
        materialized_views=materialized_views,
        pairs=names.pairs,
        columns=names.columns,
        domain_checks=domain_checks(constraint_rows),
        collations=collation_rows,
        locked=tuple(sorted(names.relations[row.oid] for row in relation_rows if row.locked)),
    )


def _relations(
    relation_rows: list[Row],
    constraint_rows: list[Row],
    rows: Rows,
    columns: Mapping[int, tuple[Column, ...]],
    indexes: Mapping[int, tuple[Index, ...]],
    names: Names,
) -> tuple[tuple[Table, ...], tuple[View, ...], tuple[MaterializedView, ...]]:
    constraints = _group(sorted(constraint_rows, key=attrgetter("name")))
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
                    indexes=indexes.get(oid, ()),
                    triggers=triggers.get(oid, ()),
                    rewrite_rules=rewrite_rules.get(oid, ()),
                    policies=policies.get(oid, ()),
                    **_table_facts(row, names),
                    **build_constraints(oid, constraints.get(oid, ()), names),
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
                    access_method=row.access_method,
                    **shared,
                )
            )
    return tuple(tables), tuple(views), tuple(materialized)


def _view_facts(row: Row, view: Row | None, names: Names) -> dict[str, Any]:
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


def _table_facts(row: Row, names: Names) -> dict[str, Any]:
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
        "foreign_options": options(row.foreign_options),
    }


def _partition_key(row: Row, names: Names) -> PartitionKey | None:
    if row.partition_strategy is None:
        return None
    known = names.columns[row.oid]
    return PartitionKey(
        strategy=STRATEGY[row.partition_strategy],
        columns=tuple(known.get(position) for position in row.partition_columns),
        definition=row.partition_definition,
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
        definition=row.definition,
    )


def _rewrite_rule(row: Row) -> RewriteRule:
    return RewriteRule(
        row.name,
        RULE_EVENT[row.event],
        row.instead,
        ENABLED[row.enabled],
        row.definition,
        row.comment,
    )


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
