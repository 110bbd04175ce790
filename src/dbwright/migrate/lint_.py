"""`dbwright migrate lint`: what is wrong with migrations, before they run."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

from dbwright.baseline import read_baseline
from dbwright.configuration import Configuration
from dbwright.errors import BadMigration
from dbwright.migrate.history.table import DEFAULT_TABLE
from dbwright.migrate.lint.asked import On, asked_for
from dbwright.migrate.lint.assumed import assumed_for
from dbwright.migrate.lint.configure import choose
from dbwright.migrate.lint.registry import known_ids
from dbwright.migrate.lint.reporting import report_of
from dbwright.migrate.place import DEFAULT_FOLDER, Table
from dbwright.migrate.replay.run import judged_run
from dbwright.model.finding import Severity
from dbwright.model.report import Report
from dbwright.model.snapshot import Snapshot
from dbwright.operation import Effect, Example, Parameter, operation
from dbwright.progress import Progress
from dbwright.target import opened, resolve

__all__ = ["lint"]

READ_SECONDS = 30.0


@operation(
    Effect.READS,
    examples=(
        Example("dbwright migrate lint migrations/012_orders.sql", "after the files before it"),
        Example("dbwright migrate lint --target shop.dbw 012.sql", "with production's sizes"),
        Example("dbwright migrate lint --from 12 --format sarif -o m.sarif", "for a pull request"),
        Example("dbwright migrate lint --target postgresql://me@db/shop", "what is pending there"),
        Example("alembic upgrade head --sql | dbwright migrate lint -", "what comes in"),
    ),
)
def lint(
    files: Annotated[
        tuple[str, ...],
        Parameter(
            "files of SQL, a folder of migrations, or - [default: migrations]",
            "FILE|DIR",
            argument=True,
        ),
    ] = (),
    *,
    target: Annotated[
        str | None,
        Parameter(
            "the database they are for: a URL, a snapshot, SQL files, or a name in dbwright.toml "
            "[default: what the files before them made]",
            "TARGET",
        ),
    ] = None,
    from_: Annotated[
        str | None, Parameter("of a folder: this version and those after it", "VERSION")
    ] = None,
    table: Table = DEFAULT_TABLE,
    server: Annotated[
        int | None, Parameter("the major of PostgreSQL [default: the target's]", "MAJOR")
    ] = None,
    only: Annotated[
        tuple[str, ...], Parameter("run only these rules: an id or a glob", "RULE", known=known_ids)
    ] = (),
    skip: Annotated[
        tuple[str, ...], Parameter("leave these rules out", "RULE", known=known_ids)
    ] = (),
    fail_on: Annotated[
        Severity, Parameter("exit with 1 from this severity on", "|".join(Severity))
    ] = Severity.ERROR,
    baseline: Annotated[
        Path | None, Parameter("a report in JSON: what it holds is silenced", "FILE")
    ] = None,
    progress: Progress,
    configuration: Configuration,
) -> Report:
    """Find what locks, loses, breaks or fails in migrations.

    Each statement is run by a throw-away server of the same version on the same schema, which
    tells what it locks, rewrites, reads and builds. With a target or a snapshot, small tables are
    silent, and for large ones it is told how long others wait. Reads the folders of dbmate,
    Diesel, Drizzle, Flyway, golang-migrate, goose, node-pg-migrate, Prisma, sql-migrate, sqlx,
    Supabase; what Alembic and Django write as SQL; Rails' structure.sql. A comment
    `-- dbwright: ignore RULE reason` before a statement silences a rule.
    """
    chosen = choose(configuration, only, skip)
    known = read_baseline(baseline) if baseline else frozenset()
    names = files or (str(DEFAULT_FOLDER),)
    on = None if target is None else _read(target, configuration, table, progress)
    asked = asked_for(names, from_, on)
    if not asked.judged and on is None:
        raise BadMigration(
            f"there are no migrations in {names[0]}", "name a .sql file, or a folder that has some"
        )
    judge = partial(
        judged_run,
        asked.judged,
        snapshot=None if on is None else on.snapshot,
        together=asked.together,
        major=server,
        progress=progress,
    )
    run = judge(earlier=asked.earlier)
    assumed = None if on is not None or asked.earlier else assumed_for(run)
    if assumed is not None:
        run = judge(earlier=(assumed,))
    progress(f"running {len(chosen.hazards)} rules")
    return report_of(
        run,
        chosen,
        target=", ".join(names) if on is None else f"{', '.join(names)} on {on.snapshot.target}",
        fail_on=fail_on,
        baseline=known,
        sets_lock_timeout=asked.sets_lock_timeout,
        assumed=assumed,
        passed_over=asked.passed_over,
    )


def _read(text: str, configuration: Configuration, table: str, progress: Progress) -> On:
    """The target's catalog and statistics. Raises TargetError, UsageError."""
    target = resolve(text, configuration)
    with opened(target, budget_seconds=READ_SECONDS, values=None, progress=progress) as source:
        snapshot: Snapshot = source.snapshot
    return On(target, snapshot, table)
