"""Reports as text. One file a format; a format is a module of this folder with `ENDINGS` and
`render`, and nothing else has to be edited to add one.

    render(report, "html")                       -> str
    format_of(Path("report.sarif"))              -> "sarif"
    list(FORMATS)                                -> ["html", "json", "junit", …]
"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import PurePath
from typing import Protocol, cast

from dbwright.errors import UsageError
from dbwright.model.explanation import Explanation
from dbwright.model.report import Report, RuleText

__all__ = [
    "EXPLANATION_FORMATS",
    "FORMATS",
    "Format",
    "RuleText",
    "format_of",
    "render",
    "render_explanation",
]

EXPLANATION_FORMATS = ("terminal", "json", "markdown", "html")
"""A plan is no list of findings for a code host: it has no SARIF and no JUnit."""


class Format(Protocol):
    """What a format's module offers."""

    ENDINGS: tuple[str, ...]
    """File endings that ask for this format, with the dot."""

    def render(self, report: Report, **options: object) -> str:
        """The report as text that ends with a newline. It names the options it takes."""
        ...


@cache
def module_names() -> tuple[str, ...]:
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


@cache
def load(name: str) -> Format | None:
    """The format of that name; None for a module that is no format."""
    module = import_module(f"{__name__}.{name}")
    return cast(Format, module) if hasattr(module, "ENDINGS") else None


class Formats(Mapping[str, Format]):
    """The formats by name; each module is imported when it is asked for."""

    def __getitem__(self, name: str) -> Format:
        found = load(name) if name in module_names() else None
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return (name for name in module_names() if load(name) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


FORMATS: Mapping[str, Format] = Formats()


def render(
    report: Report,
    format: str,
    *,
    width: int | None = None,
    color: bool = False,
    verbose: bool = False,
    rules: Mapping[str, RuleText] | None = None,
) -> str:
    """The report as text in `format`. An option that the format has no use for is left out.

    `width` counts columns, None stands for 80; `rules` describes rules by id. Raises UsageError
    for an unknown format.
    """
    if format not in FORMATS:
        names = ", ".join(FORMATS)
        raise UsageError(f"There is no format {format!r}.", f"Use one of these: {names}.")
    options = {"width": width, "color": color, "verbose": verbose, "rules": rules}
    return _written(FORMATS[format].render, report, options)


def render_explanation(
    explanation: Explanation,
    format: str,
    *,
    width: int | None = None,
    color: bool = False,
    verbose: bool = False,
) -> str:
    """The explanation as text in `format`, as `render` does for a report. Raises UsageError."""
    if format not in EXPLANATION_FORMATS:
        names = ", ".join(EXPLANATION_FORMATS)
        raise UsageError(
            f"There is no format {format!r} for a plan.", f"Use one of these: {names}."
        )
    module = import_module(f"{__name__}.explanation_{format}")
    return _written(
        module.render, explanation, {"width": width, "color": color, "verbose": verbose}
    )


def _written(write: Callable[..., str], result: object, options: Mapping[str, object]) -> str:
    """Call a format's `render` with those of the options that it names."""
    taken = inspect.signature(write).parameters
    return write(result, **{name: value for name, value in options.items() if name in taken})


def format_of(path: str | PurePath) -> str | None:
    """The format that a file's ending asks for; None where none does."""
    ending = PurePath(path).suffix.lower()
    return next((name for name, found in FORMATS.items() if ending in found.ENDINGS), None)
