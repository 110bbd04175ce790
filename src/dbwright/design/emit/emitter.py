"""What an emitter is: one that says a catalog in another language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dbwright.model.catalog import Catalog
from dbwright.progress import Progress

__all__ = ["Emitted", "Emitter", "Loss", "Options", "Rebuild"]


@dataclass(frozen=True, slots=True)
class Loss:
    """What the language has no words for."""

    object: str
    """Kind and name, such as `index shop.orders_total`."""
    what: str
    """That it can't say."""
    instead: str = ""
    """What was written in its place, such as raw SQL beside it; empty where it is left out."""


@dataclass(frozen=True, slots=True)
class Options:
    """How the text is to be."""

    name: str = "models"
    """Of the module or package."""
    schema: str = ""
    """That names are not qualified with; empty for the server's default."""


@dataclass(frozen=True, slots=True)
class Emitted:
    """The text, by file."""

    files: Mapping[str, str]
    """Path below the output folder, and content."""
    losses: tuple[Loss, ...] = ()


Rebuild = Callable[[Path, str, Progress], None]
"""Makes the schema that the code in the folder says, in the empty database of the URL: by the
language's own tool, in a process of its own. Raises DbwrightError where the tool is not there, or
refuses the code."""


@dataclass(frozen=True, slots=True)
class Emitter:
    """One language. Each file of `emit/targets` holds one."""

    name: str
    """As `--to` takes it."""
    title: str
    """As its makers write it."""
    emit: Callable[[Catalog, Options], Emitted]
    rebuild: Rebuild | None = None
    """None where the language makes no schema: its text is validated, not proved."""
    validate: Callable[[Path, Progress], str] | None = None
    """By the language's own tool: says what it did. Raises as `rebuild` does."""
    needs: tuple[str, ...] = field(default=())
    """Extras or packages that `--prove` takes."""
