"""The queries of the code: do they fit the schema, and what makes them faster?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psycopg

from dbwright.agent.work.queries.find import FoundQueries
from dbwright.agent.work.queries.judge import FoundQuery
from dbwright.agent.work.schema.build import MADE
from dbwright.configuration import Configuration
from dbwright.errors import WorkloadUnreadable
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Confidence, Finding, Location, ObjectRef, Severity
from dbwright.model.names import quote
from dbwright.model.report import Report, RuleText
from dbwright.model.snapshot import Snapshot
from dbwright.model.workload import Query, Workload
from dbwright.progress import Progress
from dbwright.sandbox.server import Server
from dbwright.sql.parameters import numbers_in
from dbwright.tune.indexes.advise import IndexOptions
from dbwright.tune.indexes.search import Effort
from dbwright.tune.options import TuneOptions, choose
from dbwright.tune.tuned import tune_snapshot
from dbwright.tune.workload.sources import of_workload

__all__ = ["RULES", "Misfit", "findings_of", "misfits", "tuned"]

CALLS = 3000
SECONDS = 15.0
SYSTEM = ("pg_catalog", "information_schema", "pg_toast")
NOT_THERE = frozenset(("42P01", "42703", "3F000"))
"""SQLSTATEs of a table, a column or a schema that is not there."""
NO_FUNCTION = "42883"
"""Of a function, or an operator for these types: parameters without a type may be the reason."""

MISFIT = "queries/does-not-fit-the-schema"
IN_TEXT = "queries/values-in-text"
RULES = {
    MISFIT: RuleText("A query of the code does not fit the schema"),
    IN_TEXT: RuleText("A query of the code has values written into its text"),
}


@dataclass(frozen=True, slots=True)
class Misfit:
    """A query that the schema's server refuses."""

    query: FoundQuery
    message: str


def misfits(server: Server, catalog: Catalog, found: FoundQueries) -> tuple[Misfit, ...]:
    """The queries that name what the schema does not have, by the server itself."""
    schemas = [one.name for one in catalog.schemas if one.name not in SYSTEM]
    path = ", ".join(map(quote, schemas)) or "public"
    refused: list[Misfit] = []
    with psycopg.connect(server.url(MADE), autocommit=True) as connection:
        connection.execute(f"SET search_path = {path}".encode())
        for query in found.queries:
            message = _refused(connection, query)
            if message:
                refused.append(Misfit(query, message))
    return tuple(refused)


def _refused(connection: psycopg.Connection[tuple[object, ...]], query: FoundQuery) -> str:
    """The server's words where something is not there; empty else. Nothing is run."""
    try:
        connection.execute(f"PREPARE dbwright_fits AS {query.text}".encode())
    except psycopg.Error as problem:
        if connection.closed:
            raise
        state = problem.diag.sqlstate or ""
        said = problem.diag.message_primary or str(problem)
        if state in NOT_THERE or (state == NO_FUNCTION and not numbers_in(query.text)):
            return said
        return ""
    connection.execute("DEALLOCATE dbwright_fits")
    return ""


def tuned(
    snapshot: Snapshot,
    queries: Sequence[FoundQuery],
    configuration: Configuration,
    progress: Progress,
) -> Report | None:
    """The advice for the queries, each counted once for each place where it stands; None where
    none of them can be worked on. Raises SandboxError."""
    workload = Workload(
        source="the code",
        queries=tuple(
            Query(
                text=one.text,
                example=None if numbers_in(one.text) else one.text,
                call_sites=(one.place,),
            )
            for one in queries
        ),
    )
    try:
        reading = of_workload(workload, "code")
    except WorkloadUnreadable:
        return None
    options = TuneOptions(
        # Which indexes nobody needs, the code of one repository can't tell.
        indexes=IndexOptions(effort=Effort(CALLS, SECONDS), drops=False),
        chosen=choose(configuration),
    )
    return tune_snapshot(
        snapshot,
        reading.workload.queries,
        options,
        source="the code",
        skipped=reading.skipped,
        progress=progress,
    )


def findings_of(found: FoundQueries, wrong: Sequence[Misfit]) -> Iterator[Finding]:
    """What is wrong with the code itself, as findings with their places."""
    for one in wrong:
        yield _finding(
            MISFIT,
            Severity.ERROR,
            one.query,
            f"{_called(one.query)} is refused by the server: {one.message}",
            "It fails when it is sent, or it is for another version of the schema.",
            "Mend the query, or add the migration that it waits for.",
        )
    for query in found.put_together:
        yield _finding(
            IN_TEXT,
            Severity.WARNING,
            query,
            f"{_called(query)} gets values written into its text when the program runs",
            "Where such a value comes from outside, it can hold SQL; and each value is planned "
            "anew.",
            "Send them as parameters.",
        )


def _finding(
    rule: str, severity: Severity, query: FoundQuery, message: str, why: str, advice: str
) -> Finding:
    path, _, line = query.place.rpartition(":")
    return Finding(
        rule=rule,
        severity=severity,
        confidence=Confidence.MEDIUM,
        object=ObjectRef("query", _called(query)),
        message=message,
        why=why,
        key=f"{rule}:{path}:{query.text}",
        evidence={"query": " ".join(query.text.split())[:400]},
        advice=advice,
        location=Location(path, int(line)),
    )


def _called(query: FoundQuery) -> str:
    return query.name or query.place
