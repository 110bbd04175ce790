"""Declaring a rule: whatever is not in order is told where it is declared, with what to do.

# A fault of this file

## What it finds
Nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dbwright.check.registry import all_rules
from dbwright.check.rule import Rule, rule
from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import hazard
from dbwright.migrate.lint.registry import all_hazards
from dbwright.model.finding import Severity
from dbwright.tune.advisors.advisor import advisor
from dbwright.tune.advisors.example import AdvisorExample
from dbwright.tune.advisors.registry import all_advisors
from dbwright.tune.plans.example import PlanExample
from dbwright.tune.plans.insight import insight
from dbwright.tune.plans.registry import all_insights
from dbwright.tune.rewrites.registry import all_rewrites
from dbwright.tune.rewrites.rewrite import RewriteExample, rewrite

Declare = Callable[[Callable[..., Any]], Any]

RULE = rule(severity=Severity.NOTICE, bad="SELECT 1", good="SELECT 2")
ASKING = rule(
    severity=Severity.NOTICE, bad="SELECT 1", good="SELECT 2", questions=lambda catalog: ()
)
PLAN = PlanExample("SELECT 1")
INSIGHT = insight(severity=Severity.NOTICE, bad=PLAN, good=PLAN)
QUERY = RewriteExample("SELECT 1")
REWRITE = rewrite(severity=Severity.NOTICE, bad=QUERY, good=QUERY)
WORK = AdvisorExample("SELECT 1")
ADVISOR = advisor(severity=Severity.NOTICE, bad=WORK, good=WORK)
FILE = MigrationExample("SELECT 1")
HAZARD = hazard(severity=Severity.NOTICE, bad=FILE, good=FILE)


def weather(weather: str) -> tuple[()]:
    return ()


def of_catalog(catalog: str) -> tuple[()]:
    return ()


def of_statistics(statistics: str) -> tuple[()]:
    return ()


def of_query_backwards(catalog: str, source: str) -> tuple[()]:
    return ()


def of_nothing() -> tuple[()]:
    return ()


@pytest.mark.parametrize(
    ("declare", "function", "told"),
    [
        (RULE, weather, "a rule can't read `weather`"),
        (RULE, of_statistics, "say which part of `statistics` it needs"),
        (ASKING, of_catalog, "`answers` and `questions` go together"),
        (RULE, of_catalog, "the page's headings must be What it finds, Why it matters"),
        (INSIGHT, weather, "an insight can't read `weather`"),
        (INSIGHT, of_catalog, "catalog is None for a pasted plan"),
        (REWRITE, weather, "a rewrite can't read `weather`"),
        (REWRITE, of_query_backwards, "a rewrite can't read `catalog`"),
        (REWRITE, of_nothing, "the page's headings must be"),
        (ADVISOR, weather, "an advisor can't read `weather`"),
        (ADVISOR, of_nothing, "the first parameter is the workbench, `bench`"),
        (HAZARD, weather, "a hazard can't read `weather`"),
    ],
)
def test_what_is_not_in_order(declare: Declare, function: Callable[..., Any], told: str) -> None:
    with pytest.raises(TypeError) as problem:
        declare(function)
    assert told in str(problem.value)
    assert "test_declaring" in str(problem.value) or "test-declaring" in str(problem.value)


def test_every_kind_is_described_alike() -> None:
    kinds = (all_rules(), all_insights(), all_rewrites(), all_advisors(), all_hazards())
    for kind in kinds:
        for each in kind:
            told = each.described(lambda example: ("sql", type(example).__name__))
            assert (told.id, told.title, told.severity) == (each.id, each.title, each.severity)
            assert told.thresholds == each.thresholds
            assert told.found == ("sql", type(each.bad[0]).__name__)
    assert all(isinstance(each, Rule) for each in all_rules())
