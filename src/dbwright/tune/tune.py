"""`dbwright tune`: from what a database really runs to advice that is proven."""

from __future__ import annotations

from typing import Annotated

from dbwright.configuration import Configuration
from dbwright.errors import UsageError
from dbwright.model.finding import Severity
from dbwright.model.report import Report
from dbwright.operation import Effect, Example, Parameter, operation
from dbwright.progress import Progress, silent
from dbwright.target import Live, resolve
from dbwright.tune.sizes import parse_size

__all__ = ["tune"]

BUDGET = 120.0
SECONDS = 60.0


@operation(
    Effect.PLANS,
    examples=(
        Example("dbwright tune postgresql://me@db.example.com/shop", "what pg_stat_statements saw"),
        Example(
            "dbwright tune shop.dbw --workload queries.sql", "a snapshot and a file of queries"
        ),
        Example("dbwright tune --workload /var/log/postgresql --space 1GB", "a server's logs"),
        Example("dbwright tune shop.dbw --format html -o advice.html", "a page for the team"),
    ),
)
def tune(
    target: Annotated[
        str | None,
        Parameter(
            "URL, snapshot, .sql file, folder, or a name in dbwright.toml; else DATABASE_URL",
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
    space: Annotated[
        str | None, Parameter("room for new indexes, such as 500MB [default: no limit]", "SIZE")
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
    budget: Annotated[float, Parameter("seconds for all reading", "SECONDS")] = BUDGET,
    progress: Progress = silent,
    configuration: Configuration,
) -> Report:
    """Propose what makes a workload faster, each piece with its proof.

    The queries are planned on a twin: a throw-away server with the target's schema and statistics
    and no rows. The target itself is only read, once. For each index the report says what it saves,
    alone and with the others, its size, what it costs the writes, and how to take it back.
    """
    room = None if space is None else parse_size(space)
    if effort <= 0:
        raise UsageError("--effort must be more than 0 seconds", "leave it out for 60")
    resolved = resolve(target, configuration)
    if watch is not None and (watch <= 0 or not isinstance(resolved, Live)):
        raise UsageError("--watch takes seconds, and looks at a live database", "name its URL")
    # Only now what is heavy: every command has this module loaded.
    from dbwright.tune.advice import Wanted, advise

    return advise(
        resolved,
        Wanted(workload, watch, room, effort, why),
        fail_on=fail_on,
        budget=budget,
        progress=progress,
    )
