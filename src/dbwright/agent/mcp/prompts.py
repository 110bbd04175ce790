"""The prompts, in the protocol's words."""

from __future__ import annotations

from collections.abc import Mapping

import mcp_types as types

from dbwright.agent.prompts import PROMPTS
from dbwright.errors import UsageError

__all__ = ["all_prompts", "prompt_messages"]


def all_prompts() -> list[types.Prompt]:
    return [
        types.Prompt(
            name=prompt.name,
            title=prompt.title,
            description=prompt.description,
            arguments=[
                types.PromptArgument(name=name, description=about, required=number == 0)
                for number, (name, about) in enumerate(prompt.arguments.items())
            ],
        )
        for prompt in PROMPTS
    ]


def prompt_messages(name: str, given: Mapping[str, str]) -> types.GetPromptResult:
    """Raises UsageError for an unknown prompt or argument, or one that is missing."""
    prompt = next((one for one in PROMPTS if one.name == name), None)
    if prompt is None:
        known = ", ".join(one.name for one in PROMPTS)
        raise UsageError(f"there is no prompt {name!r}", f"there are: {known}")
    wrong = given.keys() - prompt.arguments.keys()
    first = next(iter(prompt.arguments))
    if wrong or not given.get(first):
        raise UsageError(
            f"{name} has no argument {min(wrong)!r}" if wrong else f"{name} needs {first!r}",
            f"its arguments: {', '.join(prompt.arguments)}",
        )
    values = {one: given.get(one) or "the default target" for one in prompt.arguments}
    text = prompt.text.format_map(values)
    message = types.PromptMessage(role="user", content=types.TextContent(text=text))
    return types.GetPromptResult(description=prompt.description, messages=[message])
