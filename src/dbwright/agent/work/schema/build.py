"""From a source to a catalog and its DDL, and the proof that the one makes the other."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dbwright.agent.work.schema.source import Source
from dbwright.diff.compare import differences
from dbwright.diff.plan import plan
from dbwright.engines.postgresql.introspect import introspect
from dbwright.engines.postgresql.session import Session
from dbwright.migrate.replay.run import judged_run
from dbwright.model.catalog import Catalog
from dbwright.model.judged import JudgedRun
from dbwright.model.report import Skipped
from dbwright.progress import Progress
from dbwright.sandbox.load import load
from dbwright.sandbox.server import Server

__all__ = ["MADE", "Built", "build", "catalog_of"]

READ_SECONDS = 60.0
TRIES = 3
MADE = "made"
"""The database that the DDL made."""
FILES = "files"
MOST_JUDGED = 200
"""Files that are judged statement by statement, the newest; those before are only run."""
ROUTINES = ("function", "procedure", "window function")


@dataclass(frozen=True, slots=True)
class Built:
    """The schema as a server has it."""

    source: Source
    catalog: Catalog
    run: JudgedRun | None
    """Of the migrations; None where there are none."""
    refused: tuple[str, ...]
    """`file:line: the server's words`, of each statement that it did not take."""
    notes: tuple[str, ...]
    """What was made up, passed over or left out on the way, one sentence each."""
    ddl: str
    differences: tuple[str, ...]
    """What a database made of the DDL has otherwise; nothing where the DDL is right."""
    major: int

    @property
    def is_empty(self) -> bool:
        return not any(self.catalog.relations())


def build(server: Server, source: Source, progress: Progress) -> Built:
    """Make the schema on the server, write its DDL, and make the database MADE of that.

    Raises FileUnreadable, BadMigration, SandboxError, ConnectionLost.
    """
    run: JudgedRun | None = None
    notes: list[str] = []
    if source.migrations is not None:
        migrations = source.migrations.migrations
        earlier, asked = migrations[:-MOST_JUDGED], migrations[-MOST_JUDGED:]
        run = judged_run(asked, earlier=earlier, together=False, server=server, progress=progress)
        refused = tuple(_refused_by(run))
        catalog = run.migrations[-1].after if run.migrations else catalog_of_new(server)
        notes += [_said(one) for one in run.skipped]
        if earlier:
            notes.append(f"the first {len(earlier):,} migrations were run, and not judged")
    else:
        loaded = load(server, FILES, source.files, root=Path(), progress=progress)
        refused = tuple(
            f"{one.location.file}:{one.location.line}: {one.message}" for one in loaded.refused
        )
        notes += loaded.notes
        catalog = catalog_of(server, FILES)
    progress("writing the schema's DDL")
    ddl, unwritten = _ddl(catalog_of_new(server), catalog, source)
    notes += unwritten
    different = (*_made_again(server, ddl, catalog),)
    return Built(source, catalog, run, refused, tuple(notes), ddl, different, server.major)


def catalog_of(server: Server, database: str) -> Catalog:
    """Read anew where a busy machine let a part of it run out of time: what is not read would be
    taken for what is not there."""
    for _ in range(TRIES):
        with Session.open(server.url(database), READ_SECONDS) as session:
            catalog = introspect(session)
            if not session.skipped:
                break
    return catalog


def catalog_of_new(server: Server) -> Catalog:
    """Of a database that nobody has changed."""
    return catalog_of(server, "postgres")


def _refused_by(run: JudgedRun) -> Iterator[str]:
    for file in run.migrations:
        path = file.migration.path
        for step in file.steps:
            if step.effects.refusal is not None:
                yield f"{path}:{step.statement.line}: {step.effects.refusal.message}"


def _said(one: Skipped) -> str:
    return f"{one.part}: {one.reason}"


def _ddl(empty: Catalog, catalog: Catalog, source: Source) -> tuple[str, list[str]]:
    """The text, and what could not be written."""
    planned = plan(empty, catalog, owners=False)
    lines = [
        f"-- The schema of {source.shown}, as PostgreSQL {empty.server.major} has it.",
        "-- Written by dbwright; roles that it names have to be there.",
        "",
    ]
    if any(step.object.kind in ROUTINES for step in planned.steps):
        lines += ["SET check_function_bodies = off;", ""]
    lines += [f"{step.sql};\n" for step in planned.steps]
    unwritten = [f"{object}: not in the DDL: {why}" for object, why in planned.unwritten]
    return "\n".join(lines).rstrip() + "\n", unwritten


def _made_again(server: Server, ddl: str, catalog: Catalog) -> Iterator[str]:
    """Make MADE of the DDL; what is otherwise there."""
    with tempfile.TemporaryDirectory(prefix="dbwright-") as folder:
        file = Path(folder, "schema.sql")
        file.write_text(ddl, "utf-8")
        loaded = load(server, MADE, (file,))
    for one in loaded.refused:
        yield f"line {one.location.line} of the DDL is refused: {one.message}"
    for different in differences(catalog, catalog_of(server, MADE), owners=False):
        yield different.text
