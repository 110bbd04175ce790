"""What a join makes visible: the merged columns of USING and NATURAL, the join's alias."""

from __future__ import annotations

from dataclasses import dataclass, field

from dbwright.sql.parse import Node
from dbwright.sql.scope.namespace import Item, Targets

__all__ = ["Joined", "joined"]


@dataclass(slots=True)
class Joined:
    """The items after a join."""

    items: list[Item]
    inner: list[Item]
    """What the ON of the join sees."""
    pairs: list[tuple[Targets, Targets]] = field(default_factory=list)
    """The columns that USING or NATURAL compares."""
    problems: dict[str, str] = field(default_factory=dict)
    """Names of USING that are not known on one side, and why."""


def joined(node: Node, left: list[Item], right: list[Item]) -> Joined:
    """The items that `left` and `right` become by the join."""
    before, after = _columns(left), _columns(right)
    if node.get("isNatural"):
        known = {name for name, _ in after}
        names = [name for name, _ in before if name in known]
    else:
        names = [part["String"]["sval"] for part in node.get("usingClause", ())]
    first, second = dict(before), dict(after)
    problems = _problems(names, before, after)
    names = [name for name in names if name not in problems]
    pairs = [(first[name], second[name]) for name in names]
    order = [
        (name, _merged(node.get("jointype", ""), *pair))
        for name, pair in zip(names, pairs, strict=True)
    ]
    merged = list(order)
    order += [column for column in before if column[0] not in names]
    order += [column for column in after if column[0] not in names]
    alias = node.get("alias", {})
    given = [part["String"]["sval"] for part in alias.get("colnames", ())]
    order = [
        (given[place] if place < len(given) else name, targets)
        for place, (name, targets) in enumerate(order)
    ]
    whole = Item(
        alias.get("aliasname", ""), order, relation_visible=bool(alias), has_alias=bool(alias)
    )
    # The join stands for the columns of its sides; their names can still qualify columns.
    hidden = [item.behind_join() for item in left + right]
    items = [whole] if alias else [*hidden, whole]
    if "join_using_alias" in node:
        name = node["join_using_alias"]["aliasname"]
        items.append(Item(name, merged, columns_visible=False, has_alias=True))
    return Joined(items, left + right, pairs, problems)


def _problems(names: list[str], *sides: list[tuple[str, Targets]]) -> dict[str, str]:
    """The names that can't be merged, and why."""
    problems: dict[str, str] = {}
    for side in sides:
        known = [name for name, _ in side]
        for name in names:
            if known.count(name) > 1:
                problems[name] = "several relations on one side of the join have that column"
            elif name not in known:
                problems[name] = "one side of the join is not known to have that column"
    return problems


def _columns(items: list[Item]) -> list[tuple[str, Targets]]:
    return [column for item in items if item.columns_visible for column in item.order]


def _merged(kind: str, left: Targets, right: Targets) -> Targets:
    if kind == "JOIN_FULL":
        return left + right
    return right if kind == "JOIN_RIGHT" else left
