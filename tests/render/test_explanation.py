"""An explanation in each format: its bytes, and what hostile text can't do in it.

DBWRIGHT_UPDATE_GOLDENS=1 writes the files anew: look at the difference before committing it.
"""

from __future__ import annotations

import itertools
import json
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings

from dbwright.engines.postgresql.plan import read_plan
from dbwright.errors import UsageError
from dbwright.model.explanation import Explanation, Remark
from dbwright.model.finding import Confidence, Finding, Fix, LockMode, ObjectRef, Severity
from dbwright.model.plan import Plan, PlanNode
from dbwright.model.report import Skipped
from dbwright.render import EXPLANATION_FORMATS, FORMATS, render_explanation
from dbwright.render.explanation_html import in_attribute
from dbwright.render.html import asset, hash_of
from dbwright.render.plan_viewer import policy_sources, vendored, viewer

from .test_goldens import compare
from .test_hostile import TEXT

PLAN = """\
Sort  (cost=128.44..131.45 rows=1203 width=44) (actual time=83.100..84.900 rows=12030 loops=1)
  Output: o.id, o.note
  Sort Key: o.placed DESC, (lower(o.note))
  Sort Method: external merge  Disk: 5120kB
  Buffers: shared hit=1204 read=3310, temp read=640 written=642
  CTE recent
    ->  Seq Scan on shop.orders  (cost=0.00..40.00 rows=1000 width=8) (actual time=0.010..6.000 rows=1000 loops=1)
          Filter: (orders.placed > '2024-01-01'::date)
          Rows Removed by Filter: 99000
  ->  Hash Left Join  (cost=35.50..66.81 rows=1203 width=44) (actual time=9.000..60.000 rows=12030 loops=1)
        Hash Cond: (o.id = r.id)
        ->  Gather  (cost=0.00..28.00 rows=1200 width=40) (actual time=1.000..30.000 rows=12000 loops=1)
              Workers Planned: 2
              Workers Launched: 1
              ->  Parallel Index Scan Backward using "Orders by day" on shop.orders o  (cost=0.00..28.00 rows=500 width=40) (actual time=0.500..25.000 rows=6000 loops=2)
                    Index Cond: (o.placed < now())
        ->  Hash  (cost=20.00..20.00 rows=1000 width=4) (actual time=7.900..7.900 rows=1000 loops=1)
              Buckets: 1024  Batches: 4 (originally 2)  Memory Usage: 44kB
              ->  CTE Scan on recent r  (cost=0.00..20.00 rows=1000 width=4) (actual time=0.020..7.500 rows=1000 loops=1)
        ->  Seq Scan on shop.empty  (cost=0.00..1.00 rows=1 width=4) (never executed)
Settings: work_mem = '64kB'
Planning Time: 0.450 ms
JIT:
  Functions: 12
  Timing: Generation 1.0 ms, Inlining 0 ms, Optimization 2.0 ms, Emission 3.0 ms, Total 6.0 ms
Execution Time: 91.250 ms
"""


def finding(rule: str, severity: Severity, **more: object) -> Finding:
    made = Finding(
        rule=rule,
        severity=severity,
        confidence=Confidence.HIGH,
        object=ObjectRef("table", "shop.orders"),
        message="the sort by o.placed wrote 5,120 kB to disk",
        why="Rows are written and read again. In memory the same sort takes a fraction of the time.",
        key=rule,
        evidence={"disk_bytes": 5242880, "rows": 12030, "time_fraction": 0.27},
    )
    return Finding(**{**{f: getattr(made, f) for f in made.__slots__}, **more})  # type: ignore[arg-type]


EXPLANATION = Explanation(
    plan=read_plan(PLAN, query="SELECT o.id, o.note\nFROM shop.orders o -- the 'slow' one\nORDER BY 1"),
    target="postgresql://me@db.example.com/shop",
    remarks=(
        Remark(finding("plans/sort-spills-to-disk", Severity.WARNING, advice="SET work_mem = '16MB'."), 0),
        Remark(
            finding(
                "plans/sequential-scan-discards-rows",
                Severity.WARNING,
                fix=Fix(
                    up="CREATE INDEX CONCURRENTLY orders_placed_idx ON shop.orders (placed);",
                    down="DROP INDEX CONCURRENTLY shop.orders_placed_idx;",
                    lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
                    scans=True,
                    transactional=False,
                    risk="each write to the table maintains it",
                ),
            ),
            1,
        ),
        Remark(finding("plans/jit-costs-more-than-it-gives", Severity.NOTICE), None),
    ),
    skipped=(Skipped("catalog", "a plan alone tells no indexes and settings", "name the TARGET"),),
)  # fmt: skip
ESTIMATED = Explanation(
    read_plan("Seq Scan on t  (cost=0.00..35.50 rows=2550 width=4)\n  Filter: (a > 3)"),
    "plan.txt",
)
LIBRARY = in_attribute(vendored().page)
ENDING = {"terminal": ".txt", "json": ".json", "markdown": ".md", "html": ".html"}


@pytest.mark.parametrize("format", EXPLANATION_FORMATS)
def test_goldens(format: str) -> None:
    text = render_explanation(EXPLANATION, format)
    assert text.endswith("\n") and not text.endswith("\n\n")
    assert text == render_explanation(EXPLANATION, format)
    if format == "html":  # its style is shared with reports, and tried with them
        style = asset("report.css") + "\n" + asset("explanation.css")
        assert style in text and hash_of(style) in text
        text = text.replace(style, "(style)").replace(hash_of(style), "(hash)")
        frame = in_attribute(viewer(EXPLANATION.plan))  # tried in test_plan_viewer
        assert f"srcdoc='{frame}'" in text
        text = text.replace(frame, "(frame)")
        for number, found in enumerate(itertools.chain(*policy_sources())):
            text = text.replace(found, f"(hash {number})")
    compare(f"explanation{ENDING[format]}", text)


def test_estimates_alone() -> None:
    compare("explanation.estimated.txt", render_explanation(ESTIMATED, "terminal"))


def test_terminal_with_colours_and_everything() -> None:
    text = render_explanation(EXPLANATION, "terminal", color=True, verbose=True, width=100)
    compare("explanation.verbose.ansi", text)


@pytest.mark.parametrize("width", [30, 40, 60, 80, 100, 200])
def test_no_line_is_wider_than_the_page(width: int) -> None:
    """But for SQL, which is never wrapped: what is copied stays whole."""
    text = render_explanation(EXPLANATION, "terminal", width=width, verbose=True)
    sql = ("CREATE INDEX", "DROP INDEX")
    wide = [line for line in text.splitlines() if len(line) > width]
    assert [
        line for line in wide if not line.strip().startswith(sql) and "TARGET" not in line
    ] == []


def test_the_formats_of_reports_are_not_those_of_plans() -> None:
    assert not any(name.startswith("explanation") for name in FORMATS)
    with pytest.raises(UsageError, match="no format 'sarif' for a plan"):
        render_explanation(EXPLANATION, "sarif")


def test_the_page_is_self_contained() -> None:
    """And has no script of its own: those of the viewer are in its frame."""

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found = dict(attrs)
            assert tag not in ("script", "link", "img", "object", "base")
            assert not any(name.startswith("on") or name == "style" for name in found)
            for name in ("src", "href"):
                assert (found.get(name) or "#").startswith("#")

    page = render_explanation(EXPLANATION, "html")
    Reader().feed(page)
    assert "default-src 'none'" in page


def test_json_has_the_whole_tree() -> None:
    found = json.loads(render_explanation(EXPLANATION, "json"))
    root = found["plan"]["root"]
    assert root["sorting"] == {"method": "external merge", "space_bytes": 5242880, "on_disk": True}
    assert [child["kind"] for child in root["children"]] == ["Seq Scan", "Hash Join"]
    assert sum(each["share"] for each in every(root)) == pytest.approx(1.0, abs=0.05)
    assert [remark["node"] for remark in found["remarks"]] == [0, 1, None]


def every(node: dict[str, object]) -> list[dict[str, float]]:
    below = [each for child in node.get("children", []) for each in every(child)]  # type: ignore[attr-defined]
    return [node, *below]  # type: ignore[list-item]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
@given(TEXT, TEXT, TEXT, TEXT)
def test_hostile_text_stays_text(name: str, condition: str, query: str, message: str) -> None:
    plan = Plan(
        PlanNode(
            kind=name or "Seq Scan",
            relation=name,
            alias=condition,
            filter=condition,
            index=name,
            output=(query,),
            other={name: condition},
        ),
        query=query,
        settings={name: condition},
    )
    made = finding(
        "plans/x", Severity.NOTICE, message=message, advice=condition, fix=Fix(query, "")
    )
    hostile = Explanation(plan, name, (Remark(made, 0),), (Skipped("p", message, query),))
    assert json.loads(render_explanation(hostile, "json"))["plan"]["root"]["number"] == 0
    for text in (render_explanation(hostile, f) for f in EXPLANATION_FORMATS):
        text.encode("utf-8")
        text = text.replace(LIBRARY, "")
        assert not set(text) & set("\x1b\x9b\x00\u202e\u2028")
    page = render_explanation(hostile, "html")
    assert "<script" not in page and page.count("</html>") == 1
