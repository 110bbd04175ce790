"""A view shows rows that row level security would hide.

## What it finds

A view without `security_invoker` that others than its owner may read, directly or through another
view, and whose owner stands above the row level security of a table in it: as a superuser, with
BYPASSRLS, or as the table's owner (unless row level security is forced). A view that filters by
itself (`security_barrier`, the current user, a setting or a function of yours) is a notice.

## Why it matters

A view reads its tables with its owner's rights: whoever may select from the view gets all rows, and
the policies on the table do not count.

## How to fix

From PostgreSQL 15 on, let the view read with its reader's rights (`security_invoker`); the readers
then need privileges on the tables in it. Before, give the view to a role that the policies bind.

## When to ignore

The view is meant to show a filtered or joined part of all rows to its readers.

## Sources

- PostgreSQL manual, CREATE VIEW, security_invoker and Notes.
- PostgreSQL manual, Rules and Privileges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.security._grants import others_with
from dbwright.check.rules.security._roles import bypasses_row_security
from dbwright.model.catalog import Catalog, Table, View
from dbwright.model.finding import Fix, LockMode, Severity
from dbwright.sql.lexer import significant

TABLE = """
CREATE TABLE notes (id bigint PRIMARY KEY, author name NOT NULL);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON notes USING (author = current_user);
GRANT SELECT ON notes TO PUBLIC;
"""

BAD = (
    Example(
        TABLE
        + """
CREATE VIEW recent AS SELECT * FROM notes;
GRANT SELECT ON recent TO PUBLIC;
""",
        objects=("public.recent",),
        oldest=15,
    ),
    Example(
        TABLE
        + """
CREATE VIEW recent AS SELECT * FROM notes;
GRANT SELECT ON recent TO PUBLIC;
""",
        objects=("public.recent",),
        newest=14,
        fix_mends=False,
    ),
)
GOOD = (
    Example(
        TABLE
        + """
CREATE VIEW recent WITH (security_invoker = true) AS SELECT * FROM notes;
GRANT SELECT ON recent TO PUBLIC;
""",
        oldest=15,
    ),
    Example(TABLE + "CREATE VIEW for_the_owner AS SELECT * FROM notes;"),
)

READER = frozenset(["current_user", "session_user", "user", "current_role", "current_setting"])


@rule(
    severity=Severity.WARNING,
    needs=("catalog.views", "catalog.policies", "catalog.roles"),
    bad=BAD,
    good=GOOD,
)
def view_bypasses_row_security(catalog: Catalog) -> Iterator[Fault]:
    protected = {table.qualified: table for table in catalog.tables if table.row_security}
    if not protected:
        return
    views = {view.qualified: view for view in catalog.views}
    schemas = {function.schema for function in catalog.functions}
    for view in _exposed(views):
        if view.security_invoker:
            continue
        bypassed = sorted(
            table.qualified
            for table in _reads(view, views, protected)
            if bypasses_row_security(catalog, view.owner, table)
        )
        readers = sorted(others_with(view, ["SELECT"]))
        if not bypassed or (
            readers
            and all(
                bypasses_row_security(catalog, reader, protected[table])
                for reader in readers
                for table in bypassed
            )
        ):
            continue
        filters = _filters_itself(view, schemas)
        yield Fault(
            object=view.ref,
            message=f"{view.qualified} shows others all rows of {', '.join(bypassed)}: "
            "it reads with the rights of its owner, whom the policies do not bind",
            evidence={
                "tables": bypassed,
                "owner": view.owner,
                "readers": readers,
                "filters_by_itself": filters,
            },
            severity=Severity.NOTICE if filters else None,
            fix=_fix(view) if catalog.server.major >= 15 else None,
            advice=""
            if catalog.server.major >= 15
            else "Give the view to a role that the policies bind (ALTER VIEW … OWNER TO).",
        )


def _exposed(views: Mapping[str, View]) -> Iterator[View]:
    """Those that others may read, by themselves or through another view; in catalog order."""
    found = [view for view in views.values() if others_with(view, ["SELECT"])]
    known = {view.qualified for view in found}
    for view in found:  # grows while it is read
        for name in view.depends_on:
            if name in views and name not in known:
                known.add(name)
                found.append(views[name])
    return (view for view in views.values() if view.qualified in known)


def _reads(view: View, views: Mapping[str, View], tables: Mapping[str, Table]) -> list[Table]:
    """The tables that are read with the rights of the view's owner."""
    found: dict[str, Table] = {}
    pending = [view]
    seen = {view.qualified}
    while pending:
        for name in pending.pop().depends_on:
            if name in tables:
                found[name] = tables[name]
            elif name in views and name not in seen and views[name].security_invoker:
                seen.add(name)
                pending.append(views[name])
    return list(found.values())


def _filters_itself(view: View, schemas: set[str]) -> bool:
    """Does it ask who reads, or call a function of the user's?"""
    if dict(view.options).get("security_barrier", "").lower() in ("true", "on", "1", "yes"):
        return True
    tokens = list(significant(view.definition or ""))
    for index, token in enumerate(tokens):
        if token.kind == "word" and token.lower in READER:
            return True
        # schema.function(
        after = [follower.text for follower in tokens[index + 1 : index + 4]]
        if token.text in schemas and len(after) == 3 and (after[0], after[2]) == (".", "("):
            return True
    return False


def _fix(view: View) -> Fix:
    return Fix(
        up=f"ALTER VIEW {view.qualified} SET (security_invoker = true);",
        down=f"ALTER VIEW {view.qualified} RESET (security_invoker);",
        lock=LockMode.ACCESS_EXCLUSIVE,
        risk="its readers need SELECT on the tables in it from then on",
    )
