"""A standby is missing.

## What it finds

On a primary: fewer synchronous standbys are connected and up to date than
`synchronous_standby_names` asks for. On a standby: nothing receives from the primary that
`primary_conninfo` names. (A slot that lost its standby is told by
maintenance/inactive-replication-slot.)

## Why it matters

Without its synchronous standby every commit on the primary waits for ever, unless
`synchronous_commit` is local or off: then commits go on, and there is no second copy. A standby
without its primary serves rows that get older, and can't take over without losing what it missed.

## How to fix

Bring the standby back, and look into both servers' logs. If it is gone for good, take it out of
`synchronous_standby_names` and reload: commits go on at once.

## When to ignore

A standby that is restarted this moment; one that still reads the archive to catch up.

## Sources

- PostgreSQL manual, Synchronous Replication; Primary Server:
  synchronous_standby_names; Standby Servers: primary_conninfo.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.activity import Activity
from dbwright.model.catalog import Catalog, Setting
from dbwright.model.finding import Confidence, Severity
from dbwright.sql.setting_change import change_setting

COMMITS_WAIT = """
DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET synchronous_commit = on', current_database());
END $$;
"""
GONE = """
ALTER SYSTEM SET wal_retrieve_retry_interval = '1h';
ALTER SYSTEM SET primary_conninfo = 'host=/nowhere';
SELECT pg_reload_conf();
DO $$ BEGIN
    LOOP
        PERFORM pg_stat_clear_snapshot();
        EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'walreceiver');
    END LOOP;
END $$;
"""

BAD = (
    Example(
        COMMITS_WAIT,
        settings={"synchronous_standby_names": "FIRST 1 (paris, rome)"},
        objects=("synchronous_standby_names",),
    ),
    Example(
        settings={"synchronous_standby_names": "ANY 2 (standby, rome)"},
        standby="SELECT 1;",
        objects=("synchronous_standby_names",),
    ),
    Example(
        standby=GONE, on_standby=True, oldest=13, objects=("primary_conninfo",), fix_mends=False
    ),
)

GOOD = (
    Example(settings={"synchronous_standby_names": "standby"}, standby="SELECT 1;"),
    Example(settings={"synchronous_standby_names": "ANY 1 (*)"}, standby="SELECT 1;"),
    Example(standby="SELECT 1;", on_standby=True),
    Example(settings={"synchronous_standby_names": ""}),
)

NO_WAIT = ("off", "local")


@rule(
    severity=Severity.CRITICAL,
    needs=("activity.standbys", "activity.sessions", "catalog.settings"),
    bad=BAD,
    good=GOOD,
)
def standby_lost(catalog: Catalog, activity: Activity) -> Iterator[Fault]:
    if activity.in_recovery:
        yield from _without_primary(catalog, activity)
        return
    names = catalog.setting("synchronous_standby_names")
    if names is None or not names.value.strip():
        return
    if any(standby.state is None for standby in activity.standbys):
        return  # not readable for this user
    wanted = required(names.value)
    present = [s for s in activity.standbys if s.sync_state in ("sync", "quorum")]
    if len(present) < wanted:
        yield _without_standby(catalog, activity, names, wanted, len(present))


def required(names: str) -> int:
    """How many standbys `synchronous_standby_names` asks for: `FIRST n (…)`, `ANY n (…)`,
    `n (…)`, or a list, which asks for one."""
    head = names.partition("(")[0].split()
    if head and head[0].upper() in ("FIRST", "ANY"):
        head = head[1:]
    return int(head[0]) if len(head) == 1 and head[0].isdigit() and "(" in names else 1


def _without_standby(
    catalog: Catalog, activity: Activity, names: Setting, wanted: int, present: int
) -> Fault:
    commit = catalog.setting("synchronous_commit")
    waits = commit is None or commit.value not in NO_WAIT
    waiting = sum(session.wait_event == "SyncRep" for session in activity.sessions)
    what = "commits wait for it" if waits else "commits do not wait, and have no second copy"
    return Fault(
        object=names.ref,
        message=f"{present} of {wanted} synchronous standby{'' if wanted == 1 else 's'} "
        f"{'is' if present == 1 else 'are'} there: {what}",
        evidence={
            "synchronous_standby_names": names.value,
            "connected": [f"{s.application} {s.state} {s.sync_state}" for s in activity.standbys],
            "waiting_commits": waiting,
            "synchronous_commit": commit.value if commit else None,
        },
        severity=None if waits else Severity.WARNING,
        fix=change_setting(names, "", risk="commits go on with no second copy until it is back"),
        advice="Bring the standby back; if it is gone for good, take its name out.",
    )


def _without_primary(catalog: Catalog, activity: Activity) -> Iterator[Fault]:
    source = catalog.setting("primary_conninfo")  # never shown: it may hold a password
    kinds = {session.kind for session in activity.sessions}
    if source is None or not source.value or kinds & {"walreceiver", "unknown"}:
        return
    restore = catalog.setting("restore_command")
    from_archive = restore is None or bool(restore.value)
    yield Fault(
        object=source.ref,
        message="this standby is not connected to its primary",
        evidence={"reads_archive": from_archive, "replay_paused": activity.replay_paused},
        severity=Severity.WARNING if from_archive else Severity.ERROR,
        confidence=Confidence.LOW if from_archive else Confidence.MEDIUM,
        advice="Look into this server's log for why it can't connect: network, password, slot, or "
        "log that the primary no longer has.",
    )
