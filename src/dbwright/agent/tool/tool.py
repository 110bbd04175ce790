"""A tool, declared once: `@tool` before a typed function, or `from_operation` where a command of
dbwright does the work already.

The function's first parameter is the `Context`; the others are what a model may give, as
`Annotated[type, Field(description=…)]`. An argument that a tool does not have is an error.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, cast, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from dbwright.agent.tool.answer import Answer
from dbwright.agent.tool.context import Context
from dbwright.agent.tool.results import answer_of, item_type
from dbwright.operation import DECLARED, Effect, Operation

__all__ = ["Arguments", "Tool", "from_operation", "tool"]

TARGET = Field(description="A target's name, or a file or folder; else the default target.")
TARGET_OR_NONE = Field(description="A target's name, or a file or folder; else files alone.")
TARGET_NEEDED = Field(description="A target's name, or a file or folder.")


class Arguments(BaseModel):
    """What every tool takes besides its own arguments."""

    model_config = ConfigDict(extra="forbid")

    offset: Annotated[int, Field(ge=0, description="The first item.")] = 0
    max_tokens: Annotated[int, Field(ge=200, le=100_000, description="Size of the answer.")] = 4000


@dataclass(frozen=True, slots=True)
class Tool:
    """What a model can call, and all that surfaces must know of it."""

    name: str
    title: str
    description: str
    when: str
    """When to call it, in half a sentence, for the texts of definitions: `before … is merged`."""
    effect: Effect
    arguments: type[Arguments]
    item: Any
    """The type of an answer's items."""
    run: Callable[[Context, Arguments], Answer[Any]]
    idempotent: bool
    confirm: Callable[[Context, Arguments], str] | None = None
    """The question that a person is asked before it runs; None where it writes nothing."""


def tool(
    effect: Effect,
    *,
    when: str,
    title: str = "",
    idempotent: bool = True,
) -> Callable[[Callable[..., Answer[Any]]], Tool]:
    """Make a tool of a function: its name, its docstring, its parameters."""

    def declare(function: Callable[..., Answer[Any]]) -> Tool:
        hints = get_type_hints(function, include_extras=True)
        parameters = list(inspect.signature(function).parameters.values())[1:]
        fields = {p.name: (hints[p.name], _default(p.default)) for p in parameters}
        return Tool(
            name=function.__name__.strip("_"),
            title=title or _title(function.__name__),
            description=inspect.cleandoc(function.__doc__ or ""),
            when=when,
            effect=effect,
            arguments=_model(function.__name__, fields),
            item=get_args(get_type_hints(function)["return"])[0],
            run=lambda context, given: function(context, **_values(given)),
            idempotent=idempotent,
        )

    return declare


def from_operation(
    function: Callable[..., Any],
    *,
    name: str,
    when: str,
    arguments: tuple[str, ...],
    targets: tuple[str, ...] = ("target",),
    default_target: bool = True,
    paths: tuple[str, ...] = (),
    description: str = "",
    fixed: Mapping[str, Any] | None = None,
    about: Mapping[str, str] | None = None,
    idempotent: bool = True,
    confirm: Callable[[Context, Arguments], str] | None = None,
) -> Tool:
    """A tool of a command: the arguments that make sense to a model, with their own help.

    `targets` and `paths`: which arguments name a target, or files; they are held to what the
    server was started for. `default_target`: is a target that is left out the default one, rather
    than none? `fixed`: what the tool always gives. `description`, `about`: other help of the
    command and its arguments, where theirs is for a terminal.
    """
    operation = cast(Operation, getattr(function, DECLARED))
    known = {argument.name: argument for argument in operation.arguments}
    fields: dict[str, tuple[Any, Any]] = {}
    for argument in (known[one] for one in arguments):
        help = (about or {}).get(argument.name, _sentence(argument.about.help))
        kind = _given_as_text(argument.type)
        field = Field(description=help)
        if argument.name in targets:
            field = TARGET if default_target else TARGET_OR_NONE
            if argument.default is inspect.Parameter.empty:
                field = TARGET_NEEDED
        default = argument.default
        if isinstance(default, Path):
            default = str(default)
        fields[argument.name.strip("_")] = (Annotated[kind, field], _default(default))

    def run(context: Context, given: Arguments) -> Answer[Any]:
        values: dict[str, Any] = dict(fixed or {})
        for one in arguments:
            value = getattr(given, one.strip("_"))
            if one in targets:
                value = context.target(value) if default_target or value is not None else None
            elif one in paths or _is_path(known[one].type):
                value = _paths(context, value, as_path=_is_path(known[one].type))
            values[one] = value
        if "configuration" in operation.given:
            values["configuration"] = context.configuration
        if "progress" in operation.given:
            values["progress"] = context.progress
        return answer_of(operation.function(**values))

    return Tool(
        name=name,
        title=_title(name),
        description=description or f"{operation.summary}\n\n{operation.description}".strip(),
        when=when,
        effect=operation.effect,
        arguments=_model(name, fields),
        item=item_type(operation.result),
        run=run,
        idempotent=idempotent,
        confirm=confirm,
    )


def _model(name: str, fields: Mapping[str, tuple[Any, Any]]) -> type[Arguments]:
    shown = "".join(part.capitalize() for part in name.split("_"))
    model: type[Arguments] = create_model(f"{shown}Arguments", __base__=Arguments, **fields)  # type: ignore[call-overload]
    return model


def _values(given: Arguments) -> dict[str, Any]:
    own = type(given).model_fields.keys() - Arguments.model_fields.keys()
    return {name: getattr(given, name) for name in own}


def _default(value: Any) -> Any:
    return ... if value is inspect.Parameter.empty else value


def _title(name: str) -> str:
    return name.replace("_", " ").strip().capitalize()


def _sentence(help: str) -> str:
    return help[:1].upper() + help[1:]


def _is_path(kind: Any) -> bool:
    return kind is Path or Path in get_args(kind)


def _given_as_text(kind: Any) -> Any:
    """Paths come as text: what they may name is checked by the context."""
    if not _is_path(kind):
        return kind
    return str | None if type(None) in get_args(kind) else str


def _paths(context: Context, value: Any, *, as_path: bool) -> Any:
    if value is None:
        return None
    if isinstance(value, tuple):
        return tuple(context.named(one) for one in value)
    return Path(context.named(value)) if as_path else context.named(value)
