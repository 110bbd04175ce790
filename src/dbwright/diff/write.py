"""The files of a migration: what goes up, what takes it back, and what that can't restore."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from dbwright.diff.kinds.types import added_labels, in_order
from dbwright.diff.plan import Plan, plan
from dbwright.diff.rename import Rename
from dbwright.diff.renames import apply, is_free, reversed_rename
from dbwright.diff.step import Step
from dbwright.model.catalog import Catalog, TypeKind
from dbwright.model.finding import ObjectRef

__all__ = ["Part", "comment", "parts", "text"]

BODIES = "SET LOCAL check_function_bodies = off"
"""Functions may name what is made after them."""


@dataclass(frozen=True, slots=True)
class Part:
    """What is one file, and one transaction."""

    up: Plan
    down: Plan

    @property
    def losing(self) -> tuple[Step, ...]:
        """The steps up that lose data."""
        return tuple(step for step in self.up.steps if step.loses)

    @property
    def says_something(self) -> bool:
        return any((self.up.steps, self.down.steps, self.up.unwritten, self.down.unwritten))

    @property
    def apart(self) -> bool:
        """Must something be committed before the rest can use it?"""
        steps = self.up.steps + self.down.steps
        return any(step.commits for step in steps) and not (
            all(step.commits for step in self.up.steps)
            or all(step.commits for step in self.down.steps)
        )


def parts(
    before: Catalog,
    after: Catalog,
    renames: Sequence[Rename],
    *,
    owners: bool = True,
    privileges: bool = True,
) -> tuple[Part, ...]:
    """New values of enums are committed before anything uses them: they are a part of their own, in
    either direction, but where there are `renames`, which make it one."""
    options = {"owners": owners, "privileges": privileges}
    # Both parts run on the server, and as the user, of `before`.
    if (after.server.major, after.server.user) != (before.server.major, before.server.user):
        after = replace(after, server=before.server)
    after = _with_order(before, after)
    if not renames:
        found: list[Part] = []
        for old, new in _stations(before, after):
            part = Part(plan(old, new, **options), plan(new, old, **options))
            found += [part] if part.says_something else []
        return tuple(found)
    # The names first, in either direction: what comes after ends in what a server has written.
    back = _back(before, renames)
    renamed = apply(before, renames)
    up = _all(renamed, after, renames, options)
    if is_free(after, back):
        return (Part(up, _all(apply(after, back), before, back, options)),)
    # What has an old name now goes before the names come back.
    rest = _all(after, renamed, (), options)
    steps = rest.steps + tuple(Step(one.statement, one.object) for one in back)
    return (Part(up, Plan(steps, rest.unwritten)),)


def _with_order(before: Catalog, after: Catalog) -> Catalog:
    """With the attributes of composites in the order in which the way up leaves them: on the way
    back, values change over by place."""
    old = {type_.qualified: type_ for type_ in before.types if type_.attributes}
    types = tuple(
        replace(type_, attributes=in_order(old[type_.qualified], type_))
        if type_.qualified in old and type_.attributes
        else type_
        for type_ in after.types
    )
    return replace(after, types=types) if types != after.types else after


def _all(
    before: Catalog, after: Catalog, renames: Sequence[Rename], options: dict[str, bool]
) -> Plan:
    steps = [Step(one.statement, one.object) for one in renames]
    unwritten: list[tuple[ObjectRef, str]] = []
    for old, new in _stations(before, after):
        found = plan(old, new, **options)
        steps += found.steps
        unwritten += found.unwritten
    return Plan(tuple(steps), tuple(unwritten))


def _back(before: Catalog, renames: Sequence[Rename]) -> tuple[Rename, ...]:
    """The same names the other way, from the last one on."""
    found: list[Rename] = []
    for one in renames:
        found.append(reversed_rename(before, one))
        before = apply(before, (one,))
    return tuple(reversed(found))


def _stations(before: Catalog, after: Catalog) -> Iterator[tuple[Catalog, Catalog]]:
    """With the values that are added made first, and with those that are gone left to the last."""
    first = _with_labels(before, after)
    last = _with_labels(after, before)
    stations = [before, first, last, after]
    for old, new in pairwise(stations):
        if old is not new:
            yield old, new


def _with_labels(catalog: Catalog, other: Catalog) -> Catalog:
    """The catalog with the enum values that the other one has besides; itself where none."""
    labels = {t.qualified: t.labels for t in other.types if t.kind is TypeKind.ENUM}
    types = tuple(
        replace(t, labels=labels[t.qualified])
        if t.kind is TypeKind.ENUM
        and t.qualified in labels
        and t.labels != labels[t.qualified]
        and added_labels(t.labels, labels[t.qualified])
        else t
        for t in catalog.types
    )
    return replace(catalog, types=types) if types != catalog.types else catalog


def text(found: Sequence[Part], title: str, notes: Sequence[str] = ()) -> str:
    """One file. One of several parts runs statement by statement, outside of a transaction."""
    lines = [comment(title), *map(comment, notes)]
    for part in found:
        lines += [comment(f"loses: {step.object}: {step.loses}") for step in part.losing]
        for ref, why in dict.fromkeys(part.up.unwritten + part.down.unwritten):
            lines.append(comment(f"not written: {ref}: {why}"))
    alone = len(found) > 1 or any(part.apart for part in found)
    lines += ["-- no-transaction"] if alone else []
    lines += ["", "-- UP", ""]
    for part in found:
        lines += _statements(part.up.steps, alone=alone)
    lines += ["-- DOWN", ""]
    lost = [step for part in found for step in part.losing]
    lines += [comment(f"Not restored: {step.object}: {step.loses}.") for step in lost]
    lines += [""] if lost else []
    for part in reversed(found):
        lines += _statements(part.down.steps, alone=alone)
    return "\n".join(lines).rstrip() + "\n"


def one_way(found: Sequence[Part], title: str, notes: Sequence[str], *, up: bool) -> str:
    """The statements of one direction alone, for psql: in a file of both it would run both."""
    lines = [comment(title), *map(comment, notes)]
    for part in found:
        plan = part.up if up else part.down
        lines += [
            comment(f"not written: {ref}: {why}") for ref, why in dict.fromkeys(plan.unwritten)
        ]
    lines.append("")
    for part in found if up else reversed(found):
        lines += _statements((part.up if up else part.down).steps, alone=True)
    return "\n".join(lines).rstrip() + "\n"


def comment(told: str) -> str:
    """One line, whatever the names in it hold: what follows a line's end would be run."""
    return f"-- {' '.join(told.splitlines())}"


def _statements(steps: Sequence[Step], *, alone: bool) -> Iterator[str]:
    if any(step.object.kind in ("function", "procedure", "window function") for step in steps):
        yield f"{BODIES.replace('LOCAL ', '') if alone else BODIES};\n"
    for step in steps:
        if step.note:
            yield comment(step.note)
        yield f"{step.sql};\n"
