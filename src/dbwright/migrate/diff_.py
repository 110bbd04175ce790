"""`dbwright migrate diff`: what makes one schema of another, as a migration."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from dbwright.configuration import Configuration
from dbwright.diff.compare import Difference, differences
from dbwright.diff.rename import Rename
from dbwright.diff.renames import (
    apply,
    asked_for,
    candidates,
    moved,
    old_and_new,
    renamed_parts,
    require_there,
    told,
)
from dbwright.diff.roles import missing_roles
from dbwright.diff.write import Part, comment, one_way, parts, text
from dbwright.errors import DataWouldBeLost, FileUnreadable, UsageError
from dbwright.migrate.files.folder import read_folder
from dbwright.migrate.new import file_name
from dbwright.migrate.sides import Side, read_both
from dbwright.model.catalog import Catalog
from dbwright.model.document import Document
from dbwright.model.names import quote
from dbwright.new_file import write_new
from dbwright.operation import Effect, Example, Parameter, operation
from dbwright.progress import Progress
from dbwright.target import resolve

__all__ = ["diff"]


class Way(StrEnum):
    """A direction."""

    UP = "up"
    DOWN = "down"


SIDE = "a URL, a snapshot, a .sql file, a folder of them, or a name in dbwright.toml"
MOST = 5
"""Steps that an error names one by one."""


@operation(
    Effect.PLANS,
    examples=(
        Example("dbwright migrate diff postgresql://me@db/shop schema.sql", "to what a file says"),
        Example("dbwright migrate diff before.dbw after.dbw -o 012_change.sql", "two snapshots"),
        Example(
            "dbwright migrate diff before.sql after.sql --rename shop.orders.total=amount",
            "a column that only got another name",
        ),
        Example("dbwright migrate diff old.sql new.sql --dir migrations", "the folder's next file"),
        Example("dbwright migrate diff a.dbw b.dbw --only up | psql -1", "at once"),
    ),
)
def diff(
    from_: Annotated[str, Parameter(f"what is there: {SIDE}", "FROM", argument=True)],
    to: Annotated[str, Parameter(f"what is to be there: {SIDE}", "TO", argument=True)],
    *,
    rename: Annotated[
        tuple[str, ...],
        Parameter(
            "a table, column or enum value that only gets another name: shop.orders.total=amount",
            "OLD=NEW",
        ),
    ] = (),
    no_rename: Annotated[bool, Parameter("nothing was renamed: don't ask, don't guess")] = False,
    allow_destructive: Annotated[bool, Parameter("write steps that lose data")] = False,
    no_owner: Annotated[bool, Parameter("leave owners as they are")] = False,
    no_privileges: Annotated[bool, Parameter("leave privileges as they are")] = False,
    only: Annotated[
        Way | None, Parameter("the statements of this way alone, as psql runs them", "up|down")
    ] = None,
    dir: Annotated[
        Path | None, Parameter("write the next files of this folder of migrations", "DIR")
    ] = None,
    name: Annotated[str, Parameter("of a file in --dir, in a few words", "WORDS")] = "diff",
    progress: Progress,
    configuration: Configuration,
) -> Document:
    """Write the migration from one schema to another, both ways.

    The statements come in an order in which each can run; views and functions that stand in the
    way are made again with all that hangs on them. Steps that lose data are refused without
    `--allow-destructive`. What was renamed is asked for on a terminal, and told by `--rename`
    elsewhere; what could not be written is told in a comment, and by exit status 1. Indexes and
    constraints that differ in nothing but their names are renamed. SQL files are loaded into a
    throw-away server of the other side's version. Owners are not compared with SQL files. The
    statements are plain: `dbwright migrate plan` makes them safe to run live.
    """
    _require_words(rename, name)
    if only is not None and dir is not None:
        raise UsageError("a file of --dir holds both ways", "leave --only out")
    if dir is not None and dir.exists():
        read_folder(dir)
    first, second = read_both(resolve(from_, configuration), resolve(to, configuration), progress)
    owners = not (no_owner or first.from_files or second.from_files)
    compared = {"owners": owners, "privileges": not no_privileges}
    before, renames = asked_for(first.catalog, rename)
    require_there(renames, first.catalog, second.catalog)
    open_: tuple[Rename, ...] = ()
    if not no_rename:
        before, renames, open_ = _answered(before, second.catalog, renames)
        same = renamed_parts(before, second.catalog)
        renames += same
    progress("comparing")
    found = parts(first.catalog, second.catalog, renames, **compared)
    moves = tuple(moved(before, second.catalog))
    _refuse_losses(found, open_, moves, allow_destructive)
    different = differences(first.catalog, second.catalog, **compared)
    missing = [] if first.from_files else missing_roles(first.catalog, second.catalog, **compared)
    return _document(first, second, found, different, renames, missing, dir, name, only)


def _require_words(renames: Sequence[str], name: str) -> None:
    """Said before anything is read. Raises UsageError."""
    for text_ in renames:
        old_and_new(text_)
    if not _words(name):
        raise UsageError("the name has no letters", "say in a few words what it does")


def _words(name: str) -> list[str]:
    return "".join(letter if letter.isalnum() else " " for letter in name.lower()).split()


def _answered(
    before: Catalog, after: Catalog, renames: tuple[Rename, ...]
) -> tuple[Catalog, tuple[Rename, ...], tuple[Rename, ...]]:
    """Those that a person at a terminal says yes to; without one, those that could be."""
    possible = tuple(candidates(before, after))
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return before, renames, possible
    while possible:
        one = possible[0]
        sys.stderr.write(f"Was {one.object} renamed to {one.name}? [y/N]\n")
        sys.stderr.flush()
        answer = sys.stdin.readline().strip().lower()
        if answer in ("y", "yes"):
            renames += (one,)
            before = apply(before, (one,))
            asked = {other.object for other in possible}
            possible = tuple(other for other in candidates(before, after) if other.object in asked)
        else:
            possible = possible[1:]
    return before, renames, ()


def _refuse_losses(
    found: Sequence[Part], open_: Sequence[Rename], moves: Sequence[str], allowed: bool
) -> None:
    losing = [step for part in found for step in part.losing]
    if not losing or allowed:
        return
    told_of = [f"{step.object} ({step.loses})" for step in losing[:MOST]]
    more = f" and {len(losing) - MOST} more" if len(losing) > MOST else ""
    gone = {step.object for step in losing}
    names = [told(one) for one in open_ if one.object in gone or one.object.kind == "value"]
    ask = f"if it was only renamed: {' '.join(names[:MOST])}; else: " if names else ""
    if moves:
        ask = (
            f"if it was only moved, run {'; '.join(moves[:MOST])} by hand and compare again; {ask}"
        )
    raise DataWouldBeLost(
        f"this would lose data: {'; '.join(told_of)}{more}",
        f"{ask}--allow-destructive writes it all the same",
    )


def _document(
    first: Side,
    second: Side,
    found: Sequence[Part],
    different: Sequence[Difference],
    renames: Sequence[Rename],
    missing: Sequence[str],
    folder: Path | None,
    name: str,
    only: Way | None,
) -> Document:
    uncompared = list(dict.fromkeys((*first.notes, *second.notes)))
    notes = [f"not compared: {note}" for note in uncompared]
    notes += [f"create the role {quote(role)} first: FROM has none such" for role in missing]
    data: dict[str, Any] = {
        "from": first.name,
        "to": second.name,
        "equal": not found,
        "differences": [one.text for one in different],
        "renames": [{"object": str(one.object), "name": one.name} for one in renames],
        "files": [_file(part) for part in found],
        "not_compared": uncompared,
        "missing_roles": list(missing),
    }
    title = f"From {first.name} to {second.name}"
    # What it could not write has to be written by hand: until then it is no whole migration.
    failed = any(part.up.unwritten or part.down.unwritten for part in found)
    if not found:
        same = "".join(f"{comment(line)}\n" for line in ("The schemas are the same.", *notes))
        return Document("migrate diff", same, data, plain=True)
    if only is not None:
        content = one_way(found, title, notes, up=only is Way.UP)
        return Document("migrate diff", content, data, plain=True, failed=failed)
    if folder is None:
        return Document("migrate diff", text(found, title, notes), data, plain=True, failed=failed)
    paths = [_write(folder, name, text([part], title, notes)) for part in found]
    data["paths"] = [str(path) for path in paths]
    written = "".join(f"{path}\n" for path in paths)
    return Document("migrate diff", written, data, plain=True, failed=failed)


def _file(part: Part) -> dict[str, Any]:
    return {
        "up": [
            {"sql": step.sql, "object": str(step.object), "loses": step.loses or None}
            for step in part.up.steps
        ],
        "down": [
            {"sql": step.sql, "object": str(step.object), "loses": step.loses or None}
            for step in part.down.steps
        ],
        "not_written": [
            f"{ref}: {why}" for ref, why in dict.fromkeys(part.up.unwritten + part.down.unwritten)
        ],
    }


def _write(folder: Path, name: str, content: str) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / file_name(read_folder(folder), _words(name))
        write_new(path, content.encode())
    except OSError as problem:
        raise FileUnreadable(
            f"can't write into {folder}: {problem.strerror}", "name another folder with --dir"
        ) from None
    return path
