"""An access model as SQL: roles, grants and policies of row security."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dbwright.agent.handoff.payloads.secure_database_access import Access
from dbwright.model.catalog import Catalog
from dbwright.model.names import quote
from dbwright.model.relations import Grant, Table
from dbwright.sql.parse import SyntaxProblem, parse

__all__ = ["Statements", "statements"]

OF_SERVER = "pg_"
"""Names of roles that begin so are the server's own, and can't be made."""
Way = tuple[str, str]
"""A statement, and the one that takes it back."""
BY_COLUMN = frozenset({"SELECT", "INSERT", "UPDATE"})


@dataclass(frozen=True, slots=True)
class Statements:
    """What makes a database as the model says, and what takes it back."""

    roles: tuple[str, ...]
    """Roles that are not there yet; they belong to the whole server."""
    up: tuple[str, ...]
    down: tuple[str, ...]
    wrong: tuple[dict[str, str], ...]
    """What of the model can't be had, with its path."""
    pairs: tuple[tuple[Access, Table], ...] = ()
    """Each part of the model with each of its tables."""
    notes: tuple[str, ...] = ()
    """What the statements do to others, and whom they do not bind."""


def statements(model: tuple[Access, ...], catalog: Catalog) -> Statements:
    """For the tables that the catalog has."""
    wrong: list[dict[str, str]] = []
    up: list[str] = []
    down: list[str] = []
    policies: set[tuple[str, str]] = set()
    pairs: list[tuple[Access, Table]] = []
    for number, access in enumerate(model):
        for at, name in enumerate(access.tables):
            table = find(catalog, name)
            if table is None:
                place = f"access_model[{number}].tables[{at}]"
                wrong.append({"path": place, "reason": f"there is no table {name}"})
                continue
            problem = _problem(access, table)
            if problem:
                wrong.append({"path": f"access_model[{number}].{problem[0]}", "reason": problem[1]})
                continue
            pairs.append((access, table))
    limited = {table.qualified for access, table in pairs if access.rows}
    made = [*_schemas(pairs, catalog), *_secured(pairs, limited)]
    for access, table in pairs:
        made += _of(access, table, limited, policies)
        made += _sequences(access, table, catalog)
    for one, other in dict.fromkeys(made):
        up.append(one)
        down.insert(0, other)
    known = {role.name for role in catalog.roles} | {"public"}
    roles = dict.fromkeys(access.role for access in model if access.role.lower() not in known)
    missing = tuple(
        f"CREATE ROLE {quote(role)} NOLOGIN;"
        for role in roles
        if role not in known and not role.startswith(OF_SERVER)
    )
    notes = tuple(dict.fromkeys((*_notes(pairs, limited), *_unbound(pairs, catalog))))
    return Statements(missing, tuple(up), tuple(down), tuple(wrong), tuple(pairs), notes)


def find(catalog: Catalog, name: str) -> Table | None:
    """A table by its name as SQL writes it, with its schema or, where only one is called so,
    without."""
    found = catalog.find_table(name)
    if found is not None:
        return found
    alike = [table for table in catalog.tables if name in (table.name, quote(table.name))]
    return alike[0] if len(alike) == 1 else None


def _problem(access: Access, table: Table) -> tuple[str, str] | None:
    columns = {column.name for column in table.columns}
    for at, name in enumerate(access.columns):
        if name not in columns:
            return f"columns[{at}]", f"{table.qualified} has no column {name}"
    whole = [one for one in access.privileges if one.upper() not in BY_COLUMN]
    if access.columns and whole:
        return "privileges", f"{whole[0].upper()} can't be granted for some columns"
    if access.rows:
        try:
            tree = parse(_policy(access, table, "SELECT", "x"))
        except SyntaxProblem as problem:
            return "rows", f"no condition: {problem.message}"
        if len(tree.statements) != 1:
            return "rows", "more than a condition"
    return None


def _schemas(pairs: Sequence[tuple[Access, Table]], catalog: Catalog) -> Iterator[Way]:
    """Without USAGE of its schema, no privilege on a table is worth anything."""
    schemas = {schema.name: schema for schema in catalog.schemas}
    for access, table in pairs:
        schema = schemas.get(table.schema)
        grants = () if schema is None else schema.grants
        is_open = any(g.grantee == "PUBLIC" and "USAGE" in g.privileges for g in grants)
        if not is_open and not _has(grants, access, "USAGE"):
            on, role = quote(table.schema), _role(access)
            yield (
                f"GRANT USAGE ON SCHEMA {on} TO {role};",
                f"REVOKE USAGE ON SCHEMA {on} FROM {role};",
            )


def _secured(pairs: Sequence[tuple[Access, Table]], limited: set[str]) -> Iterator[Way]:
    for _, table in pairs:
        on = table.qualified
        if on in limited and not table.row_security:
            yield (
                f"ALTER TABLE {on} ENABLE ROW LEVEL SECURITY;",
                f"ALTER TABLE {on} DISABLE ROW LEVEL SECURITY;",
            )


def _sequences(access: Access, table: Table, catalog: Catalog) -> Iterator[Way]:
    """A serial's default calls its sequence as the one who inserts; an identity column's does
    not."""
    if "INSERT" not in {one.upper() for one in access.privileges}:
        return
    for column in table.columns:
        sequence = catalog.sequence_of(table, column)
        if sequence is None or column.identity or _has(sequence.grants, access, "USAGE"):
            continue
        on, role = sequence.qualified, _role(access)
        yield (
            f"GRANT USAGE ON SEQUENCE {on} TO {role};",
            f"REVOKE USAGE ON SEQUENCE {on} FROM {role};",
        )


def _of(
    access: Access, table: Table, limited: set[str], policies: set[tuple[str, str]]
) -> Iterator[Way]:
    """Statements with those that take them back; what the role has already stays."""
    on, role = table.qualified, _role(access)
    asked = list(dict.fromkeys(one.upper() for one in access.privileges))
    verbs = [verb for verb in asked if not _has(table.grants, access, verb)]
    some = f" ({', '.join(map(quote, access.columns))})" if access.columns else ""
    granted = ", ".join(f"{verb}{some}" for verb in verbs)
    if granted:
        yield (
            f"GRANT {granted} ON TABLE {on} TO {role};",
            f"REVOKE {granted} ON TABLE {on} FROM {role};",
        )
    if on not in limited and not (table.row_security and not access.rows):
        return
    for verb in asked:
        if verb == "TRUNCATE":
            continue
        name = f"{access.role}_{verb.lower()}"
        count = 1
        while (on, name) in policies or any(one.name == name for one in table.policies):
            count += 1
            name = f"{access.role}_{verb.lower()}_{count}"
        policies.add((on, name))
        yield f"{_policy(access, table, verb, name)};", f"DROP POLICY {quote(name)} ON {on};"


def _has(grants: Iterable[Grant], access: Access, privilege: str) -> bool:
    """Has the role the privilege on the whole object by itself? What it has as everybody has may be
    taken from everybody."""
    own = "PUBLIC" if access.role.lower() == "public" else access.role
    return any(one.grantee == own and privilege in one.privileges for one in grants)


def _unbound(pairs: Sequence[tuple[Access, Table]], catalog: Catalog) -> Iterator[str]:
    """Roles of the model whom their own condition does not bind."""
    for access, table in pairs:
        role = catalog.role(access.role)
        if not access.rows or access.role.startswith(OF_SERVER):
            continue
        if role is not None and (role.superuser or role.bypass_rls):
            yield f"{access.role} is a superuser or has BYPASSRLS: its condition does not bind it"
        elif table.owner == access.role and not table.force_row_security:
            on = table.qualified
            yield f"{access.role} owns {on}: without FORCE its condition does not bind it"


def _notes(pairs: Sequence[tuple[Access, Table]], limited: set[str]) -> Iterator[str]:
    """Whom row security shuts out, and whom it does not bind."""
    for _, table in pairs:
        if table.qualified not in limited:
            continue
        if not table.force_row_security:
            owner = f" ({table.owner})" if table.owner else ""
            yield (
                f"{table.qualified}: its owner{owner}, superusers and roles with BYPASSRLS see "
                "every row: the application must not connect as one of them"
            )
        if not table.row_security:
            named = {access.role for access, other in pairs if other is table}
            others = {one.grantee for one in table.grants} - named - {table.owner}
            if others:
                shut = ", ".join(sorted(others))
                yield (
                    f"{table.qualified}: {shut} may use it today, and will see no row without a "
                    "policy"
                )
        if any("TRUNCATE" in map(str.upper, a.privileges) for a, t in pairs if t is table):
            yield f"{table.qualified}: TRUNCATE takes the rows of all: row security is not asked"


def _policy(access: Access, table: Table, verb: str, name: str) -> str:
    begin = f"CREATE POLICY {quote(name)} ON {table.qualified} FOR {verb} TO {_role(access)}"
    rows = access.rows or "true"
    using = "" if verb == "INSERT" else f" USING ({rows})"
    check = f" WITH CHECK ({rows})" if verb in ("INSERT", "UPDATE") else ""
    return f"{begin}{using}{check}"


def _role(access: Access) -> str:
    return "PUBLIC" if access.role.lower() == "public" else quote(access.role)
