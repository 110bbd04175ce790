"""Nearly all connections are taken.

## What it finds

That the clients' connections take at least `warn_share` of what the server has for them
(`max_connections` without the reserved ones), or at least `critical_share` of the connection limit
of a database or a role; and who has them.

## Why it matters

The next client after the last connection gets an error: the application stands still, whatever
else is in order; and a superuser may not get in either.

## How to fix

Most such connections are idle: let a pool (PgBouncer in transaction mode) share few among many
clients, and bound the application's own pools, whose sizes add up over all its processes. Look for
connections that are opened and never closed. More `max_connections` takes a restart and memory.

## When to ignore

A pool of a fixed size, as large as the limit, which nobody else uses.

## Sources

- PostgreSQL manual, Connection Settings: max_connections, superuser_reserved_connections,
  reserved_connections; CREATE ROLE and CREATE DATABASE: CONNECTION LIMIT.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.activity._sessions import shorten
from dbwright.model.activity import Activity, Session
from dbwright.model.catalog import Catalog
from dbwright.model.finding import ObjectRef, Severity

BAD = (
    Example(
        sessions=("SELECT 1;",) * 7,
        settings={"max_connections": "20"},
        objects=("max_connections",),
        fix_mends=False,
    ),
    Example(
        """
DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 5', current_database());
END $$;
""",
        sessions=("SELECT 1;",) * 2,
        own_server=True,
        fix_mends=False,
    ),
    Example(
        "CREATE ROLE shop LOGIN CONNECTION LIMIT 1;",
        own_server=True,
        as_role="shop",
        options={"smallest_limit": 1},
        objects=("shop",),
        fix_mends=False,
    ),
)

GOOD = (
    Example(sessions=("SELECT 1;",) * 7),
    Example("CREATE ROLE shop LOGIN CONNECTION LIMIT 5;", own_server=True, as_role="shop"),
)

RESERVED = ("superuser_reserved_connections", "reserved_connections")
SHOWN = 6


@rule(
    severity=Severity.WARNING,
    needs=("activity.sessions", "catalog.settings"),
    bad=BAD,
    good=GOOD,
)
def connections_near_limit(
    catalog: Catalog,
    activity: Activity,
    *,
    warn_share: Annotated[float, "so much of the limit is a warning"] = 0.8,
    critical_share: Annotated[float, "so much is critical"] = 0.95,
    smallest_limit: Annotated[int, "a lower one of a role or database is meant to be reached"] = 5,
) -> Iterator[Fault]:
    clients = [session for session in activity.sessions if session.is_client]
    for ref, limit, used, sessions in _limits(catalog, clients):
        server = ref.kind == "setting"
        if limit <= 0 or used < (warn_share if server else critical_share) * limit:
            continue
        if not server and limit < smallest_limit:
            continue
        share = used / limit
        idle = sum(session.state == "idle" for session in sessions)
        of = "" if server else f" of {ref.kind} {ref.name}"
        yield Fault(
            object=ref,
            message=f"{used} of {limit} connections{of} are taken ({share:.0%}); {idle} are idle",
            evidence={
                "connections": used,
                "limit": limit,
                "idle": idle,
                "held_by": _who(sessions),
            },
            severity=Severity.CRITICAL if server and share >= critical_share else None,
            advice="Close what leaks; put a pool between, so that idle clients hold none."
            if idle * 2 >= used
            else "Find out why so many work at once: blocked or slow statements pile up.",
        )


def _limits(
    catalog: Catalog, clients: Sequence[Session]
) -> Iterator[tuple[ObjectRef, int, int, Sequence[Session]]]:
    """What is limited, its limit, how many count, and whose they are."""
    most = catalog.setting("max_connections")
    if most is not None:
        reserved = sum(int(found.value) for name in RESERVED if (found := catalog.setting(name)))
        # The session that looks is not among those that it sees, and takes one.
        yield most.ref, int(most.value) - reserved, len(clients) + 1, clients
    for database in catalog.databases:
        if database.connection_limit is not None:
            own = [session for session in clients if session.database == database.name]
            used = len(own) + (database.name == catalog.server.database)
            yield database.ref, database.connection_limit, used, own
    for role in catalog.roles:
        # A superuser is not limited.
        if role.connection_limit is not None and not role.superuser:
            own = [session for session in clients if session.user == role.name]
            used = len(own) + (role.name == catalog.server.user)
            yield role.ref, role.connection_limit, used, own


def _who(sessions: Sequence[Session]) -> list[str]:
    """Most first: user, application, state, and how many."""
    groups = Counter(
        " ".join(filter(None, (s.user, shorten(s.application, 30), s.state or "state unknown")))
        for s in sessions
    )
    ranked = sorted(groups.items(), key=lambda group: (-group[1], group[0]))
    return [f"{count} {name}" for name, count in ranked[:SHOWN]]
