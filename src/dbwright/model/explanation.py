"""A plan with what makes it slow: what `dbwright explain` finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from dbwright.model.finding import Finding
from dbwright.model.plan import Plan, PlanNode
from dbwright.model.report import RuleText, Skipped

__all__ = ["MEASURE", "Explanation", "Imagined", "ImaginedIndex", "Remark"]

MEASURE = "dbwright explain … --analyze"


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding about one node of the plan, or about the plan as a whole (None)."""

    finding: Finding
    node: int | None = None
    """The node's number."""


@dataclass(frozen=True, slots=True)
class ImaginedIndex:
    """An index that is not there, as if it were."""

    definition: str
    """As `shop.orders (user_id)`."""
    bytes: float
    """That it would take."""
    used: bool
    """Is it in the plan?"""


@dataclass(frozen=True, slots=True)
class Imagined:
    """What was taken to be there for a plan."""

    indexes: tuple[ImaginedIndex, ...]
    cost_without: float
    """Of the plan that is made without them."""


@dataclass(frozen=True)
class Explanation:
    """A plan, and remarks on it, worst first."""

    plan: Plan
    target: str
    """As a person would name it; never with a password."""
    remarks: tuple[Remark, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    rules: Mapping[str, RuleText] = field(default_factory=dict)
    """Of the remarks' insights, by id."""
    command: str = "explain"
    measure: str = MEASURE
    """What would run the statement and measure each node, where that can be done."""
    imagined: Imagined | None = None
    """Indexes that the plan has and the target has not."""

    def on(self, node: PlanNode) -> tuple[Remark, ...]:
        """The remarks on a node."""
        return tuple(remark for remark in self.remarks if remark.node == node.number)

    @cached_property
    def worst(self) -> PlanNode | None:
        """The node with the largest share of the time (else of the cost); None where none has
        a tenth of it."""
        shares = [(self.plan.share(node) or 0.0, -node.number) for node in self.plan.nodes]
        share, number = max(shares)
        return self.plan.nodes[-number] if share >= 0.1 else None
