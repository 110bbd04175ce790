"""Asking a model, which calls tools until it has an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbwright.agent.model.endpoint import Endpoint
from dbwright.agent.model.turns import Asked, Result, Results, ToolCall, Turn
from dbwright.agent.tool.call import answered, arguments_of, failure_text, text_of
from dbwright.agent.tool.context import Context
from dbwright.agent.tool.tool import Tool
from dbwright.errors import DbwrightError, Interrupted

__all__ = ["Conversation", "Step", "converse"]

ENOUGH = "You may call no more tools. Answer now, with what you know; say what you could not see."


@dataclass(frozen=True, slots=True)
class Step:
    """A tool that was called, and how it went."""

    tool: str
    failed: bool
    told: str
    """The answer's first line, or the error."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """What came of it."""

    answer: str
    steps: tuple[Step, ...]
    complete: bool
    """False where the number of steps, or of tokens, was used up."""


def converse(
    endpoint: Endpoint,
    instructions: str,
    question: str,
    tools: Sequence[Tool],
    context: Context,
    *,
    most_steps: int,
) -> Conversation:
    """Ask, and do what the model asks for, until it answers or has called so many tools.

    Nothing that writes is among the tools, whatever is given: nobody could be asked for a yes.
    Raises ModelFailed, Interrupted.
    """
    offered = {tool.name: tool for tool in tools if tool.confirm is None}
    turns: list[Turn] = [Asked(question)]
    steps: list[Step] = []
    while True:
        used_up = len(steps) >= most_steps
        context.progress("asking the model", len(steps), most_steps)
        said = endpoint.reply(instructions, turns, () if used_up else tuple(offered.values()))
        turns.append(said)
        if not said.calls or used_up:
            return Conversation(said.text, tuple(steps), not (said.cut or used_up))
        results = []
        for call in said.calls:
            result = _called(call, offered, context)
            results.append(result)
            lines = result.text.splitlines()
            first = lines[1] if len(lines) > 1 and lines[0].startswith("<data-") else lines[0]
            steps.append(Step(call.name, result.failed, first))
        turns.append(Results(tuple(results)))
        if len(steps) >= most_steps:
            turns.append(Asked(ENOUGH))


def _called(call: ToolCall, offered: dict[str, Tool], context: Context) -> Result:
    tool = offered.get(call.name)
    if tool is None:
        return Result(call.id, f"there is no tool {call.name!r}", True)
    if call.arguments is None:
        return Result(call.id, "the arguments are no JSON object", True)
    try:
        context.progress(f"the model calls {call.name}")
        found = answered(tool, context, arguments_of(tool, call.arguments))
        return Result(call.id, text_of(found), False)
    except Interrupted:
        raise
    except DbwrightError as problem:
        return Result(call.id, failure_text(problem.message, problem.next_step), True)
