"""Findings that somebody chose not to see: by a comment, by configuration, by a baseline."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from dbwright.chosen_rules import fits_pattern
from dbwright.model.catalog import (
    CONTAINERS,
    Catalog,
    Check,
    Exclusion,
    ForeignKey,
    Key,
    MaterializedView,
    Table,
)
from dbwright.model.finding import Finding, ObjectRef
from dbwright.model.names import enclosing
from dbwright.model.report import Silenced

__all__ = ["Silence", "ignores_in_comments"]

MARK = "dbwright: ignore "


Ignores = tuple[tuple[str, str], ...]
"""Rule patterns and reasons."""


@dataclass(frozen=True, slots=True)
class Silence:
    """All that silences findings."""

    comments: Mapping[ObjectRef, Ignores] = field(default_factory=dict)
    """By the object whose comment it is."""
    configured: tuple[tuple[str, str], ...] = ()
    """Rule pattern and pattern of object names."""
    baseline: frozenset[str] = frozenset()
    """Keys of findings."""

    def split(self, findings: Iterable[Finding]) -> tuple[list[Finding], list[Silenced]]:
        """Those to show, and those silenced."""
        shown: list[Finding] = []
        silenced: list[Silenced] = []
        for finding in findings:
            silence = self._of(finding)
            if silence is None:
                shown.append(finding)
            else:
                silenced.append(silence)
        return shown, silenced

    def _of(self, finding: Finding) -> Silenced | None:
        for ref in _and_containers(finding.object) if self.comments else ():
            for pattern, reason in self.comments.get(ref, ()):
                if fits_pattern(finding.rule, pattern):
                    return Silenced(finding, "comment", reason)
        for pattern, objects in self.configured:
            if fits_pattern(finding.rule, pattern) and fnmatch.fnmatchcase(
                finding.object.name, objects
            ):
                return Silenced(finding, "configuration", f"ignore {objects}")
        if finding.key in self.baseline:
            return Silenced(finding, "baseline")
        return None


def ignores_in_comments(catalog: Catalog) -> dict[ObjectRef, Ignores]:
    """`dbwright: ignore <rule> <reason>` of each object's comment, a line each.

    A table's comment also counts for its columns, constraints, indexes, triggers and policies, a
    schema's for all that is in it.
    """
    found: dict[ObjectRef, Ignores] = {}
    for ref, comment in _comments(catalog):
        if comment and MARK in comment:
            found[ref] = found.get(ref, ()) + tuple(_ignores(comment))
    return found


def _ignores(comment: str) -> Iterator[tuple[str, str]]:
    for line in comment.splitlines():
        _, mark, rest = line.partition(MARK)
        if mark and rest.strip():
            pattern, _, reason = rest.strip().partition(" ")
            yield pattern, reason.strip()


def _and_containers(ref: ObjectRef) -> Iterator[ObjectRef]:
    """`column shop.orders.total` -> itself, `table shop.orders`, `schema shop`."""
    yield ref
    for name in enclosing(ref.name):
        for kind in CONTAINERS:
            yield ObjectRef(kind, name)


def _comments(catalog: Catalog) -> Iterator[tuple[ObjectRef, str | None]]:
    for table in catalog.tables:
        yield from _of_table(table)
    for view in catalog.views:
        yield view.ref, view.comment
    for materialized in catalog.materialized_views:
        yield materialized.ref, materialized.comment
        yield from _of_indexes(materialized)
    for sequence in catalog.sequences:
        yield sequence.ref, sequence.comment
    for function in catalog.functions:
        yield function.ref, function.comment
    for type_ in catalog.types:
        yield type_.ref, type_.comment
    for schema in catalog.schemas:
        yield schema.ref, schema.comment
    for role in catalog.roles:
        yield role.ref, role.comment
    for database in catalog.databases:
        yield database.ref, database.comment


def _of_table(table: Table) -> Iterator[tuple[ObjectRef, str | None]]:
    yield table.ref, table.comment
    for column in table.columns:
        yield table.column_ref(column), column.comment
    constraints: list[Key | ForeignKey | Check | Exclusion] = [
        *table.keys,
        *table.foreign_keys,
        *table.checks,
        *table.exclusions,
    ]
    for constraint in constraints:
        yield table.constraint_ref(constraint.name), constraint.comment
    for trigger in table.triggers:
        yield table.trigger_ref(trigger.name), trigger.comment
    for policy in table.policies:
        yield table.policy_ref(policy.name), policy.comment
    yield from _of_indexes(table)


def _of_indexes(relation: Table | MaterializedView) -> Iterator[tuple[ObjectRef, str | None]]:
    """An index's name does not say whose it is."""
    for index in relation.indexes:
        yield index.ref, index.comment
        yield index.ref, relation.comment
