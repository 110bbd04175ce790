"""`dbwright rules`: what is looked for, and why."""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby
from typing import Annotated

from dbwright.check.describe import described_rules
from dbwright.chosen_rules import did_you_mean
from dbwright.errors import UnknownRule
from dbwright.migrate.lint.describe import described_hazards
from dbwright.migrate.pages.registry import described_pages as described_migration_pages
from dbwright.model.described import DescribedRule
from dbwright.model.document import Document
from dbwright.model.finding import Severity
from dbwright.model.rule_page import rule_page
from dbwright.operation import Effect, Example, Parameter, operation
from dbwright.tune.advisors.describe import described_advisors
from dbwright.tune.pages.registry import described_pages
from dbwright.tune.plans.describe import described_insights
from dbwright.tune.rewrites.describe import described_rewrites

__all__ = ["all_described", "rules"]

SEVERITIES = "|".join(Severity)


@lru_cache(maxsize=1)
def all_described() -> tuple[DescribedRule, ...]:
    """The rules of `check`, the insights of `explain`, and the advisors, the rewrites and what
    else `tune` finds, and the hazards of migrations, by id."""
    found = (
        *described_rules(),
        *described_insights(),
        *described_advisors(),
        *described_pages(),
        *described_rewrites(),
        *described_hazards(),
        *described_migration_pages(),
    )
    return tuple(sorted(found, key=lambda rule: rule.id))


def known_ids() -> tuple[str, ...]:
    return tuple(rule.id for rule in all_described())


def known_topics() -> tuple[str, ...]:
    return tuple(dict.fromkeys(rule.topic for rule in all_described()))


@operation(
    Effect.READS,
    examples=(
        Example("dbwright rules", "all of them, by topic"),
        Example("dbwright rules indexes/unused-index", "one, whole"),
        Example("dbwright rules --topic plans", "what `explain` sees in plans"),
        Example("dbwright rules --topic tune", "what `tune` advises for a workload"),
        Example("dbwright rules --topic rewrites", "how `tune` writes queries another way"),
        Example("dbwright rules --topic migrations", "what `migrate lint` sees in migrations"),
        Example("dbwright rules --topic security --format json", "for a program"),
    ),
)
def rules(
    id: Annotated[
        str | None,
        Parameter("a rule's id, or the part after the slash", "ID", argument=True, known=known_ids),
    ] = None,
    *,
    topic: Annotated[str | None, Parameter("only this topic", "TOPIC", known=known_topics)] = None,
    severity: Annotated[
        Severity | None, Parameter("only this severity or worse", SEVERITIES)
    ] = None,
) -> Document:
    """List what is looked for; or say all about one rule.

    With an id: what it finds, why it matters, how to fix it, when to ignore it, and the
    thresholds that dbwright.toml may set. The topic `plans` is what `explain` sees in plans.
    `tune` is what `tune` advises for a workload, `rewrites` what it sees in the text of queries,
    `chattiness` what it hears of how applications talk to the database; `migrations` is what
    `migrate lint` sees in migrations, `migrate` what `migrate verify` and `migrate rehearse` do.
    All others are what `check` sees in a database.
    """
    if id is not None:
        rule = find(id)
        return Document("rules", rule_page(rule), _data(rule))
    if topic is not None and topic not in known_topics():
        raise UnknownRule(f"there is no topic {topic!r}", f"topics: {', '.join(known_topics())}")
    chosen = [
        rule
        for rule in all_described()
        if topic in (None, rule.topic) and (severity is None or rule.severity.at_least(severity))
    ]
    return Document("rules", _listing(chosen), {"rules": [_data(rule) for rule in chosen]})


def find(name: str) -> DescribedRule:
    """By id, or by the part after the slash. Raises UnknownRule."""
    for rule in all_described():
        if name in (rule.id, rule.name):
            return rule
    step = did_you_mean(name, known_ids(), by_name=True)
    raise UnknownRule(f"there is no rule {name!r}", f"{step}`dbwright rules` lists them")


def _listing(rules: list[DescribedRule]) -> str:
    lines = [f"# {len(rules)} rules", ""]
    for topic, group in groupby(rules, key=lambda rule: rule.topic):
        lines += [f"## {topic}", "", "| rule | severity | what is wrong |", "| --- | --- | --- |"]
        for rule in group:
            mark = f" (with `{rule.mark}`)" if rule.mark else ""
            title = rule.title.rstrip(".").replace("|", "\\|")
            lines.append(f"| {rule.id} | {rule.severity} | {title}{mark} |")
        lines.append("")
    return "\n".join(lines)


def _data(rule: DescribedRule) -> dict[str, object]:
    return {
        "id": rule.id,
        "severity": rule.severity.value,
        "confidence": rule.confidence.value,
        "title": rule.title,
        "needs": list(rule.needs),
        "reads_data": rule.reads_data,
        "since": rule.since,
        "thresholds": {
            each.name: {"default": each.default, "help": each.help} for each in rule.thresholds
        },
        "page": dict(rule.sections),
    }
