"""`dbwright demo`: a shop with planted faults on an embedded server, and what is found there."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from dbwright.check.check import check_source
from dbwright.check.configure import choose
from dbwright.check.registry import all_rules
from dbwright.configuration import Configuration, RuleSettings
from dbwright.demo.defects import DEFECTS
from dbwright.demo.shop import build, workload
from dbwright.model.report import Report, Skipped
from dbwright.operation import Effect, Example, Parameter, operation
from dbwright.progress import Progress, silent
from dbwright.sandbox import Server, start
from dbwright.target import Live, opened

__all__ = ["demo"]

DATABASE = "shop"
SETTINGS = {"shared_preload_libraries": "pg_stat_statements"}
THRESHOLDS = {"indexes/unused-index": {"min_days": 0.0}}
"""The shop is minutes old, but its whole workload has run."""
BUDGET = 60.0


@operation(
    Effect.READS,
    examples=(
        Example("dbwright demo", "build the shop, check it, show the report"),
        Example("dbwright demo --also report.html", "and write the report as a page"),
        Example("dbwright demo --tune", "make its workload faster, measured before and after"),
    ),
)
def demo(
    *,
    tune: Annotated[
        bool,
        Parameter("tune the shop's workload instead, and prove the advice on a copy with rows"),
    ] = False,
    progress: Progress = silent,
) -> Report:
    """Check a small shop with planted faults on an embedded server.

    Needs no database and no network: PostgreSQL comes with dbwright. The server lives in a
    temporary folder until the report is made. Nothing is left behind.
    """
    progress("starting PostgreSQL")
    with start(settings=SETTINGS, progress=progress) as server:
        _fill(server, progress)
        report = (_tuned if tune else _checked)(Live(server.url(DATABASE)), progress)
    return replace(
        report,
        command="demo",
        target="the demo shop",
        skipped=(*report.skipped, _SERVER_SETTINGS),
    )


def _checked(shop: Live, progress: Progress) -> Report:
    progress("checking the shop")
    with opened(shop, budget_seconds=BUDGET, progress=progress) as source:
        choice = choose(Configuration(), _rules(), ())
        return check_source(
            source,
            replace(choice, thresholds=THRESHOLDS),
            data=True,
            progress=progress,
        )


def _tuned(shop: Live, progress: Progress) -> Report:
    from dbwright.tune.advice import Wanted, advise
    from dbwright.tune.advisors.registry import all_advisors

    # The demo's server is set up to be thrown away: how it is set says nothing.
    off = RuleSettings(enabled=False)
    without = {one.id: off for one in all_advisors() if one.id.endswith("-for-machine")}
    return advise(
        shop, Wanted(measured=True), Configuration(rules=without), budget=BUDGET, progress=progress
    )


_SERVER_SETTINGS = Skipped(
    "settings", "the demo's server is set up to be thrown away", "dbwright check on your own"
)


def _fill(server: Server, progress: Progress) -> None:
    """The shop, and the counters of one day of work."""
    import psycopg

    server.create_database(DATABASE)
    with psycopg.connect(server.url(DATABASE), autocommit=True) as connection:
        connection.execute("CREATE EXTENSION pg_stat_statements")
        build(connection, progress)
        connection.execute("SELECT pg_stat_statements_reset()")
        queries = workload()
        for done, query in enumerate(queries):
            progress("running the shop's queries", done, len(queries))
            connection.execute(query.text)
        connection.execute("SELECT pg_stat_force_next_flush()")


def _rules() -> tuple[str, ...]:
    """All but those about the server's settings, unless the shop plants such a fault."""
    planted = {defect.rule for defect in DEFECTS}
    return tuple(rule.id for rule in all_rules() if rule.topic != "settings" or rule.id in planted)
