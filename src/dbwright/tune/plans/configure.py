"""From dbwright.toml to which insights run, with which thresholds, and what is not to be seen."""

from __future__ import annotations

from dataclasses import dataclass

from dbwright.chosen_rules import ChosenRules, choose_rules
from dbwright.configuration import Configuration
from dbwright.model.described import INSIGHTS
from dbwright.tune.plans.describe import described_insights
from dbwright.tune.plans.insight import Insight
from dbwright.tune.plans.registry import all_insights

__all__ = ["Chosen", "choose"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which insights run, and how."""

    insights: tuple[Insight, ...]
    rules: ChosenRules


def choose(configuration: Configuration) -> Chosen:
    """What the file's tables `[rules."plans/…"]` say; those of other rules are for `check` and
    `tune`.

    Raises BadConfiguration.
    """
    rules = choose_rules(configuration, INSIGHTS, described_insights(), noun="insight")
    insights = tuple(insight for insight in all_insights() if insight.id in rules.enabled)
    return Chosen(insights, rules)
