"""`dbwright rules`: what is checked, and why."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Annotated

from dbwright.check.registry import all_rules, find_rule, known_ids, known_topics
from dbwright.check.rule import HEADINGS, Option, Rule
from dbwright.errors import UnknownRule
from dbwright.model.document import Document
from dbwright.model.finding import Severity
from dbwright.operation import Effect, Example, Parameter, operation

__all__ = ["page", "rules"]

SEVERITIES = "|".join(Severity)


@operation(
    Effect.READS,
    name="rules",
    examples=(
        Example("dbwright rules", "all of them, by topic"),
        Example("dbwright rules indexes/unused-index", "one, whole"),
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
    """List what is checked; or say all about one rule.

    With an id: what it finds, why it matters, how to fix it, when to ignore it, and the
    thresholds that dbwright.toml may set.
    """
    if id is not None:
        rule = find_rule(id)
        return Document("rules", page(rule), _data(rule))
    if topic is not None and topic not in known_topics():
        raise UnknownRule(f"there is no topic {topic!r}", f"topics: {', '.join(known_topics())}")
    chosen = [
        rule
        for rule in all_rules()
        if topic in (None, rule.topic) and (severity is None or rule.severity.at_least(severity))
    ]
    return Document("rules", _listing(chosen), {"rules": [_data(rule) for rule in chosen]})


def page(rule: Rule) -> str:
    """The rule's page in Markdown."""
    facts = [f"severity: {rule.severity}", f"confidence: {rule.confidence}", f"since {rule.since}"]
    if rule.reads_data:
        facts.append("reads rows of tables: only with `--data`")
    lines = [f"# {rule.title.rstrip('.')}", "", f"`{rule.id}` ({'; '.join(facts)})", ""]
    for heading in HEADINGS:
        lines += [f"## {heading}", "", rule.page[heading], ""]
        if heading == "How to fix":
            lines += _thresholds(rule)
    lines += _examples(rule)
    return "\n".join(lines).rstrip() + "\n"


def _thresholds(rule: Rule) -> list[str]:
    lines = ["## Configuration", "", "In `dbwright.toml`:", "", "```toml", f'[rules."{rule.id}"]']
    for option in rule.options:
        lines.append(_setting(option))
    lines += [
        "# enabled = false",
        f'# severity = "{rule.severity}"',
        '# ignore = ["audit.*"]  # patterns of object names',
        "```",
        "",
        "Or on one object, in its comment:",
        "",
        "```",
        f"dbwright: ignore {rule.id} <reason>",
        "```",
        "",
    ]
    return lines


def _setting(option: Option) -> str:
    """A line of TOML; a comment where nothing is set by default."""
    if option.default is None:
        return f"# {option.name}: {option.help}"
    return f"{option.name} = {_toml(option.default)}  # {option.help}"


def _examples(rule: Rule) -> list[str]:
    lines: list[str] = []
    for heading, examples in (("Found", rule.bad), ("Not found", rule.good)):
        for example in examples[:1]:
            settings = [f"{name} = {value}" for name, value in example.settings.items()]
            texts = [
                example.sql.strip(),
                f"-- on its standby\n{example.standby.strip()}" if example.standby else "",
                *(f"-- another session\n{script.strip()}" for script in example.sessions),
                *settings,
                *((example.hba or "").strip().splitlines()),
                *(f"-- {name}\n{text.strip()}" for name, text in example.files.items()),
            ]
            body = "\n".join(text for text in texts if text)
            if body:
                language = "sql" if example.sql or example.sessions or example.files else "ini"
                lines += [f"## {heading}", "", f"```{language}", body, "```", ""]
    return lines


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f'"{key}" = {_toml(item)}' for key, item in value.items()) + "}"
    return str(value)


def _listing(rules: list[Rule]) -> str:
    lines = [f"# {len(rules)} rules", ""]
    for topic, group in groupby(rules, key=lambda rule: rule.topic):
        lines += [f"## {topic}", "", "| rule | severity | what is wrong |", "| --- | --- | --- |"]
        for rule in group:
            data = " (with `--data`)" if rule.reads_data and not rule.data_optional else ""
            title = rule.title.rstrip(".").replace("|", "\\|")
            lines.append(f"| {rule.id} | {rule.severity} | {title}{data} |")
        lines.append("")
    return "\n".join(lines)


def _data(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "severity": rule.severity.value,
        "confidence": rule.confidence.value,
        "title": rule.title,
        "needs": list(rule.needs),
        "reads_data": rule.reads_data,
        "since": rule.since,
        "thresholds": {
            option.name: {"default": option.default, "help": option.help} for option in rule.options
        },
        "page": {heading: rule.page[heading] for heading in HEADINGS},
    }
