"""All that was found out for a ticket; the documents say nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dbwright.agent.work.context import Context
from dbwright.agent.work.project.files import ProjectFiles
from dbwright.agent.work.proposals import Proposals
from dbwright.agent.work.queries.find import FoundQueries
from dbwright.agent.work.schema.build import Built
from dbwright.agent.work.schema.sized import Sized
from dbwright.agent.work.schema.ways_back import WayBack
from dbwright.agent.work.tuning import RULES, Misfit, findings_of
from dbwright.agent.work.volumes import Volumes
from dbwright.model.finding import Finding, Severity
from dbwright.model.report import Report, RuleText

__all__ = ["Evidence", "merged"]


@dataclass(frozen=True, slots=True)
class Evidence:
    ticket: str
    workspace: str
    """Its folder, from the root."""
    chosen_workspace: str
    """Why it is this one."""
    context: Context
    project: ProjectFiles
    chosen: tuple[str, ...]
    """How the source of the schema was chosen, and what was left out."""
    built: Built
    volumes: Volumes
    sized: Sized
    checked: Report
    queries: FoundQueries
    misfits: tuple[Misfit, ...]
    tuned: Report | None
    """None where the code holds no query that can be worked on."""
    linted: Report | None
    """None where there are no migrations."""
    ways_back: tuple[WayBack, ...]
    proposals: Proposals

    def errors(self, *topics: str) -> tuple[Finding, ...]:
        """What `check` calls an error or worse, of these topics."""
        return tuple(
            one
            for one in self.checked.findings
            if one.severity.at_least(Severity.ERROR) and one.rule.partition("/")[0] in topics
        )

    def of_topics(self, *topics: str) -> tuple[Finding, ...]:
        found = self.checked.findings
        return tuple(one for one in found if one.rule.partition("/")[0] in topics)


def merged(evidence: Evidence) -> Report:
    """Everything as one report."""
    reports = [
        one for one in (evidence.checked, evidence.tuned, evidence.linted) if one is not None
    ]
    code = tuple(findings_of(evidence.queries, evidence.misfits))
    findings: Iterable[Finding] = (*code, *(f for report in reports for f in report.findings))
    rules: dict[str, RuleText] = {k: v for report in reports for k, v in report.rules.items()}
    rules |= {rule: text for rule, text in RULES.items() if any(f.rule == rule for f in code)}
    return Report(
        command="agent work",
        target=evidence.built.source.shown,
        findings=tuple(sorted(findings, key=lambda one: one.severity.rank)),
        skipped=tuple(dict.fromkeys(one for report in reports for one in report.skipped)),
        silenced=tuple(one for report in reports for one in report.silenced),
        engine=evidence.checked.engine,
        server_version=evidence.checked.server_version,
        rules_run=sum(report.rules_run for report in reports),
        objects_read=evidence.checked.objects_read
        | {"query": len(evidence.queries.queries)}
        | ({} if evidence.linted is None else evidence.linted.objects_read),
        rules=rules,
        tuning=None if evidence.tuned is None else evidence.tuned.tuning,
    )
