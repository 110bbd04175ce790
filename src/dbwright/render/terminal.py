"""The report for a person at a terminal: worst first, each rule's reason once, SQL to copy.

Lines are wrapped at `width`, SQL never: the terminal wraps it and what is copied stays whole.
Names are rich `Text`, never markup. Colours are the terminal's own sixteen.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from dbwright.model.finding import Confidence, Finding, Fix, Severity
from dbwright.model.report import Report, Skipped
from dbwright.model.tuning import Tuning
from dbwright.render.groups import (
    Group,
    fix_notes,
    found_counts,
    groups,
    heading,
    location_text,
    looked_at,
    message_parts,
    next_step,
    proof_text,
    score_word,
    silenced_counts,
)
from dbwright.render.rehearsal import Rows, rehearsal_facts, rehearsal_tables
from dbwright.render.terminal_page import DEFAULT_WIDTH, Page, Part
from dbwright.render.text import (
    fold,
    joined,
    plural,
    visible,
)
from dbwright.render.tuning import EFFECT_HEADINGS, effect_rows, tuning_facts
from dbwright.render.units import drawing, evidence_text

__all__ = ["ENDINGS", "render"]

ENDINGS = (".txt",)

SHOWN = 5
"""Objects of one rule, without `verbose`."""
BAR = 20

SEVERITY_STYLE = {
    Severity.CRITICAL: "bold red",
    Severity.ERROR: "red",
    Severity.WARNING: "bold yellow",
    Severity.NOTICE: "bold blue",
}


def render(
    report: Report, *, width: int | None = None, color: bool = False, verbose: bool = False
) -> str:
    """The report as text. `width` counts columns (None: 80); without `color` there is no escape
    code in it; `verbose` shows every object, and the SQL that takes each fix back."""
    page = Page(width or DEFAULT_WIDTH, color)
    write_header(page, report)
    for group in groups(report.findings):
        write_group(page, group, verbose)
    if report.tuning is not None:
        write_effects(page, report.tuning, verbose)
    if report.rehearsal is not None:
        for rows in rehearsal_tables(report.rehearsal):
            write_rows(page, rows)
    write_skipped(page, report.skipped, verbose)
    silenced = silenced_counts(report)
    if silenced:
        page.gap()
        page.line(silenced, label=("Silenced  ", "bold"))
    page.gap()
    words, command = next_step(report)
    page.line(words, " " if command else "", (command, "bold"), label=("Next  ", "bold green"))
    return page.text()


def write_header(page: Page, report: Report) -> None:
    page.line(visible(report.command), "  ", (visible(report.target), "bold"), label="dbwright ")
    for line in (heading(report), looked_at(report)):
        if line:
            page.line((line, "dim"))
    page.gap()
    if report.tuning is not None:
        write_facts(page, tuning_facts(report.tuning))
        return
    if report.rehearsal is not None:
        write_facts(page, rehearsal_facts(report.rehearsal))
        write_found(page, report)
        return
    score, full = report.score, round(report.score * BAR / 100)
    style = "green" if score >= 80 else "yellow" if score >= 40 else "red"
    page.line(
        ("\u2588" * full, style),
        ("\u2591" * (BAR - full), "dim"),
        f"  {score_word(score)}",
        label=(f"Score {score:>3}  ", "bold"),
    )
    write_found(page, report)


def write_found(page: Page, report: Report) -> None:
    parts: list[Part] = ["nothing wrong"]
    if report.findings:
        parts = []
        for severity, words in found_counts(report):
            parts += [" \u00b7 " if parts else "", (words, SEVERITY_STYLE[severity])]
    page.line(*parts, label=("Found  ", "bold"))


def write_facts(page: Page, facts: Sequence[tuple[str, str]]) -> None:
    width = max(len(label) for label, _ in facts) + 2
    for label, text in facts:
        page.line(text, label=(f"{label:<{width}}", "bold"))


def write_effects(page: Page, tuning: Tuning, verbose: bool) -> None:
    shown = effect_rows(tuning, every=verbose)
    if not shown:
        return
    page.gap()
    page.line(label=("Queries", "bold"))
    rows = [EFFECT_HEADINGS, *(row.cells for row in shown)]
    widths = [max(len(row[place]) for row in rows) for place in range(3)]
    for number, row in enumerate(rows):
        figures = "  ".join(f"{row[place]:>{widths[place]}}" for place in range(3))
        worse = number > 0 and shown[number - 1].worse
        style = "dim" if number == 0 else "bold red" if worse else ""
        left = max(10, page.width - len(figures) - 6)
        text = row[3] if len(row[3]) <= left else f"{row[3][: left - 1]}\u2026"
        page.put(Text.assemble("  ", (figures, style), "  ", (text, "dim")))


def write_rows(page: Page, table: Rows) -> None:
    page.gap()
    page.line(label=(table.title, "bold"))
    every = [table.headings, *table.rows]
    places = range(len(table.headings))
    widths = [max(len(row[place]) for row in every) for place in places]
    for number, row in enumerate(every):
        cells = [
            f"{row[place]:>{widths[place]}}"
            if place in table.figures
            else f"{row[place]:<{widths[place]}}"
            for place in places
        ]
        line = Text(f"  {'  '.join(cells)}".rstrip(), "dim" if number == 0 else "")
        line.truncate(page.width, overflow="ellipsis")
        page.put(line)


def write_group(page: Page, group: Group, verbose: bool) -> None:
    page.gap()
    count = len(group.findings)
    page.line(
        (visible(group.rule), "bold"),
        (f"  {plural(count, 'object')}" if count > 1 else "", "dim"),
        label=(f"{group.severity.value.upper()}  ", SEVERITY_STYLE[group.severity]),
    )
    if group.why:
        page.line((group.why, "dim"), indent=2)
    if group.notes:
        page.line(("; ".join(group.notes), "dim"), indent=2, label="Each fix ")
    shown = group.findings if verbose else group.findings[:SHOWN]
    for finding in shown:
        page.gap()
        write_finding(page, finding, group, verbose)
    if len(shown) < count:
        page.gap()
        page.line((f"and {count - len(shown):,} more (--verbose)", "dim"), indent=2)


def write_finding(page: Page, finding: Finding, group: Group, verbose: bool) -> None:
    parts = message_parts(finding)
    if parts:
        page.line(parts[0], (parts[1], "bold"), parts[2], indent=2)
    else:
        kind, name = visible(finding.object.kind), visible(finding.object.name)
        page.line((f"{kind} ", "dim"), (name, "bold"), indent=2)
        page.line(visible(finding.message), indent=4)
    if finding.why and not group.why:
        page.line((fold(finding.why), "dim"), indent=4)
    facts = [f"{label} {figure}" for label, figure in evidence_text(finding.evidence)]
    if facts:
        page.line((" \u00b7 ".join(facts), "dim"), indent=4)
    for line in drawing(finding.evidence):
        if len(line) + 6 <= page.width:
            page.put(Text(" " * 6 + line))
        else:
            page.line(line, indent=6)
    if finding.confidence is not Confidence.HIGH:
        page.line((f"{finding.confidence.value} confidence", "dim"), indent=4)
    if finding.location is not None:
        page.line((location_text(finding.location), "underline"), indent=4, label=("at ", "dim"))
    if proof_text(finding.proof):
        page.line((proof_text(finding.proof), "green"), indent=4)
    if finding.advice:
        page.line(fold(finding.advice), indent=4)
    if finding.fix is not None:
        write_fix(page, finding.fix, group.notes, verbose)


def write_fix(page: Page, fix: Fix, shared: tuple[str, ...], verbose: bool) -> None:
    notes = "; ".join(fix_notes(fix))
    if notes and not shared:
        page.line((notes, "dim"), indent=4, label=("Fix  ", "bold green"))
    if fix.risk:
        page.line(fold(fix.risk), indent=4, label=("Mind ", "bold yellow"))
    page.sql(fix.up, indent=6)
    if verbose and fix.down.strip():
        page.line(("takes it back", "dim"), indent=4)
        page.sql(fix.down, indent=6)


def write_skipped(page: Page, skipped: tuple[Skipped, ...], verbose: bool) -> None:
    if not skipped:
        return
    page.gap()
    page.line(label=("Not looked at", "bold"))
    for part in skipped:
        page.line((visible(part.part), "yellow"), f": {fold(part.reason)}", indent=2)
        limit = len(part.objects) + len(part.rules) if verbose else SHOWN
        if part.objects:
            page.line((joined(part.objects, limit), "dim"), indent=4, label=("of ", "dim"))
        if part.rules:
            page.line((joined(part.rules, limit), "dim"), indent=4, label=("leaves open ", "dim"))
        if part.remedy:
            page.sql(part.remedy, indent=6)
