"""From operations to commands, and from errors to exit statuses.

0 fine; 1 findings at or above --fail-on, or a proof that failed; 2 the call is wrong; 3 the target
can't be reached or refused; 4 interrupted. An error is told in one or two lines on stderr.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import traceback
from collections.abc import Iterable, Sequence
from types import FrameType

import typer

from dbwright import __version__
from dbwright.cli.command import add_command
from dbwright.cli.console import say_error
from dbwright.errors import DbwrightError, Interrupted
from dbwright.memory import garbage_collection_paused
from dbwright.operation import Operation, operations_named

__all__ = ["build", "run"]

HELP = """A database specialist: it finds what is wrong, writes the fix, and proves it.

It looks and does not touch: queries run read-only under time-outs. Only `migrate up`, `down`,
`redo`, `baseline` and `design seed --apply` write.
"""


def build(operations: Iterable[Operation]) -> typer.Typer:
    """The command line of these operations."""
    app = typer.Typer(
        name="dbwright",
        help=HELP,
        no_args_is_help=True,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        pretty_exceptions_enable=False,
    )
    app.callback()(_top)
    for operation in operations:
        add_command(app, operation)
    return app


def _top(
    version: bool = typer.Option(
        False,
        "--version",
        help="Print the version and exit.",
        is_eager=True,
        callback=lambda asked: _version(asked),
    ),
) -> None:
    # The docstring of the group is HELP.
    pass


def _version(on: bool) -> None:
    if on:
        typer.echo(f"dbwright {__version__}")
        raise typer.Exit


def run(arguments: Sequence[str]) -> int:
    """Run a command line; the exit status."""
    # A polite kill ends as Ctrl-C does: sandboxes are stopped, half-written files removed.
    signal.signal(signal.SIGTERM, _terminate)
    verbose = any(argument in ("-v", "--verbose") for argument in arguments)
    # A rule that breaks is told in the report; its traceback only to who asks for everything.
    logging.basicConfig(level=logging.ERROR if verbose else logging.CRITICAL)
    try:
        with garbage_collection_paused():
            command = typer.main.get_command(build(operations_named(arguments)))
        result = command.main(
            args=list(arguments) or ["--help"], prog_name="dbwright", standalone_mode=False
        )
    except typer.Exit as stop:
        return stop.exit_code
    except (typer.Abort, KeyboardInterrupt):
        say_error("interrupted")
        return Interrupted.exit_status
    except typer.TyperException as problem:
        # An unknown command or option, a value of the wrong type.
        say_error(problem.format_message(), f"see: {_command_of(problem)} --help")
        return 2
    except DbwrightError as problem:
        say_error(problem.message, problem.next_step)
        return problem.exit_status
    except BrokenPipeError:
        # Whoever read our output has gone (`| head`): that is no error. stdout is closed for
        # good, so that Python doesn't complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except MemoryError:
        say_error("out of memory", "free some memory, or check fewer rules with --only")
        return 3
    except Exception as problem:
        if verbose:
            traceback.print_exc()
        say_error(
            f"internal error: {type(problem).__name__}: {problem}",
            "" if verbose else "run it again with -v for the details, and report them",
        )
        return 3
    return result if isinstance(result, int) else 0


def _command_of(problem: typer.TyperException) -> str:
    context = getattr(problem, "ctx", None)
    return str(getattr(context, "command_path", "dbwright"))


def _terminate(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
