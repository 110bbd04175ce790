"""`dbwright tune`: from what a database really runs to advice that is proven."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from dbwright.configuration import Configuration
from dbwright.errors import UsageError
from dbwright.model.finding import Severity
from dbwright.model.machine import Disk, Machine, Use
from dbwright.model.report import Report
from dbwright.operation import Effect, Example, Parameter, operation
from dbwright.progress import Progress, silent
from dbwright.target import DEFAULT_TARGET, Live, resolve
from dbwright.tune.sizes import parse_size

__all__ = ["BudgetUnit", "Prove", "tune"]

READ_SECONDS = 120.0
SECONDS = 60.0
COPY_BYTES = "20GB"
STATEMENT_SECONDS = 60.0
FOLDER = "migrations"


class Prove(StrEnum):
    """How far advice is proven."""

    ESTIMATED = "estimated"
    """By the planner, on a twin without rows."""
    MEASURED = "measured"
    """Run before and after, on a copy with all rows."""


class BudgetUnit(StrEnum):
    """What `--budget` counts."""

    REAL = "real"
    """Bytes as CREATE INDEX will take them."""
    HYPOPG = "hypopg"
    """As HypoPG counts them (two to three times as much), to compare with what others publish."""


@operation(
    Effect.PLANS,
    examples=(
        Example("dbwright tune postgresql://me@db.example.com/shop", "what pg_stat_statements saw"),
        Example(
            "dbwright tune shop.dbw --workload queries.sql", "a snapshot and a file of queries"
        ),
        Example("dbwright tune --workload /var/log/postgresql --budget 1GB", "a server's logs"),
        Example("dbwright tune shop --prove measured", "run before and after on a copy with rows"),
        Example("dbwright tune shop.dbw --apply", "and write the advice as a migration"),
        Example("dbwright tune shop.dbw --format html -o advice.html", "a page for the team"),
    ),
)
def tune(
    target: Annotated[
        str | None,
        Parameter(
            f"URL, snapshot, .sql file, folder, or a name in dbwright.toml; {DEFAULT_TARGET}",
            "TARGET",
            argument=True,
        ),
    ] = None,
    *,
    workload: Annotated[
        tuple[str, ...],
        Parameter(
            "pg_stat_statements, a server log or a folder of them, a .sql file, a capture; "
            "may be repeated [default: pg_stat_statements]",
            "SOURCE",
        ),
    ] = (),
    prefix: Annotated[
        str | None,
        Parameter("log_line_prefix of a server log, where it is not found out", "TEXT"),
    ] = None,
    budget: Annotated[
        str | None, Parameter("room for new indexes, such as 500MB [default: no limit]", "SIZE")
    ] = None,
    budget_unit: Annotated[
        BudgetUnit, Parameter("what --budget counts: real bytes, or HypoPG's", "real|hypopg")
    ] = BudgetUnit.REAL,
    width: Annotated[
        int | None,
        Parameter(
            "key columns of an index, at most, beside those of an ORDER BY [default: 3]", "N"
        ),
    ] = None,
    prove: Annotated[
        Prove,
        Parameter(
            "estimated: by the planner; measured: run before and after, on a copy with all rows",
            "estimated|measured",
        ),
    ] = Prove.ESTIMATED,
    data: Annotated[
        bool,
        Parameter("read a sample of rows: finds columns that hang together, tries rewrites on it"),
    ] = False,
    copy_limit: Annotated[
        str, Parameter("the largest copy that --prove measured may make", "SIZE")
    ] = COPY_BYTES,
    statement_limit: Annotated[
        float, Parameter("no statement runs longer on the copy", "SECONDS")
    ] = STATEMENT_SECONDS,
    memory: Annotated[
        str | None, Parameter("of the server's machine, such as 16GB, for its settings", "SIZE")
    ] = None,
    cpus: Annotated[int | None, Parameter("of the server's machine", "N")] = None,
    disk: Annotated[Disk | None, Parameter("of the server's machine", "ssd|hdd|network")] = None,
    use: Annotated[
        Use | None, Parameter("what the server is for", "web|oltp|analytics|mixed|desktop")
    ] = None,
    why: Annotated[
        tuple[str, ...],
        Parameter("say why this index is not advised, such as 'shop.orders (total)'", "INDEX"),
    ] = (),
    watch: Annotated[
        float | None,
        Parameter("look at what the live target runs for so long, and take that too", "SECONDS"),
    ] = None,
    effort: Annotated[
        float, Parameter("seconds to search for the best set of indexes", "SECONDS")
    ] = SECONDS,
    fail_on: Annotated[
        Severity | None, Parameter("exit with 1 at findings this bad or worse", "SEVERITY")
    ] = None,
    apply: Annotated[
        bool, Parameter("write the advice as a migration file; the target is never changed")
    ] = False,
    dir: Annotated[Path, Parameter("where --apply writes", "FOLDER")] = Path(FOLDER),
    read_limit: Annotated[
        float, Parameter("for reading the target's catalog and statistics", "SECONDS")
    ] = READ_SECONDS,
    progress: Progress = silent,
    configuration: Configuration,
) -> Report:
    """Propose what makes a workload faster, each piece with its proof.

    The queries are planned on a twin: a throw-away server with the target's schema and statistics
    and no rows. The target itself is only read. For each index the report says what it saves,
    alone and with the others, its size, what it costs the writes, and how to take it back.
    """
    machine = _machine(memory, cpus, disk, use)
    resolved = resolve(target, configuration)
    live = isinstance(resolved, Live)
    _require(effort > 0, "--effort must be more than 0 seconds", "leave it out for 60")
    _require(statement_limit > 0, "--statement-limit must be more than 0 seconds", "say 60")
    _require(
        width is None or 1 <= width <= 32, "--width is from 1 to 32 columns", "leave it out for 3"
    )
    _require(
        watch is None or (watch > 0 and live),
        "--watch takes seconds, and looks at a live database",
        "name its URL",
    )
    _require(
        live or not (data or prove is Prove.MEASURED),
        f"{'--data' if data else '--prove measured'} needs rows, and only a live database has them",
        "name its URL; a snapshot is good for --prove estimated",
    )
    # Only now what is heavy: every command has this module loaded.
    from dbwright.tune.advice import Wanted, advise
    from dbwright.tune.apply import applied, require_folder

    if apply:
        require_folder(dir)

    wanted = Wanted(
        workload=workload,
        prefix=prefix,
        watch_seconds=watch,
        space_bytes=None if budget is None else parse_size(budget),
        hypopg_unit=budget_unit is BudgetUnit.HYPOPG,
        width=width,
        effort_seconds=effort,
        why=why,
        machine=machine,
        rows=data,
        measured=prove is Prove.MEASURED,
        copy_bytes=parse_size(copy_limit),
        statement_seconds=statement_limit,
        fail_on=fail_on,
    )
    report = advise(resolved, wanted, configuration, budget=read_limit, progress=progress)
    return applied(report, dir, datetime.now(UTC)) if apply else report


def _require(fine: bool, problem: str, step: str) -> None:
    if not fine:
        raise UsageError(problem, step)


def _machine(
    memory: str | None, cpus: int | None, disk: Disk | None, use: Use | None
) -> Machine | None:
    """What was said of it; None where nothing was."""
    if (memory, cpus, disk, use) == (None, None, None, None):
        return None
    _require(cpus is None or cpus > 0, "--cpus must be 1 or more", "leave it out where unknown")
    return Machine(
        memory_bytes=None if memory is None else parse_size(memory),
        cpus=cpus,
        disk=disk,
        use=use or Use.MIXED,
    )
