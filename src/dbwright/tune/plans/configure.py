"""From dbwright.toml to which insights run, with which thresholds, and what is not to be seen."""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass

from dbwright.configuration import Configuration, RuleSettings, thresholds_of
from dbwright.errors import BadConfiguration
from dbwright.model.described import INSIGHTS
from dbwright.model.explanation import Remark
from dbwright.model.finding import Severity
from dbwright.model.report import Skipped
from dbwright.tune.plans.insight import Insight
from dbwright.tune.plans.registry import all_insights

__all__ = ["Chosen", "choose"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which insights run, and how."""

    insights: tuple[Insight, ...]
    thresholds: Mapping[str, Mapping[str, object]]
    severities: Mapping[str, Severity]
    ignored: Mapping[str, tuple[str, ...]]
    """Patterns of object names by the insight's id."""
    switched_off: tuple[Skipped, ...]

    def ignores(self, remark: Remark) -> bool:
        """Does the file say not to show it?"""
        patterns = self.ignored.get(remark.finding.rule, ())
        name = remark.finding.object.name
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def choose(configuration: Configuration) -> Chosen:
    """What the file's tables `[rules."plans/…"]` say; those of other rules are for `check`.

    Raises BadConfiguration.
    """
    known = {insight.id: insight for insight in all_insights()}
    settings = _by_id(configuration, known)
    off = sorted(id_ for id_, each in settings.items() if not each.enabled)
    return Chosen(
        insights=tuple(insight for id_, insight in known.items() if id_ not in off),
        thresholds={
            id_: thresholds_of(configuration, id_, each, known[id_].thresholds)
            for id_, each in settings.items()
        },
        severities={id_: each.severity for id_, each in settings.items() if each.severity},
        ignored={id_: each.ignore for id_, each in settings.items() if each.ignore},
        switched_off=tuple(
            Skipped(id_, f"switched off in {configuration.file}", rules=(id_,)) for id_ in off
        ),
    )


def _by_id(configuration: Configuration, known: Mapping[str, Insight]) -> dict[str, RuleSettings]:
    found: dict[str, RuleSettings] = {}
    for name, settings in configuration.rules.items():
        if not name.startswith(f"{INSIGHTS}/"):
            continue
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            step = f"did you mean {near[0]}? " if near else ""
            raise BadConfiguration(
                f'{configuration.file}: rules."{name}": there is no such insight',
                f"{step}`dbwright rules --topic {INSIGHTS}` lists them",
            )
        found[name] = settings
    return found
