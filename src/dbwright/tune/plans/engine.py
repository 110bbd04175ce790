"""Running insights over a plan."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dbwright.model.catalog import Catalog
from dbwright.model.explanation import Remark
from dbwright.model.finding import Finding, ObjectRef, Proof, ProofLevel, Severity
from dbwright.model.plan import Plan, PlanNode
from dbwright.model.report import Skipped
from dbwright.model.statistics import Statistics
from dbwright.tune.plans.insight import Insight, PlanFault

__all__ = ["InsightRun", "run_insights"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class InsightRun:
    """What came out: remarks worst first, and what could not be decided."""

    remarks: tuple[Remark, ...]
    skipped: tuple[Skipped, ...]


def run_insights(
    plan: Plan,
    insights: Iterable[Insight],
    *,
    catalog: Catalog | None = None,
    statistics: Statistics | None = None,
    thresholds: Mapping[str, Mapping[str, object]] | None = None,
    severities: Mapping[str, Severity] | None = None,
    measure: str = "--analyze",
) -> InsightRun:
    """Run each insight that the plan can decide. `thresholds` and `severities`
    (instead of its own, and of what it says of one fault): by the insight's id. `measure` is what
    would give the actual figures of a plan that was not run.

    An insight that breaks is skipped, told with its error, and logged with its traceback: one bug
    must not hide what the others find.
    """
    remarks: list[Remark] = []
    skipped: list[Skipped] = []
    waiting: list[str] = []
    known = {"plan": plan, "catalog": catalog, "statistics": statistics}
    for insight in insights:
        if insight.analyzed and not plan.analyzed:
            waiting.append(insight.id)
            continue
        own = dict((thresholds or {}).get(insight.id, {}))
        try:
            faults = list(insight.function(*(known[part] for part in insight.parts), **own))
            severity = (severities or {}).get(insight.id)
            remarks += [_remark(insight, fault, severity) for fault in faults]
        except Exception as problem:
            logger.exception("insight %s broke", insight.id)
            reason = f"the insight broke: {type(problem).__name__}: {problem}"
            skipped.append(Skipped(insight.id, reason, "please report it", rules=(insight.id,)))
    if waiting:
        reason = "the plan was not run: only estimates are known"
        skipped.insert(0, Skipped("plan.actual", reason, measure, rules=tuple(waiting)))
    remarks.sort(key=lambda remark: _order(remark, plan))
    return InsightRun(tuple(remarks), tuple(skipped))


def _remark(insight: Insight, fault: PlanFault, severity: Severity | None) -> Remark:
    node = fault.node
    ref = fault.object or _named(node)
    place = "" if node is None else f"#{node.number}"
    return Remark(
        Finding(
            rule=insight.id,
            severity=severity or fault.severity or insight.severity,
            confidence=fault.confidence or insight.confidence,
            object=ref,
            message=fault.message,
            why=insight.why,
            key=":".join(filter(None, (insight.id, str(ref), place))),
            evidence=fault.evidence,
            advice=fault.advice,
            fix=fault.fix,
            # EXPLAIN ANALYZE measured the fault; that the fix mends it is not proven by that.
            proof=Proof(level=ProofLevel.STATED),
        ),
        None if node is None else node.number,
    )


def _named(node: PlanNode | None) -> ObjectRef:
    if node is None:
        return ObjectRef("plan", "the whole plan")
    return ObjectRef("plan node", f"{node.name} on {node.on}" if node.on else node.name)


def _order(remark: Remark, plan: Plan) -> tuple[int, float, str, int]:
    """Worst first; of equals the node with the larger share of the time."""
    number = -1 if remark.node is None else remark.node
    share = plan.share(plan.nodes[number]) if number >= 0 else None
    return remark.finding.severity.rank, -(share or 0.0), remark.finding.rule, number
