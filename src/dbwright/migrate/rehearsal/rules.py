"""What a rehearsal may find: the rules, and their pages in `migrate/pages`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from dbwright.errors import UnknownRule
from dbwright.migrate.pages.registry import page_of
from dbwright.migrate.rehearsal.changes import ChangeKind
from dbwright.model.page import why_it_matters
from dbwright.model.report import RuleText
from dbwright.model.rule_page import rule_page

__all__ = ["RULES", "RULE_OF", "require_rules", "rule_texts", "why"]

RULE_OF: Mapping[ChangeKind, str] = {
    ChangeKind.LOST_ROWS: "migrate/lost-rows",
    ChangeKind.ADDED_ROWS: "migrate/added-rows",
    ChangeKind.COLLIDED_ROWS: "migrate/unique-collision",
    ChangeKind.LOST_TABLE: "migrate/lost-table",
    ChangeKind.LOST_COLUMN: "migrate/lost-column",
    ChangeKind.CHANGED_VALUES: "migrate/changed-values",
    ChangeKind.TRUNCATED_VALUES: "migrate/truncated-values",
    ChangeKind.CHANGED_PRECISION: "migrate/changed-precision",
    ChangeKind.MOVED_VALUES: "migrate/changed-values",
    ChangeKind.RENAMED_KEPT: "migrate/renamed-by-drop-and-add",
    ChangeKind.RENAMED_LOST: "migrate/renamed-by-drop-and-add",
    ChangeKind.SET_ASIDE: "migrate/set-aside",
    ChangeKind.UNKNOWN: "migrate/not-compared",
}
RULES = frozenset(
    {
        *RULE_OF.values(),
        "migrate/blocks-clients",
        "migrate/breaks-clients",
        "migrate/depends-on-rows",
        "migrate/down-does-not-bring-back",
        "migrate/down-does-not-restore",
        "migrate/down-loses-writes",
        "migrate/down-failed",
        "migrate/half-done",
        "migrate/lacks-privilege",
        "migrate/made-anew-without",
        "migrate/no-way-back",
        "migrate/sequence-behind",
        "migrate/up-failed",
    }
)


@lru_cache(maxsize=64)
def why(rule: str) -> str:
    """Why it matters, in a sentence or two. Raises KeyError."""
    return why_it_matters(page_of(rule).page)


def rule_texts(rules: Iterable[str]) -> Mapping[str, RuleText]:
    """Title and page of each."""
    pages = {page.id: page for page in map(page_of, sorted(set(rules)))}
    return {id_: RuleText(page.title, rule_page(page)) for id_, page in pages.items()}


def require_rules(names: Iterable[str]) -> None:
    """Raises UnknownRule for what no rehearsal finds."""
    for name in names:
        if name not in RULES:
            raise UnknownRule(
                f"a rehearsal has no rule {name}", f"it has: {', '.join(sorted(RULES))}"
            )
