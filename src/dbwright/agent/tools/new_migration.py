"""The tool `new_migration`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from dbwright.agent.tool.answer import Answer
from dbwright.agent.tool.context import Context
from dbwright.agent.tool.tool import tool
from dbwright.errors import UsageError
from dbwright.migrate.files.script import script
from dbwright.migrate.new import new
from dbwright.operation import Effect

__all__ = ["new_migration"]


@tool(
    Effect.PLANS,
    when="a change of the schema is wanted: it is written as a file, never run by hand",
    title="Write a migration",
    idempotent=False,
)
def new_migration(
    context: Context,
    *,
    name: Annotated[str, Field(description="What it does, in a few words.")],
    up: Annotated[str, Field(description="The statements, each ended by a semicolon.")],
    down: Annotated[str, Field(description="What takes them back.")],
    options: Annotated[
        tuple[str, ...],
        Field(description="Front matter, such as no-transaction, or `batches: orders`."),
    ] = (),
    dir: Annotated[str, Field(description="The folder of migrations.")] = "migrations",
) -> Answer[dict[str, Any]]:
    """Write the next migration file of a folder, with its UP and DOWN. Nothing is run.

    Then `lint` it, and `rehearse` it before anyone runs it.
    """
    folder = context.path(dir)
    if any("\n" in one or "\r" in one for one in options):
        raise UsageError("an option is one line", "give each option as a text of its own")
    for part, given in (("up", up), ("down", down)):
        _require_closed(part, given)
    head = "\n".join([f"-- {' '.join(name.split())}", *(f"-- {one}" for one in options)])
    text = f"{head}\n\n-- UP\n{up.strip()}\n\n-- DOWN\n{down.strip()}\n"
    read = script(text, f"{dir}/…")
    if not read.up:
        raise UsageError("`up` holds no statement", "give the SQL of the change")
    path = Path(new(name, dir=folder).data["path"])
    path.write_text(text, encoding="utf-8")
    shown = str(path.relative_to(context.root))
    return Answer(f"Wrote {shown}. Next: lint it.", details={"path": shown, "text": text})


def _require_closed(part: str, text: str) -> None:
    """A quote, a $$ or a comment that is left open would swallow the part after it."""
    if script(f"-- UP\n{text}\n;\n-- DOWN\nSELECT 1;\n", part).down is None:
        raise UsageError(
            f"`{part}` has a quote, a $$ or a comment that is not closed", "close it, and try again"
        )
