"""The viewer in an explanation's page: what it is made of, and that it draws, in a real browser."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings

from dbwright.engines.postgresql.plan import read_plan
from dbwright.engines.postgresql.plan_document import MOST_LEVELS
from dbwright.model.explanation import Explanation
from dbwright.model.plan import Plan, PlanNode
from dbwright.render import EXPLANATION_FORMATS, render_explanation
from dbwright.render.plan_viewer import vendored, viewer

from .browser import Browser, browser
from .test_explanation import ESTIMATED, EXPLANATION
from .test_hostile import TEXT

FOLDER = files("dbwright.render").joinpath("vendored", "pev2")
LARGEST = 1_100_000
"""Bytes of a page: what a mail takes without asking."""

HOSTILE = "</script><script>document.title='broken'</script><img src=http://127.0.0.1:9/x onerror=\"document.title='broken'\">\u2028'"


def frame_of(page: str) -> str:
    """The frame's document, as a browser takes it out of its attribute."""
    (document,) = re.findall(r"srcdoc='([^']*)'", page)
    return html.unescape(document)


def digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def data_of(document: str) -> dict[str, str]:
    (text,) = re.findall(
        r'<script type="application/json" id="plan">(.*?)</script>', document, re.DOTALL
    )
    found = json.loads(text)
    assert isinstance(found, dict)
    return found


def test_the_files_are_those_of_the_manifest() -> None:
    manifest = json.loads(FOLDER.joinpath("manifest.json").read_bytes())
    for name, sha256 in manifest["files"].items():
        assert hashlib.sha256(FOLDER.joinpath(name).read_bytes()).hexdigest() == sha256, name
    licenses = FOLDER.joinpath("LICENSES.txt").read_text(encoding="utf-8")
    for package in (*manifest["packages"], *manifest["bundled_by_pev2"]):
        assert f"{package['name']} {package['version']} ({package['license']})" in licenses
    for package in manifest["packages"]:
        assert package["integrity"].startswith("sha512-") and package["files"]


def test_one_style_and_one_script_with_the_hashes_of_the_manifest() -> None:
    page, manifest = vendored().page, vendored().manifest
    assert page.count("<script>") == page.count("</script>") == 1
    comment, _, code = page.partition("-->\n<style>")
    licenses = FOLDER.joinpath("LICENSES.txt").read_bytes().decode()
    assert comment == f"<!--\n{licenses}"  # they ask to be in every copy
    style, _, rest = code.partition("</style>\n<script>")
    script = rest.removesuffix("</script>\n")
    assert digest(style) == manifest["style_hash"]
    assert digest(script) == manifest["script_hash"]
    assert not {"\r", "\0"} & set(page)  # a browser changes them, and the hash with them
    assert "sourceMappingURL" not in page


def test_the_policy_allows_these_scripts_and_styles_and_nothing_else() -> None:
    page = render_explanation(EXPLANATION, "html")
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    rules = dict(rule.split(" ", 1) for rule in html.unescape(policy).split("; "))
    assert rules["default-src"] == "'none'" and rules["img-src"] == "data:"
    assert "unsafe" not in policy
    document = frame_of(page)
    for tag in ("style", "script"):
        texts = re.findall(f"<{tag}>(.*?)</{tag}>", document, re.DOTALL)
        texts += re.findall(f"<{tag}>(.*?)</{tag}>", page.partition("<iframe")[0], re.DOTALL)
        assert sorted(rules[f"{tag}-src"].split()) == sorted(f"'{digest(t)}'" for t in texts)


def test_the_frame_may_run_scripts_and_nothing_else() -> None:
    (tag,) = re.findall(r"<iframe [^>]*?srcdoc=", render_explanation(EXPLANATION, "html"))
    assert 'sandbox="allow-scripts"' in tag


def test_the_page_is_no_larger_than_can_be_sent() -> None:
    assert len(render_explanation(EXPLANATION, "html").encode()) < LARGEST


def test_a_plan_as_deep_as_can_be_read_is_drawn_in_every_format() -> None:
    node = '{"Node Type": "Limit", "Total Cost": 9.0, "Plans": ['
    above = MOST_LEVELS - 1
    leaf = '{"Node Type": "Result", "Total Cost": 1.0}'
    deep = f'[{{"Plan": {node * above}{leaf}{"]}" * above}}}]'
    explanation = Explanation(plan=read_plan(deep), target="deep")
    for format in EXPLANATION_FORMATS:
        assert "Limit" in render_explanation(explanation, format)


@settings(deadline=None, max_examples=60)
@given(TEXT, TEXT, TEXT)
def test_no_text_breaks_out_of_the_data(name: str, condition: str, query: str) -> None:
    plan = Plan(
        PlanNode(kind=name or "Sort", relation=HOSTILE, filter=condition, other={name: HOSTILE}),
        query=query + HOSTILE,
        settings={condition: name},
    )
    document = viewer(plan)
    plain = viewer(ESTIMATED.plan)
    assert document.count("<") == plain.count("<") and document.count("\u2028") == 0
    found = data_of(document)
    (shown,) = json.loads(found["plan"])
    assert shown["Plan"]["Relation Name"] == HOSTILE.replace("\u2028", "\\u2028")
    frame = frame_of(render_explanation(Explanation(plan, ""), "html"))
    assert frame == document  # it comes out of the attribute as it went in


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


DRAWN = """new Promise((done, failed) => {
  const wait = setInterval(() => {
    const nodes = document.querySelectorAll(".plan-node").length;
    if (nodes >= WANTED) { clearInterval(wait); done(nodes); }
  }, 50);
  setTimeout(() => done("only " + document.body.innerHTML.slice(0, 2000)), 20000);
})"""


THEME = """new Promise((done) => {
  const shown = () => document.documentElement.dataset.bsTheme;
  const wait = setInterval(() => {
    if (shown() === "WANTED") { clearInterval(wait); done(shown()); }
  }, 50);
  setTimeout(() => done(shown()), 20000);
})"""


@pytest.mark.parametrize("explanation", [EXPLANATION, ESTIMATED], ids=["analyzed", "estimated"])
def test_a_browser_draws_it_and_asks_for_nothing(
    chromium: Browser, explanation: Explanation, tmp_path: Path
) -> None:
    page = tmp_path / "plan.html"
    page.write_text(render_explanation(explanation, "html"), encoding="utf-8")
    seen = chromium.open(page)
    wanted = len(explanation.plan.nodes)
    assert chromium.in_frame(seen, DRAWN.replace("WANTED", str(wanted))) == wanted
    assert seen.loaded == [page.as_uri()]
    assert seen.said == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_viewer_is_as_light_as_the_page(chromium: Browser, scheme: str, tmp_path: Path) -> None:
    page = tmp_path / "plan.html"
    page.write_text(render_explanation(EXPLANATION, "html"), encoding="utf-8")
    seen = chromium.open(page, scheme)
    assert chromium.in_frame(seen, THEME.replace("WANTED", scheme)) == scheme
    brightness = "parseInt(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])"
    assert (chromium.in_frame(seen, brightness) > 127) == (scheme == "light")


def test_hostile_text_does_nothing_in_a_browser(chromium: Browser, tmp_path: Path) -> None:
    hostile = PlanNode(
        kind="Seq Scan",
        relation=HOSTILE,
        alias=HOSTILE,
        schema=HOSTILE,
        filter=HOSTILE,
        output=(HOSTILE,),
        sort_key=(HOSTILE,),
        other={HOSTILE: HOSTILE},
    )
    plan = replace(read_plan("Sort  (cost=1.00..2.00 rows=3 width=4)"), query=HOSTILE)
    plan = replace(plan, root=replace(plan.root, children=(replace(hostile, number=1),)))
    page = tmp_path / "hostile.html"
    page.write_text(render_explanation(Explanation(plan, HOSTILE), "html"), encoding="utf-8")
    seen = chromium.open(page)
    assert chromium.in_frame(seen, DRAWN.replace("WANTED", "2")) == 2
    assert chromium.in_frame(seen, "document.title") == "Plan viewer"
    assert chromium.value(seen.frames["page"], "document.title").startswith("dbwright explain")
    assert seen.loaded == [page.as_uri()]
