"""What a client can read without a call: the catalog and diagram of a target, rules, the report.

The capabilities behind them are loaded when they are asked for: a client waits for the start.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

import mcp_types as types

from dbwright.agent.tool.call import marked
from dbwright.agent.tool.context import Context
from dbwright.errors import UnknownTarget

__all__ = ["read", "resources", "templates"]

SCHEME = "dbwright://"
LONGEST = 300_000
"""Characters of a text, about 100,000 tokens."""
MARKDOWN, JSON, MERMAID = "text/markdown", "application/json", "text/vnd.mermaid"


def resources(context: Context) -> list[types.Resource]:
    """Of each target, and the rules."""
    found = [
        types.Resource(
            uri=f"{SCHEME}rules",
            name="rules",
            description="Every rule: what is looked for.",
            mime_type=MARKDOWN,
        )
    ]
    for name in sorted(context.configuration.targets):
        for part, (about, kind, _) in PARTS.items():
            found.append(
                types.Resource(
                    uri=f"{SCHEME}{part}/{name}",
                    name=f"{part} of {name}",
                    description=about,
                    mime_type=kind,
                )
            )
    return found


def templates() -> list[types.ResourceTemplate]:
    return [
        types.ResourceTemplate(
            uri_template=f"{SCHEME}rules/{{+id}}",
            name="rule",
            description="What a rule finds, why it matters, how to fix it, when to ignore it.",
            mime_type=MARKDOWN,
        ),
        *(
            types.ResourceTemplate(
                uri_template=f"{SCHEME}{part}/{{+target}}",
                name=part,
                description=about,
                mime_type=kind,
            )
            for part, (about, kind, _) in PARTS.items()
        ),
    ]


def read(context: Context, uri: str) -> tuple[str, str]:
    """The text and its kind. Raises UnknownTarget, UnknownRule, TargetError."""
    part, _, name = uri.removeprefix(SCHEME).partition("/")
    name = unquote(name)
    if not uri.startswith(SCHEME) or (part != "rules" and part not in PARTS):
        raise UnknownTarget(f"there is no resource {uri}", "resources/list tells which there are")
    if part == "rules":
        from dbwright.rules.rules import rules

        return rules(name or None).markdown, MARKDOWN
    _, kind, make = PARTS[part]
    text = make(context, name)
    # A diagram holds nothing but words of its own making, and would be none between marks.
    return (text if kind == MERMAID else marked(_cut(text))), kind


def _cut(text: str) -> str:
    """A resource can't be read in parts, and a model has to hold all of it."""
    if len(text) <= LONGEST:
        return text
    end = text.rfind("\n", 0, LONGEST) + 1 or LONGEST
    return f"{text[:end]}… [cut: the tools `objects`, `describe` and `check` give all of it]\n"


def _report(context: Context, name: str) -> str:
    from dbwright.check.check import check
    from dbwright.render import render

    found = check(context.target(name), configuration=context.configuration)
    return render(found, "markdown")


def _catalog(context: Context, name: str) -> str:
    from dbwright.agent.tools._outline import outline

    snapshot = context.readings.snapshot(context.opened(name), context.progress)
    return outline(snapshot)


def _diagram(context: Context, name: str) -> str:
    from dbwright.agent.tools.diagram import mermaid

    snapshot = context.readings.snapshot(context.opened(name), context.progress)
    return mermaid(snapshot.catalog)


PARTS: dict[str, tuple[str, str, Callable[[Context, str], str]]] = {
    "catalog": ("Tables, columns, keys and indexes, a line each.", MARKDOWN, _catalog),
    "diagram": ("Tables and their relations, as a Mermaid diagram.", MERMAID, _diagram),
    "report": ("What `check` finds.", MARKDOWN, _report),
}
