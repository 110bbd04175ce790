"""`dbwright migrate new`: the next file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from dbwright.errors import FileUnreadable, UsageError
from dbwright.migrate.files.folder import LONGEST_SERIAL, read_folder
from dbwright.migrate.place import DEFAULT_FOLDER, Folder
from dbwright.model.document import Document
from dbwright.model.migration import Migration
from dbwright.new_file import write_new
from dbwright.operation import Effect, Example, Parameter, operation

__all__ = ["file_name", "new"]

TEXT = """-- {title}

-- UP


-- DOWN

"""


@operation(
    Effect.PLANS,
    examples=(
        Example('dbwright migrate new "add orders"', "migrations/001_add_orders.sql, to be filled"),
    ),
)
def new(
    name: Annotated[str, Parameter("what it does, in a few words", "NAME", argument=True)],
    *,
    dir: Folder = DEFAULT_FOLDER,
) -> Document:
    """Write an empty migration with the next version.

    Versions go on as those in the folder do: the next number, or the time. In an empty folder they
    begin with 001.
    """
    words = "".join(letter if letter.isalnum() else " " for letter in name.lower()).split()
    if not words:
        raise UsageError("the name has no letters", "say in a few words what it does")
    try:
        dir.mkdir(parents=True, exist_ok=True)
        path = dir / file_name(read_folder(dir), words)
        write_new(path, TEXT.format(title=name.strip().splitlines()[0]).encode())
    except OSError as problem:
        raise FileUnreadable(
            f"can't write into {dir}: {problem.strerror}", "name another folder with --dir"
        ) from None
    return Document("migrate new", f"{path}\n", {"path": str(path)})


def file_name(migrations: Sequence[Migration], words: Sequence[str]) -> str:
    """Of the next file of the folder; `words`: its name."""
    if not migrations:
        return f"001_{'_'.join(words)}.sql"
    last = migrations[-1]
    mark = Path(last.path).name[len(last.version)]
    if len(last.version) > LONGEST_SERIAL:
        version = max(int(f"{datetime.now(UTC):%Y%m%d%H%M%S}"), last.number + 1)
        return f"{version}{mark}{mark.join(words)}.sql"
    return f"{last.number + 1:0{len(last.version)}}{mark}{mark.join(words)}.sql"
