"""Sorting what must come before what."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from typing import TypeVar

from dbwright.model.finding import ObjectRef

__all__ = ["sorted_nodes"]

N = TypeVar("N")


def sorted_nodes(
    nodes: set[N],
    after: Mapping[N, set[N]],
    priority: Callable[[N], tuple[int, int, ObjectRef]],
) -> tuple[list[N], bool]:
    """Each behind all that must come before it, and else by priority; and whether some need each
    other in a circle."""
    circular = False
    waits: dict[N, int] = dict.fromkeys(nodes, 0)
    for others in after.values():
        for node in others:
            waits[node] += 1
    ready = [(priority(node), node) for node, count in waits.items() if not count]
    heapq.heapify(ready)
    order: list[N] = []
    done: set[N] = set()
    while len(order) < len(nodes):
        if not ready:  # they need each other in a circle: one has to begin
            circular = True
            first = min(
                (node for node in nodes if node not in done and waits[node] > 0), key=priority
            )
            waits[first] = 0
            ready = [(priority(first), first)]
        _, node = heapq.heappop(ready)
        if node in done:
            continue
        done.add(node)
        order.append(node)
        for other in after.get(node, ()):
            waits[other] -= 1
            if waits[other] == 0:
                heapq.heappush(ready, (priority(other), other))
    return order, circular
