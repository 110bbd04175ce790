"""Running a file on a stage that is not all that the file counts on."""

from __future__ import annotations

from dbwright.migrate.rehearsal.runs import Outcome, run
from dbwright.migrate.rehearsal.stage import Stage
from dbwright.migrate.runner.work import Work
from dbwright.model.names import quote
from dbwright.progress import Progress
from dbwright.sandbox.runner import missing_role

__all__ = ["helped_run"]

NO_DATABASE = "3D000"


def helped_run(
    stage: Stage, url: str, work: Work, table: str, progress: Progress, *, observe: bool = False
) -> Outcome:
    """`run`; where nobody knows the target, roles and databases that the file only names are made,
    and it runs again."""
    made: set[str] = set()
    while True:
        outcome = run(url, work, table, progress, observe=observe)
        create = _missing(outcome) if stage.helps else ""
        if not create or create in made:
            return outcome
        made.add(create)
        stage.make_shared(create)


def _missing(outcome: Outcome) -> str:
    """The statement that makes what the file names and is not there."""
    message = outcome.message
    role = missing_role(outcome.sqlstate, message)
    if role:
        return f"CREATE ROLE {quote(role)}"
    if outcome.sqlstate == NO_DATABASE and message.startswith('database "'):
        name = message.removeprefix('database "').removesuffix('" does not exist')
        return f"CREATE DATABASE {quote(name)}"
    return ""
