"""Are the rows of two tenants kept apart? Rows are made up, and read and written as each of them.

A tenant is a value of the setting that a condition compares with (`current_setting('app.tenant')`),
or a user (`current_user`). Which values have rows is tried out with the condition itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg

from dbwright.agent.handoff.payloads.secure_database_access import Access
from dbwright.model.catalog import Catalog
from dbwright.model.names import literal, quote
from dbwright.model.relations import Table
from dbwright.sql.parse import SyntaxProblem, parse, walk

__all__ = ["ANYBODY", "isolation"]

ANYBODY = "dbwright_anybody"
"""Stands for PUBLIC."""
OTHER = "dbwright_another_user"
"""Beside the role itself, where tenants are users."""
ROW = "(tableoid::text || ' ' || ctid::text)"
REFUSED = "42501"
MOST_VALUES = 60
USERS = ("SVFOP_CURRENT_USER", "SVFOP_CURRENT_ROLE", "SVFOP_USER", "SVFOP_SESSION_USER")
Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class _Compared:
    """What a condition compares columns with, as far as a session chooses it."""

    settings: tuple[str, ...]
    by_user: bool
    columns: tuple[str, ...]
    tables: tuple[str, ...]
    """Names of other tables that it reads."""


@dataclass(slots=True)
class _Trial:
    """One role on one table."""

    connection: Connection
    catalog: Catalog
    role: str
    table: Table
    conditions: tuple[str, ...]
    verbs: frozenset[str]
    setting: str = ""
    checks: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def as_tenant(self, tenant: str | None, *verbs: str) -> Iterator[None]:
        """In a transaction that is taken back. `tenant` None: a session that says nothing."""
        with self.connection.transaction(force_rollback=True):
            # Only rows are looked at here: which columns the role may touch is granted elsewhere.
            granted = ", ".join(verbs or ("SELECT",))
            self._run(f"GRANT {granted} ON TABLE {self.table.qualified} TO {quote(self.role)}")
            if self.setting and tenant is not None:
                self._run(f"SELECT set_config({literal(self.setting)}, {literal(tenant)}, true)")
            user = self.role if self.setting or tenant is None else tenant
            self._run(f"SET LOCAL ROLE {quote(user)}")
            yield

    def seen(self, tenant: str | None) -> frozenset[str]:
        """The rows that it reads. Raises psycopg.Error."""
        with self.as_tenant(tenant):
            rows = self._run(f"SELECT {ROW} FROM {self.table.qualified}").fetchall()
        return frozenset(row[0] for row in rows)

    def meant(self, tenant: str) -> frozenset[str]:
        """The rows for which the condition holds, whoever asks. Raises psycopg.Error."""
        condition = " OR ".join(f"({one})" for one in self.conditions)
        with self.connection.transaction(force_rollback=True):
            if self.setting:
                self._run(f"SELECT set_config({literal(self.setting)}, {literal(tenant)}, true)")
            else:
                self._run(f"SET LOCAL ROLE {quote(tenant)}")
                self._run("RESET ROLE")
            text = f"SELECT {ROW} FROM {self.table.qualified} WHERE {condition}"
            return frozenset(row[0] for row in self._run(text).fetchall())

    def tell(self, check: str, holds: bool, why: str = "") -> None:
        self.checks.append({"check": check, "holds": holds} | ({"why": why} if why else {}))

    def changed(self, tenant: str, statement: str, *verbs: str) -> tuple[int, str]:
        """How many rows a statement of the tenant touched; the SQLSTATE where it was refused."""
        try:
            with self.as_tenant(tenant, "SELECT", *verbs):
                return max(0, self._run(statement).rowcount), ""
        except psycopg.Error as problem:
            if self.connection.closed:
                raise
            return 0, problem.sqlstate or "?"

    def _run(self, text: str) -> psycopg.Cursor[Any]:
        return self.connection.execute(text.encode())


def isolation(
    connection: Connection, tables: Sequence[tuple[Access, Table]], catalog: Catalog
) -> list[dict[str, Any]]:
    """For each role and table with a condition, on a database that has made-up rows."""
    pairs: dict[tuple[str, str], list[tuple[Access, Table]]] = {}
    for access, table in tables:
        pairs.setdefault((access.role, table.qualified), []).append((access, table))
    told = []
    for (role, name), same in pairs.items():
        conditions = tuple(dict.fromkeys(access.rows for access, _ in same if access.rows))
        if not conditions or any(not access.rows for access, _ in same):
            continue  # it may see all rows
        trial = _Trial(
            connection,
            catalog,
            ANYBODY if role.lower() == "public" else role,
            same[0][1],
            conditions,
            frozenset(verb.upper() for access, _ in same for verb in access.privileges),
        )
        told.append({"role": role, "table": name} | _of(trial))
    return told


def _of(trial: _Trial) -> dict[str, Any]:
    try:
        return _tried(trial)
    except psycopg.Error as problem:
        if trial.connection.closed:
            raise
        said = problem.diag.message_primary or str(problem)
        return _not_examined(f"the server says: {said}")


def _tried(trial: _Trial) -> dict[str, Any]:
    compared = _compared(trial.conditions)
    if len(compared.settings) > 1 or (compared.settings and compared.by_user):
        return _not_examined("the condition hangs on more than one thing that a session says")
    if not compared.settings and not compared.by_user:
        if _is_constant(trial.conditions):
            return {"result": "the same rows for every session"}
        return _not_examined("the condition compares with no setting and no user by itself")
    if compared.settings:
        trial.setting = compared.settings[0]
        values = list(_values(trial, compared))
    else:
        values = _users(trial, compared)
    tenants = _two(trial, values)
    if len(tenants) < 2:
        return _not_examined("no made-up rows of two tenants could be had that the condition takes")
    return _held(trial, tenants, compared)


def _held(
    trial: _Trial, tenants: list[tuple[str, frozenset[str]]], compared: _Compared
) -> dict[str, Any]:
    (one, meant_one), (other, meant_other) = tenants
    foreign = meant_other - meant_one
    if "SELECT" in trial.verbs:
        _reading(trial, one, other, meant_one, meant_other)
    row = min(foreign, default="")
    table = trial.table.qualified
    if row and "UPDATE" in trial.verbs:
        column = quote(next(c.name for c in trial.table.columns if c.generated is None))
        count, state = trial.changed(
            one, f"UPDATE {table} SET {column} = {column} WHERE {ROW} = {literal(row)}", "UPDATE"
        )
        trial.tell("changes no row of the other", count == 0, state)
        _moving(trial, tenants, compared)
    if row and "DELETE" in trial.verbs:
        count, state = trial.changed(
            one, f"DELETE FROM {table} WHERE {ROW} = {literal(row)}", "DELETE"
        )
        trial.tell("deletes no row of the other", count == 0, state)
    if row and "INSERT" in trial.verbs:
        _inserting(trial, one, row)
    holds = bool(trial.checks) and all(check["holds"] for check in trial.checks)
    return {
        "result": "kept apart" if holds else "not kept apart",
        "by": f"the setting {trial.setting}" if trial.setting else "the user",
        "tenants": [one, other],
        "rows_of_each": [len(meant_one), len(meant_other)],
        "checks": trial.checks,
    }


def _reading(
    trial: _Trial, one: str, other: str, meant_one: frozenset[str], meant_other: frozenset[str]
) -> None:
    seen_one, seen_other = trial.seen(one), trial.seen(other)
    both = len(seen_one & seen_other)
    trial.tell("no row is read by both", not both, f"{both:,} are" if both else "")
    own = seen_one == meant_one and seen_other == meant_other
    counts = f"{len(seen_one):,} and {len(seen_other):,}"
    trial.tell("each reads all of its own rows, and no others", own, counts)
    if not trial.setting:
        return
    # A pooler's sessions have an empty setting where it was set and reset; new ones have none.
    for tenant, what in ((None, "that does not say who it is"), ("", "with an empty setting")):
        with psycopg.connect(trial.connection.info.dsn, autocommit=True) as fresh:
            try:
                count = len(replace(trial, connection=fresh).seen(tenant))
            except psycopg.Error:
                count = 0
        trial.tell(f"a session {what} reads nothing", not count, f"{count:,} rows" if count else "")


def _moving(trial: _Trial, tenants: list[tuple[str, frozenset[str]]], compared: _Compared) -> None:
    """Can it give one of its rows to the other?"""
    (one, meant), (other, _) = tenants
    own = {column.name for column in trial.table.columns if column.generated is None}
    columns = [name for name in compared.columns if name in own]
    if len(columns) != 1:
        return
    text = (
        f"UPDATE {trial.table.qualified} SET {quote(columns[0])} = {literal(other)} "
        f"WHERE {ROW} = {literal(min(meant))}"
    )
    _, state = trial.changed(one, text, "UPDATE")
    trial.tell("can't give a row to the other", state == REFUSED, state or "it could")


def _inserting(trial: _Trial, one: str, row: str) -> None:
    """Can it write a row of the other? The policy is asked before keys and checks are."""
    names = ", ".join(quote(c.name) for c in trial.table.columns if c.generated is None)
    table = trial.table.qualified
    with trial.connection.transaction(force_rollback=True):
        trial.connection.execute(
            f"CREATE TEMP TABLE dbwright_row AS SELECT * FROM {table} "
            f"WHERE {ROW} = {literal(row)}; GRANT SELECT ON dbwright_row TO PUBLIC".encode()
        )
        _, state = trial.changed(
            one,
            f"INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE "
            f"SELECT {names} FROM pg_temp.dbwright_row",
            "INSERT",
        )
    trial.tell("can't write a row of the other", state == REFUSED, state or "it could")


def _two(trial: _Trial, values: Sequence[str]) -> list[tuple[str, frozenset[str]]]:
    """Two tenants that have rows, different ones where that can be."""
    found: list[tuple[str, frozenset[str]]] = []
    for value in values[:MOST_VALUES]:
        try:
            rows = trial.meant(value) if trial.setting else trial.seen(value)
        except psycopg.Error:
            if trial.connection.closed:
                raise
            continue
        if rows and not any(rows == before for _, before in found):
            found.append((value, rows))
        if len(found) == 2:
            return found
    if found and len(values) > 1:  # all see the same: that is what has to be shown
        other = next(value for value in values if value != found[0][0])
        return [*found, (other, found[0][1])]
    return found


def _values(trial: _Trial, compared: _Compared) -> Iterator[str]:
    """Of the columns that the condition compares, in its own table and in those that it reads."""
    for table in trial.catalog.tables:
        if table.qualified != trial.table.qualified and table.name not in compared.tables:
            continue
        for column in table.columns:
            if column.name in compared.columns:
                text = (
                    f"SELECT DISTINCT {quote(column.name)}::text FROM {table.qualified} "
                    f"WHERE {quote(column.name)} IS NOT NULL ORDER BY 1 LIMIT {MOST_VALUES}"
                )
                for row in trial.connection.execute(text.encode()).fetchall():
                    yield row[0]


def _users(trial: _Trial, compared: _Compared) -> list[str]:
    """The role and a member of it; each gets half of the rows. Raises psycopg.Error."""
    connection = trial.connection
    role = quote(trial.role)
    connection.execute(
        f"DROP ROLE IF EXISTS {OTHER}; CREATE ROLE {OTHER} NOLOGIN; "
        f"GRANT {role} TO {OTHER}".encode()
    )
    connection.execute("SET session_replication_role = replica")
    for table in trial.catalog.tables:
        names = {column.name for column in table.columns} & set(compared.columns)
        if table.qualified == trial.table.qualified or table.name in compared.tables:
            for name in names:
                connection.execute(
                    f"UPDATE {table.qualified} SET {quote(name)} = CASE hashtext({ROW}) % 2 "
                    f"WHEN 0 THEN {literal(trial.role)} ELSE {literal(OTHER)} END".encode()
                )
    connection.execute("RESET session_replication_role")
    return [trial.role, OTHER]


def _compared(conditions: Sequence[str]) -> _Compared:
    settings: list[str] = []
    columns: list[str] = []
    tables: list[str] = []
    by_user = False
    for condition in conditions:
        (statement,) = parse(f"SELECT WHERE ({condition})").statements
        for name, node in walk(statement.node):
            if name == "FuncCall" and _called(node) == "current_setting":
                settings += _texts(node.get("args", [])[:1])
            elif name == "SQLValueFunction" and node.get("op") in USERS:
                by_user = True
            elif name == "ColumnRef":
                columns += [_words(node.get("fields", []))[-1:]][0]
            elif "relname" in node:
                tables.append(node["relname"])
    return _Compared(
        tuple(dict.fromkeys(settings)),
        by_user,
        tuple(dict.fromkeys(columns)),
        tuple(dict.fromkeys(tables)),
    )


def _is_constant(conditions: Sequence[str]) -> bool:
    """Does it call nothing that could ask who the session is?"""
    for condition in conditions:
        try:
            (statement,) = parse(f"SELECT WHERE ({condition})").statements
        except (SyntaxProblem, ValueError):
            return False
        if any(name == "FuncCall" for name, _ in walk(statement.node)):
            return False
    return True


def _called(node: Any) -> str:
    return next(iter(_words(node.get("funcname", []))[-1:]), "")


def _words(nodes: Sequence[Any]) -> list[str]:
    return [one["String"]["sval"] for one in nodes if "String" in one]


def _texts(nodes: Sequence[Any]) -> list[str]:
    """Constant texts."""
    return [
        str(value["sval"].get("sval", ""))
        for one in nodes
        if (value := one.get("A_Const", {})) and isinstance(value.get("sval"), dict)
    ]


def _not_examined(reason: str) -> dict[str, Any]:
    return {"result": "not examined", "reason": reason}
