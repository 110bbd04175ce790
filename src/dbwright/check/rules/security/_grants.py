"""What everybody may do with an object, and who else may do something with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from dbwright.model.catalog import (
    PUBLIC,
    Catalog,
    Column,
    Grant,
    MaterializedView,
    Table,
    TableKind,
    View,
)
from dbwright.model.finding import Fix
from dbwright.model.names import quote

__all__ = [
    "ACCESS_RISK",
    "Relation",
    "granted",
    "grantee_name",
    "is_filtered",
    "others_with",
    "public_may",
    "public_reads",
    "public_schemas",
    "revoke_public_reads",
    "top_relations",
]

Relation = Table | View | MaterializedView
R = TypeVar("R", bound=Relation)

ACCESS_RISK = "roles that need it and have no grant of their own lose it: grant it to them first"


def grantee_name(role: str) -> str:
    """A role as GRANT names it."""
    return PUBLIC if role == PUBLIC else quote(role)


def granted(grants: Iterable[Grant], grantee: str) -> frozenset[str]:
    """The privileges that the grantee was given by name."""
    return frozenset(p for grant in grants if grant.grantee == grantee for p in grant.privileges)


def public_may(grants: Iterable[Grant], privilege: str) -> bool:
    return any(grant.grantee == PUBLIC and privilege in grant.privileges for grant in grants)


def others_with(relation: Relation, privileges: Iterable[str]) -> frozenset[str]:
    """Grantees other than the owner with one of the privileges on it or on one of its columns."""
    wanted = frozenset(privileges)
    return frozenset(
        grant.grantee
        for grants in (relation.grants, *(c.grants for c in relation.columns if c.grants))
        for grant in grants
        if grant.grantee != relation.owner and not wanted.isdisjoint(grant.privileges)
    )


def public_schemas(catalog: Catalog) -> frozenset[str]:
    """The schemas whose objects everybody can name (USAGE for PUBLIC)."""
    return frozenset(s.name for s in catalog.schemas if public_may(s.grants, "USAGE"))


def public_reads(relation: Relation, column: Column | None = None) -> bool:
    """Was SELECT on the whole relation, or on this column, granted to PUBLIC?"""
    return public_may(relation.grants, "SELECT") or (
        column is not None and public_may(column.grants, "SELECT")
    )


def is_filtered(relation: Relation) -> bool:
    """Do policies decide which rows a reader gets?"""
    return isinstance(relation, Table) and relation.row_security


def top_relations(relations: Iterable[R], privilege: str = "SELECT") -> Iterable[R]:
    """Without the partitions whose parent PUBLIC has the privilege on as well."""
    known = list(relations)
    open_parents = {r.qualified for r in known if public_may(r.grants, privilege)}
    for relation in known:
        if not (isinstance(relation, Table) and relation.is_partition) or open_parents.isdisjoint(
            relation.inherits
        ):
            yield relation


def revoke_public_reads(relation: Relation, columns: Iterable[Column] = ()) -> Fix:
    """Take SELECT from PUBLIC: on the relation if granted there, else on the columns."""
    what = "SELECT"
    if not public_may(relation.grants, "SELECT"):
        open_columns = [c for c in columns if public_may(c.grants, "SELECT")]
        what = f"SELECT ({', '.join(quote(column.name) for column in open_columns)})"
    risk = ACCESS_RISK
    if isinstance(relation, Table) and relation.kind is TableKind.PARTITIONED:
        risk += "; a partition that grants it by itself stays open"
    return Fix(
        up=f"REVOKE {what} ON {relation.qualified} FROM PUBLIC;",
        down=f"GRANT {what} ON {relation.qualified} TO PUBLIC;",
        risk=risk,
    )
