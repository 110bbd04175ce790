"""Whatever a database puts into a report, no format lets it do anything."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.cells import cell_len

from dbwright.model.finding import Finding, Fix, Location, ObjectRef, Proof
from dbwright.model.report import Report, Silenced, Skipped
from dbwright.render import FORMATS, render
from dbwright.render.json import schema

from .test_sarif import VALIDATOR as SARIF

PIECES = st.sampled_from(
    [
        "<script>alert(1)</script>", "</script>", "-->", "<!--", "</details>", "]]>", "&lt;",
        "[red]", "[/]", "[a](b)", "`", "```", "~~~", "|", "\n", "\r", "\t", "\n\n", "\n```\n",
        "\n# x", "- ", "1. ", "@you", "#1", "https://x.y", "www.x.y", "<https://x.y>", "\\",
        "\x1b[31m", "\x9b", "\x00", "\u202e", "\u2028", "\udc80", "\ufffe", "{{7*7}}", "{% x %}",
        "'", '"', "$$", "--", "/*", "a_b", "_", "*", "**", "漢字", "👩\u200d🔧", "e\u0301", " ",
        "word", "long" * 40, "![i](x)", "==", "$x$",
    ]
)  # fmt: skip
TEXT = st.one_of(st.text(max_size=20), st.lists(PIECES, max_size=6).map("".join))
SCALAR = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | TEXT
FIX = st.builds(Fix, up=TEXT, down=TEXT, risk=TEXT, seconds=st.none() | st.floats(0, 1e6))
FINDING = st.builds(
    Finding,
    rule=TEXT,
    object=st.builds(ObjectRef, TEXT, TEXT),
    message=TEXT,
    why=TEXT,
    key=TEXT,
    evidence=st.dictionaries(
        TEXT, SCALAR | st.lists(st.integers() | st.floats() | TEXT, max_size=3), max_size=3
    ),
    advice=TEXT,
    fix=st.none() | FIX,
    proof=st.builds(Proof, before=TEXT, after=TEXT, reproduce=TEXT),
    location=st.none() | st.builds(Location, TEXT, st.integers(1, 10**6), st.none()),
)
REPORT = st.builds(
    Report,
    command=TEXT,
    target=TEXT,
    findings=st.lists(FINDING, max_size=3).map(tuple),
    skipped=st.lists(
        st.builds(Skipped, TEXT, TEXT, TEXT, st.tuples(TEXT), st.tuples(TEXT)), max_size=2
    ).map(tuple),
    silenced=st.lists(st.builds(Silenced, FINDING, TEXT, TEXT), max_size=2).map(tuple),
    engine=TEXT,
    server_version=TEXT,
    database=TEXT,
    rules_run=st.integers(0, 100),
    objects_read=st.dictionaries(TEXT, st.integers(0, 10**6), max_size=2),
)
few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("format", FORMATS)
@few
@given(report=REPORT)
def test_no_control_character_gets_out(format: str, report: Report) -> None:
    text = render(report, format, verbose=True)
    text.encode()
    assert {c for c in text if unicodedata.category(c) == "Cc"} <= {"\n", "\t"}
    assert not {"\u202e", "\u2028", "\u2066"} & set(text)


@few
@given(report=REPORT)
def test_json_holds_everything(report: Report) -> None:
    document = json.loads(render(report, "json"))
    jsonschema.Draft202012Validator(json.loads(schema())).validate(document)
    for finding, written in zip(report.findings, document["findings"], strict=True):
        assert written["message"] == finding.message
        assert written["object"] == {"kind": finding.object.kind, "name": finding.object.name}
        assert list(written["evidence"]) == list(finding.evidence)


@few
@given(report=REPORT)
def test_sarif_is_valid(report: Report) -> None:
    SARIF.validate(json.loads(render(report, "sarif")))


@few
@given(report=REPORT)
def test_xml_is_well_formed(report: Report) -> None:
    root = ElementTree.fromstring(render(report, "junit").encode())
    cases = len(report.findings) or 1
    assert root.attrib["tests"] == str(cases + len(report.skipped) + len(report.silenced))


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.started: list[str] = []
        self.ended: list[str] = []
        self.attributes: set[str] = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.started.append(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_endtag(self, tag: str) -> None:
        self.ended.append(tag)


@few
@given(report=REPORT)
def test_html_has_only_our_script(report: Report) -> None:
    tags = Tags(render(report, "html"))
    assert tags.started.count("script") == tags.started.count("style") == 1
    assert not {"img", "a", "iframe", "object", "embed", "link", "base", "form"} & set(tags.started)
    assert not {name for name in tags.attributes if name.startswith("on") or name == "style"}
    for tag in ("details", "table", "pre", "code", "section", "li"):
        assert tags.started.count(tag) == tags.ended.count(tag)


@few
@given(report=REPORT)
def test_markdown_can_t_be_broken_out_of(report: Report) -> None:
    page = MarkdownIt("commonmark").enable("table").render(render(report, "markdown"))
    tags = Tags(page)
    ours = "h3 p table thead tbody tr th td details summary code pre ul li strong em"
    assert set(tags.started) <= set(ours.split())
    groups = {(finding.severity, finding.rule) for finding in report.findings}
    expected = len(groups) + bool(report.skipped)
    assert tags.started.count("details") == tags.ended.count("details") == expected
    assert tags.attributes <= {"class", "style"}
    assert "@you" not in "".join(page.split("<code>")[0])


@few
@given(report=REPORT, width=st.sampled_from([40, 80]))
def test_terminal_lines_fit(report: Report, width: int) -> None:
    findings = tuple(
        replace(f, fix=f.fix and replace(f.fix, up=";", down="")) for f in report.findings
    )
    skipped = tuple(replace(s, remedy="") for s in report.skipped)
    report = replace(report, findings=findings, skipped=skipped)
    text = render(report, "terminal", width=width)
    assert max(cell_len(line) for line in text.split("\n")) <= width
