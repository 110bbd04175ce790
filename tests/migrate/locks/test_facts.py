"""Each example of the lock table is run on servers, which tell whether the table is right."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping

import pytest

from dbwright.migrate.locks.safe_ways import SAFE_WAYS
from dbwright.migrate.locks.table import all_facts, sample_schema
from dbwright.model.effects import Effects, TableLock
from dbwright.model.finding import LockMode, ObjectRef
from dbwright.model.lock_fact import LockFact, LockRole
from dbwright.sandbox import Server
from dbwright.sandbox.judge.alone import alone
from dbwright.sandbox.judge.relations import strongest
from dbwright.sandbox.judge.trial import Trial, trial
from servers.postgresql import OUTER_MAJORS, Database

pytestmark = pytest.mark.parametrize("any_postgresql", OUTER_MAJORS, indirect=True)

# What each relation of the sample schema is to the statements of the examples.
ROLES = """
SELECT format('%I.%I', nspname, relname), coalesce(obj_description(c.oid, 'pg_class'), CASE relkind
  WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence'
  WHEN 'i' THEN 'index' WHEN 'I' THEN 'index' ELSE 'table' END)
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE nspname = 'public'
"""
Roles = Mapping[str, LockRole]


@pytest.fixture(scope="module")
def sample(any_postgresql: Server) -> Iterator[Database]:
    """A database of the sample schema, and a tablespace besides."""
    server = any_postgresql
    server.create_database("sample")
    database = Database(server, "sample", server.url("sample"))
    owner = server.data_directory.stat()
    elsewhere = server.socket_directory / "elsewhere"
    elsewhere.mkdir(0o700)
    os.chown(elsewhere, owner.st_uid, owner.st_gid)
    database.execute(f"CREATE TABLESPACE elsewhere LOCATION '{elsewhere}'")
    database.execute(sample_schema())
    yield database
    maintenance = Database(server, "postgres", server.url())
    maintenance.execute("DROP DATABASE sample")
    maintenance.execute("DROP TABLESPACE elsewhere")
    elsewhere.rmdir()


@pytest.fixture(scope="module")
def roles(sample: Database) -> Roles:
    return {name: LockRole(role) for name, role in sample.execute(ROLES)}


def test_what_statements_do(sample: Database, roles: Roles) -> None:
    with trial(sample.url, settings={"TimeZone": "UTC"}) as here:
        wrong = [
            (fact.id, example, got)
            for fact in all_facts()
            if fact.transactional and fact.holds_for(sample.server.major)
            for example in fact.examples
            if (got := seen(tried(here, fact, example), roles)) != expected(fact)
        ]
    assert not wrong


def test_what_statements_do_outside_of_transactions(
    sample: Database, roles: Roles, request: pytest.FixtureRequest
) -> None:
    # Each lock that one asks for costs a copy of the database.
    most = None if request.config.getoption("--slow") else 1
    wrong = [
        (fact.id, example, got)
        for fact in all_facts()
        if not fact.transactional and fact.holds_for(sample.server.major)
        for example in fact.examples[:most]
        if (got := seen(alone(sample.server, sample.name, example), roles)) != expected(fact)
    ]
    assert not wrong


def test_safe_ways(sample: Database) -> None:
    """Each step is tried, and then done, for the next one."""
    server = sample.server
    server.create_database("safe_ways", "TEMPLATE sample")
    copy = Database(server, "safe_ways", server.url("safe_ways"))
    wrong = []
    for step in (step for safe_way in SAFE_WAYS.values() for step in safe_way):
        with trial(copy.url, settings={"TimeZone": "UTC"}) as here:
            effects = here.run(step)
        long = effects.rewritten or effects.scanned or effects.built or effects.emptied
        blocks = any(lock.mode.blocks_writes for lock in tables(effects))
        if effects.refusal or (long and blocks):
            wrong.append(effects)
        else:
            assert effects.transactional or "CONCURRENTLY" in step, step
            copy.execute(step)
    sample.execute("DROP DATABASE safe_ways")
    assert not wrong


def tables(effects: Effects) -> list[TableLock]:
    return [lock for lock in effects.locks if lock.object.kind == "table"]


def tried(here: Trial, fact: LockFact, example: str) -> Effects:
    here.take_back()
    for name, value in fact.settings.items():
        here.run(f"SET LOCAL {name} = '{value}'")
    for earlier in fact.after:
        assert here.run(earlier).refusal is None, earlier
    return here.run(example)


def expected(fact: LockFact) -> dict[str, object]:
    return {
        "refused": fact.refused,
        "transactional": fact.transactional,
        "waits": fact.waits,
        "locks": fact.locks,
        "rewrites": fact.rewrites,
        "empties": fact.empties,
        "scans": fact.scans,
        "builds": fact.builds,
    }


def seen(effects: Effects, roles: Roles) -> dict[str, object]:
    """What a server did, as the table tells it."""
    rewrites = of(effects.rewritten, roles)
    return {
        "refused": effects.refusal.sqlstate if effects.refusal else "",
        "transactional": effects.transactional,
        "waits": effects.waits_for_transactions,
        "locks": locks(effects, roles),
        "rewrites": rewrites,
        "empties": of(effects.emptied, roles),
        "scans": of(effects.scanned, roles) - rewrites,
        "builds": of((build.table for build in effects.built), roles) - rewrites,
    }


def locks(effects: Effects, roles: Roles) -> dict[LockRole, LockMode]:
    """Without what LockRole leaves out."""
    found: dict[LockRole, LockMode] = {}
    for lock in effects.locks:
        if lock.object.kind != "type":  # which nobody reads or writes
            role = roles[lock.object.name]
            found[role] = strongest(found.get(role), lock.mode)
    if found.get(LockRole.SEQUENCE) is LockMode.ACCESS_SHARE:
        del found[LockRole.SEQUENCE]
    order = list(LockMode)
    index = found.pop(LockRole.INDEX, None)
    if index and all(order.index(index) > order.index(mode) for mode in found.values()):
        found[LockRole.INDEX] = index
    return found


def of(objects: Iterable[ObjectRef], roles: Roles) -> frozenset[LockRole]:
    return frozenset(roles[one.name] for one in objects)
