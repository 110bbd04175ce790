"""Does the schema that there is fit the architecture? A new one is for a later capability."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dbwright.agent.handoff.answers._access import find
from dbwright.agent.handoff.payloads.design_database_schema import AccessPattern, Design, Service
from dbwright.agent.handoff.work import (
    Answer,
    Work,
    done,
    findings_document,
    not_available,
    skipped,
    tried,
)
from dbwright.model.catalog import Catalog
from dbwright.model.names import qualify
from dbwright.target import opened

__all__ = ["answer"]

Check = dict[str, Any]


def answer(work: Work) -> Answer:
    """Whether the payload agrees with itself, whether the target's tables agree with the payload,
    and what `check` finds in them."""
    payload = work.handoff.payload
    assert isinstance(payload, Design)
    owners = _owners(payload)
    found: Answer = {"alignment": done(checks=list(_agrees(payload, owners)))}
    target = work.source()
    if target is None:
        nothing = skipped("no target was named", "name the schema as it is, where there is one")
        found |= {"existing_schema": nothing, "findings": nothing}
    else:
        with opened(target, progress=work.progress) as source:
            catalog = source.snapshot.catalog
        found["existing_schema"] = done(
            target=source.snapshot.target, checks=list(_fits(payload, owners, catalog))
        )
        found["findings"] = tried(lambda: _findings(work))
    return found | {
        "schema": not_available("design", "a schema from requirements"),
        "database_choice": not_available("design", "which engine fits"),
        "partitioning": not_available("design", "a plan for tables that are not there yet"),
    }


def _owners(payload: Design) -> dict[str, list[str]]:
    """Services by the table that they own."""
    owned: dict[str, list[str]] = {}
    pairs = [
        (service.name, table)
        for service in payload.services
        if isinstance(service, Service)
        for table in service.owns
    ]
    for name, tables in payload.data_ownership.items():
        pairs += [(name, table) for table in ((tables,) if isinstance(tables, str) else tables)]
    for name, table in pairs:
        services = owned.setdefault(table, [])
        if name not in services:
            services.append(name)
    return owned


def _agrees(payload: Design, owners: dict[str, list[str]]) -> Iterator[Check]:
    names = {one if isinstance(one, str) else one.name for one in payload.services}
    shared = [f"{table}: {', '.join(who)}" for table, who in owners.items() if len(who) > 1]
    yield _check("each table is owned by one service", shared)
    if names:
        strange = sorted({who for each in owners.values() for who in each} - names)
        yield _check("each owner is a service of the list", strange)
        idle = sorted(names - {who for each in owners.values() for who in each})
        yield _check("each service owns a table", idle)
    patterns = [one for one in payload.access_patterns if isinstance(one, AccessPattern)]
    unknown = [
        f"{_name(one)}: {table}" for one in patterns for table in one.tables if table not in owners
    ]
    if owners:
        yield _check("each table of an access pattern has an owner", unknown)
    foreign = [
        f"{_name(one)} of {one.service} uses {table} of {', '.join(owners[table])}"
        for one in patterns
        if one.service
        for table in one.tables
        if table in owners and one.service not in owners[table]
    ]
    if not payload.shared_database:
        yield _check("access patterns stay within their service", foreign)


def _fits(payload: Design, owners: dict[str, list[str]], catalog: Catalog) -> Iterator[Check]:
    here = {table: find(catalog, table) for table in owners}
    yield _check("each owned table is there", [name for name, one in here.items() if one is None])
    by_table = {one.qualified: owners[name] for name, one in here.items() if one is not None}
    tables = [one for one in catalog.tables if not one.is_partition]
    if owners:
        nobody = [one.qualified for one in tables if one.qualified not in by_table]
        yield _check("each table has an owner", nobody)
    across = []
    for one in tables:
        for key in one.foreign_keys:
            name = qualify(key.referenced_schema, key.referenced_table)
            mine, theirs = by_table.get(one.qualified), by_table.get(name)
            if mine and theirs and not set(mine) & set(theirs):
                across.append(f"{one.qualified} ({mine[0]}) -> {name} ({theirs[0]})")
    yield _check("no foreign key goes from one service's table to another's", across)


def _check(name: str, against: list[str]) -> Check:
    """A check holds where nothing speaks against it."""
    if not against:
        return {"check": name, "result": "holds"}
    return {"check": name, "result": "does not hold", "against": against}


def _name(pattern: AccessPattern) -> str:
    return pattern.name or pattern.description or pattern.sql or "a pattern"


def _findings(work: Work) -> dict[str, Any]:
    from dbwright.check.check import check

    report = check(work.target, progress=work.progress, configuration=work.configuration)
    return done(
        score=report.score,
        counts={severity.value: count for severity, count in report.counts.items()},
        worst=findings_document(report.findings, 20),
    )
