"""dbwright.toml: named targets, defaults of commands, and what users set for rules."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from dbwright.errors import BadConfiguration
from dbwright.model.described import Threshold
from dbwright.model.finding import Severity

__all__ = [
    "CheckSettings",
    "Configuration",
    "MigrateSettings",
    "ModelSettings",
    "RuleSettings",
    "TargetSettings",
    "read_configuration",
    "thresholds_of",
]

FILE_NAME = "dbwright.toml"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TargetSettings(_Strict):
    """`[targets.NAME]`: what a short name on the command line stands for."""

    url: str
    """A URL, or the path (from the file's folder) of a snapshot, a .sql file or a folder."""


class CheckSettings(_Strict):
    """`[check]`: defaults of `dbwright check`."""

    only: tuple[str, ...] = ()
    """Run only these rules: ids, topics or globs (`--only`)."""
    skip: tuple[str, ...] = ()
    """Leave these rules out (`--skip`)."""
    fail_on: Severity | None = None
    """Exit with 1 at findings this bad or worse (`--fail-on`)."""
    baseline: Path | None = None
    """A report in JSON, by its path from the file's folder: what it holds is silenced."""
    budget: float | None = Field(default=None, gt=0)
    """Seconds for all reading (`--budget`)."""


class MigrateSettings(_Strict):
    """`[migrate]`: what `dbwright migrate` asks for."""

    require_proof: bool = False
    """Does `up` refuse what was not rehearsed?"""


class ModelSettings(_Strict):
    """`[model]`: the endpoint that `dbwright agent ask` asks. Nothing else needs one."""

    kind: str
    """`openai` (all that speak chat completions), or `anthropic`."""
    url: str
    """Up to the version: `http://localhost:11434/v1`."""
    name: str
    """Of the model, as the endpoint calls it."""
    key: str = ""
    """The environment variable that holds the key; the key itself never stands in a file."""
    max_steps: int = Field(default=20, ge=1, le=200)
    """Tools that may be called for one question."""
    timeout: float = Field(default=120.0, gt=0)
    """Seconds for one reply."""


class RuleSettings(BaseModel):
    """`[rules."topic/name"]`: severity, ignored objects, and the rule's own thresholds."""

    model_config = ConfigDict(extra="allow", frozen=True)

    enabled: bool = True
    """Does it run?"""
    severity: Severity | None = None
    """Instead of the rule's own."""
    ignore: tuple[str, ...] = ()
    """Patterns of object names (`audit.*`)."""

    @property
    def thresholds(self) -> Mapping[str, Any]:
        return self.model_extra or {}


class Configuration(_Strict):
    """Everything in the file; its defaults where there is none."""

    targets: Mapping[str, TargetSettings] = Field(default_factory=dict)
    check: CheckSettings = CheckSettings()
    migrate: MigrateSettings = MigrateSettings()
    model: ModelSettings | None = None
    rules: Mapping[str, RuleSettings] = Field(default_factory=dict)
    file: Path | None = None

    def path(self, written: str | Path) -> Path:
        """A path that the file names, from its own folder, as seen from the working folder."""
        if self.file is None:
            return Path(written)
        return Path(os.path.relpath(self.file.parent / written))


def read_configuration(path: Path | None = None) -> Configuration:
    """The file given, else dbwright.toml here or in a folder above; none is fine.

    Raises BadConfiguration with the first thing that is wrong and its place.
    """
    file = path or _find(Path.cwd())
    if file is None:
        return Configuration()
    step = f"mend {file}, or name another with --config"
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as problem:
        raise BadConfiguration(f"can't read {file}: {problem.strerror}", step) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise BadConfiguration(f"{file} is not valid TOML: {problem}", step) from None
    try:
        return Configuration.model_validate({**content, "file": file})
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadConfiguration(f"{file}: {place}: {first['msg'].lower()}", step) from None


def thresholds_of(
    configuration: Configuration, id: str, settings: RuleSettings, known: Iterable[Threshold]
) -> dict[str, object]:
    """What the table of a rule or an insight sets, as the types that its thresholds have.

    Raises BadConfiguration for a threshold that it does not have, or a value of another type.
    """
    by_name = {threshold.name: threshold for threshold in known}
    values: dict[str, object] = {}
    for name, value in settings.thresholds.items():
        place = f'{configuration.file}: rules."{id}".{name}'
        if name not in by_name:
            raise BadConfiguration(
                f"{place}: the rule has no such threshold",
                f"it has: {', '.join(by_name) or 'none'}",
            )
        try:
            values[name] = TypeAdapter(by_name[name].type).validate_python(value)
        except ValidationError as problem:
            raise BadConfiguration(
                f"{place}: {problem.errors()[0]['msg'].lower()}", by_name[name].help
            ) from None
    return values


def _find(folder: Path) -> Path | None:
    for place in (folder, *folder.parents):
        if (place / FILE_NAME).is_file():
            return place / FILE_NAME
    return None
