"""From dbwright.toml to which rules of a topic run, how, and what is not to be seen.

Insights, rewrites, advisors and the rules of `migrate lint` are set alike:
`[rules."<topic>/<name>"]` with `enabled`, `severity`, `ignore` and the rule's own thresholds.
"""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from dbwright.configuration import Configuration, RuleSettings, thresholds_of
from dbwright.errors import BadConfiguration
from dbwright.model.described import DescribedRule
from dbwright.model.finding import Finding, Severity
from dbwright.model.report import Skipped

__all__ = ["ChosenRules", "choose_rules", "did_you_mean", "fits_pattern"]


@dataclass(frozen=True, slots=True)
class ChosenRules:
    """Which rules of one topic run, and how. All mappings are by the rule's id."""

    enabled: frozenset[str]
    """The ids of those that run."""
    thresholds: Mapping[str, Mapping[str, object]]
    severities: Mapping[str, Severity]
    """Instead of the rule's own."""
    ignored: Mapping[str, tuple[str, ...]]
    """Patterns of object names."""
    switched_off: tuple[Skipped, ...]

    def ignores(self, finding: Finding) -> bool:
        """Does the file say not to show it?"""
        patterns = self.ignored.get(finding.rule, ())
        return any(fnmatch.fnmatchcase(finding.object.name, pattern) for pattern in patterns)

    def applied(
        self, findings: Iterable[Finding]
    ) -> tuple[tuple[Finding, ...], tuple[Skipped, ...]]:
        """The findings that are to be seen, with the severities of the file, in their order; and
        a note for each rule of which some are not. Rules that are switched off have theirs."""
        off = {rule for each in self.switched_off for rule in each.rules}
        shown: list[Finding] = []
        silenced: dict[str, list[str]] = {}
        for finding in findings:
            if finding.rule in off:
                continue
            if self.ignores(finding):
                silenced.setdefault(finding.rule, []).append(finding.object.name)
            else:
                severity = self.severities.get(finding.rule, finding.severity)
                shown.append(replace(finding, severity=severity))
        return tuple(shown), tuple(_ignored(id_, names) for id_, names in silenced.items())


def choose_rules(
    configuration: Configuration,
    topic: str,
    known: Iterable[DescribedRule],
    *,
    noun: str = "rule",
) -> ChosenRules:
    """What the file's tables `[rules."<topic>/…"]` say of the rules that are known; tables of
    other topics are for others. `noun`: what one of them is called in an error.

    Raises BadConfiguration.
    """
    by_id = {rule.id: rule for rule in known}
    settings = _by_id(configuration, topic, by_id, noun)
    off = sorted(id_ for id_, each in settings.items() if not each.enabled)
    return ChosenRules(
        enabled=frozenset(by_id).difference(off),
        thresholds={
            id_: thresholds_of(configuration, id_, each, by_id[id_].thresholds)
            for id_, each in settings.items()
        },
        severities={id_: each.severity for id_, each in settings.items() if each.severity},
        ignored={id_: each.ignore for id_, each in settings.items() if each.ignore},
        switched_off=tuple(
            Skipped(id_, f"switched off in {configuration.file}", rules=(id_,)) for id_ in off
        ),
    )


def fits_pattern(rule_id: str, pattern: str) -> bool:
    """Is the pattern the rule's id, its topic, its name, or a glob for its id or its name?"""
    topic, _, name = rule_id.partition("/")
    if pattern in (rule_id, topic, name):
        return True
    return any(fnmatch.fnmatchcase(one, pattern) for one in (rule_id, name))


def did_you_mean(name: str, ids: Iterable[str], *, by_name: bool = False) -> str:
    """`did you mean topic/name? `, to stand before another next step; empty where no id is like
    the name. `by_name`: the part after the slash would do as well."""
    known = list(ids)
    words = [*known, *(id_.partition("/")[2] for id_ in known)] if by_name else known
    near = difflib.get_close_matches(name, words, n=1)
    return f"did you mean {near[0]}? " if near else ""


def _by_id(
    configuration: Configuration, topic: str, known: Mapping[str, DescribedRule], noun: str
) -> dict[str, RuleSettings]:
    found: dict[str, RuleSettings] = {}
    for name, settings in configuration.rules.items():
        if not name.startswith(f"{topic}/"):
            continue
        if name not in known:
            raise BadConfiguration(
                f'{configuration.file}: rules."{name}": there is no such {noun}',
                f"{did_you_mean(name, known)}`dbwright rules --topic {topic}` lists them",
            )
        found[name] = settings
    return found


def _ignored(rule: str, names: Sequence[str]) -> Skipped:
    objects = tuple(dict.fromkeys(names))
    return Skipped(rule, "dbwright.toml ignores it", objects=objects, rules=(rule,))
