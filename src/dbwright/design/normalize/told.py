"""All that is told of the relations, as plain values for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from dbwright.design.normalize.forms.decompose import Scheme
from dbwright.design.normalize.forms.first import ListInCells, RepeatingGroup
from dbwright.design.normalize.forms.theory import FD
from dbwright.design.normalize.mining.found import Dependency, Key
from dbwright.design.normalize.moving.trial import Trial
from dbwright.design.normalize.normalized import Normalized
from dbwright.design.normalize.ranking.references import JudgedInclusion
from dbwright.design.normalize.relation import Relation

__all__ = [
    "NULL_RULE",
    "as_data",
    "dependency_data",
    "fd_data",
    "first_text",
    "inclusion_data",
    "scheme_data",
]

NULL_RULE = "NULL counts as a value that equals itself: two NULLs agree"


def as_data(one: Normalized) -> dict[str, Any]:
    judgement = one.judgement
    relation, mined = judgement.relation, judgement.mined
    return {
        "name": relation.name,
        "source": relation.source,
        "rows": relation.rows,
        "whole": relation.whole,
        "columns": _columns(relation),
        "null_rule": NULL_RULE,
        "notes": [*relation.notes, *mined.notes],
        "left": mined.left,
        "key": list(judgement.key),
        "key_why": judgement.key_why,
        "keys": [_key(key) for key in mined.keys],
        "near_keys": [_key(key) for key in mined.near_keys],
        "duplicate_rows": mined.duplicates,
        "constants": list(mined.constants),
        "equivalent": [list(group) for group in judgement.equivalent],
        "dependencies": [
            {**dependency_data(one.dependency), "verdict": str(one.verdict), "why": one.why}
            for one in judgement.dependencies
        ],
        "near_dependencies": [dependency_data(near) for near in mined.near],
        "form": one.form,
        "first_form": [_first(broken) for broken in one.first],
        "cover": [fd_data(fd) for fd in one.cover],
        "candidate_keys": [list(key) for key in one.keys],
        "violations": [
            {**fd_data(broken.dependency), "breaks": str(broken.breaks), "why": broken.why}
            for broken in one.violations
        ],
        "tables": _tables(one),
        "split_tables": [
            {
                "name": split.name,
                "columns": [*split.key, split.position, split.value],
                "key": [*split.key, split.position],
                "instead_of": list(split.columns),
                "of": split.owner.name,
                "delimiter": split.delimiter or None,
                "rows": split.rows,
            }
            for split in one.splits
        ],
        "cells_before": relation.rows * len(relation.columns),
        "cells_after": one.cells_after if one.decomposition else None,
        "kept": [
            {
                "column": kept.column,
                "determined_by": list(kept.determined_by),
                "cells": kept.cells,
                "cells_apart": kept.cells_apart,
                "rows_per_change": round(kept.rows_per_change, 1),
            }
            for kept in one.kept
        ],
        "boyce_codd": {
            "tables": [scheme_data(scheme) for scheme in one.boyce_codd],
            "lost": [fd_data(fd) for fd in one.lost],
        },
        "proof": _trial(one.trial),
        "migration": one.migration or None,
        "left_behind": list(one.left_behind),
    }


def _columns(relation: Relation) -> list[dict[str, Any]]:
    return [
        {
            "name": column.name,
            "type": column.type,
            "distinct": column.distinct,
            "nulls": column.nulls,
        }
        for column in relation.columns
    ]


def _key(key: Key) -> dict[str, Any]:
    return {
        "columns": list(key.columns),
        "rows_with_null": key.nulls,
        "errors": key.errors,
        "examples": [
            {"row": one.row, "first_row": one.first_row, "values": list(one.values)}
            for one in key.examples
        ],
    }


def dependency_data(one: Dependency) -> dict[str, Any]:
    return {
        "left": list(one.left),
        "right": one.right,
        "distinct_left": one.distinct,
        "repeats": one.support,
        "errors": one.errors,
        "examples": [
            {
                "row": broken.row,
                "left": list(broken.left),
                "value": broken.value,
                "usual": broken.usual,
                "usual_row": broken.usual_row,
            }
            for broken in one.examples
        ],
    }


def fd_data(one: FD) -> dict[str, Any]:
    return {"left": sorted(one.left), "right": sorted(one.right)}


def scheme_data(one: Scheme) -> dict[str, Any]:
    return {"columns": list(one.columns), "key": list(one.key)}


def _tables(one: Normalized) -> list[dict[str, Any]]:
    if one.decomposition is None:
        return []
    return [
        {
            "name": part.name,
            "columns": list(one.columns_of(part)),
            "key": list(part.key),
            "row_number": part.number or None,
            "rows": part.rows,
            "references": [
                {"columns": list(link.columns), "table": link.part} for link in part.links
            ],
        }
        for part in one.decomposition.parts
    ]


def _first(broken: object) -> dict[str, Any]:
    if isinstance(broken, RepeatingGroup):
        return {
            "kind": "repeating group",
            "columns": list(broken.columns),
            "stem": broken.stem,
            "filled": list(broken.filled),
        }
    if isinstance(broken, ListInCells):
        return {
            "kind": "list in cells",
            "columns": [broken.column],
            "delimiter": broken.delimiter,
            "values": broken.values,
            "parts": broken.parts,
            "most": broken.most,
            "example": broken.example,
        }
    column = getattr(broken, "column", "")
    return {
        "kind": "nested values",
        "columns": [column],
        "values": getattr(broken, "values", 0),
        "example": getattr(broken, "example", ""),
    }


def first_text(broken: object, key: Sequence[str]) -> str:
    """In a sentence, with the table that would hold it."""
    told = _first(broken)
    own = ", ".join(key) or "a key"
    if isinstance(broken, RepeatingGroup):
        rows = sum(broken.filled)
        return (
            f"{', '.join(broken.columns)} are one column {len(broken.columns)} times: "
            f"--split {broken.stem} makes a table of them, of {rows:,} rows for those of {own}"
        )
    if isinstance(broken, ListInCells):
        return (
            f"{broken.column} holds lists ({broken.values:,} values, up to {broken.most} parts "
            f"with {broken.delimiter!r} between them, {broken.parts:,} different ones): "
            f"{broken.example!r}; --split {broken.column} makes a table of them, one part a row"
        )
    return (
        f"{told['columns'][0]} holds objects or lists ({told['values']:,} values): "
        f"{told['example']!r}"
    )


def _trial(trial: Trial | None) -> dict[str, Any] | None:
    if trial is None:
        return None
    return {
        "holds": trial.holds,
        "server": trial.server,
        "rows": trial.rows,
        "tables": [{"name": name, "rows": rows} for name, rows in trial.parts],
        "missing_rows": trial.missing,
        "surplus_rows": trial.surplus,
        "restored": trial.restored,
        "refused": trial.refused or None,
    }


def inclusion_data(found: Iterable[JudgedInclusion]) -> list[dict[str, Any]]:
    return [
        {
            "table": one.inclusion.table,
            "column": one.inclusion.column,
            "referenced_table": one.inclusion.referenced_table,
            "referenced_column": one.inclusion.referenced_column,
            "verdict": str(one.verdict),
            "declared": one.declared,
            "score": one.score,
            "why": list(one.why),
            "values": one.inclusion.values,
            "referenced_values": one.inclusion.referenced_values,
            "orphans": one.inclusion.orphans,
            "examples": [{"row": row, "value": value} for row, value in one.inclusion.examples],
        }
        for one in found
    ]
