"""Progress and messages on stderr; results go to stdout, elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console as RichConsole
from rich.text import Text

from dbwright.progress import Progress, silent
from dbwright.render.text import visible

__all__ = ["Console", "say_error"]

PATIENCE = 2.0
"""Seconds after which a run without a terminal says what it is doing."""


@dataclass(frozen=True, slots=True)
class Console:
    """How much to say, and whether in colour."""

    quiet: bool = False
    verbose: bool = False
    no_color: bool = False

    @property
    def color(self) -> bool:
        """May the result on stdout have colours?"""
        return (
            not self.no_color
            and not os.environ.get("NO_COLOR")
            and (sys.stdout.isatty() or bool(os.environ.get("FORCE_COLOR")))
        )

    @property
    def width(self) -> int | None:
        """Columns of the terminal that shows the result; None where there is none."""
        if not sys.stdout.isatty():
            return None
        return os.get_terminal_size(sys.stdout.fileno()).columns

    def say(self, text: str) -> None:
        """A remark about the result, such as where it was written."""
        if not self.quiet:
            print(visible(text), file=sys.stderr)  # noqa: T201

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """Shows what is being done: a live line on a terminal, else a line now and then."""
        if self.quiet:
            yield silent
        elif sys.stderr.isatty() and not self.verbose:
            yield from self._live()
        else:
            yield _Lines(every=self.verbose)

    def _live(self) -> Iterator[Progress]:
        console = RichConsole(stderr=True, no_color=self.no_color, highlight=False)
        with console.status(Text("starting")) as status:

            def show(doing: str, done: int | None = None, total: int | None = None) -> None:
                status.update(Text(_sentence(doing, done, total)))

            yield show


class _Lines:
    """Progress without a terminal: every step, or one from time to time once it takes long."""

    def __init__(self, every: bool) -> None:
        self._every = every
        self._last = time.monotonic()

    def __call__(self, doing: str, done: int | None = None, total: int | None = None) -> None:
        now = time.monotonic()
        if self._every or now - self._last >= PATIENCE:
            self._last = now
            print(_sentence(doing, done, total), file=sys.stderr)  # noqa: T201


def _sentence(doing: str, done: int | None, total: int | None) -> str:
    if done is None:
        return f"{visible(doing)} ..."
    return f"{visible(doing)} ... {done:,}" + (f" of {total:,}" if total else "")


def say_error(message: str, next_step: str = "") -> None:
    """One or two lines on stderr."""
    colored = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    label = "\x1b[1;31merror:\x1b[0m" if colored else "error:"
    lines = [f"{label} {visible(message)}", *([f"  {visible(next_step)}"] if next_step else [])]
    print("\n".join(lines), file=sys.stderr)  # noqa: T201
