"""A plan for people and for programs, and as files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dbwright.errors import FileUnreadable
from dbwright.migrate.files.folder import read_folder
from dbwright.migrate.new import file_name
from dbwright.migrate.plan.files import PlannedFile
from dbwright.migrate.plan.planner import Plan
from dbwright.migrate.plan.text import text_of
from dbwright.model.migration import Migration
from dbwright.new_file import write_new

__all__ = ["data_of", "names_of", "notes_of", "text_of_plan", "texts", "write"]


SAFE = "It is safe as it is: nothing of it keeps others waiting for long."
NOT_KNOWN = "Nothing of it is known to keep others waiting, but not all could be looked at."


def texts(plan: Plan) -> tuple[str, ...]:
    """Each file's, with what a server said of it."""
    said = () if plan.tried is None else plan.tried.effects
    notes = notes_of(plan)
    return tuple(
        text_of(file, effects, () if number else notes)
        for number, (file, effects) in enumerate(zip(plan.files, said, strict=True))
    )


def notes_of(plan: Plan) -> list[str]:
    """What is told of the whole, a line each."""
    parts = (f"{one.part}: {one.reason}" for one in plan.skipped)
    return [
        *_all("Not safe", plan.left),
        *_all("Differs", plan.differs),
        *_all("Mind", plan.minds),
        *_all("Not looked at", tuple(dict.fromkeys(parts))),
    ]


def names_of(plan: Plan, migrations: Sequence[Migration]) -> tuple[str, ...]:
    """The files' names, behind those of a folder."""
    known = list(migrations)
    names = []
    for file in plan.files:
        name = file_name(known, _words(file))
        names.append(name)
        version = "".join(_digits(name))
        known.append(Migration(version, name, name, ""))
    return tuple(names)


def text_of_plan(plan: Plan, names: Sequence[str]) -> str:
    """All files, each behind its name: what a person reads."""
    if not plan.files:
        first = NOT_KNOWN if plan.left else SAFE
        return "".join(f"-- {line}\n" for line in (first, *notes_of(plan)))
    parts = []
    for name, text in zip(names, texts(plan), strict=True):
        parts.append(f"-- ===== {name}\n{text}")
    return "\n".join(parts)


def data_of(plan: Plan, names: Sequence[str]) -> dict[str, Any]:
    """Plain values for JSON."""
    return {
        "safe_as_it_is": not plan.files,
        "proven": plan.is_proven,
        "left": list(plan.left),
        "differs": list(plan.differs),
        "minds": list(plan.minds),
        "skipped": [{"part": one.part, "reason": one.reason} for one in plan.skipped],
        "files": [
            {
                "name": name,
                "manner": file.manner.value,
                "deploy_before": file.deploy or None,
                "up": list(file.statements),
                "down": [text for move in reversed(file.moves) for text in move.down],
                "text": text,
            }
            for name, file, text in zip(names, plan.files, texts(plan), strict=True)
        ],
    }


def write(plan: Plan, folder: Path) -> tuple[Path, ...]:
    """Write the files behind those that are there; none is ever replaced. Raises FileUnreadable,
    BadMigration."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = names_of(plan, read_folder(folder))
        paths = tuple(folder / name for name in names)
        for path, text in zip(paths, texts(plan), strict=True):
            write_new(path, text.encode())
    except OSError as problem:
        raise FileUnreadable(
            f"can't write into {folder}: {problem.strerror}", "name another folder with --dir"
        ) from None
    return paths


def _words(file: PlannedFile) -> list[str]:
    text = "".join(letter if letter.isalnum() else " " for letter in file.words.lower())
    return text[:60].split() or ["plan"]


def _digits(name: str) -> Iterator[str]:
    for letter in name:
        if not letter.isdigit():
            return
        yield letter


def _all(what: str, found: Sequence[str]) -> Iterator[str]:
    for text in found:
        yield f"{what} - {text}."
