"""Who may see and change what: grants and policies, tried on a throw-away server."""

from __future__ import annotations

from typing import Any

from dbwright.agent.handoff.answers._access import find, statements
from dbwright.agent.handoff.answers._trial import tried_on_server
from dbwright.agent.handoff.generated.file import file_document
from dbwright.agent.handoff.payloads.secure_database_access import Security
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
from dbwright.model.snapshot import Snapshot
from dbwright.target import opened

__all__ = ["answer"]

NO_TARGET = ("no target was named", "name the database, a snapshot of it, or its SQL files")
SECRET = ("confidential", "restricted")


def answer(work: Work) -> Answer:
    """Is what is classified there, and is it open to everybody? Which statements make the access
    model, and does a server take them? What does `check` say of security?"""
    payload = work.handoff.payload
    assert isinstance(payload, Security)
    target = work.source()
    if target is None:
        nothing = skipped(*NO_TARGET)
        found: Answer = dict.fromkeys(
            ("classification", "encryption", "access", "findings"), nothing
        )
    else:
        with opened(target, progress=work.progress) as source:
            snapshot = source.snapshot
        found = {
            "classification": _classification(payload, snapshot.catalog),
            "encryption": _encryption(payload, snapshot),
            "access": tried(lambda: _access(work, payload, snapshot)),
            "findings": tried(lambda: _findings(work)),
        }
    audit = not_available("secure", "an audit trail of who changed which row")
    personal = not_available("secure", "finding personal data that nobody classified")
    return {**found, "audit": audit, "personal_data": personal}


def _classification(payload: Security, catalog: Catalog) -> dict[str, Any]:
    """What is classified has to be there, and what is secret has to be closed to PUBLIC."""
    objects = []
    for one in payload.classification:
        table = find(catalog, one.object)
        column = None
        if table is None and "." in one.object:
            above, _, name = one.object.rpartition(".")
            table = find(catalog, above)
            column = name.strip('"')
            if table is not None and column not in {each.name for each in table.columns}:
                table = None
        told: dict[str, Any] = {"object": one.object, "level": one.level}
        if table is None:
            objects.append({**told, "result": "not there"})
            continue
        open_to_all = one.level in SECRET and any(
            grant.grantee.lower() == "public" for grant in table.grants
        )
        objects.append({**told, "result": "open to PUBLIC" if open_to_all else "there"})
    return done(objects=objects)


def _encryption(payload: Security, snapshot: Snapshot) -> dict[str, Any]:
    ssl = snapshot.catalog.setting("ssl")
    checks: list[dict[str, Any]] = []
    if payload.encryption.in_transit:
        result = "not known" if ssl is None else "holds" if ssl.value == "on" else "does not hold"
        checks.append({"check": "in transit", "result": result, "why": "the server's setting ssl"})
    if payload.encryption.at_rest:
        why = "a server does not know what its disk does"
        checks.append({"check": "at rest", "result": "not known", "why": why})
    for column in payload.encryption.columns:
        why = "whether values are encrypted, only rows tell"
        checks.append({"check": f"column {column}", "result": "not known", "why": why})
    return done(checks=checks)


def _access(work: Work, payload: Security, snapshot: Snapshot) -> dict[str, Any]:
    if not payload.access_model:
        return skipped("the payload has no access_model", "write who may do what")
    made = statements(payload.access_model, snapshot.catalog)
    refused = ""
    kept: list[dict[str, Any]] = []
    if made.up and not made.wrong:
        refused, kept = tried_on_server(made, payload.access_model, snapshot, work.progress)
    parts: dict[str, Any] = {
        "roles": list(made.roles),
        "up": list(made.up),
        "down": list(made.down),
        "isolation": kept,
    }
    if made.notes:
        parts["notes"] = list(made.notes)
    open_ = [one for one in kept if one["result"] == "not kept apart"]
    if open_ and not refused:
        refused = f"rows of two tenants are not kept apart: {open_[0]['role']}, {open_[0]['table']}"
    if made.wrong:
        parts["wrong"] = list(made.wrong)
    if refused or made.wrong:
        reason = refused or "a part of the access model does not fit the tables"
        return {"status": "failed", "reason": reason, **parts}
    text = "-- What the access model says. Roles belong to the whole server: make them first.\n"
    text += "".join(f"-- {role}\n" for role in made.roles)
    text += "\n" + "\n".join(made.up) + "\n\n-- DOWN\n" + "\n".join(made.down) + "\n"
    checked = (
        "run forth and back on a throw-away server with the target's tables, and the schema was as "
        "before"
    )
    apart = sum(one["result"] == "kept apart" for one in kept)
    if kept:
        checked += (
            f"; rows of two tenants kept apart: shown for {apart} of {len(kept)} (see isolation)"
        )
    return done(**parts, files=[file_document("migrations/access.sql", text, checked)])


def _findings(work: Work) -> dict[str, Any]:
    from dbwright.check.check import check

    report = check(
        work.target, only=("security",), progress=work.progress, configuration=work.configuration
    )
    return done(
        target=report.target,
        counts={severity.value: count for severity, count in report.counts.items()},
        worst=findings_document(report.findings, 20),
    )
