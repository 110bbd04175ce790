"""SARIF 2.1.0, for code hosts and editors that show findings beside the files they are in.

A finding without a file has a logical location only. SARIF's own `fixes` edit files, and ours
change a database: their SQL is in each result's properties. What was silenced is a suppressed
result, what was skipped a notification of the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from dbwright import __version__
from dbwright.model.finding import Finding, Location, Severity
from dbwright.model.report import Report, RuleText, Silenced, Skipped
from dbwright.render.groups import groups, topic_of
from dbwright.render.json import evidence_document, fix_document, proof_document
from dbwright.render.text import fold, json_text

__all__ = ["ENDINGS", "render"]

ENDINGS = (".sarif",)

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

LEVEL = {
    Severity.CRITICAL: "error",
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.NOTICE: "note",
}
SECURITY_SEVERITY = {
    Severity.CRITICAL: "9.5",
    Severity.ERROR: "8.0",
    Severity.WARNING: "5.5",
    Severity.NOTICE: "2.0",
}
"""On the CVSS scale, in the middle of the bands that code hosts draw from it."""

Document = dict[str, object]


def render(report: Report, *, rules: Mapping[str, RuleText] | None = None) -> str:
    """One run with all findings. `rules` describes rules by id; without it their `why` does."""
    every = report.findings + tuple(silenced.finding for silenced in report.silenced)
    worst: dict[str, Finding] = {}
    for group in groups(every):
        worst.setdefault(group.rule, group.findings[0])
    index = {rule: number for number, rule in enumerate(sorted(worst))}
    results = [result(finding, index) for finding in report.findings]
    results += [suppressed(silenced, index) for silenced in report.silenced]
    run = {
        "tool": {
            "driver": {
                "name": "dbwright",
                "version": __version__,
                "rules": [descriptor(worst[rule], (rules or {}).get(rule)) for rule in index],
            }
        },
        "automationDetails": {"id": f"dbwright/{report.command}/"},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [notification(part) for part in report.skipped],
            }
        ],
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {
            "target": report.target,
            "engine": report.engine,
            "server_version": report.server_version,
            "database": report.database,
            "score": report.score,
            "rules_run": report.rules_run,
        },
    }
    return json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def descriptor(worst: Finding, text: RuleText | None) -> Document:
    """The rule of `worst`, its worst finding."""
    topic, _, name = worst.rule.rpartition("/")
    title = text.title if text else name.replace("-", " ").capitalize()
    why = fold(worst.why) or title
    properties: Document = {"tags": [tag for tag in ("database", topic) if tag]}
    if topic_of(worst.rule) == "security":
        properties["security-severity"] = SECURITY_SEVERITY[worst.severity]
    return {
        "id": worst.rule,
        "shortDescription": {"text": title},
        "fullDescription": {"text": why},
        "help": {"text": why, "markdown": text.help} if text and text.help else {"text": why},
        "defaultConfiguration": {"level": LEVEL[worst.severity]},
        "properties": properties,
    }


def result(finding: Finding, index: Mapping[str, int]) -> Document:
    properties: Document = {
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "evidence": evidence_document(finding.evidence),
        "proof": proof_document(finding.proof),
    }
    if finding.advice:
        properties["advice"] = finding.advice
    if finding.fix is not None:
        properties["fix"] = fix_document(finding.fix)
    return {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": LEVEL[finding.severity],
        "message": {"text": message(finding.message)},
        "locations": [location(finding)],
        "partialFingerprints": {"dbwright/v1": finding.key},
        "properties": properties,
    }


def message(text: str) -> str:
    """A name must not make a link: `[text](target)` is one in a message (SARIF, 3.11.6)."""
    return fold(text).replace("](", "]\\(")


def location(finding: Finding) -> Document:
    where: Document = {}
    if finding.location is not None:
        where["physicalLocation"] = physical(finding.location)
    name = finding.object.name
    where["logicalLocations"] = [
        {"name": name, "fullyQualifiedName": name, "kind": finding.object.kind}
    ]
    return where


def physical(place: Location) -> Document:
    region = {"startLine": max(1, place.line)}
    if place.column is not None:
        region["startColumn"] = max(1, place.column)
    path = quote(place.file.replace("\\", "/"), errors="replace")
    return {"artifactLocation": {"uri": path}, "region": region}


def suppressed(silenced: Silenced, index: Mapping[str, int]) -> Document:
    kind = "inSource" if silenced.by == "comment" else "external"
    reason = silenced.reason or f"silenced by {silenced.by}"
    return {
        **result(silenced.finding, index),
        "suppressions": [{"kind": kind, "justification": reason}],
    }


def notification(skipped: Skipped) -> Document:
    text = f"{skipped.part} was not looked at: {skipped.reason}"
    return {
        "level": "warning",
        "message": {"text": message(f"{text} {skipped.remedy}")},
        "properties": {
            "part": skipped.part,
            "remedy": skipped.remedy,
            "objects": list(skipped.objects),
            "rules": list(skipped.rules),
        },
    }
