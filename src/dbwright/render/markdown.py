"""Markdown for a pull request's comment: a table of rules, and each rule folded below it.

Names are data: they can't start a heading, close a block, call a person, link or run as HTML.
Object names stand in code spans (nothing is interpreted there), prose is escaped, SQL stands in a
fence longer than any run of backticks in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from dbwright.model.finding import Confidence, Finding, Severity
from dbwright.model.rehearsal import Rehearsal
from dbwright.model.report import Report
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
    proof_text,
    score_word,
    silenced_counts,
)
from dbwright.render.rehearsal import rehearsal_facts, rehearsal_tables
from dbwright.render.text import COPY_ELSEWHERE, fold, plural, same_sql, visible, visible_sql
from dbwright.render.tuning import effect_rows, tuning_facts
from dbwright.render.units import drawing, evidence_text

__all__ = ["ENDINGS", "render"]

ENDINGS = (".md", ".markdown")

LONGEST_QUERY = 120
"""Characters of a query in a table."""
LONGEST = 60_000
"""Characters; a comment of a well-known code host ends at 65,536."""
SHOWN = 20
"""Objects of one rule."""

MARK = {
    Severity.CRITICAL: "🔴",
    Severity.ERROR: "🟠",
    Severity.WARNING: "🟡",
    Severity.NOTICE: "🔵",
}

PUNCTUATION = re.compile(r"[\\`*\[\]<>|~#$!&(){}]")
# An underscore inside a word is only an underscore; at its edge it may emphasize.
EDGE_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
LINE_START = re.compile(r"^(\s*)([-+=:]|\d+(?=[.)]))")
BACKTICKS = re.compile(r"`+")
ENTITY = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "|": "&#124;"}
APART = "&#8203;"
"""A space of no width: what follows is no longer somebody's name, a link or a reference."""


def prose(text: str) -> str:
    """Text on one line, in which nothing is Markdown or HTML."""
    text = visible(text)
    text = PUNCTUATION.sub(lambda match: ENTITY.get(match[0], "\\" + match[0]), text)
    text = EDGE_UNDERSCORE.sub(r"\\_", text)
    text = text.replace("@", f"@{APART}").replace("://", f":{APART}//")
    text = text.replace("www.", f"www{APART}.").replace("\\#", f"\\#{APART}")
    return LINE_START.sub(lambda match: f"{match[1]}{APART}{match[2]}", text)


def code(text: str, *, cell: bool = False) -> str:
    """A code span that holds the text as it is. In a table's `cell` a bar must be escaped,
    elsewhere it must not."""
    text = visible(text).replace("|", "\\|") if cell else visible(text)
    fence = fence_for(text, 1)
    padding = " " if "`" in text else ""
    return f"{fence}{padding}{text.strip() or '-'}{padding}{fence}"


def fence_for(text: str, least: int) -> str:
    runs = [len(run) for run in BACKTICKS.findall(text)]
    return "`" * max(least, max(runs, default=0) + 1)


def block(statements: Iterable[str]) -> list[str]:
    """The statements in one fence."""
    sql = "\n".join(statement.strip("\r\n") for statement in statements)
    seen = visible_sql(sql)
    fence = fence_for(seen, 3)
    warning = [] if same_sql(sql, seen) else [f"*{COPY_ELSEWHERE}*", ""]
    return [*warning, f"{fence}sql", seen, fence]


def render(report: Report) -> str:
    """The report as GitHub-flavoured Markdown, at most about 60,000 characters."""
    every = groups(report.findings)
    head = "\n".join(
        [
            *summary(report),
            *table(every),
            *effect_table(report.tuning),
            *rehearsal_lines(report.rehearsal),
        ]
    )
    tail = "\n".join(left_out(report))
    room = LONGEST - len(head) - len(tail)
    sections: list[str] = []
    for number, group in enumerate(every):
        section = "\n".join(details(group))
        if len(section) + 2 > room:
            more = plural(len(every) - number, "rule")
            sections.append(f"The details of {more} don't fit here: see `--format html`.")
            break
        sections.append(section)
        room -= len(section) + 2
    return "\n\n".join(part.strip("\n") for part in (head, *sections, tail) if part) + "\n"


def summary(report: Report) -> list[str]:
    found = " · ".join(words for _, words in found_counts(report)) or "nothing wrong was found"
    if report.tuning is not None:
        found = plural(len(report.tuning.indexes), "index")
    about = ", ".join(part for part in (heading(report), looked_at(report)) if part)
    facts = tuning_facts(report.tuning) if report.tuning is not None else []
    facts += rehearsal_facts(report.rehearsal) if report.rehearsal is not None else []
    return [
        f"### dbwright {prose(report.command)}: {found}",
        "",
        *(
            [f"- {label}: {prose(text)}" for label, text in facts]
            if facts
            else [
                f"Score **{report.score}** of 100 ({score_word(report.score)}) for "
                f"{code(report.target)}"
            ]
        ),
        *(["", prose(about)] if about else []),
    ]


def effect_table(tuning: Tuning | None) -> list[str]:
    shown = effect_rows(tuning, every=False) if tuning is not None else []
    rows = [
        f"| {before} | {after} | {calls} | {code(text[:LONGEST_QUERY], cell=True)} |"
        for before, after, calls, text in (row.cells for row in shown)
    ]
    return ["", "| before | after | calls | query |", "| --: | --: | --: | :-- |", *rows] * bool(
        rows
    )


def rehearsal_lines(rehearsal: Rehearsal | None) -> list[str]:
    found: list[str] = []
    for one in rehearsal_tables(rehearsal) if rehearsal is not None else []:
        marks = ["--:" if place in one.figures else ":--" for place in range(len(one.headings))]
        found += ["", f"**{one.title}**", "", f"| {' | '.join(one.headings)} |"]
        found.append(f"| {' | '.join(marks)} |")
        found += [f"| {' | '.join(prose(cell) for cell in row)} |" for row in one.rows]
    return found


def table(every: tuple[Group, ...]) -> list[str]:
    if not every:
        return []
    rows = [
        f"| {MARK[group.severity]} {group.severity.value} | {code(group.rule, cell=True)} "
        f"| {len(group.findings):,} |"
        for group in every
    ]
    return ["", "| severity | rule | objects |", "| :-- | :-- | --: |", *rows]


def details(group: Group) -> list[str]:
    shown = group.findings[:SHOWN]
    fixes = [finding.fix for finding in shown if finding.fix is not None]
    backs = [fix.down for fix in fixes if fix.down.strip()]
    name = escape(visible(group.rule))
    lines = [
        "<details>",
        f"<summary>{MARK[group.severity]} <code>{name}</code>: "
        f"{plural(len(group.findings), 'object')}</summary>",
        "",
    ]
    if group.why:
        lines += [prose(group.why), ""]
    for finding in shown:
        lines += item(finding, group)
    if len(shown) < len(group.findings):
        lines.append(f"- and {len(group.findings) - len(shown):,} more")
    if fixes:
        notes = f" ({prose('; '.join(group.notes))})" if group.notes else ""
        lines += ["", f"Fix{notes}:", "", *block(fix.up for fix in fixes)]
    if backs:
        lines += ["", "And back:", "", *block(backs)]
    return [*lines, "", "</details>"]


def item(finding: Finding, group: Group) -> list[str]:
    facts = [f"{label} {figure}" for label, figure in evidence_text(finding.evidence)]
    further = [" · ".join(facts)]
    if finding.location is not None:
        further.append(f"at {location_text(finding.location)}")
    if finding.confidence is not Confidence.HIGH:
        further.append(f"{finding.confidence.value} confidence")
    further += [proof_text(finding.proof), finding.advice]
    if not group.why:
        further.append(finding.why)
    if finding.fix is not None:
        if not group.notes:
            further.append("; ".join(fix_notes(finding.fix)))
        further.append(finding.fix.risk)
    parts = message_parts(finding)
    if parts:
        first = f"{prose(parts[0])}{code(parts[1])}{prose(parts[2])}"
    else:
        first = f"{code(finding.object.name)} {prose(finding.message)}"
    lines = [f"- {first.strip()}"]
    lines += [f"  - {prose(fold(text))}" for text in further if text.strip()]
    tree = drawing(finding.evidence)
    if tree:
        fence = fence_for("\n".join(tree), 3)
        lines += ["", *(f"  {line}" for line in (f"{fence}text", *tree, fence)), ""]
    return lines


def left_out(report: Report) -> list[str]:
    lines: list[str] = []
    if report.skipped:
        lines = ["<details>", "<summary>Not looked at</summary>", ""]
        lines += [f"- {code(part.part)} {prose(fold(part.reason))}" for part in report.skipped]
        remedies = [part.remedy for part in report.skipped if part.remedy]
        if remedies:
            lines += ["", *block(remedies)]
        lines += ["", "</details>"]
    silenced = silenced_counts(report)
    if silenced:
        lines += ["", f"Silenced: {prose(silenced)}"]
    return lines
