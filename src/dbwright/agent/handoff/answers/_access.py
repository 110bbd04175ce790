"""An access model as SQL: roles, grants and policies of row security."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbwright.agent.handoff.payloads.secure_database_access import Access
from dbwright.model.catalog import Catalog
from dbwright.model.names import quote
from dbwright.model.relations import Table
from dbwright.sql.parse import SyntaxProblem, parse

__all__ = ["Statements", "statements"]

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


def statements(model: tuple[Access, ...], catalog: Catalog) -> Statements:
    """For the tables that the catalog has."""
    wrong: list[dict[str, str]] = []
    up: list[str] = []
    down: list[str] = []
    secured: set[str] = set()
    policies: set[tuple[str, str]] = set()
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
            for one, other in _of(access, table, secured, policies):
                up.append(one)
                down.insert(0, other)
    known = {role.name for role in catalog.roles} | {"public"}
    roles = dict.fromkeys(access.role for access in model if access.role.lower() not in known)
    missing = tuple(f"CREATE ROLE {quote(role)} NOLOGIN;" for role in roles if role not in known)
    return Statements(missing, tuple(up), tuple(down), tuple(wrong))


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


def _of(
    access: Access, table: Table, secured: set[str], policies: set[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """Statements with those that take them back."""
    on, role = table.qualified, _role(access)
    verbs = list(dict.fromkeys(one.upper() for one in access.privileges))
    some = f" ({', '.join(map(quote, access.columns))})" if access.columns else ""
    granted = ", ".join(f"{verb}{some}" for verb in verbs)
    yield (
        f"GRANT {granted} ON TABLE {on} TO {role};",
        f"REVOKE {granted} ON TABLE {on} FROM {role};",
    )
    if not access.rows:
        return
    if on not in secured and not table.row_security:
        secured.add(on)
        yield (
            f"ALTER TABLE {on} ENABLE ROW LEVEL SECURITY;",
            f"ALTER TABLE {on} DISABLE ROW LEVEL SECURITY;",
        )
    for verb in verbs:
        if verb == "TRUNCATE":
            continue
        name = f"{access.role}_{verb.lower()}"
        count = 1
        while (on, name) in policies or any(one.name == name for one in table.policies):
            count += 1
            name = f"{access.role}_{verb.lower()}_{count}"
        policies.add((on, name))
        yield f"{_policy(access, table, verb, name)};", f"DROP POLICY {quote(name)} ON {on};"


def _had(access: Access, table: Table) -> set[str]:
    """Privileges on the whole table."""
    return {
        privilege
        for grant in table.grants
        if grant.grantee == (access.role if access.role.lower() != "public" else "PUBLIC")
        for privilege in grant.privileges
    }


def _policy(access: Access, table: Table, verb: str, name: str) -> str:
    begin = f"CREATE POLICY {quote(name)} ON {table.qualified} FOR {verb} TO {_role(access)}"
    using = "" if verb == "INSERT" else f" USING ({access.rows})"
    check = f" WITH CHECK ({access.rows})" if verb in ("INSERT", "UPDATE") else ""
    return f"{begin}{using}{check}"


def _role(access: Access) -> str:
    return "PUBLIC" if access.role.lower() == "public" else quote(access.role)
