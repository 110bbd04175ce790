"""From dbwright.toml to which rules run, with which thresholds, and what is silenced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dbwright.check.describe import described
from dbwright.check.registry import all_rules, find_rule, matching
from dbwright.check.rule import Rule
from dbwright.configuration import Configuration, RuleSettings, thresholds_of
from dbwright.errors import BadConfiguration, UnknownRule
from dbwright.model.described import NOT_OF_CHECK
from dbwright.model.finding import Severity
from dbwright.model.report import Skipped

__all__ = ["Choice", "choose"]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rules run, and how."""

    rules: tuple[Rule, ...]
    thresholds: Mapping[str, Mapping[str, object]]
    severities: Mapping[str, Severity]
    ignored: tuple[tuple[str, str], ...]
    """Rule id and pattern of object names."""
    switched_off: tuple[Skipped, ...]


def choose(configuration: Configuration, only: Iterable[str], skip: Iterable[str]) -> Choice:
    """`only` and `skip` are ids, topics or globs; those of the command line go before the file's.

    Raises UnknownRule, BadConfiguration.
    """
    only = tuple(only) or configuration.check.only
    skip = (*skip, *configuration.check.skip)
    wanted = matching(only) if only else all_rules()
    unwanted = {rule.id for rule in matching(skip)}
    settings = _by_id(configuration)
    off = {id_ for id_, setting in settings.items() if not setting.enabled}
    return Choice(
        rules=tuple(r for r in wanted if r.id not in unwanted and r.id not in off),
        thresholds={
            id_: thresholds_of(configuration, id_, setting, described(find_rule(id_)).thresholds)
            for id_, setting in settings.items()
        },
        severities={id_: s.severity for id_, s in settings.items() if s.severity},
        ignored=tuple((id_, p) for id_, setting in settings.items() for p in setting.ignore),
        switched_off=tuple(
            Skipped(id_, f"switched off in {configuration.file}", rules=(id_,))
            for id_ in sorted(off)
        ),
    )


def _by_id(configuration: Configuration) -> dict[str, RuleSettings]:
    found: dict[str, RuleSettings] = {}
    for name, settings in configuration.rules.items():
        if name.partition("/")[0] in NOT_OF_CHECK:
            continue  # for `explain` or `tune`, which says what is wrong with it
        place = f'{configuration.file}: rules."{name}"'
        try:
            rule = find_rule(name)
        except UnknownRule as problem:
            raise BadConfiguration(f"{place}: {problem.message}", problem.next_step) from None
        if rule.id in found:
            raise BadConfiguration(f"{place}: {rule.id} stands there twice", "keep one table of it")
        found[rule.id] = settings
    return found
