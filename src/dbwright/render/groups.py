"""What all renderers say about a report, worked out once: groups, figures, phrases."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from dbwright.model.finding import Finding, Fix, Location, Proof, ProofLevel, Severity
from dbwright.model.report import Report
from dbwright.render.text import fold, plural, visible
from dbwright.render.units import seconds_text

__all__ = [
    "Group",
    "fix_notes",
    "found_counts",
    "groups",
    "heading",
    "location_text",
    "looked_at",
    "message_parts",
    "next_step",
    "proof_text",
    "score_word",
    "silenced_counts",
    "topic_of",
]


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one rule at one severity, in the report's order."""

    rule: str
    severity: Severity
    findings: tuple[Finding, ...]

    @property
    def why(self) -> str:
        """The reason that all of them give; empty where they differ."""
        reasons = {finding.why for finding in self.findings}
        return fold(self.findings[0].why) if len(reasons) == 1 else ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What all of their fixes mean when run; empty where they differ, or for one finding."""
        every = {finding.fix and fix_notes(finding.fix) for finding in self.findings}
        return (every.pop() or ()) if len(every) == 1 and len(self.findings) > 1 else ()


def groups(findings: tuple[Finding, ...]) -> tuple[Group, ...]:
    """Worst severity first, then in the order in which the report has them: `check` sorts by rules,
    `tune` has first what saves most."""
    found: dict[tuple[int, str], list[Finding]] = {}
    for finding in findings:
        found.setdefault((finding.severity.rank, finding.rule), []).append(finding)
    return tuple(
        Group(rule, members[0].severity, tuple(members))
        for (_, rule), members in sorted(found.items(), key=lambda item: item[0][0])
    )


def message_parts(finding: Finding) -> tuple[str, str, str] | None:
    """The message around the object's name: (before, name, after), safe to show; None where it
    does not name the object."""
    name, message = visible(finding.object.name), visible(finding.message)
    if not name or name not in message:
        return None
    before, _, after = message.partition(name)
    return before, name, after


def topic_of(rule: str) -> str:
    """`index` of `index/duplicate-index`."""
    return rule.partition("/")[0]


def heading(report: Report) -> str:
    """`PostgreSQL 18.6, database shop`; empty where nothing is known."""
    names = {"postgresql": "PostgreSQL", "mysql": "MySQL", "sqlite": "SQLite", "mongodb": "MongoDB"}
    engine = visible(names.get(report.engine, report.engine))
    server = f"{engine} {visible(report.server_version)}".strip()
    database = f"database {visible(report.database)}" if report.database else ""
    return ", ".join(part for part in (server, database) if part)


def looked_at(report: Report) -> str:
    """`48 rules, 12 tables, 30 indexes`; empty where nothing was counted."""
    parts = [plural(report.rules_run, "rule")] if report.rules_run else []
    parts += [plural(count, visible(kind)) for kind, count in report.objects_read.items()]
    return ", ".join(parts)


def score_word(score: int) -> str:
    """The score (0 to 100) in a word or two."""
    steps = ((95, "excellent"), (80, "good"), (60, "fair"), (40, "needs work"), (20, "poor"))
    return next((word for least, word in steps if score >= least), "in danger")


def fix_notes(fix: Fix) -> tuple[str, ...]:
    """What running the fix means: its lock, and what else to know before."""
    notes = []
    if fix.lock is not None:
        if fix.lock.blocks_reads:
            effect = "reads and writes wait"
        else:
            effect = "reads go on, writes wait" if fix.lock.blocks_writes else "writes go on"
        notes.append(f"takes {fix.lock.value}, {effect}")
    if fix.rewrites:
        notes.append("writes the whole table again")
    if fix.scans:
        notes.append("reads the whole table under the lock")
    if not fix.transactional:
        notes.append("not inside a transaction")
    if fix.seconds is not None:
        notes.append(f"about {seconds_text(fix.seconds)}")
    if not fix.down.strip():
        notes.append("can't be taken back")
    return tuple(notes)


def found_counts(report: Report) -> tuple[tuple[Severity, str], ...]:
    """Each severity that was found, with its count in words: `2 errors`, `1 critical`."""
    return tuple(
        (severity, f"{count:,} critical")
        if severity is Severity.CRITICAL
        else (severity, plural(count, severity.value))
        for severity, count in report.counts.items()
    )


def proof_text(proof: Proof) -> str:
    """`measured: before 812 ms, after 3 ms`; empty for what only the catalog says."""
    parts = [
        f"{name} {fold(text)}"
        for name, text in (("before", proof.before), ("after", proof.after))
        if text
    ]
    if not parts:
        return "" if proof.level is ProofLevel.STATED else proof.level.value
    return f"{proof.level.value}: {', '.join(parts)}"


def location_text(location: Location) -> str:
    """`file:line`, or `file:line:column`."""
    column = "" if location.column is None else f":{location.column}"
    return f"{visible(location.file)}:{location.line}{column}"


def silenced_counts(report: Report) -> str:
    """`3 by comment, 1 by baseline`; empty where none is silenced."""
    found = Counter(silenced.by for silenced in report.silenced)
    return ", ".join(f"{count:,} by {visible(by)}" for by, count in sorted(found.items()))


def next_step(report: Report) -> tuple[str, str]:
    """The one thing to do now, in words, and the command that the words end in, if any."""
    if report.rehearsal is not None:
        return _after_rehearsal(report)
    if report.written:
        return f"read {visible(', '.join(report.written))}, then run it as your migrations are", ""
    ordered = groups(report.findings)
    if ordered:
        worst = ordered[0].findings[0]
        command = f"dbwright rules {visible(worst.rule)}"
        about = report.rules.get(worst.rule)
        if about is not None and not about.help:
            return f"start with {visible(worst.object.kind)} {visible(worst.object.name)}", ""
        if report.tuning is not None:
            return f"start with {visible(worst.rule)} of {visible(worst.object.name)}", ""
        if worst.fix is not None:
            return f"start with the fix of {visible(worst.object.name)}; to read why, run", command
        return f"start with {visible(worst.object.name)}; to read what to do, run", command
    if any(skipped.remedy for skipped in report.skipped):
        return "give the rights named above and run it again: a part was not looked at", ""
    return "nothing to mend; run it again after the next migration", ""


def _after_rehearsal(report: Report) -> tuple[str, str]:
    if report.failed:
        worst = groups(report.findings)[0].findings[0]
        return f"mend {visible(worst.object.kind)} {visible(worst.object.name)} first", ""
    if report.written:
        return "keep the proofs, then run", "dbwright migrate up --require-proof"
    return "run what was tried:", "dbwright migrate up"
