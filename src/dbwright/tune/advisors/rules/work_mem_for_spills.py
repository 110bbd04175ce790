"""Queries sort or hash on disk for want of work_mem.

## What it finds

Queries that write at least `min_bytes` a call to temporary files: by a plan of them that was run
(auto_explain), by the temporary blocks that pg_stat_statements counted, or, as the planner
estimates it, where their plan gets cheaper with more `work_mem`. What the server-wide value that
tune/memory-settings-for-machine advises would mend is left to that.

## Why it matters

Rows are written and read again, often several times: the query takes many times as long, and other
queries lose the disk to it.

## How to fix

Give that much to the role that runs them, in this database, or set it in the transaction that
needs it. Each sort and hash of each session may take it, so it is not given to all.

More than `most_bytes` is not advised: then an index that gives the order, or fewer and narrower
rows, is the way.

## When to ignore

The queries run at night, on a server that has nothing else to do.

## Sources

- PostgreSQL manual, Memory: work_mem, hash_mem_multiplier; ALTER ROLE; pg_stat_statements.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from dbwright.model.catalog import Catalog
from dbwright.model.finding import (
    Confidence,
    Evidence,
    Fix,
    ObjectRef,
    Proof,
    ProofLevel,
    Severity,
)
from dbwright.model.machine import Machine
from dbwright.model.names import literal, quote
from dbwright.model.report import Skipped
from dbwright.model.settings import size_text
from dbwright.tune.advisors.advisor import Advice, advisor
from dbwright.tune.advisors.example import AdvisorExample
from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.plans.insights._memory import bytes_of
from dbwright.tune.settings.finding import REPRODUCE, machine_of
from dbwright.tune.settings.memory_on_twin import planned_memory
from dbwright.tune.settings.plans import shown_text
from dbwright.tune.settings.proposal import MB
from dbwright.tune.settings.spills import Source, Spill, spills

VISITS = """
CREATE TABLE visits (id bigint, page text, note text);
INSERT INTO visits
SELECT n, 'page ' || n * 7919 % 60000, repeat('x', 60) FROM generate_series(1, 60000) n;
"""
WORKLOAD = "-- calls: 100\nSELECT * FROM visits ORDER BY page;"
# So little memory that it can't be given to everybody.
SMALL = Machine(memory_bytes=512 * MB)

BAD = AdvisorExample(VISITS, WORKLOAD, machine=SMALL, settings={"work_mem": "1MB"})
GOOD = AdvisorExample(VISITS, WORKLOAD, machine=SMALL, settings={"work_mem": "64MB"})

SHOWN = 5
SAFE_SHARE = 0.25
"""Of the memory: so much may all sessions of the role take at once."""


@advisor(severity=Severity.WARNING, confidence=Confidence.MEDIUM, bad=BAD, good=GOOD)
def work_mem_for_spills(
    bench: Workbench,
    *,
    min_bytes: Annotated[int, "written by one call"] = 1_000_000,
    min_saved: Annotated[float, "share of the cost that more memory must save"] = 0.05,
    most_bytes: Annotated[int, "of work_mem; more is not advised"] = 1_073_741_824,
) -> Iterator[Advice | Skipped]:
    every = spills(bench, min_bytes=min_bytes, min_saved=min_saved)
    everybody = _server_wide_then(bench) if every else 0
    by_user: dict[str | None, list[Spill]] = {}
    for spill in every:
        own = _own(bench.snapshot.catalog, spill.query.user)
        # What blocks tell is rough: half of it may do, and the planner thinks so too.
        enough = 2 * everybody if spill.source is Source.COUNTED else everybody
        if spill.needs > max(enough, own):
            by_user.setdefault(spill.query.user, []).append(spill)
    for user in sorted(by_user, key=lambda name: (name is None, name or "")):
        found = sorted(by_user[user], key=lambda one: (-_weight(one), one.query.text))
        fits = [spill for spill in found if spill.needs <= most_bytes]
        if fits:
            yield _advice(bench, user, fits)
        large = [spill for spill in found if spill.needs > most_bytes]
        if large:
            yield _too_large(bench, user, large)


def _server_wide_then(bench: Workbench) -> int:
    """Bytes of work_mem that tune/memory-settings-for-machine gives to everybody; 0 where it
    advises none."""
    plan, _ = planned_memory(bench)
    return 0 if plan is None or plan.then.work <= plan.now.work else plan.then.work


def _own(catalog: Catalog, user: str | None) -> int:
    """Bytes of work_mem that the role has in this database by an ALTER of its own; 0 for none."""
    places = ((user, catalog.server.database), (user, None), (None, catalog.server.database))
    for role, database in places:
        for override in catalog.setting_overrides:
            if (override.name, override.role, override.database) == ("work_mem", role, database):
                return bytes_of(override.value)
    return 0


def _weight(spill: Spill) -> float:
    return spill.spilled_bytes * spill.query.calls


def _advice(bench: Workbench, user: str | None, found: Sequence[Spill]) -> Advice:
    catalog = bench.snapshot.catalog
    needs = max(spill.needs for spill in found)
    size = f"{needs // MB}MB"
    most = max(spill.spilled_bytes for spill in found)
    who = "" if user is None else f" of role {quote(user)}"
    many = f"1 query{who} spills" if len(found) == 1 else f"{len(found)} queries{who} spill"
    fix = None if user is None else _fix(bench, catalog, user, size, needs)
    return Advice(
        object=_object(catalog, user),
        message=f"{many} to disk, the most by {most / MB:,.1f} MB a call; "
        f"work_mem = {size} keeps {'it' if len(found) == 1 else 'them'} in memory",
        evidence=_evidence(found, needs),
        fix=fix,
        advice="" if fix is not None else _in_transaction(size),
        proof=_proof(found),
        confidence=Confidence.HIGH if any(one.source is Source.PLAN for one in found) else None,
        severity=Severity.NOTICE if all(one.source is Source.ESTIMATED for one in found) else None,
        saved=sum(spill.saved for spill in found),
    )


def _too_large(bench: Workbench, user: str | None, found: Sequence[Spill]) -> Advice:
    most = max(spill.spilled_bytes for spill in found)
    many = "1 query sorts or hashes" if len(found) == 1 else f"{len(found)} queries sort or hash"
    return Advice(
        object=_object(bench.snapshot.catalog, user),
        message=f"{many} {most / MB:,.0f} MB on disk a call, more than work_mem should be",
        evidence=_evidence(found, max(spill.needs for spill in found)),
        advice="Read fewer or narrower rows before the sort, or have an index give their order.",
        detail="large",
    )


def _object(catalog: Catalog, user: str | None) -> ObjectRef:
    if user is not None:
        return ObjectRef("role", quote(user))
    return ObjectRef("database", quote(catalog.server.database))


def _fix(bench: Workbench, catalog: Catalog, user: str, size: str, needs: int) -> Fix | None:
    """For the role in this database; none where all its sessions would take too much."""
    if catalog.role(user) is None:
        return None
    activity = bench.snapshot.activity
    sessions = sum(s.user == user and s.is_client for s in activity.sessions) if activity else 0
    memory = machine_of(bench).memory_bytes
    if memory is not None and max(1, sessions) * needs > SAFE_SHARE * memory:
        return None
    place = f"ALTER ROLE {quote(user)} IN DATABASE {quote(catalog.server.database)}"
    before = next(
        (
            override.value
            for override in catalog.setting_overrides
            if override.name == "work_mem"
            and override.role == user
            and override.database == catalog.server.database
        ),
        None,
    )
    back = "RESET work_mem" if before is None else f"SET work_mem = {literal(before)}"
    return Fix(
        up=f"{place} SET work_mem = {literal(size)};",
        down=f"{place} {back};",
        risk=f"counts for new sessions of the role; {sessions} were there, and each sort and hash "
        f"of each may take {size_text(needs)}",
    )


def _in_transaction(size: str) -> str:
    return (
        f"Run SET LOCAL work_mem = '{size}' in the transaction before such a query, or give it to "
        "a role that only these queries use."
    )


def _evidence(found: Sequence[Spill], needs: int) -> Evidence:
    return {
        "work_mem_bytes": needs,
        "spilled_bytes_per_call": max(spill.spilled_bytes for spill in found),
        "calls": sum(spill.query.calls for spill in found),
        "known_from": sorted({str(spill.source) for spill in found}),
        "queries": [shown_text(spill.query.text) for spill in found[:SHOWN]],
    }


def _proof(found: Sequence[Spill]) -> Proof:
    costed = [spill for spill in found if spill.before is not None]
    if not costed:
        return Proof()
    return Proof(
        ProofLevel.ESTIMATED,
        f"cost {sum(spill.before or 0.0 for spill in costed):,.0f}",
        f"cost {sum(spill.after or 0.0 for spill in costed):,.0f}",
        REPRODUCE,
    )
