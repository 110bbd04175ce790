"""`dbwright migrate rehearse`: try migrations on a copy, and keep what that proves."""

from __future__ import annotations

from typing import Annotated

from dbwright.configuration import Configuration
from dbwright.migrate.files.folder import read_folder, require_files
from dbwright.migrate.go import LockTimeout, Retries, patience_of
from dbwright.migrate.history.table import DEFAULT_TABLE
from dbwright.migrate.place import DEFAULT_FOLDER, Folder, Table
from dbwright.migrate.rehearsal.broken import telling_of_the_server
from dbwright.migrate.rehearsal.chosen import asked, chosen_of, rows_of, staged, tries_of
from dbwright.migrate.rehearsal.evidence import require_writable
from dbwright.migrate.rehearsal.reporting import Keeping, rehearsed, report_of
from dbwright.migrate.rehearsal.rules import require_rules
from dbwright.migrate.rehearsal.seen import Options
from dbwright.model.finding import Severity
from dbwright.model.report import Report
from dbwright.operation import Effect, Example, Parameter, operation
from dbwright.progress import Progress

__all__ = ["rehearse"]


@operation(
    Effect.PLANS,
    examples=(
        Example("dbwright migrate rehearse postgresql://me@localhost/shop", "all that is pending"),
        Example("dbwright migrate rehearse 12 --replay", "one, without a target"),
        Example("dbwright migrate rehearse 12 shop.dbw", "one, on a snapshot's schema"),
    ),
)
def rehearse(
    target: Annotated[
        str | None,
        Parameter(
            "a URL, a snapshot, SQL files, or a name in dbwright.toml", "TARGET", argument=True
        ),
    ] = None,
    version: Annotated[
        str | None, Parameter("one version, or its file", "VERSION", argument=True)
    ] = None,
    *,
    dir: Folder = DEFAULT_FOLDER,
    table: Table = DEFAULT_TABLE,
    replay: Annotated[
        bool, Parameter("without a target: run the earlier files on an empty server")
    ] = False,
    role: Annotated[
        str | None,
        Parameter(
            "the role that will run it [default: the one that connects to the target]", "NAME"
        ),
    ] = None,
    rows: Annotated[
        str | None,
        Parameter("rows of each table: a number or all; 100000 of a target, 1000 made ones", "N"),
    ] = None,
    no_clients: Annotated[
        bool, Parameter("don't run it once more among readers and writers")
    ] = False,
    max_wait: Annotated[
        float, Parameter("how long a client may wait before that is told", "SECONDS")
    ] = 1.0,
    accept: Annotated[
        tuple[str, ...], Parameter("a rule whose findings are meant; may be given again", "RULE")
    ] = (),
    show_values: Annotated[
        bool, Parameter("show values of rows in examples, not only how long they are")
    ] = False,
    no_proof: Annotated[bool, Parameter("don't write NAME.proof.json beside each file")] = False,
    lock_timeout: LockTimeout = "500ms",
    retries: Retries = 30,
    fail_on: Annotated[
        Severity, Parameter("exit with 1 from this severity on", "|".join(Severity))
    ] = Severity.ERROR,
    progress: Progress,
    configuration: Configuration,
) -> Report:
    """Try migrations on a copy: up, down, and again among clients.

    Checked is that no row and no value is lost (row counts, and sums over all columns before and
    after, cast to the new type and back), and that DOWN restores schema and content. Told is how
    long readers and writers waited, what they were refused, the WAL, the sizes, the time. The
    target is only read. What was proven is kept beside the migration, for `up --require-proof`.
    Without a target the earlier files run on an empty server, and rows are made up.
    """
    migrations = read_folder(dir)
    require_files(migrations, dir)
    require_rules(accept)
    wanted = asked((target, version), migrations, configuration, replay=replay)
    patience = patience_of(lock_timeout, retries)
    most = rows_of(rows, wanted)
    chosen, history = chosen_of(wanted, migrations, configuration, table)
    tries = tries_of(chosen, patience)
    if not no_proof:
        require_writable(chosen.tried)
    with staged(wanted, chosen, table, history, most, patience, progress, role) as stage:
        keeping = Keeping(migrations, accept, write=not no_proof)
        options = Options(not no_clients, show_values, max_wait)
        with telling_of_the_server():
            found = rehearsed(stage, tries, options, keeping, progress)
        return report_of(found, stage, keeping, fail_on)
