"""`dbwright migrate baseline`: a database that had a schema before dbwright came."""

from __future__ import annotations

from typing import Annotated

from dbwright.configuration import Configuration
from dbwright.errors import BadMigration
from dbwright.migrate.files.folder import read_folder, require_files
from dbwright.migrate.history.table import DEFAULT_TABLE
from dbwright.migrate.place import DEFAULT_FOLDER, Folder, Table, Target, Wait, opened, taking_turn
from dbwright.migrate.standing import standings
from dbwright.migrate.told import target_and_version
from dbwright.model.document import Document
from dbwright.model.migration import MigrationState
from dbwright.operation import Effect, Example, Parameter, operation
from dbwright.progress import Progress

__all__ = ["baseline"]

NOTED = {
    "state": MigrationState.BASELINE,
    "direction": "up",
    "rolled_back": False,
    "statements_done": 0,
    "done_checksum": "",
    "statement": "",
    "error": "",
}
"""Also over what was taken back, or failed and left nothing."""


@operation(
    Effect.WRITES,
    examples=(
        Example("dbwright migrate baseline 12", "what the files up to 12 say is there already"),
    ),
)
def baseline(
    target: Target = None,
    version: Annotated[
        str | None, Parameter("the last version that is there", "VERSION", argument=True)
    ] = None,
    *,
    dir: Folder = DEFAULT_FOLDER,
    table: Table = DEFAULT_TABLE,
    wait: Wait = 60.0,
    progress: Progress,
    configuration: Configuration,
) -> Document:
    """Say that migrations are in the database already.

    For a database whose schema was made by hand or by another tool. Nothing is run, and nothing
    but the history is written; what was run by dbwright stays as it is noted.
    """
    target, version = target_and_version(target, version)
    if version is None:
        raise BadMigration("no version was given", "name the last one that is in the database")
    migrations = read_folder(dir)
    require_files(migrations, dir)
    numbers = {str(migration.number) for migration in migrations}
    if (version.lstrip("0") or "0") not in numbers:
        short = version[:40]
        raise BadMigration(f"there is no migration {short} in {dir}", "name one of its versions")
    with opened(target, configuration, table) as place, taking_turn(place, wait, progress):
        noted = []
        unknown = []
        with place.connection.transaction():
            for one in standings(migrations, place.history.rows()):
                if one.number > int(version) or one.state.is_done or one.migration is None:
                    continue
                if one.is_half_done:
                    raise BadMigration(
                        f"{one.migration} stopped half-way", "finish it first: see migrate status"
                    )
                noted.append(one.migration)
                if one.applied is None:
                    unknown.append(one.migration)
                else:
                    place.history.put(one.migration, NOTED)
            place.history.add(unknown, NOTED)
    lines = "\n".join(f"- {migration}" for migration in noted)
    text = f"Noted as there already:\n\n{lines}\n" if noted else "All of them were noted before.\n"
    data = {"target": place.name, "noted": [migration.version for migration in noted]}
    return Document("migrate baseline", text, data)
