"""What devops needs to run the server: the payload made whole from the target, and files."""

from __future__ import annotations

import math
import re
from typing import Any

from dbwright.agent.handoff.generated.file import file_document
from dbwright.agent.handoff.generated.grafana import grafana
from dbwright.agent.handoff.generated.prometheus import prometheus
from dbwright.agent.handoff.generated.terraform import Server, terraform
from dbwright.agent.handoff.parts import seconds
from dbwright.agent.handoff.payloads.provision_database_infrastructure import Provision
from dbwright.agent.handoff.work import Answer, Work, done, not_available, skipped, tried
from dbwright.model.snapshot import Snapshot
from dbwright.target import opened
from dbwright.trees.tree import Written

__all__ = ["answer"]

DAY = 86400
RDS_DAYS = 35
RDS_STORAGE = 20
OLDEST = 14
"""The oldest major version that is maintained (version 13 ended in November 2025)."""
RDS_RPO = 300.0
"""Seconds: how far behind the latest point is that RDS restores to (its manual)."""
LAG_SECONDS = 30.0
ROOM = 2.0
"""Storage for a database, by its size: it grows, and indexes are built beside the old ones."""


def answer(work: Work) -> Answer:
    """What is known of the target, the whole payload, whether the parts fit each other, and files
    for Terraform, Prometheus and Grafana."""
    payload = work.handoff.payload
    assert isinstance(payload, Provision)
    snapshot: Snapshot | None = None
    target = work.source()
    measured = skipped("no target was named", "name the database, or a snapshot of it")
    if target is not None:
        with opened(target, progress=work.progress) as source:
            snapshot = source.snapshot
        measured = _measured(snapshot)
    whole = _whole(work, payload, snapshot)
    return {
        "measured": measured,
        "payload": done(**whole),
        "alignment": done(checks=_alignment(payload, whole["version"])),
        "terraform": _terraform(payload, whole),
        "prometheus": tried(lambda: _prometheus(payload, whole)),
        "grafana": _grafana(payload, whole),
        "backup": not_available("backup", "running backups, and proving them by a restore"),
        "failover": not_available("cluster", "replication, failover and pooling of own servers"),
        "monitoring": not_available("watch", "collecting figures and telling of alerts"),
    }


def _measured(snapshot: Snapshot) -> dict[str, Any]:
    catalog, statistics = snapshot.catalog, snapshot.statistics
    size = None
    if statistics is not None:
        own = [one for one in statistics.databases if one.name == catalog.server.database]
        size = own[0].bytes if own else None
    limit = catalog.setting("max_connections")
    return done(
        target=snapshot.target,
        version=catalog.server.version,
        database=catalog.server.database,
        size_bytes=size,
        tables=len(catalog.tables),
        extensions=sorted(one.name for one in catalog.extensions if one.name != "plpgsql"),
        max_connections=None if limit is None else int(limit.value),
    )


def _whole(work: Work, payload: Provision, snapshot: Snapshot | None) -> dict[str, Any]:
    """What was asked for; what was left out from the target; None where nobody tells."""
    measured = {} if snapshot is None else _measured(snapshot)
    extensions = payload.extensions or tuple(measured.get("extensions", ()))
    size = measured.get("size_bytes")
    storage = payload.storage_gb
    if storage is None and size:
        storage = max(20, math.ceil(size * ROOM / 1e9))
    version = measured.get("version", "").split(".")[0] or None
    return {
        "name": payload.name or measured.get("database") or "database",
        "engine": payload.engine,
        "version": _version(work) or version,
        "instance_class": payload.instance_class or None,
        "storage_gb": None if storage is None else math.ceil(storage),
        "connections": payload.connections,
        "replicas": payload.topology.replicas,
        "high_availability": payload.topology.high_availability,
        "rpo_seconds": _seconds(payload.backup_policy.rpo),
        "rto_seconds": _seconds(payload.backup_policy.rto),
        "retention_days": _days(payload),
        "extensions": list(extensions),
    }


def _version(work: Work) -> str | None:
    """As it was written: `16.10` is not 16.1."""
    whole = work.handoff.tree.value
    value = whole.get("payload", whole).get("version")
    if isinstance(value, Written):
        return value.text
    return None if value is None else str(value)


def _seconds(text: str | None) -> float | None:
    return None if text is None else seconds(text)


def _days(payload: Provision) -> int:
    kept = payload.backup_policy.retention
    return 7 if kept is None else max(1, math.ceil(seconds(kept) / DAY))


def _alignment(payload: Provision, version: str | None) -> list[dict[str, Any]]:
    """Do topology and backup policy do what they are for?"""
    backup, topology = payload.backup_policy, payload.topology
    rpo, rto = _seconds(backup.rpo), _seconds(backup.rto)
    checks: list[dict[str, Any]] = []

    def tell(name: str, holds: bool | None, why: str) -> None:
        result = "not examined" if holds is None else "holds" if holds else "does not hold"
        checks.append({"check": name, "result": result, "why": why})

    if rpo is None:
        tell("rpo", None, "the payload names no rpo")
    elif rpo >= RDS_RPO:
        tell("rpo", True, "restoring to a point in time reaches to about 5 minutes ago")
    else:
        tell(
            "rpo",
            topology.high_availability,
            "restoring reaches to about 5 minutes ago only; a standby that takes over loses "
            "nothing when the server is lost, and does not help against a wrong DELETE",
        )
    if rto is None:
        tell("rto", None, "the payload names no rto")
    elif rto < 900 and not topology.high_availability:
        tell("rto", False, "without a standby the way back is a restore, which takes longer")
    else:
        tell("rto", None, "only a restore that was timed says how long one takes (backup)")
    if payload.storage_gb is not None and payload.storage_gb < RDS_STORAGE:
        tell("storage_gb", False, f"RDS gives {RDS_STORAGE} GB at least")
    major = re.match(r"\d+", version or "")
    if major is not None and int(major[0]) < OLDEST:
        tell("version", False, f"PostgreSQL {major[0]} gets no more fixes: take {OLDEST} or later")
    if _days(payload) > RDS_DAYS:
        tell("retention", False, f"RDS keeps {RDS_DAYS} days at most; keep the rest elsewhere")
    return checks


def _terraform(payload: Provision, whole: dict[str, Any]) -> dict[str, Any]:
    if payload.provider not in ("", "aws"):
        return skipped(f"there are no files for {payload.provider}", "provider: aws")
    content, checked = terraform(
        Server(
            name=_slug(whole["name"]),
            version=whole["version"],
            instance_class=whole["instance_class"],
            storage_gb=whole["storage_gb"],
            replicas=whole["replicas"],
            high_availability=whole["high_availability"],
            retention_days=min(RDS_DAYS, whole["retention_days"]),
            preload=("pg_stat_statements",),
        )
    )
    return done(provider="aws", files=[file_document("terraform/main.tf", content, checked)])


def _prometheus(payload: Provision, whole: dict[str, Any]) -> dict[str, Any]:
    lag = whole["rpo_seconds"] or LAG_SECONDS
    content, checked = prometheus(payload.connections, whole["replicas"], lag)
    return done(files=[file_document("prometheus/alerts.yaml", content, checked)])


def _grafana(payload: Provision, whole: dict[str, Any]) -> dict[str, Any]:
    content, checked = grafana(_slug(whole["name"]), whole["replicas"])
    return done(files=[file_document("grafana/dashboard.json", content, checked)])


def _slug(name: str) -> str:
    """A name that Amazon takes: letters, digits and single hyphens, a letter first."""
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in name.lower())
    words = [word for word in kept.split("-") if word]
    slug = "-".join(words)[:50].strip("-") or "database"
    return slug if slug[0].isalpha() else f"db-{slug}"
