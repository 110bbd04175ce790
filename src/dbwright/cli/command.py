"""One operation as one command: its options, its help, and what is done with its result."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import typer

from dbwright.cli.console import Console
from dbwright.cli.output import format_names, planned
from dbwright.configuration import read_configuration
from dbwright.errors import Interrupted
from dbwright.model.report import Report
from dbwright.operation import Argument, Operation

__all__ = ["add_command"]


def _completion(known: Callable[[], Iterable[str]]) -> Callable[[str], list[str]]:
    """What a shell offers for the beginning of a word."""

    def complete(incomplete: str) -> list[str]:
        return [word for word in known() if word.startswith(incomplete)]

    return complete


REPORT_FORMATS = ("table", "json", "markdown", "html", "sarif", "junit")
"""What the help of a command names whose result is a report; the tests compare."""


def _delivered(result: object) -> dict[str, Any]:
    """The options that say in which formats the result is written. A result that has a format of
    its own is told so when one is given, and its help does not offer them."""
    # Asking for a report's formats would import them all, for a help that is seldom read.
    names = REPORT_FORMATS if result is Report else format_names(result)
    listed = f"{', '.join(names[:-1])} or {names[-1]}" if names else ""
    return {
        "format": Annotated[
            str | None,
            typer.Option(
                "--format",
                metavar="FORMAT",
                help=f"{listed} [default: by the ending of --output, else table]",
                autocompletion=_completion(lambda: format_names(result)),
                hidden=not names,
            ),
        ],
        "also": Annotated[
            list[Path] | None,
            typer.Option(
                "--also",
                metavar="FILE",
                help="write it to this file as well, in its ending's format",
                hidden=not names,
            ),
        ],
    }


COMMON: dict[str, Any] = {
    "output": Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="write the result to a file"),
    ],
    "config": Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="instead of dbwright.toml here or above"),
    ],
    "quiet": Annotated[
        bool, typer.Option("--quiet", "-q", help="no progress, no summary; only the result")
    ],
    "verbose": Annotated[
        bool, typer.Option("--verbose", "-v", help="everything; with tracebacks of errors")
    ],
    "no_color": Annotated[
        bool, typer.Option("--no-color", help="no colours (as does NO_COLOR in the environment)")
    ],
}
"""The options that every command has, whatever its result."""

POSITIONAL: Any = inspect.Parameter.POSITIONAL_OR_KEYWORD
NAMED: Any = inspect.Parameter.KEYWORD_ONLY

DEFAULTS = {"quiet": False, "verbose": False, "no_color": False}


def add_command(app: typer.Typer, operation: Operation) -> None:
    """Hang the operation into the tree of commands, under its path."""
    group = app
    for name in operation.path[:-1]:
        group = _group(group, name)
    group.command(operation.path[-1], help=_help(operation))(_function(operation))


def _group(app: typer.Typer, name: str) -> typer.Typer:
    for known in app.registered_groups:
        if known.name == name and known.typer_instance is not None:
            return known.typer_instance
    about = inspect.getdoc(importlib.import_module(f"dbwright.{name}")) or ""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help=about)
    app.add_typer(group, name=name)
    return group


def _help(operation: Operation) -> str:
    width = max(len(example.call) for example in operation.examples)
    if width <= 52:
        lines = [f"  {example.call:<{width}}  # {example.does}" for example in operation.examples]
    else:
        lines = [
            line
            for example in operation.examples
            for line in (f"  # {example.does}", f"  {example.call}")
        ]
    return "\n\n".join(
        [operation.summary, operation.description, "\b\nExamples:\n" + "\n".join(lines)]
    )


def _function(operation: Operation) -> Callable[..., int]:
    """A function with the signature that typer makes options of."""
    delivered = _delivered(operation.result)
    options = {
        "format": delivered["format"],
        "output": COMMON["output"],
        "also": delivered["also"],
        **COMMON,
    }
    # One that writes a folder of files has an `output` of its own: its result is shown.
    own_output = any(argument.name == "output" for argument in operation.arguments)
    if own_output:
        del options["output"]

    def command(**values: Any) -> int:
        try:
            return run(values)
        except KeyboardInterrupt:
            raise Interrupted("interrupted: nothing was changed", "run the command again") from None

    def run(values: dict[str, Any]) -> int:
        common = {name: values.pop(name) for name in options}
        console = Console(
            quiet=common["quiet"], verbose=common["verbose"], no_color=common["no_color"]
        )
        deliver = planned(
            operation.result,
            console,
            format=common["format"],
            output=common.get("output"),
            also=tuple(common["also"] or ()),
        )
        arguments = {
            argument.name: _value(argument, values[argument.name])
            for argument in operation.arguments
        }
        if "configuration" in operation.given:
            arguments["configuration"] = read_configuration(common["config"])
        with console.progress() as progress:
            if "progress" in operation.given:
                arguments["progress"] = progress
            result = operation.function(**arguments)
        return deliver(result)

    parameters = [_parameter(argument) for argument in operation.arguments]
    parameters += [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=DEFAULTS.get(name),
            annotation=annotation,
        )
        for name, annotation in options.items()
    ]
    parameters.sort(key=lambda parameter: parameter.kind)
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def _parameter(argument: Argument) -> inspect.Parameter:
    about = argument.about
    hint = argument.type
    default = argument.default
    if get_origin(hint) is tuple:
        hint = list[get_args(hint)[0]] | None  # type: ignore[misc]
        default = None
    completion = _completion(about.known) if about.known else None
    if about.argument:
        info = typer.Argument(
            metavar=about.metavar or None,
            help=about.help,
            show_default=False,
            autocompletion=completion,
        )
        kind = POSITIONAL
    else:
        name = argument.name.strip("_").replace("_", "-")  # `from_` is --from
        names = [f"--{name}", *([about.short] if about.short else [])]
        metavar = about.metavar if hint is not bool else ""
        info = typer.Option(
            *names, metavar=metavar or None, help=about.help, autocompletion=completion
        )
        kind = NAMED
    return inspect.Parameter(argument.name, kind, default=default, annotation=Annotated[hint, info])


def _value(argument: Argument, value: Any) -> Any:
    return tuple(value or ()) if get_origin(argument.type) is tuple else value
