"""`dbwright migrate up`: run what was not run yet."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from dbwright.configuration import Configuration
from dbwright.migrate.files.folder import read_folder, require_files
from dbwright.migrate.go import (
    CutOffOption,
    LockTimeout,
    Retries,
    document,
    patience_of,
    planned,
    running,
)
from dbwright.migrate.history.table import DEFAULT_TABLE
from dbwright.migrate.place import DEFAULT_FOLDER, Folder, Table, Target, Wait, opened, taking_turn
from dbwright.migrate.rehearsal.required import require_proofs, schema_of
from dbwright.migrate.standing import standings, to_go_up
from dbwright.migrate.told import target_and_version
from dbwright.model.document import Document
from dbwright.operation import Effect, Example, Parameter, operation
from dbwright.progress import Progress

__all__ = ["up"]


@operation(
    Effect.WRITES,
    examples=(
        Example("dbwright migrate up postgresql://me@localhost/shop", "run all that was not run"),
        Example("dbwright migrate up 12", "up to version 12, on the default target"),
    ),
)
def up(
    target: Target = None,
    version: Annotated[
        str | None, Parameter("the last version to run", "VERSION", argument=True)
    ] = None,
    *,
    dir: Folder = DEFAULT_FOLDER,
    table: Table = DEFAULT_TABLE,
    lock_timeout: LockTimeout = "500ms",
    retries: Retries = 30,
    wait: Wait = 60.0,
    allow_gaps: Annotated[
        bool, Parameter("run files that are older than what was run, and with numbers left out")
    ] = False,
    cut_off: CutOffOption = None,
    require_proof: Annotated[
        bool, Parameter("refuse what was not rehearsed as it is (also in dbwright.toml)")
    ] = False,
    progress: Progress,
    configuration: Configuration,
) -> Document:
    """Run the migrations that were not run yet, in their order.

    Each file is one transaction, with its row in the history: it is there whole or not at all. A
    file that says `-- no-transaction` runs statement by statement, and after a failure or a cut
    goes on at the statement where it stopped. One that says `-- batches: TABLE` goes over that
    table's rows in batches, each a transaction of its own. No statement waits long for its lock,
    for all others would wait behind it: it gives up and tries again. One runner works at a time.
    """
    target, version = target_and_version(target, version)
    migrations = read_folder(dir)
    require_files(migrations, dir)
    patience = patience_of(lock_timeout, retries)
    with opened(target, configuration, table) as place, taking_turn(place, wait, progress) as turn:
        found = standings(migrations, place.history.rows())
        chosen = to_go_up(found, version, allow_gaps=allow_gaps)
        works = planned(chosen, "up", patience)
        notes: tuple[str, ...] = ()
        if require_proof or configuration.migrate.require_proof:
            asked = [work.migration for work, _ in works]
            major = place.connection.info.server_version // 10000
            begun = any(one.is_half_done for one in chosen[:1])
            schema = None if begun else partial(schema_of, place)
            notes = require_proofs(asked, migrations, major, schema)
        with running(place, turn, progress, cut_off) as runner:
            ran = [runner.run(work, before) for work, before in works]
        return document("migrate up", place, ran, "There is nothing to run.", notes)
