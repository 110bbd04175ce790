"""JUnit XML, which every build server reads: a suite a topic, a test case a finding.

A finding fails where the report's own limit (`fail_on`; without one, warning) says so; a milder
one passes and keeps its text as output. What was skipped or silenced is a skipped test case.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from dbwright.model.finding import Finding, Severity
from dbwright.model.report import Report
from dbwright.render.groups import fix_notes, groups, location_text, proof_text, topic_of
from dbwright.render.text import fold, visible, visible_sql
from dbwright.render.units import drawing, evidence_text

__all__ = ["ENDINGS", "render"]

ENDINGS = (".xml",)


def render(report: Report) -> str:
    """One `testsuites` element. Control characters are shown as escapes: XML can't hold them."""
    limit = report.fail_on or Severity.WARNING
    title = f"dbwright {visible(report.command)} {visible(report.target)}"
    root = Element("testsuites", name=title)
    suites: dict[str, Element] = {}
    for group in groups(report.findings):
        topic = topic_of(group.rule)
        if topic not in suites:
            suites[topic] = suite(root, topic)
        for finding in group.findings:
            add_finding(suites[topic], finding, finding.severity.at_least(limit))
    if not report.findings:
        passed = suite(root, report.command)
        SubElement(passed, "testcase", classname="dbwright", name="nothing wrong was found")
    add_left_out(root, report)
    for element in (*root, root):
        count(element)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def suite(root: Element, name: str) -> Element:
    return SubElement(root, "testsuite", name=f"dbwright.{visible(name)}")


def add_finding(parent: Element, finding: Finding, fails: bool) -> None:
    case = test_case(parent, finding)
    message = visible(finding.message)
    if fails:
        failure = SubElement(case, "failure", type=finding.severity.value, message=message)
        failure.text = details(finding)
    else:
        SubElement(case, "system-out").text = f"{message}\n{details(finding)}"


def test_case(parent: Element, finding: Finding) -> Element:
    case = SubElement(
        parent,
        "testcase",
        classname="dbwright." + visible(finding.rule).replace("/", "."),
        name=visible(str(finding.object)),
    )
    if finding.location is not None:
        case.set("file", visible(finding.location.file))
        case.set("line", str(finding.location.line))
    return case


def details(finding: Finding) -> str:
    parts = [fold(finding.why), fold(finding.advice), proof_text(finding.proof)]
    parts += [f"{label}: {figure}" for label, figure in evidence_text(finding.evidence)]
    parts += drawing(finding.evidence)
    if finding.location is not None:
        parts.append(f"at {location_text(finding.location)}")
    if finding.fix is not None:
        parts += [f"-- {note}" for note in fix_notes(finding.fix)]
        parts.append(visible_sql(finding.fix.up))
    return "\n".join(part for part in parts if part)


def add_left_out(root: Element, report: Report) -> None:
    if report.skipped:
        parent = suite(root, "skipped")
        for part in report.skipped:
            case = SubElement(
                parent, "testcase", classname="dbwright.skipped", name=visible(part.part)
            )
            SubElement(case, "skipped", message=fold(f"{part.reason} {part.remedy}"))
    if report.silenced:
        parent = suite(root, "silenced")
        for silenced in report.silenced:
            case = test_case(parent, silenced.finding)
            reason = f"silenced by {silenced.by}: {silenced.reason}".removesuffix(": ")
            SubElement(case, "skipped", message=fold(reason))


def count(element: Element) -> None:
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("skipped", "skipped")):
        element.set(name, str(sum(1 for _ in element.iter(tag))))
    element.set("errors", "0")
