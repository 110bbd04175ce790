"""What tools may reach: the targets that the server was started for, and files below one folder.

A model never gives a URL: it could be another server's, and it would hold a password.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dbwright.agent.paths import Outside, inside
from dbwright.agent.tool.readings import Readings
from dbwright.agent.tool.stop import Stop
from dbwright.configuration import Configuration, TargetSettings
from dbwright.errors import UnknownTarget, UsageError
from dbwright.progress import Progress, silent
from dbwright.target import Live, Target, resolve

__all__ = ["Context", "with_database_url", "with_targets"]

DEFAULT = "default"
LONGEST_SHOWN = 200
"""Characters of a name that a model made up."""


@dataclass(frozen=True, slots=True)
class Context:
    """Of one call."""

    configuration: Configuration
    """With every target that may be named."""
    root: Path
    """Files that may be named are below it; resolved."""
    readings: Readings = field(default_factory=Readings)
    progress: Progress = silent
    allow_write: bool = False
    stop: Stop = field(default_factory=Stop)

    def target(self, name: str | None) -> str:
        """The target that a model named, in the words that operations take; nothing means the
        only one there is, or the one called `default`. Raises UnknownTarget, UsageError."""
        known = self.configuration.targets
        if name is None:
            if DEFAULT in known:
                return DEFAULT
            if len(known) == 1:
                return next(iter(known))
            raise UnknownTarget("which target is meant?", _known(known))
        if name in known:
            return name
        if "://" in name:
            raise UnknownTarget("a URL can't be given here", _known(known))
        if self.path(name).exists():
            return self.named(name)
        raise UnknownTarget(
            f"there is no target, file or folder named {_short(name)}", _known(known)
        )

    def opened(self, name: str | None) -> Target:
        """What the name stands for. Raises UnknownTarget, UsageError."""
        return resolve(self.target(name), self.configuration)

    def live(self, name: str | None) -> str:
        """The URL of a live target. Raises UnknownTarget, and UsageError for files."""
        found = self.opened(name)
        if isinstance(found, Live):
            return found.url
        raise UsageError(
            f"{name or self.target(None)} is no live database", "name a target that is one"
        )

    def path(self, text: str) -> Path:
        """A file or folder below the root, that may not be there yet. Raises UsageError."""
        if "://" in text:
            raise UsageError("a URL can't be given here", "name a file below the working folder")
        try:
            found = inside(self.root, text)
            _require_plain(found)
        except Outside as problem:
            raise UsageError(
                f"{_short(text)} can't be named: {problem}", "name a file below the working folder"
            ) from None
        return found

    def named(self, text: str) -> str:
        """The same in the words that operations take: from the working folder, so that answers say
        no more of the machine than a model said itself."""
        found = self.path(text)
        shown = os.path.relpath(found)
        # A dash is stdin, which is the protocol's; and a target of that name is not the file.
        taken = shown.startswith(("-", "..")) or shown in self.configuration.targets
        return str(found) if taken else shown


def _require_plain(path: Path) -> None:
    """Raises Outside for what would be waited for (a pipe) or never ends (a device), and for what
    no file can be called."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as problem:
        raise Outside(problem.strerror or type(problem).__name__) from None
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise Outside("it is neither a file nor a folder")


def _short(text: str) -> str:
    return repr(text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…")


def with_targets(configuration: Configuration, urls: Mapping[str, str]) -> Configuration:
    """The configuration with more targets, which win over its own of the same name."""
    more = {name: TargetSettings(url=url) for name, url in urls.items()}
    return configuration.model_copy(update={"targets": {**configuration.targets, **more}})


def with_database_url(configuration: Configuration) -> Configuration:
    """The configuration with what DATABASE_URL names as the target `default`."""
    url = os.environ.get("DATABASE_URL")
    return with_targets(configuration, {DEFAULT: url}) if url else configuration


def _known(known: Mapping[str, object]) -> str:
    return f"targets: {', '.join(sorted(known))}" if known else "no target is configured"
