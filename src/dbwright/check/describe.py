"""A rule as the noun that pages and lists are made of."""

from __future__ import annotations

from dataclasses import replace

from dbwright.check.example import Example
from dbwright.check.registry import all_rules
from dbwright.check.rule import Rule
from dbwright.model.described import DescribedRule

__all__ = ["described", "described_rules"]


def described_rules() -> tuple[DescribedRule, ...]:
    """Every rule, sorted by id."""
    return tuple(described(rule) for rule in all_rules())


def described(rule: Rule) -> DescribedRule:
    """What the rule says of itself."""
    return replace(
        rule.described(_shown),
        needs=rule.needs,
        reads_data=rule.reads_data,
        asks="reads rows of tables: only with `--data`" if rule.reads_data else "",
        mark="--data" if rule.reads_data and not rule.data_optional else "",
        in_comments=True,
    )


def _shown(example: Example) -> tuple[str, str] | None:
    """The example's language and text; None where nothing of it can be printed."""
    texts = [
        example.sql.strip(),
        f"-- on its standby\n{example.standby.strip()}" if example.standby else "",
        *(f"-- another session\n{script.strip()}" for script in example.sessions),
        *(f"{name} = {value}" for name, value in example.settings.items()),
        *((example.hba or "").strip().splitlines()),
        *(f"-- {name}\n{text.strip()}" for name, text in example.files.items()),
    ]
    body = "\n".join(text for text in texts if text)
    if not body:
        return None
    return "sql" if example.sql or example.sessions or example.files else "ini", body
