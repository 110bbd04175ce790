"""`dbwright check`: read a database, find what is wrong with it, write the fix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from dbwright.baseline import read_baseline
from dbwright.check.configure import Choice, choose
from dbwright.check.describe import described
from dbwright.check.engine import NOT_ASKED, RuleRun, run_rules
from dbwright.check.registry import known_ids, known_topics
from dbwright.check.silence import Silence, ignores_in_comments
from dbwright.configuration import Configuration
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Finding, Severity
from dbwright.model.report import Report, RuleText, Skipped
from dbwright.model.rule_page import rule_page
from dbwright.model.snapshot import Snapshot
from dbwright.operation import Effect, Example, Parameter, operation
from dbwright.progress import Progress, silent
from dbwright.target import DEFAULT_TARGET, Source, opened, resolve

__all__ = ["check", "check_source"]

BUDGET = 30.0
SEVERITIES = "|".join(Severity)
NO_ROWS = Skipped("data", "a snapshot holds no rows of tables", "check the live database")


def _patterns() -> tuple[str, ...]:
    return (*known_topics(), *known_ids())


@operation(
    Effect.READS,
    examples=(
        Example("dbwright check postgresql://me@db.example.com/shop", "a live database"),
        Example("dbwright check schema.sql", "files: loaded into a throw-away server"),
        Example("dbwright check migrations/ --format sarif -o out.sarif", "for a pull request"),
        Example("dbwright check --only indexes --only keys/*", "some rules (DATABASE_URL)"),
        Example("dbwright check --baseline known.json --fail-on warning", "only what is new"),
    ),
)
def check(
    target: Annotated[
        str | None,
        Parameter(
            f"URL, snapshot, .sql file, folder, or a name in dbwright.toml; {DEFAULT_TARGET}",
            "TARGET",
            argument=True,
        ),
    ] = None,
    *,
    only: Annotated[
        tuple[str, ...],
        Parameter("run only these rules: an id, a topic, or a glob", "RULE", known=_patterns),
    ] = (),
    skip: Annotated[
        tuple[str, ...], Parameter("leave these rules out", "RULE", known=_patterns)
    ] = (),
    data: Annotated[
        bool, Parameter("also run the rules that read rows of tables (sampled, time-limited)")
    ] = False,
    fail_on: Annotated[
        Severity | None,
        Parameter("exit with 1 at findings this bad or worse [default: error]", SEVERITIES),
    ] = None,
    baseline: Annotated[
        Path | None, Parameter("a report in JSON: what it holds is silenced", "FILE")
    ] = None,
    budget: Annotated[
        float | None, Parameter("seconds for all reading [default: 30]", "SECONDS")
    ] = None,
    progress: Progress = silent,
    configuration: Configuration,
) -> Report:
    """Find what is wrong with a database, and write the fix.

    Looks, never touches: every query runs read-only under time-outs. Each finding carries its
    evidence, why it matters, the fix as SQL with the lock it takes, and the way back.
    """
    settings = configuration.check
    choice = choose(configuration, only, skip)
    if baseline is None and settings.baseline is not None:
        baseline = configuration.path(settings.baseline)
    known = read_baseline(baseline) if baseline else frozenset()
    with opened(
        resolve(target, configuration),
        budget_seconds=budget or settings.budget or BUDGET,
        progress=progress,
    ) as source:
        return check_source(
            source,
            choice,
            baseline=known,
            data=data,
            fail_on=fail_on or settings.fail_on or Severity.ERROR,
            progress=progress,
        )


def check_source(
    source: Source,
    choice: Choice,
    *,
    baseline: frozenset[str] = frozenset(),
    data: bool = False,
    fail_on: Severity | None = None,
    progress: Progress = silent,
) -> Report:
    """Run the chosen rules over an opened target."""
    snapshot = source.snapshot
    progress(f"running {len(choice.rules)} rules")
    run = run_rules(
        snapshot,
        choice.rules,
        choice.thresholds,
        ask=source.ask if data else None,
        unasked=NOT_ASKED if source.ask else NO_ROWS,
    )
    found = {finding.rule for finding in run.findings}
    silence = Silence(ignores_in_comments(snapshot.catalog), choice.ignored, baseline)
    shown, silenced = silence.split(_with_severities(run, choice.severities))
    return Report(
        command="check",
        target=snapshot.target,
        findings=tuple(shown),
        silenced=tuple(silenced),
        skipped=_merged((*run.skipped, *choice.switched_off)),
        engine=snapshot.catalog.engine,
        server_version=snapshot.catalog.server.version,
        database=snapshot.catalog.server.database,
        rules_run=run.rules_run,
        objects_read=_objects_read(snapshot),
        fail_on=fail_on,
        rules={
            rule.id: RuleText(rule.title, rule_page(described(rule)))
            for rule in choice.rules
            if rule.id in found
        },
    )


def _with_severities(run: RuleRun, severities: Mapping[str, Severity]) -> tuple[Finding, ...]:
    if not severities:
        return run.findings
    changed = (
        replace(f, severity=severities[f.rule]) if f.rule in severities else f for f in run.findings
    )
    return tuple(sorted(changed, key=lambda f: f.severity.rank))


def _merged(parts: tuple[Skipped, ...]) -> tuple[Skipped, ...]:
    """Parts with the same reason and remedy told once."""
    merged: dict[tuple[str, str], Skipped] = {}
    for part in parts:
        key = (part.reason, part.remedy)
        if key not in merged:
            merged[key] = part
            continue
        first = merged[key]
        merged[key] = replace(
            first,
            part=", ".join(dict.fromkeys([*first.part.split(", "), part.part])),
            objects=tuple(dict.fromkeys(first.objects + part.objects)),
            rules=tuple(sorted({*first.rules, *part.rules})),
        )
    return tuple(merged.values())


def _objects_read(snapshot: Snapshot) -> dict[str, int]:
    catalog: Catalog = snapshot.catalog
    counts = {
        "table": len(catalog.tables),
        "column": sum(len(table.columns) for table in catalog.tables),
        "index": sum(len(table.indexes) for table in catalog.tables),
        "view": len(catalog.views) + len(catalog.materialized_views),
        "function": len(catalog.functions),
        "sequence": len(catalog.sequences),
        "role": sum(not role.predefined for role in catalog.roles),
    }
    return {kind: count for kind, count in counts.items() if count}
