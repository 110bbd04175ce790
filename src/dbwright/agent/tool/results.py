"""Results of operations as answers: the same findings, in the structure of `--format json`."""

from __future__ import annotations

import json
from typing import Any

from dbwright.agent.tool.answer import Answer
from dbwright.model.document import Document
from dbwright.model.explanation import Explanation
from dbwright.model.report import Report, Skipped
from dbwright.render import render, render_explanation

__all__ = ["answer_of", "item_type"]

FindingItem = dict[str, Any]
"""A finding, as in the schema of reports."""
LEFT_OUT = frozenset({"schema_version", "command", "findings", "remarks", "skipped", "silenced"})
"""Of a report: said in other words by the answer."""


def item_type(kind: object) -> object:
    """The type of the items of an answer that is made of such a result."""
    return FindingItem


def answer_of(result: object) -> Answer[Any]:
    """The answer that says the same as the result."""
    if isinstance(result, Report):
        return _report(result)
    if isinstance(result, Explanation):
        return _explanation(result)
    if isinstance(result, Document):
        return _document(result)
    raise TypeError(f"no answer can be made of a {type(result).__name__}")


def _report(report: Report) -> Answer[FindingItem]:
    found = json.loads(render(report, "json"))
    counts = ", ".join(f"{count} {severity}" for severity, count in report.counts.items())
    summary = f"{report.target}: {counts or 'nothing found'}; score {report.score} of 100."
    if report.written:
        summary += f" Written: {', '.join(report.written)}."
    if report.silenced:
        summary += f" {len(report.silenced)} silenced."
    return Answer(
        summary=summary,
        items=tuple(found["findings"]),
        details={name: value for name, value in found.items() if name not in LEFT_OUT},
        notes=_skipped(report.skipped),
        failed=report.failed,
    )


def _explanation(explanation: Explanation) -> Answer[FindingItem]:
    found = json.loads(render_explanation(explanation, "json"))
    plan = render_explanation(explanation, "terminal", width=120, color=False)
    told = [remark.finding.message for remark in explanation.remarks]
    summary = told[0] if told else "Nothing in the plan stands out."
    if len(told) > 1:
        summary += f" {len(told) - 1} more below."
    return Answer(
        summary=summary,
        items=tuple(found.get("remarks", ())),
        details={"plan": plan} | {key: found[key] for key in ("imagined",) if key in found},
        notes=_skipped(explanation.skipped),
    )


def _document(document: Document) -> Answer[FindingItem]:
    return Answer(
        summary=_first_paragraph(document.markdown),
        details={"text": document.markdown, **document.data},
        failed=document.failed,
    )


def _first_paragraph(markdown: str) -> str:
    """Of the text in words: no heading, no table, no statement."""
    parts = [part.strip() for part in markdown.split("\n\n")]
    words = [part for part in parts if part and not part.startswith(("#", "|", "```"))]
    return words[0].removeprefix("-- ") if words else ""


def _skipped(skipped: tuple[Skipped, ...]) -> tuple[str, ...]:
    return tuple(
        f"not looked at: {one.part}: {one.reason}" + (f" ({one.remedy})" if one.remedy else "")
        for one in skipped
    )
