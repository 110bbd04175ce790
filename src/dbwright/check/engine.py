"""Running rules over a snapshot."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from dbwright.check.rule import Answers, Fault, Question, Rule
from dbwright.memory import garbage_collection_paused
from dbwright.model.catalog import CONTAINERS
from dbwright.model.finding import Finding, Location, ObjectRef
from dbwright.model.names import enclosing
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot

__all__ = ["NOT_ASKED", "RuleRun", "run_rules"]

logger = logging.getLogger(__name__)

Ask = Callable[[Question], "list[object] | Skipped"]
"""Puts a question to the live database: its rows, or why there are none."""


NOT_ASKED = Skipped("data", "rules that read rows of tables run only when asked to", "--data")


@dataclass(frozen=True, slots=True)
class RuleRun:
    """What came out: findings worst first, and the rules that could not be decided."""

    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...]
    rules_run: int


def run_rules(
    snapshot: Snapshot,
    rules: Iterable[Rule],
    options: Mapping[str, Mapping[str, object]] | None = None,
    ask: Ask | None = None,
    unasked: Skipped = NOT_ASKED,
) -> RuleRun:
    """Run each rule that has what it needs. `options`: thresholds by rule id.

    Without `ask`, rules that read table rows are skipped; `unasked` says why. A rule that breaks
    is skipped, told with its error, and logged with its traceback: one bug must not hide the other
    findings.
    """
    with garbage_collection_paused():
        return _run_rules(snapshot, rules, options, ask, unasked)


def _run_rules(
    snapshot: Snapshot,
    rules: Iterable[Rule],
    options: Mapping[str, Mapping[str, object]] | None,
    ask: Ask | None,
    unasked: Skipped,
) -> RuleRun:
    findings: list[Finding] = []
    skipped = _Skips(snapshot.skipped)
    count = 0
    for rule in rules:
        missing = _missing(rule, snapshot)
        if missing is not None:
            skipped.add(missing, rule)
            continue
        if rule.reads_data and ask is None and not rule.data_optional:
            skipped.add(unasked, rule)
            continue
        try:
            own_options = dict((options or {}).get(rule.id, {}))
            answers = _answers(rule, snapshot, own_options, ask, skipped) if ask else {}
            faults = _faults(rule, snapshot, own_options, answers)
            findings += [_finding(rule, fault, snapshot) for fault in faults]
            count += 1
        except Exception as problem:
            logger.exception("rule %s broke", rule.id)
            reason = f"the rule broke: {type(problem).__name__}: {problem}"
            skipped.add(Skipped(rule.id, reason, "please report it"), rule)
    findings.sort(key=_order)
    return RuleRun(tuple(findings), skipped.all(), count)


class _Skips:
    """The snapshot's skipped parts, with the rules that each one cost."""

    def __init__(self, parts: Iterable[Skipped]) -> None:
        self._parts: dict[Skipped, list[str]] = {part: [] for part in parts}

    def add(self, part: Skipped, rule: Rule | None = None) -> None:
        rules = self._parts.setdefault(part, [])
        if rule is not None and rule.id not in rules:
            rules.append(rule.id)

    def all(self) -> tuple[Skipped, ...]:
        return tuple(
            replace(part, rules=tuple(sorted(rules))) for part, rules in self._parts.items()
        )


def _missing(rule: Rule, snapshot: Snapshot) -> Skipped | None:
    """The skipped part without which the rule can't be decided."""
    for need in rule.needs:
        for part in snapshot.skipped:
            if need == part.part or need.startswith(part.part + "."):
                return part
        part_name = need.partition(".")[0]
        if part_name in ("statistics", "activity") and getattr(snapshot, part_name) is None:
            return Skipped(part_name, "the target does not hold it", "check a live database")
    return None


def _answers(
    rule: Rule,
    snapshot: Snapshot,
    options: Mapping[str, object],
    ask: Ask,
    skipped: _Skips,
) -> Answers:
    found: dict[str, list[object]] = {}
    for question in rule.ask(snapshot.catalog, options):
        answer = ask(question)
        if isinstance(answer, Skipped):
            skipped.add(replace(answer, part=f"data.{question.key}"), rule)
        else:
            found[question.key] = answer
    return found


def _faults(
    rule: Rule, snapshot: Snapshot, options: Mapping[str, object], answers: Answers
) -> Iterator[Fault]:
    known = {
        "catalog": snapshot.catalog,
        "statistics": snapshot.statistics,
        "activity": snapshot.activity,
        "snapshot": snapshot,
        "answers": answers,
    }
    yield from rule.function(*(known[part] for part in rule.parts), **options)


def _finding(rule: Rule, fault: Fault, snapshot: Snapshot) -> Finding:
    return Finding(
        rule=rule.id,
        severity=fault.severity or rule.severity,
        confidence=fault.confidence or rule.confidence,
        object=fault.object,
        message=fault.message,
        why=rule.why,
        key=":".join(filter(None, (rule.id, str(fault.object), fault.detail))),
        evidence=fault.evidence,
        advice=fault.advice,
        fix=fault.fix,
        location=fault.location or _location(fault.object, snapshot),
    )


def _location(ref: ObjectRef, snapshot: Snapshot) -> Location | None:
    """Where the files declare the object, else what it is a part of."""
    if not snapshot.locations:
        return None
    kinds = [kind for kind in CONTAINERS if kind != "schema"]  # whose line would tell nothing
    around = (f"{kind} {name}" for name in enclosing(ref.name) for kind in kinds)
    names = (str(ref), *around)
    return next((snapshot.locations[name] for name in names if name in snapshot.locations), None)


def _order(finding: Finding) -> tuple[int, int, str, tuple[str, int], str]:
    """Worst first; of equals what goes on now, then by rule, by place in files, by object."""
    live = 0 if finding.rule.startswith("activity/") else 1
    place = finding.location
    line = (place.file, place.line) if place else ("", 0)
    return finding.severity.rank, live, finding.rule, line, finding.key
