"""What the examples of the rules do not show: when no change of a type is offered, and when a key
will end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.check.situation import situation

from dbwright.check.engine import RuleRun, run_rules
from dbwright.check.example import Example
from dbwright.check.registry import find_rule
from dbwright.check.rules.types._columns import mentions
from dbwright.engines.postgresql.session import Session
from dbwright.model.finding import Severity
from dbwright.sandbox import Server

TABLE = "CREATE TABLE bills (id bigint PRIMARY KEY, amount money);"

OBSTACLES = {
    "the view public.totals reads it": "CREATE VIEW totals AS SELECT amount FROM bills;",
    "a generated column reads it": (
        "ALTER TABLE bills ADD double money GENERATED ALWAYS AS (amount * 2) STORED;"
    ),
    "the check positive names it": (
        "ALTER TABLE bills ADD CONSTRAINT positive CHECK (amount > 0::money);"
    ),
    "the index public.by_amount is made for its type": (
        "CREATE INDEX by_amount ON bills ((amount + amount));"
    ),
    "a row security policy reads it": ("CREATE POLICY small ON bills USING (amount < 10::money);"),
}


@pytest.mark.parametrize("obstacle", list(OBSTACLES))
def test_no_change_is_offered_that_would_fail(
    obstacle: str, server_of: Callable[[int], Server]
) -> None:
    example = Example(TABLE + OBSTACLES[obstacle])
    with situation(example, server_of(18), f"obstacle_{list(OBSTACLES).index(obstacle)}") as here:
        found = here.run(find_rule("types/money-type")).findings
    amount = next(f for f in found if f.object.name == "public.bills.amount")
    assert amount.fix is None
    assert amount.advice == f"Change the type to numeric by hand, because {obstacle}."


def test_a_view_of_other_columns_is_no_obstacle(server_of: Callable[[int], Server]) -> None:
    example = Example(
        TABLE
        + "CREATE VIEW ids AS SELECT id FROM bills;"
        + "CREATE INDEX ON bills (id) WHERE amount IS NOT NULL;"
    )
    with situation(example, server_of(18), "no_obstacle") as here:
        (found,) = here.run(find_rule("types/money-type")).findings
        assert found.fix is not None
        here.execute(found.fix.up)
        assert not here.run(find_rule("types/money-type")).findings


@pytest.mark.parametrize(
    ("inserted", "severity", "days"),
    [
        (1_000_000, Severity.ERROR, 1474),
        (100_000_000, Severity.CRITICAL, 14),
        (0, Severity.ERROR, None),
    ],
)
def test_the_end_of_a_key_is_foretold_from_the_counters(
    inserted: int, severity: Severity, days: int | None, server_of: Callable[[int], Server]
) -> None:
    example = Example(
        "CREATE TABLE orders (id serial PRIMARY KEY); SELECT setval('orders_id_seq', 2000000000);"
    )
    rule = find_rule("types/key-near-its-limit")
    with (
        situation(example, server_of(18), f"end_of_key_{inserted}") as here,
        Session.open(here.check_url, 30) as session,
    ):
        snapshot = here.snapshot(session)
    known = snapshot.statistics
    assert known is not None
    counted = replace(
        known,
        since=known.captured_at - timedelta(days=10),
        tables=tuple(replace(table, inserted=inserted) for table in known.tables),
    )
    run: RuleRun = run_rules(replace(snapshot, statistics=counted), [rule])
    (found,) = run.findings
    assert found.evidence["days_left"] == days
    assert found.severity is severity
    assert ("at the present pace" in found.message) is (days is not None)


def test_a_column_is_mentioned_by_its_name_alone() -> None:
    assert mentions("(amount > 0)", "amount")
    assert mentions('("Amount" > 0)', "Amount")
    assert not mentions("(amount_paid > 0)", "amount")
    assert not mentions("(note = 'amount'::text)", "amount")
    assert mentions(None, "amount"), "what could not be read might"
