"""A rule's page in Markdown: what it finds, why it matters, how to fix it, what may be set."""

from __future__ import annotations

from collections.abc import Mapping

from dbwright.model.described import DescribedRule, Threshold

__all__ = ["rule_page"]


def rule_page(rule: DescribedRule) -> str:
    """The page of a rule or an insight."""
    facts = [f"severity: {rule.severity}", f"confidence: {rule.confidence}", f"since {rule.since}"]
    if rule.asks:
        facts.append(rule.asks)
    lines = [f"# {rule.title.rstrip('.')}", "", f"`{rule.id}` ({'; '.join(facts)})", ""]
    for heading, text in rule.sections.items():
        lines += [f"## {heading}", "", text, ""]
        if heading == "How to fix":
            lines += _configuration(rule)
    for heading, example in (("Found", rule.found), ("Not found", rule.not_found)):
        if example is not None:
            language, body = example
            lines += [f"## {heading}", "", f"```{language}", body, "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def _configuration(rule: DescribedRule) -> list[str]:
    lines = ["## Configuration", "", "In `dbwright.toml`:", "", "```toml", f'[rules."{rule.id}"]']
    lines += [_setting(threshold) for threshold in rule.thresholds]
    lines += [
        "# enabled = false",
        f'# severity = "{rule.severity}"',
        '# ignore = ["audit.*"]  # patterns of object names',
        "```",
        "",
    ]
    if rule.in_comments:
        lines += [
            "Or on one object, in its comment:",
            "",
            "```",
            f"dbwright: ignore {rule.id} <reason>",
            "```",
            "",
        ]
    return lines


def _setting(threshold: Threshold) -> str:
    """A line of TOML; a comment where nothing is set by default."""
    if threshold.default is None:
        return f"# {threshold.name}: {threshold.help}"
    return f"{threshold.name} = {_toml(threshold.default)}  # {threshold.help}"


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
