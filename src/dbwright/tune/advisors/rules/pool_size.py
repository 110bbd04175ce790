"""Far more connections are open than the machine can work with.

## What it finds

More client connections than `times` what the machine's processors can work with at once, at least
`min_connections`, when the server was looked at; most of them idle, or many more of them active
than there are processors.

## Why it matters

Each connection is a process with memory of its own, and each snapshot looks at all of them. When
many become active at once they take the processors, locks and cache from one another, and all get
slower than if some had waited.

## How to fix

Put a pool in transaction mode (PgBouncer) before the server: many clients share few connections,
each for one transaction. The size is the wiki's formula: processors x 2 + disks that work at the
same time. Then lower `max_connections`, which frees memory for `work_mem`.

In transaction mode a client has another session in each transaction. What lives in the session
breaks: SET without LOCAL, session-level advisory locks, LISTEN, cursors WITH HOLD, temporary
tables that outlive a transaction, and PREPARE in SQL; prepared statements of the protocol need
PgBouncer 1.21 or later with `max_prepared_statements`. What of that the workload does is told.

## When to ignore

A pool is there already, and these are its connections: then make it smaller.

## Sources

- PostgreSQL wiki, Number Of Database Connections.
- PgBouncer: features (SQL feature map for pooling modes), config (max_prepared_statements).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.activity import Session
from dbwright.model.finding import Confidence, ObjectRef, Severity
from dbwright.model.machine import Disk, Machine, Use
from dbwright.model.report import Skipped
from dbwright.model.workload import Query
from dbwright.tune.advisors.advisor import Advice, advisor
from dbwright.tune.advisors.example import AdvisorExample
from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.settings.finding import machine_of, machine_unknown
from dbwright.tune.settings.pool import (
    FORMULA,
    connections_for,
    pgbouncer_settings,
    pool_reason,
    session_state,
)
from dbwright.tune.settings.proposal import number_of

ID = "tune/pool-size"
MACHINE = Machine(memory_bytes=8 * 1024**3, cpus=1, disk=Disk.SSD, use=Use.WEB)
CARTS = "CREATE TABLE carts (id bigint PRIMARY KEY);"
THRESHOLDS = {"min_connections": 10, "times": 2.0}

BAD = AdvisorExample(
    CARTS,
    machine=MACHINE,
    sessions=("SELECT 1",) * 10,
    thresholds=THRESHOLDS,
    objects=("max_connections",),
)
GOOD = AdvisorExample(CARTS, machine=MACHINE, sessions=("SELECT 1",) * 2, thresholds=THRESHOLDS)

IDLE_SHARE = 0.5


@advisor(severity=Severity.NOTICE, confidence=Confidence.MEDIUM, bad=BAD, good=GOOD)
def pool_size(
    bench: Workbench,
    *,
    times: Annotated[float, "so many times the pool's size is too many"] = 3.0,
    min_connections: Annotated[int, "fewer are left alone"] = 50,
) -> Iterator[Advice | Skipped]:
    activity = bench.snapshot.activity
    if activity is None:
        yield Skipped(
            ID, "which connections are there is not known", "look at the live server", rules=(ID,)
        )
        return
    machine = machine_of(bench)
    size = connections_for(machine)
    if size is None:
        yield machine_unknown(ID, "the number of processors", "--memory, --cpus and --disk")
        return
    # The one who looks has a connection as well, and is not among them.
    clients = [session for session in activity.sessions if session.is_client]
    if len(clients) < min_connections or len(clients) <= times * size:
        return
    active = sum(session.state == "active" for session in clients)
    idle = sum(session.state == "idle" for session in clients)
    if idle < IDLE_SHARE * len(clients) and active <= times * size:
        return
    yield _advice(bench, machine, size, clients)


def _advice(bench: Workbench, machine: Machine, size: int, clients: list[Session]) -> Advice:
    catalog = bench.snapshot.catalog
    active = sum(session.state == "active" for session in clients)
    idle = sum(session.state == "idle" for session in clients)
    waiting = sum(session.state == "idle in transaction" for session in clients)
    state = session_state(_queries(bench))
    database = catalog.server.database
    processors = "1 processor works" if machine.cpus == 1 else f"{machine.cpus} processors work"
    return Advice(
        object=ObjectRef("setting", "max_connections"),
        message=f"{len(clients)} connections are open, {idle} of them idle and {active} active; "
        f"{processors} best with about {size}",
        evidence={
            "connections": len(clients),
            "active": active,
            "idle": idle,
            "idle_in_transaction": waiting,
            "max_connections": int(number_of(catalog, "max_connections", 100)),
            "processors": machine.cpus,
            "pool_size": size,
            "formula": f"{FORMULA}: {pool_reason(machine)}",
            "session_state_used": list(state),
            "pgbouncer_ini": pgbouncer_settings(database, size, len(clients)).split("\n"),
        },
        advice=_what_to_do(size, waiting, state),
        confidence=Confidence.LOW if active > size else None,
    )


def _what_to_do(size: int, waiting: int, state: tuple[str, ...]) -> str:
    told = [
        f"Put PgBouncer in transaction mode before the server, with {size} connections for all "
        "clients together, and lower max_connections afterwards.",
        f"It breaks what the workload keeps in its session: {', '.join(state)}."
        if state
        else "In that mode a session keeps nothing from one transaction to the next: no SET "
        "without LOCAL, LISTEN, session-level advisory lock or cursor WITH HOLD; and prepared "
        "statements only with PgBouncer 1.21 or later.",
    ]
    if waiting:
        told.append(
            f"{waiting} sessions were idle in a transaction: each of those keeps a connection of "
            "the pool, so end them sooner first."
        )
    return " ".join(told)


def _queries(bench: Workbench) -> tuple[Query, ...]:
    workload = bench.snapshot.workload
    return (
        *(one.query for one in bench.queries),
        *(workload.queries if workload else ()),
    )
