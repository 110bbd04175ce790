"""A migration as a text: plain SQL with an UP and a DOWN part, and options in comments before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Step", "migration_text"]


@dataclass(frozen=True, slots=True)
class Step:
    """One change, and the change that takes it back."""

    note: str
    """What it is for; a line, or several."""
    up: str
    """SQL; each statement ends with a semicolon."""
    down: str
    """Empty where nothing can take it back."""


def migration_text(
    title: str, steps: Sequence[Step], options: Mapping[str, str | None] | None = None
) -> str:
    """The file's text. DOWN takes the steps back in the opposite order.

    options: such as `{"no-transaction": None, "lock-timeout": "5s"}`.
    """
    lines = [*_comment(title)]
    for name, value in (options or {}).items():
        lines.append(f"-- {name}" if value is None else f"-- {name}: {value}")
    lines += ["", "-- UP", ""]
    for step in steps:
        lines += [*_comment(step.note), step.up.strip(), ""]
    lines += ["-- DOWN", ""]
    for step in reversed(steps):
        lines += [step.down.strip() or _nothing(step.note), ""]
    return "\n".join(lines).rstrip() + "\n"


def _comment(text: str) -> list[str]:
    return [f"-- {line.strip()}".rstrip() for line in text.splitlines() if line.strip()]


def _nothing(note: str) -> str:
    return "-- Nothing takes this back: " + " ".join(note.split())
