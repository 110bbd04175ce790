"""Queries that are the same but for their constants, as one.

Parts of one source add up (the rows of pg_stat_statements for two users, two application servers'
captures). Sources of different kinds saw the same executions: there the first one that knows a
query gives the figures, and the others what it lacks (an example, call sites, a plan).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from datetime import datetime
from functools import reduce
from math import sqrt
from typing import Any, TypeVar

from dbwright.model.workload import Query

__all__ = ["added", "completed"]

ADDED = (
    "total_seconds",
    "planning_seconds",
    "rows",
    "shared_blocks_hit",
    "shared_blocks_read",
    "temporary_blocks",
)
MOST_SITES = 10

Value = TypeVar("Value", float, datetime)


def added(queries: Iterable[Query]) -> tuple[Query, ...]:
    """One query for each fingerprint, the most expensive first; figures add up."""
    return _by_fingerprint(queries, _add)


def completed(sources: Sequence[Iterable[Query]]) -> tuple[Query, ...]:
    """One query for each fingerprint, the most expensive first; an earlier source's figures
    stand, later ones fill in what it does not know."""
    return _by_fingerprint((query for source in sources for query in source), _complete)


def _by_fingerprint(
    queries: Iterable[Query], join: Callable[[Query, Query], Query]
) -> tuple[Query, ...]:
    groups: dict[str, list[Query]] = {}
    for query in queries:
        groups.setdefault(query.fingerprint, []).append(query)
    found = [reduce(join, group) for group in groups.values()]
    return tuple(sorted(found, key=_by_cost))


def _by_cost(query: Query) -> tuple[float, int, str, str]:
    return (-(query.total_seconds or 0.0), -query.calls, query.fingerprint, query.text)


def _add(one: Query, other: Query) -> Query:
    """The two as one; what only one of them tells is of that one."""
    first, second = sorted((one, other), key=_by_cost)
    total = _sum(one.total_seconds, other.total_seconds)
    calls = one.calls + other.calls
    figures: dict[str, Any] = {
        name: _sum(getattr(one, name), getattr(other, name)) for name in ADDED
    }
    return replace(
        _complete(first, second),
        **figures,
        calls=calls,
        mean_seconds=_mean(one, other, total),
        stddev_seconds=_pooled(one, other),
        minimum_seconds=_least(one.minimum_seconds, other.minimum_seconds),
        max_seconds=_most(one.max_seconds, other.max_seconds),
        # Of both together it can't be told; it is at most the larger one.
        p95_seconds=_most(one.p95_seconds, other.p95_seconds),
        call_sites=_union(first.call_sites, second.call_sites)[:MOST_SITES],
        users=_union(_users(first), _users(second)),
        applications=_union(first.applications, second.applications),
        first_seen=_least(one.first_seen, other.first_seen),
        last_seen=_most(one.last_seen, other.last_seen),
    )


def _complete(query: Query, other: Query) -> Query:
    """The query, with what it does not tell from the other."""
    missing = {
        field.name: getattr(other, field.name)
        for field in fields(query)
        if getattr(query, field.name) in (None, (), "")
    }
    if query.example is not None:  # the values belong to the example
        missing.pop("parameters", None)
    if query.slowest is not None:
        missing.pop("slowest_parameters", None)
    return replace(query, **missing)


def _mean(one: Query, other: Query, total: float | None) -> float | None:
    """Of all calls of both. A total may leave out calls that are in the time of their caller."""
    calls = one.calls + other.calls
    if not calls or total is None:
        return None
    if one.mean_seconds is None or other.mean_seconds is None:
        return total / calls
    return (one.calls * one.mean_seconds + other.calls * other.mean_seconds) / calls


def _pooled(one: Query, other: Query) -> float | None:
    """The standard deviation of all calls of both."""
    means = one.mean_seconds, other.mean_seconds
    spreads = one.stddev_seconds, other.stddev_seconds
    calls = one.calls + other.calls
    if None in means or None in spreads or not calls:
        return None
    mean = sum(q.calls * (q.mean_seconds or 0.0) for q in (one, other)) / calls
    square = sum(
        q.calls * ((q.stddev_seconds or 0.0) ** 2 + (q.mean_seconds or 0.0) ** 2)
        for q in (one, other)
    )
    return sqrt(max(0.0, square / calls - mean * mean))


def _sum(one: float | None, other: float | None) -> float | None:
    if one is None:
        return other
    return one if other is None else one + other


def _least(one: Value | None, other: Value | None) -> Value | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def _most(one: Value | None, other: Value | None) -> Value | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)


def _users(query: Query) -> tuple[str, ...]:
    return query.users or (() if query.user is None else (query.user,))


def _union(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one + other))
