"""From EXPLAIN's document (the mapping that FORMAT JSON writes) to a `Plan`.

The readers of text and XML make the same document, so there is one place that knows what the
figures mean. Names are those of PostgreSQL's explain.c from 9.4 to 18; what is not known here is
kept under its own name in `other`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dbwright.engines.postgresql.plan_fields import FIELDS, RELATIONS
from dbwright.engines.postgresql.plan_figures import (
    Fields,
    buffers,
    hash_table,
    io_timings,
    jit,
    memoized,
    sorting,
    wal,
)
from dbwright.errors import NotAPlan
from dbwright.model.plan import (
    Plan,
    PlanningMemory,
    PlanNode,
    PlanTrigger,
    PlanWorker,
    Serialization,
)

__all__ = ["MOST_LEVELS", "plan_from", "too_deep"]

KIB = 1024
MOST_LEVELS = 400
"""Of nodes below one another; documents that are nested much deeper can't be written."""


def plan_from(document: Mapping[str, Any], query: str = "") -> Plan:
    """The plan of one statement. Raises NotAPlan."""
    fields = Fields(document)
    root = fields.take("Plan")
    if not isinstance(root, Mapping):
        raise NotAPlan(
            "the document holds no plan", "paste what EXPLAIN (FORMAT JSON) wrote, the whole of it"
        )
    planning = Fields(_mapping(fields.take("Planning")))
    settings = _mapping(fields.take("Settings"))
    return Plan(
        root=_tree(root),
        query=fields.text("Query Text") or query,
        planning_seconds=fields.milliseconds("Planning Time"),
        execution_seconds=fields.milliseconds("Execution Time")
        or fields.milliseconds("Total Runtime"),
        settings={name: str(value) for name, value in settings.items()},
        triggers=tuple(_trigger(one) for one in _list(fields.take("Triggers"))),
        jit=jit(fields.take("JIT")),
        planning_buffers=buffers(planning) or buffers(fields),
        planning_memory=_planning_memory(planning),
        serialization=_serialization(fields.take("Serialization")),
        query_id=fields.whole("Query Identifier"),
        other=fields.rest(),
    )


def _tree(root: Mapping[str, Any]) -> PlanNode:
    """The nodes, children before parents. Raises NotAPlan."""
    documents: list[Mapping[str, Any]] = []
    below: list[list[int]] = []
    pending: list[tuple[Mapping[str, Any], int, int]] = [(root, -1, 1)]
    while pending:
        document, parent, level = pending.pop()
        if level > MOST_LEVELS:
            raise too_deep()
        number = len(documents)
        if parent >= 0:
            below[parent].append(number)
        children = _list(document.get("Plans"))
        pending += [(child, number, level + 1) for child in reversed(children)]
        documents.append(document)
        below.append([])
    nodes: dict[int, PlanNode] = {}
    for number in reversed(range(len(documents))):
        own = tuple(nodes.pop(child) for child in below[number])
        nodes[number] = _node(documents[number], number, own)
    return nodes[0]


def too_deep() -> NotAPlan:
    return NotAPlan(
        f"the plan has more than {MOST_LEVELS} levels: it can't be shown",
        "explain a part of the statement, or paste a part of the plan",
    )


def _node(document: Mapping[str, Any], number: int, children: tuple[PlanNode, ...]) -> PlanNode:
    fields = Fields(document)
    kind = fields.text("Node Type")
    if not kind:
        raise NotAPlan("a node of the plan has no Node Type", "paste the plan whole")
    fields.take("Plans")
    return PlanNode(
        kind=kind,
        number=number,
        workers=tuple(_worker(one) for one in _joined(_list(fields.take("Workers")))),
        buffers=buffers(fields),
        io=io_timings(fields),
        wal=wal(fields),
        sorting=sorting(fields),
        hash_table=hash_table(fields),
        memoized=memoized(fields) if kind == "Memoize" else None,
        grouping_sets=_grouping_sets(fields.take("Grouping Sets")),
        subplans_removed=fields.whole("Subplans Removed") or 0,
        storage_bytes=fields.kilobytes("Maximum Storage"),
        relation=next((name for each in RELATIONS if (name := fields.text(each))), ""),
        **{field: read(fields, name) for name, (field, read) in FIELDS.items() if name in document},
        children=children,
        other=fields.rest(),
    )


def _joined(workers: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Each worker once: PostgreSQL 12 writes the times of one apart from its sort."""
    by_number: dict[object, dict[str, Any]] = {}
    for worker in workers:
        by_number.setdefault(worker.get("Worker Number"), {}).update(worker)
    yield from by_number.values()


def _worker(document: Mapping[str, Any]) -> PlanWorker:
    fields = Fields(document)
    return PlanWorker(
        number=fields.whole("Worker Number") or 0,
        actual_startup_seconds=fields.milliseconds("Actual Startup Time"),
        actual_total_seconds=fields.milliseconds("Actual Total Time"),
        actual_rows=fields.number("Actual Rows"),
        loops=fields.whole("Actual Loops"),
        buffers=buffers(fields),
        sorting=sorting(fields),
        hash_table=hash_table(fields),
        jit=jit(fields.take("JIT")),
        other=fields.rest(),
    )


def _trigger(document: Mapping[str, Any]) -> PlanTrigger:
    fields = Fields(document)
    return PlanTrigger(
        name=fields.text("Trigger Name"),
        constraint=fields.text("Constraint Name"),
        relation=fields.text("Relation"),
        seconds=fields.milliseconds("Time"),
        calls=int(fields.number("Calls") or 0),
    )


def _serialization(found: Any) -> Serialization | None:
    if not isinstance(found, Mapping):
        return None
    fields = Fields(found)
    return Serialization(
        seconds=fields.milliseconds("Time"),
        output_bytes=(fields.whole("Output Volume") or 0) * KIB,
        format=fields.text("Format"),
        buffers=buffers(fields),
    )


def _planning_memory(fields: Fields) -> PlanningMemory | None:
    used, allocated = fields.whole("Memory Used"), fields.whole("Memory Allocated")
    if used is None:
        return None
    return PlanningMemory(used * KIB, (allocated or 0) * KIB)


def _grouping_sets(found: Any) -> tuple[tuple[str, ...], ...]:
    """`[{"Group Keys": [[…], …]} | {"Hash Keys": [[…]]}, …]`; a set of no columns is empty."""
    sets: list[tuple[str, ...]] = []
    for one in _list(found):
        for name in ("Group Keys", "Hash Keys"):
            sets += [tuple(map(str, _items(keys))) for keys in _items(one.get(name))]
    return tuple(sets)


def _mapping(found: Any) -> Mapping[str, Any]:
    return found if isinstance(found, Mapping) else {}


def _items(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


def _list(found: Any) -> list[Mapping[str, Any]]:
    """The mappings in a list; anything else that stands there is no part of a plan."""
    return [one for one in _items(found) if isinstance(one, Mapping)]
