"""What dbwright can do, each declared once: command line, other surfaces and docs are made of it.

An operation is a typed function in a capability's folder with `@operation` before it. Its name is
its place: `check/check.py` is `dbwright check`, `migrate/lint.py` is `dbwright migrate lint`. Its
parameters are `Annotated[type, Parameter(...)]`; `Progress`, `Configuration` and the target are
given by the surface. Its docstring is its help.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import dbwright

__all__ = [
    "Argument",
    "Effect",
    "Example",
    "Operation",
    "Parameter",
    "all_operations",
    "operation",
    "operations_named",
]

INFRASTRUCTURE = frozenset(
    {"capture", "cli", "diff", "engines", "model", "render", "sandbox", "sql", "trees", "web"}
)
"""Packages that hold no operations; every other one is a capability. (`capture` is a library for
applications.)"""


class Effect(StrEnum):
    """What running it can change."""

    READS = "reads"
    """Nothing, anywhere."""
    PLANS = "plans"
    """Files here; nothing on the target."""
    WRITES = "writes"
    """The target."""


@dataclass(frozen=True, slots=True)
class Example:
    """A call that teaches, and what it does."""

    call: str
    does: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a surface must know of a parameter besides its name, type and default."""

    help: str
    metavar: str = ""
    short: str = ""
    """A one-letter option, such as `-o`."""
    argument: bool = False
    """By position rather than by name."""
    known: Callable[[], Iterable[str]] | None = None
    """What it may be, for shells that complete words; others may be right as well."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One parameter of an operation's function."""

    name: str
    type: Any
    """The bare type, without its annotation."""
    default: Any
    """`inspect.Parameter.empty` where it must be given."""
    about: Parameter


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation and everything that surfaces make of it."""

    path: tuple[str, ...]
    function: Callable[..., Any]
    effect: Effect
    summary: str
    """The docstring's first line."""
    description: str
    """The rest of it."""
    examples: tuple[Example, ...]
    arguments: tuple[Argument, ...]
    given: tuple[str, ...]
    """Names of parameters that the surface gives by itself: progress, configuration."""
    result: Any
    """The type of what the function returns."""

    @property
    def name(self) -> str:
        return " ".join(self.path)


def operation(
    effect: Effect, *, examples: tuple[Example, ...], name: str = ""
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare an operation; the function stays as it is.

    `name` is for the rare one whose place in the house is not its name.
    Raises TypeError where a parameter has no `Parameter`.
    """

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        summary, _, description = inspect.cleandoc(function.__doc__ or "").partition("\n")
        arguments, given = _arguments(function)
        declared = Operation(
            path=tuple(name.split()) if name else _path(function.__module__),
            function=function,
            effect=effect,
            summary=summary.strip(),
            description=description.strip(),
            examples=examples,
            arguments=arguments,
            given=given,
            result=get_type_hints(function)["return"],
        )
        setattr(function, DECLARED, declared)
        return function

    return declare


DECLARED = "__operation__"


@lru_cache(maxsize=1)
def all_operations() -> tuple[Operation, ...]:
    """Every operation of every capability, sorted by name."""
    found = {declared.name: declared for module in _modules() for declared in _declared_in(module)}
    return tuple(found[name] for name in sorted(found))


def operations_named(words: Sequence[str]) -> tuple[Operation, ...]:
    """The operation that a command line begins with, alone, so that it need not wait for what all
    the others import; every operation where the words name none by its place in the house."""
    for module in _modules():
        path = _path(module)
        if tuple(words[: len(path)]) == path:
            declared = [found for found in _declared_in(module) if found.path == path]
            if declared:
                return tuple(declared)
    return all_operations()


@lru_cache(maxsize=1)
def _modules() -> tuple[str, ...]:
    """The names of the modules that declare operations; none is imported for it."""
    return tuple(
        f"dbwright.{capability.name}.{file.name}"
        for capability in pkgutil.iter_modules(dbwright.__path__)
        if capability.ispkg and capability.name not in INFRASTRUCTURE
        for file in pkgutil.iter_modules([f"{dbwright.__path__[0]}/{capability.name}"])
        if not file.ispkg and _declares(Path(dbwright.__path__[0], capability.name, file.name))
    )


def _declared_in(module: str) -> tuple[Operation, ...]:
    values = vars(importlib.import_module(module)).values()
    declared = (getattr(value, DECLARED, None) for value in values)
    return tuple(found for found in declared if isinstance(found, Operation))


def _declares(module: Path) -> bool:
    """Does the module declare an operation? Those that don't are not imported: a command line that
    only asks for help must not wait for all that the others need."""
    return "@operation(" in module.with_suffix(".py").read_text(encoding="utf-8")


def _path(module: str) -> tuple[str, ...]:
    """`dbwright.migrate.lint` -> (migrate, lint); `dbwright.check.check` -> (check,)."""
    parts = tuple(part.strip("_").replace("_", "-") for part in module.split(".")[1:])
    return parts[:1] if len(parts) == 2 and parts[0] == parts[1] else parts


def _arguments(function: Callable[..., Any]) -> tuple[tuple[Argument, ...], tuple[str, ...]]:
    hints = get_type_hints(function, include_extras=True)
    arguments: list[Argument] = []
    given: list[str] = []
    for name, parameter in inspect.signature(function).parameters.items():
        hint = hints[name]
        if name in ("progress", "configuration"):
            given.append(name)
            continue
        if get_origin(hint) is not Annotated or not isinstance(get_args(hint)[1], Parameter):
            raise TypeError(f"{function.__module__}: {name} needs a Parameter")
        type_, about = get_args(hint)[:2]
        arguments.append(Argument(name, type_, parameter.default, about))
    return tuple(arguments), tuple(given)
