"""From dbwright.toml to which rewrites are tried, and what is not to be seen."""

from __future__ import annotations

from dataclasses import dataclass

from dbwright.chosen_rules import ChosenRules, choose_rules
from dbwright.configuration import Configuration
from dbwright.model.described import REWRITES
from dbwright.tune.rewrites.describe import described_rewrites
from dbwright.tune.rewrites.registry import all_rewrites
from dbwright.tune.rewrites.rewrite import Rewrite

__all__ = ["ChosenRewrites", "choose_rewrites"]


@dataclass(frozen=True, slots=True)
class ChosenRewrites:
    """Which rewrites are tried, and how."""

    rewrites: tuple[Rewrite, ...]
    rules: ChosenRules


def choose_rewrites(configuration: Configuration) -> ChosenRewrites:
    """What the file's tables `[rules."rewrites/…"]` say. Raises BadConfiguration."""
    rules = choose_rules(configuration, REWRITES, described_rewrites(), noun="rewrite")
    rewrites = tuple(rewrite for rewrite in all_rewrites() if rewrite.id in rules.enabled)
    return ChosenRewrites(rewrites, rules)
