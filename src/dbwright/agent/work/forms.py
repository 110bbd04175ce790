"""How a proposed migration is written: in the form of the tool whose files the repository has.

What is written is read back by the layout of that tool, and that is what is tried.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from dbwright.migrate.files.find import Found, all_layouts
from dbwright.migrate.files.folder import LONGEST_SERIAL
from dbwright.migrate.files.script import script
from dbwright.model.migration import Migration, ReadMigration
from dbwright.sql.migration_text import Step, migration_text

__all__ = ["OWN", "Files", "Form", "form_of"]

LOCK_TIMEOUT = "5s"
FIRST = ("0", 3)
"""The version before the first one, and its digits, where the project has none."""
MARKERS = {
    "goose": ("-- +goose Up", "-- +goose Down", "-- +goose NO TRANSACTION"),
    "dbmate": ("-- migrate:up", "-- migrate:down", " transaction:false"),
    "sql-migrate": ("-- +migrate Up", "-- +migrate Down", " notransaction"),
}
"""Of tools with both ways in one file: how each begins, and what asks for no transaction."""
MARKED = re.compile(r"^--\s*(\+goose|migrate:|\+migrate)", re.MULTILINE | re.IGNORECASE)
BY_MARKER = {"+goose": "goose", "migrate:": "dbmate", "+migrate": "sql-migrate"}
OURS = re.compile(r"^--[ -=*#~:]*(?:UP|DOWN)\b", re.MULTILINE)

Files = tuple[tuple[str, str], ...]
"""Name and text; the first is the one that is run."""
Version = str


@dataclass(frozen=True, slots=True)
class Form:
    """A way to write a migration."""

    tool: str
    """As people call it; empty for dbwright's own form."""
    files: Callable[[Version, str, str, Sequence[Step], bool], Files]
    """Of a version, words, a title, steps, and whether it runs outside of a transaction."""
    last: Version = ""
    layout: str = ""
    """That reads it; empty where the texts are read as they are."""
    is_alone: bool = False
    """Is a file one message, in which a statement that refuses transactions has to be alone?"""

    def version(self, number: int) -> Version:
        """Of the file with this number, counted from 0, behind those that are there."""
        return _next(self.last, number)

    def read(self, files: Files, folder: str) -> ReadMigration:
        """As the tool reads it; its path is in `folder`. Raises BadMigration."""
        path = f"{folder}/{files[0][0]}"
        version = re.match(r"[VU]?([\d._]*\d)", files[0][0])
        name = Migration("" if version is None else version[1], "", path, "")
        if not self.layout:
            found = ReadMigration(name, script(files[0][1], path))
            down = [script(text, path).up for _, text in files[1:]]
            return replace(found, script=replace(found.script, down=down[0])) if down else found
        layout = next(one for one in all_layouts() if one.name == self.layout)
        with tempfile.TemporaryDirectory(prefix="dbwright-") as place:
            for written, text in files:
                target = Path(place, written)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, "utf-8")
            (found,) = layout.read(Path(place))
        return replace(found, migration=replace(found.migration, path=path))


def form_of(found: Found | None) -> Form:
    """The form of these files; dbwright's own where there are none, or they are no SQL."""
    if found is None or not found.migrations or found.layout.of_files:
        return OWN
    last = found.migrations[-1].migration
    versions = [one.migration.version for one in found.migrations]
    name = found.layout.name
    if name == "flyway":
        numbered = [one for one in versions if one != "R"]
        return Form("Flyway", _flyway, numbered[-1] if numbered else "0", name)
    if name == "prisma":
        is_diesel = last.path.endswith("up.sql")
        writer = _diesel if is_diesel else _prisma
        return Form("Diesel" if is_diesel else "Prisma", writer, last.version, name, True)
    if name == "pairs":
        return Form("pairs of .up.sql and .down.sql", _pair, last.version, name, True)
    texts = [Path(one.migration.path).read_text("utf-8", "replace") for one in found.migrations]
    for text in reversed(texts):
        if marked := MARKED.search(text):
            tool = BY_MARKER[marked[1].lower()]
            return Form(tool, _marked(tool), last.version, name, tool == "dbmate")
    if any(OURS.search(text) for text in texts):
        return replace(OWN, last=last.version)
    return Form("files that are run whole", _plain, last.version, is_alone=True)


def _next(last: Version, number: int) -> Version:
    parts = re.split(r"([._])", last or FIRST[0])
    tail = parts[-1]
    if not tail.isdecimal():
        return f"{number + 1:0{FIRST[1]}}"
    if len(tail) > LONGEST_SERIAL:
        now = int(f"{datetime.now(UTC):%Y%m%d%H%M%S}") if len(tail) == 14 else 0
        return "".join(parts[:-1]) + str(max(now, int(tail) + 1) + number)
    width = len(tail) if last else FIRST[1]
    return "".join(parts[:-1]) + f"{int(tail) + 1 + number:0{width}}"


def _commented(text: str) -> list[str]:
    return [f"-- {line.strip()}" for line in text.splitlines() if line.strip()]


def _up(title: str, steps: Sequence[Step], is_outside: bool) -> str:
    """Outside of a transaction what runs takes no lock that others wait for long, and a limit would
    leave a half-built index behind."""
    lines = _commented(title) + ([] if is_outside else [_limit()])
    for step in steps:
        lines += ["", *_commented(step.note), step.up.strip()]
    return "\n".join(lines) + "\n"


def _down(title: str, steps: Sequence[Step], is_outside: bool) -> str:
    lines = _commented(f"{title} (taken back)") + ([] if is_outside else [_limit()])
    for step in reversed(steps):
        lines += [step.down.strip()] if step.down.strip() else []
    return "\n".join(lines) + "\n"


def _limit() -> str:
    return f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}';"


def _own(
    version: Version, words: str, title: str, steps: Sequence[Step], is_outside: bool
) -> Files:
    options: dict[str, str | None] = {"no-transaction": None} if is_outside else {}
    text = migration_text(title, steps, options | {"lock-timeout": LOCK_TIMEOUT})
    return ((f"{version}_{words}.sql", text),)


def _flyway(
    version: Version, words: str, title: str, steps: Sequence[Step], is_outside: bool
) -> Files:
    """With an undo migration, which Flyway's paid editions run; with others it is run by hand."""
    up, down = f"V{version}__{words}.sql", f"U{version}__{words}.sql"
    files = [(up, _up(title, steps, is_outside)), (down, _down(title, steps, is_outside))]
    if is_outside:
        files += [(f"{name}.conf", "executeInTransaction=false\n") for name in (up, down)]
    return tuple(files)


def _prisma(
    version: Version, words: str, title: str, steps: Sequence[Step], is_outside: bool
) -> Files:
    """Prisma has no ways back: down.sql is run by hand (`prisma db execute --file`)."""
    folder = f"{version}_{words}"
    return (
        (f"{folder}/migration.sql", _up(title, steps, is_outside)),
        (f"{folder}/down.sql", _down(title, steps, is_outside)),
    )


def _diesel(
    version: Version, words: str, title: str, steps: Sequence[Step], is_outside: bool
) -> Files:
    folder = f"{version}_{words}"
    files = [
        (f"{folder}/up.sql", _up(title, steps, is_outside)),
        (f"{folder}/down.sql", _down(title, steps, is_outside)),
    ]
    if is_outside:
        files.append((f"{folder}/metadata.toml", "run_in_transaction = false\n"))
    return tuple(files)


def _pair(
    version: Version, words: str, title: str, steps: Sequence[Step], is_outside: bool
) -> Files:
    return (
        (f"{version}_{words}.up.sql", _up(title, steps, is_outside)),
        (f"{version}_{words}.down.sql", _down(title, steps, is_outside)),
    )


def _plain(
    version: Version, words: str, title: str, steps: Sequence[Step], is_outside: bool
) -> Files:
    """Who runs such files may run all of each: the way back is kept away from them. dbwright may be
    it, and takes the option."""
    title = f"{title}\nno-transaction" if is_outside else title
    down = _down(title.partition("\n")[0], steps, is_outside)
    return (
        (f"{version}_{words}.sql", _up(title, steps, is_outside)),
        (f"ways_back/{version}_{words}.sql", f"-- no-transaction\n{down}" if is_outside else down),
    )


def _marked(tool: str) -> Callable[[Version, str, str, Sequence[Step], bool], Files]:
    begin, back, outside = MARKERS[tool]

    def files(
        version: Version, words: str, title: str, steps: Sequence[Step], is_outside: bool
    ) -> Files:
        head = _commented(title)
        ends = "" if outside.startswith("--") or not is_outside else outside
        head += [outside] if is_outside and not ends else []
        up = _up("", steps, is_outside).strip()
        down = _down("", steps, is_outside).partition("\n")[2].strip()
        lines = [*head, f"{begin}{ends}", up, "", f"{back}{ends}", down]
        return ((f"{version}_{words}.sql", "\n".join(lines) + "\n"),)

    return files


OWN = Form("", _own)
