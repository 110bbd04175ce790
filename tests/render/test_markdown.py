from __future__ import annotations

from dataclasses import replace

from dbwright.model.finding import ObjectRef
from dbwright.model.report import Report
from dbwright.render.markdown import LONGEST, code, prose, render


def test_table_and_details(report: Report) -> None:
    text = render(report)
    assert "| 🟡 warning | `index/duplicate-index` | 7 |" in text
    assert text.count("<details>") == text.count("</details>") == 7
    assert "```sql\nDROP INDEX CONCURRENTLY shop.products_category_0;\n" in text


def test_nobody_is_called_and_nothing_is_linked() -> None:
    assert prose("@everyone") == "@&#8203;everyone"
    assert prose("https://x") == "https:&#8203;//x"
    assert prose("[a](b)") == r"\[a\]\(b\)"
    assert prose("<b>|") == "&lt;b&gt;&#124;"
    assert prose("#12") == r"\#&#8203;12"
    assert prose("order_items _x_") == r"order_items \_x\_"
    assert prose("1. a") == "&#8203;1. a"


def test_code_spans_hold_backticks() -> None:
    assert code("a`b") == "`` a`b ``"
    assert code("a``b`") == "``` a``b` ```"
    assert code("a|b", cell=True) == r"`a\|b`"


def test_a_long_report_fits_into_a_comment(report: Report) -> None:
    finding = report.findings[1]
    many = tuple(
        replace(finding, rule=f"index/rule-{number}", object=ObjectRef("table", "x" * 500))
        for number in range(300)
    )
    text = render(replace(report, findings=many))
    assert len(text) < LONGEST + 200
    assert "don't fit here" in text
