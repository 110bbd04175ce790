from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace

from dbwright.model.finding import ObjectRef
from dbwright.model.report import Report
from dbwright.render import RuleText
from dbwright.render.html import render


def between(text: str, start: str, end: str) -> str:
    (found,) = re.findall(f"{start}(.*?){end}", text, re.DOTALL)
    assert isinstance(found, str)
    return found


def test_nothing_is_loaded_from_elsewhere(report: Report) -> None:
    text = render(report)
    assert re.findall(r"""(?:src|href|action)\s*=|url\(|@import|https?://""", text) == []


def test_the_policy_names_the_style_and_the_script(report: Report) -> None:
    text = render(report)
    policy = between(text, 'http-equiv="Content-Security-Policy" content="', '"')
    assert "unsafe" not in policy and policy.startswith("default-src 'none'")
    for tag in ("style", "script"):
        content = between(text, f"<{tag}>", f"</{tag}>")
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy.replace("&#43;", "+")
    assert " style=" not in text and not re.search(r"<[^>]*\son[a-z]+=", text)


def test_everything_is_there(report: Report, rules: Mapping[str, RuleText]) -> None:
    text = render(report, rules=rules)
    assert 'aria-label="Score 42 of 100"' in text
    assert text.count("<tr data-severity") == len(report.findings)
    assert "Two indexes with the same columns" in text
    assert "kept for the year&#39;s end report" in text
    assert "pg_stat_statements is not installed" in text


def test_it_can_be_read_without_javascript(report: Report) -> None:
    text = render(report)
    assert text.count("<summary>") >= len(report.findings)
    # what only works with the script is hidden, or made by it
    assert '<div class="tools" id="tools" hidden>' in text
    assert "Copy</button>" not in text


def test_two_hundred_findings_stay_small(report: Report) -> None:
    many = tuple(
        replace(report.findings[number % 12], object=ObjectRef("table", f"shop.table_{number}"))
        for number in range(200)
    )
    assert len(render(replace(report, findings=many)).encode()) < 300_000


def test_empty(empty: Report) -> None:
    text = render(empty)
    assert "nothing wrong was found" in text and "<table" not in text
