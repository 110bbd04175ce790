"""Findings that somebody chose not to see: by a comment, by configuration, by a baseline."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dbwright.check.registry import fits_pattern
from dbwright.errors import FileUnreadable
from dbwright.model.catalog import Catalog, Check, Exclusion, ForeignKey, Key
from dbwright.model.finding import Finding
from dbwright.model.report import Silenced

__all__ = ["Silence", "ignores_in_comments", "read_baseline"]

MARK = "dbwright: ignore "


@dataclass(frozen=True, slots=True)
class Silence:
    """All that silences findings."""

    comments: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """Rule pattern and reason, by the object's name."""
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
        for name in _and_parents(finding.object.name):
            for pattern, reason in self.comments.get(name, ()):
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


def ignores_in_comments(catalog: Catalog) -> dict[str, tuple[tuple[str, str], ...]]:
    """`dbwright: ignore <rule> <reason>` of each object's comment, by the object's name.

    A table's comment also counts for its columns, constraints, indexes, triggers and policies.
    """
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for name, comment in _comments(catalog):
        if comment and MARK in comment:
            found[name] = found.get(name, ()) + tuple(_ignores(comment))
    return found


def read_baseline(path: Path) -> frozenset[str]:
    """The keys of a report written with `--format json`. Raises FileUnreadable."""
    step = "write one with: dbwright check TARGET --format json -o FILE"
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        findings = [*report["findings"], *(s["finding"] for s in report.get("silenced", ()))]
        return frozenset(str(finding["key"]) for finding in findings)
    except OSError as problem:
        raise FileUnreadable(f"can't read the baseline {path}: {problem.strerror}", step) from None
    except (ValueError, KeyError, TypeError):
        raise FileUnreadable(f"{path} is not a report of dbwright in JSON", step) from None


def _ignores(comment: str) -> Iterator[tuple[str, str]]:
    for line in comment.splitlines():
        _, mark, rest = line.partition(MARK)
        if mark and rest.strip():
            pattern, _, reason = rest.strip().partition(" ")
            yield pattern, reason.strip()


def _and_parents(name: str) -> Iterator[str]:
    """`shop.orders.total` -> itself, `shop.orders`; dots inside quotes don't count."""
    yield name
    quoted = False
    for position in range(len(name) - 1, 0, -1):
        if name[position] == '"':
            quoted = not quoted
        elif name[position] == "." and not quoted:
            yield name[:position]


def _comments(catalog: Catalog) -> Iterator[tuple[str, str | None]]:
    for table in catalog.tables:
        for column in table.columns:
            if column.comment:
                yield table.column_ref(column).name, column.comment
        constraints: list[Key | ForeignKey | Check | Exclusion] = [
            *table.keys,
            *table.foreign_keys,
            *table.checks,
            *table.exclusions,
        ]
        for constraint in constraints:
            yield table.constraint_ref(constraint.name).name, constraint.comment
        for trigger in table.triggers:
            yield table.trigger_ref(trigger.name).name, trigger.comment
        for policy in table.policies:
            yield table.policy_ref(policy.name).name, policy.comment
        for index in table.indexes:
            yield index.qualified, index.comment or table.comment
    for relation in catalog.relations():
        yield relation.qualified, relation.comment
    for sequence in catalog.sequences:
        yield sequence.qualified, sequence.comment
    for function in catalog.functions:
        yield function.signature, function.comment
    for type_ in catalog.types:
        yield type_.qualified, type_.comment
    for schema in catalog.schemas:
        yield schema.ref.name, schema.comment
    for role in catalog.roles:
        yield role.ref.name, role.comment
    for database in catalog.databases:
        yield database.ref.name, database.comment
