"""Dependencies that are meant, told from those that happen to hold; and what people say."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.design.normalize.made import order_lines, relation

from dbwright.design.normalize.mining.mine import mine
from dbwright.design.normalize.moving.parts import decomposed
from dbwright.design.normalize.normalized import normalized
from dbwright.design.normalize.ranking.judge import judge, stated
from dbwright.design.normalize.ranking.judged import Judgement, Verdict
from dbwright.design.normalize.ranking.said import proposal, read_said
from dbwright.design.normalize.ranking.words import is_identifier, stem
from dbwright.design.normalize.relation import Relation
from dbwright.errors import BadData


def judged(of: Relation) -> Judgement:
    return judge(of, mine(of))


def told(of: Judgement, verdict: Verdict) -> set[str]:
    return {str(one.dependency) for one in of.of(verdict)}


def tables(of: Judgement) -> dict[str, tuple[str, ...]]:
    found = decomposed(of)
    return {part.name: part.columns for part in found.parts} if found else {}


def test_order_lines_become_what_a_person_makes_of_them() -> None:
    found = judged(order_lines())
    assert found.key == ("order_id", "line_no")
    assert ("customer_id", "customer_name") in found.equivalent
    assert told(found, Verdict.ASKED) == {"product_id -> unit_price"}
    assert tables(found) == {
        "orders": ("order_id", "order_date", "customer_id"),
        "customers": ("customer_id", "customer_name", "city_id"),
        "cities": ("city_id", "city_name"),
        "products": ("product_id", "product_name"),
        "order_line_items": ("order_id", "line_no", "product_id", "unit_price", "quantity"),
    }
    yes = stated(found, [(("product_id",), "unit_price", Verdict.ACCEPTED)])
    assert tables(yes)["products"] == ("product_id", "product_name", "unit_price")
    no = stated(found, [(("customer_id",), "city_id", Verdict.REJECTED)])
    assert "city_id" in tables(no)["orders"]


def test_what_was_true_at_the_time_is_asked() -> None:
    rows = [
        (n, n // 3, n // 3 % 20, f"Street {n // 3 % 20}", f"Way {n // 3 % 20}", n // 3 % 20 * 2.5)
        for n in range(300)
    ]
    names = "line_id invoice_id customer_id customer_street billing_street discount_rate"
    found = judged(relation(names, rows, "invoice_lines"))
    assert told(found, Verdict.ASKED) == {
        "customer_id -> billing_street",
        "customer_id -> discount_rate",
    }
    assert "billing_street" in tables(found)["invoices"]
    assert tables(found)["customers"] == ("customer_id", "customer_street")


def test_numbered_names_and_codes_of_an_address_are_no_names_of_things() -> None:
    rows = [(n, n % 25, n % 25 % 5, n // 2 % 9, f"Z{n // 2 % 9}") for n in range(400)]
    found = judged(relation("id c7 c1 customer_id billing_postal_code", rows))
    assert told(found, Verdict.ACCEPTED) == set()
    assert told(found, Verdict.ASKED) == {"customer_id -> billing_postal_code"}


def test_chance_measures_and_few_repeats_make_no_table() -> None:
    # `flag` is nearly always the same, `weight` is a measure, and `ref_no` repeats twice.
    rows = [(n, n % 499, n % 50, n % 50 + 100, n == 7) for n in range(500)]
    found = judged(relation("id ref_no weight length flag", rows))
    assert told(found, Verdict.ACCEPTED) == set()
    assert decomposed(found) is None
    assert "weight -> length" in told(found, Verdict.ACCIDENTAL)


def test_a_null_on_the_left_can_be_no_key() -> None:
    rows = [(n, None if n % 40 == 0 else n % 40, f"S{n % 40}") for n in range(400)]
    found = judged(relation("id shop_id shop_name", rows))
    (one,) = [each for each in found.dependencies if each.dependency.left == ("shop_id",)]
    assert one.verdict is Verdict.ACCIDENTAL
    assert one.why.startswith("10 rows have a NULL on the left")


def test_equal_rows_are_numbered_and_kept() -> None:
    rows = [(n % 10, f"Shop {n % 10}", n % 3) for n in range(300)]
    found = decomposed(judged(relation("shop_id shop_name score", rows, "visits")))
    assert found is not None
    assert found.base.number == "row_number"
    assert [part.rows for part in found.parts] == [10, 300]


def test_kept_on_purpose_has_its_cost() -> None:
    one = normalized(judged(order_lines()), keep=["customer_name", "quantity"])
    assert one.decomposition is not None
    assert "customer_name" in one.decomposition.base.columns
    (kept,) = one.kept
    assert (kept.determined_by, kept.cells, kept.cells_apart) == (("customer_id",), 360, 25)
    assert kept.rows_per_change == pytest.approx(14.4)


def test_words_of_names() -> None:
    of = relation("customerId order_no isbn phone_no status orderid paid", [(1,) * 7, (2,) * 7])
    named = [column.name for column in of.columns if is_identifier(column)]
    assert named == ["customerId", "order_no", "isbn", "orderid"]
    assert [stem(name) for name in named] == [("customer",), ("order",), (), ("order",)]


@pytest.mark.parametrize("ending", ["yaml", "json"])
def test_a_proposal_is_read_again(tmp_path: Path, ending: str) -> None:
    found = judged(order_lines())
    path = tmp_path / f"said.{ending}"
    path.write_text(proposal([found], path).replace("asked", "accepted"), encoding="utf-8")
    said = read_said(path, ["order_lines"]).of("order_lines")
    assert said.key == ("order_id", "line_no")
    assert (("product_id",), "unit_price", Verdict.ACCEPTED) in said.dependencies
    assert told(stated(found, said.dependencies), Verdict.ASKED) == set()
    # What a person left open stays open, with its question.
    open_ = stated(found, [(("product_id",), "unit_price", Verdict.ASKED)])
    assert open_ == found


HEAD = "relations:\n  order_lines:\n    "


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("relations: [", "1:13: no YAML"),
        ("relation: {}", "1:1: 'relation' is not known here"),
        ("relations:\n  other: {}", "2:3: there is no relation 'other'"),
        (f"{HEAD}keys: [a]", "3:5: 'keys' is not known here"),
        (f"{HEAD}key: a", "3:5: key is no list"),
        (f"{HEAD}tables: {{a: 1}}", "3:5: tables are names"),
        (f"{HEAD}dependencies:\n    - dependency: a b\n", "4:19: 'a b' is not one dependency"),
        (f"{HEAD}dependencies:\n    - {{dependency: a -> b, verdict: yes}}", "4:20: the verdict"),
    ],
)
def test_what_is_wrong_in_a_file_has_its_place(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "said.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadData) as raised:
        read_said(path, ["order_lines"])
    assert raised.value.message.startswith(f"{path}:{said}")
