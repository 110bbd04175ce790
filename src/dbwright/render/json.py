"""JSON for programs: `schemas/report.schema.json` is its contract.

Keys come in a fixed order. What a finding does not have (a fix, a location, a reason) is left out,
never null; only evidence may be null (unknown). Two runs over the same report give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

from dbwright.model.finding import Evidence, Finding, Fix, Location, Proof
from dbwright.model.report import Report, Silenced, Skipped
from dbwright.render.rehearsal import rehearsal_document
from dbwright.render.text import finite, json_text
from dbwright.render.tuning_json import tuning_document

__all__ = [
    "ENDINGS",
    "SCHEMA_VERSION",
    "evidence_document",
    "fix_document",
    "proof_document",
    "render",
    "schema",
]

ENDINGS = (".json",)

SCHEMA_VERSION = 1
"""Grows when a reader of the old structure would break; new optional parts don't count."""

Document = dict[str, object]


def render(report: Report) -> str:
    """The report in the structure of `schema()`."""
    return json_text(
        {
            "schema_version": SCHEMA_VERSION,
            "command": report.command,
            "target": report.target,
            **present(
                {
                    "engine": report.engine,
                    "server_version": report.server_version,
                    "database": report.database,
                }
            ),
            "findings": [finding_document(finding) for finding in report.findings],
            "summary": summary_document(report),
            **present({"tuning": report.tuning and tuning_document(report.tuning)}),
            **present({"rehearsal": report.rehearsal and rehearsal_document(report.rehearsal)}),
            **({"written": list(report.written)} if report.written else {}),
            "skipped": [skipped_document(skipped) for skipped in report.skipped],
            "silenced": [silenced_document(silenced) for silenced in report.silenced],
        }
    )


def schema() -> str:
    """The text of the JSON Schema (draft 2020-12) that every rendered report fulfils."""
    place = files("dbwright.render").joinpath("schemas", "report.schema.json")
    return place.read_text(encoding="utf-8")


def present(parts: Mapping[str, object]) -> Document:
    """Without what is empty or unknown. False and 0 stay: they are figures."""
    return {name: part for name, part in parts.items() if part is not None and part != ""}


def summary_document(report: Report) -> Document:
    return {
        "score": report.score,
        "counts": {severity.value: count for severity, count in report.counts.items()},
        "silenced": len(report.silenced),
        "rules_run": report.rules_run,
        "objects_read": dict(report.objects_read),
        **present({"fail_on": report.fail_on and report.fail_on.value}),
        "failed": report.failed,
    }


def finding_document(finding: Finding) -> Document:
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "key": finding.key,
        "object": {"kind": finding.object.kind, "name": finding.object.name},
        "message": finding.message,
        **present({"why": finding.why, "advice": finding.advice}),
        "evidence": evidence_document(finding.evidence),
        **present({"fix": finding.fix and fix_document(finding.fix)}),
        "proof": proof_document(finding.proof),
        **present({"location": finding.location and location_document(finding.location)}),
    }


def evidence_document(evidence: Evidence) -> Document:
    """Figures as the rule gave them, in its order; NaN and infinity become null."""
    return {
        name: finite(value)
        if value is None or isinstance(value, str | int | float)
        else [finite(item) for item in value]
        for name, value in evidence.items()
    }


def fix_document(fix: Fix) -> Document:
    """`down` is always there; empty where nothing takes the change back."""
    return {
        "up": fix.up,
        "down": fix.down,
        **present({"lock": fix.lock and fix.lock.value}),
        "rewrites": fix.rewrites,
        "scans": fix.scans,
        "transactional": fix.transactional,
        **present({"seconds": finite(fix.seconds), "risk": fix.risk}),
    }


def proof_document(proof: Proof) -> Document:
    return present(
        {
            "level": proof.level.value,
            "before": proof.before,
            "after": proof.after,
            "reproduce": proof.reproduce,
        }
    )


def location_document(location: Location) -> Document:
    place: Document = {"file": location.file, "line": location.line}
    return place if location.column is None else {**place, "column": location.column}


def skipped_document(skipped: Skipped) -> Document:
    return {
        "part": skipped.part,
        **({"rules": list(skipped.rules)} if skipped.rules else {}),
        "reason": skipped.reason,
        **present({"remedy": skipped.remedy}),
        **({"objects": list(skipped.objects)} if skipped.objects else {}),
    }


def silenced_document(silenced: Silenced) -> Document:
    return {
        "by": silenced.by,
        **present({"reason": silenced.reason}),
        "finding": finding_document(silenced.finding),
    }
