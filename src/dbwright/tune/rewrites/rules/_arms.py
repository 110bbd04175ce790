"""The arms of an OR, and rows of each that no earlier one gives."""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.sql.parse import Node
from dbwright.tune.rewrites.trees import all_of

__all__ = ["arms_of", "of_each_arm", "united"]

MOST = 4


def arms_of(condition: Node) -> list[Node] | None:
    """The arms of an OR of not too many; None for anything else."""
    fields = condition.get("BoolExpr")
    if fields is None or fields["boolop"] != "OR_EXPR" or len(fields["args"]) > MOST:
        return None
    return list(fields["args"])


def of_each_arm(arms: list[Node]) -> Iterator[Node]:
    """A condition for each arm, so that of a row that the OR holds for, exactly one is true."""
    for number, arm in enumerate(arms):
        condition = all_of([arm, *map(_not_true, arms[:number])])
        assert condition is not None
        yield condition


def _not_true(condition: Node) -> Node:
    return {"BooleanTest": {"arg": condition, "booltesttype": "IS_NOT_TRUE"}}


def united(parts: list[Node]) -> Node:
    """The SELECTs, put together with UNION ALL."""
    found = parts[0]
    for part in parts[1:]:
        union = {"op": "SETOP_UNION", "all": True, "limitOption": "LIMIT_OPTION_DEFAULT"}
        found = {**union, "larg": found, "rarg": part}
    return found
