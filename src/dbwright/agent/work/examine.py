"""From a repository to evidence: everything that is read and run for a ticket, step by step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dbwright.agent.work.evidence import Evidence
from dbwright.agent.work.forms import form_of
from dbwright.agent.work.project.files import ProjectFiles
from dbwright.agent.work.project.find import find_project
from dbwright.agent.work.proposals import propose
from dbwright.agent.work.queries.find import find_queries
from dbwright.agent.work.schema.build import Built, build
from dbwright.agent.work.schema.checking import checked
from dbwright.agent.work.schema.sized import sized
from dbwright.agent.work.schema.source import choose_source
from dbwright.agent.work.schema.ways_back import WayBack, ways_back
from dbwright.agent.work.tuning import misfits, tuned
from dbwright.agent.work.volumes import read_volumes
from dbwright.agent.work.workspace import Workspace, chosen_in_words
from dbwright.configuration import Configuration
from dbwright.migrate.lint.configure import choose as choose_hazards
from dbwright.migrate.lint.reporting import report_of
from dbwright.model.finding import Severity
from dbwright.model.report import Report
from dbwright.progress import Progress
from dbwright.render.text import plural
from dbwright.sandbox.server import Server, start

__all__ = ["STEPS", "NothingThere", "examine"]

STEPS = 7
"""That are told; the last one is the writing."""
SETTINGS = {"autovacuum": "off", "max_locks_per_transaction": "2048", "shared_buffers": "64MB"}


class NothingThere(Exception):
    """The work can't go on before somebody gives something; `project` is what was found."""

    def __init__(self, reason: str, needs: tuple[str, ...], project: ProjectFiles) -> None:
        self.reason, self.needs, self.project = reason, needs, project
        super().__init__(reason)


def examine(
    root: Path,
    ticket: str,
    workspace: Workspace,
    schema: Path | None,
    configuration: Configuration,
    step: Callable[[str], None],
    progress: Progress,
) -> Evidence:
    """`root` is the working folder; `step` is told of each step. Raises NothingThere, UsageError,
    SandboxError, and what reading raises."""
    step("looking for the database's files")
    project = find_project(root, progress)
    volumes = read_volumes(workspace.context)
    chosen = choose_source(project, schema)
    if chosen.source is None:
        raise NothingThere("no schema could be built from the repository", chosen.needs, project)
    with start(settings=SETTINGS, progress=progress) as server:
        step(f"building the schema of {chosen.source.shown}")
        built = build(server, chosen.source, progress)
        if built.is_empty:
            raise NothingThere(
                f"{chosen.source.shown} makes no table or view",
                built.refused or ("migrations or a file of SQL that make some",),
                project,
            )
        here = sized(server, built.source.shown, built.catalog, volumes, progress)
        step("checking the schema")
        report = checked(here.snapshot.catalog, built.source.shown, configuration)
        step("looking for queries in the code")
        left_out = tuple(path.as_posix() for path in built.source.files)
        queries = find_queries(project, built.catalog, progress, left_out=left_out)
        wrong = misfits(server, built.catalog, queries)
        step(f"tuning {plural(len(queries.queries), 'query')}")
        fitting = [one for one in queries.queries if one not in {bad.query for bad in wrong}]
        advice = tuned(here.snapshot, fitting, configuration, progress) if fitting else None
        step("linting and trying the migrations")
        linted, back = _migrations(server, built, configuration, progress)
        proposals = propose(
            server,
            here.snapshot,
            advice,
            f"{workspace.name}/artifacts/migrations",
            form_of(built.source.migrations),
            configuration,
            progress,
        )
    return Evidence(
        ticket=ticket,
        workspace=workspace.name,
        chosen_workspace=chosen_in_words(workspace, ticket),
        context=workspace.context,
        project=project,
        chosen=chosen.notes,
        built=built,
        volumes=volumes,
        sized=here,
        checked=report,
        queries=queries,
        misfits=wrong,
        tuned=advice,
        linted=linted,
        ways_back=back,
        proposals=proposals,
    )


def _migrations(
    server: Server, built: Built, configuration: Configuration, progress: Progress
) -> tuple[Report | None, tuple[WayBack, ...]]:
    """What lint says of them, and what came of taking them back."""
    found, run = built.source.migrations, built.run
    if found is None or run is None or not run.migrations:
        return None, ()
    lint = report_of(
        run,
        choose_hazards(configuration, (), ()),
        target=built.source.shown,
        fail_on=Severity.ERROR,
        sets_lock_timeout=found.layout.sets_lock_timeout,
    )
    return lint, ways_back(server, found.migrations, run, progress)
