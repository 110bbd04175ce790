"""What the parameters of a rule's function say: what it reads, and what a user may set.

A function asks for what it reads by the names of its parameters; whatever is keyword-only is a
threshold, `Annotated[type, "what it is"]` with its default.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from types import NoneType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from dbwright.model.described import Threshold

__all__ = ["Signature", "read_signature"]


@dataclass(frozen=True, slots=True)
class Signature:
    """The parameters of a rule's function."""

    parts: tuple[str, ...]
    """What it reads, in the order of its parameters."""
    required: tuple[str, ...]
    """Those of them that are never None: without them it can't say anything."""
    thresholds: tuple[Threshold, ...]


def read_signature(
    function: Callable[..., Any], noun: str, readable: tuple[str, ...], *, in_order: bool = False
) -> Signature:
    """The signature of a function that may read what is `readable`.

    `noun` names such functions, with its article, where one is not in order ("a rule"). `in_order`:
    they are given what they read by position, so the parameters must be the first of `readable`.
    Raises TypeError for a part that it can't read, and for a threshold without its text.
    """
    hints = get_type_hints(function, include_extras=True)
    parts: list[str] = []
    required: list[str] = []
    thresholds: list[Threshold] = []
    for name, parameter in inspect.signature(function).parameters.items():
        hint = hints[name]
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            if get_origin(hint) is not Annotated:
                raise TypeError(
                    f"{function.__module__}: {name} must be Annotated[type, 'what it is']"
                )
            type_, text = get_args(hint)[:2]
            thresholds.append(Threshold(name, type_, parameter.default, str(text)))
            continue
        if name not in (readable[len(parts) : len(parts) + 1] if in_order else readable):
            raise TypeError(f"{function.__module__}: {noun} can't read `{name}`")
        parts.append(name)
        if NoneType not in get_args(hint):
            required.append(name)
    return Signature(tuple(parts), tuple(required), tuple(thresholds))
