"""What the work on a handoff gets, and what each part of it comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dbwright.agent.handoff.handoff import Handoff
from dbwright.agent.paths import Outside, inside
from dbwright.configuration import Configuration
from dbwright.errors import DbwrightError, UnknownTarget
from dbwright.model.finding import Finding
from dbwright.progress import Progress, silent
from dbwright.render.json import finding_document
from dbwright.target import Target, resolve

__all__ = ["Answer", "Work", "done", "findings_document", "not_available", "skipped", "tried"]

Answer = dict[str, dict[str, Any]]
"""Parts by name; each has its `status`: done, failed, skipped or not available."""


@dataclass(frozen=True, slots=True)
class Work:
    """One handoff to work on."""

    handoff: Handoff
    target: str | None
    """As the command line named it, or else the file; None where nobody did."""
    configuration: Configuration
    progress: Progress = silent

    @classmethod
    def on(
        cls, handoff: Handoff, target: str | None, configuration: Configuration, progress: Progress
    ) -> Work:
        """A file of another agent may name targets of dbwright.toml and paths below the working
        folder, and no server: that is for the one who calls. Raises UnknownTarget."""
        work = cls(handoff, target, configuration, progress)
        named = getattr(handoff.payload, "target", "")
        if target is not None or not named:
            return work
        if named in configuration.targets:
            return replace(work, target=named)
        step = "name it in dbwright.toml, or give it on the command line"
        if "://" in named:
            raise UnknownTarget("a handoff can't name a URL as its target", step)
        try:
            return replace(work, target=str(inside(Path.cwd(), named)))
        except Outside as problem:
            raise UnknownTarget(
                f"the handoff's target {named!r} is not used: {problem}", step
            ) from None

    def source(self) -> Target | None:
        """The target; None where nobody named one. Raises UnknownTarget for one that is not
        there."""
        try:
            return resolve(self.target, self.configuration)
        except UnknownTarget:
            if self.target is None:
                return None
            raise


def done(**parts: Any) -> dict[str, Any]:
    return {"status": "done", **parts}


def skipped(reason: str, remedy: str = "") -> dict[str, Any]:
    return {"status": "skipped", "reason": reason, **({"remedy": remedy} if remedy else {})}


def not_available(capability: str, what: str) -> dict[str, Any]:
    """What a capability will do that this version does not have."""
    return {"status": "not available", "capability": capability, "what": what}


def tried(part: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The part, or why it could not be had: one part that fails costs the others nothing."""
    try:
        return part()
    except DbwrightError as problem:
        return {"status": "failed", "reason": problem.message, "remedy": problem.next_step}


def findings_document(findings: tuple[Finding, ...], most: int = 50) -> list[Mapping[str, Any]]:
    """The worst findings, in the form that every report has."""
    return [finding_document(finding) for finding in findings[:most]]
