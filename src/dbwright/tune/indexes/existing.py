"""Does an index exist already that is what a candidate would be?"""

from __future__ import annotations

from dbwright.model.catalog import Index, MaterializedView, Table
from dbwright.sql.written_form import written_form as form_of
from dbwright.tune.indexes.candidate import CandidateIndex, CandidateKey
from dbwright.tune.indexes.immutable import expression_tree

__all__ = ["exists", "unique_prefix", "written_form"]


def exists(candidate: CandidateIndex, table: Table | MaterializedView) -> bool:
    """Has the table a valid index of the same definition?"""
    return any(index.valid and _same(candidate, index) for index in table.indexes)


def unique_prefix(candidate: CandidateIndex, table: Table | MaterializedView) -> bool:
    """Do its first keys hold a unique index already, so that it finds nothing faster?"""
    names = [key.column for key in candidate.keys]
    if candidate.method != "btree" or candidate.partial is not None:
        return False
    return any(
        (len(names) > len(index.columns) or not candidate.include)
        and index.unique
        and index.valid
        and not index.partial
        and index.method == "btree"
        and None not in index.columns
        and sorted(names[: len(index.columns)], key=str) == sorted(index.columns, key=str)
        for index in table.indexes
    )


def _same(candidate: CandidateIndex, index: Index) -> bool:
    if candidate.method != index.method or len(candidate.keys) != len(index.keys):
        return False
    if set(candidate.include) != set(index.include) or dict(candidate.options) != dict(
        index.options
    ):
        return False
    if (candidate.where is None) is not (not index.partial):
        return False
    if candidate.where is not None and not _same_text(candidate.where, index.predicate):
        return False
    kept = _keys(index)
    return _alike(candidate.keys, kept) or _alike(candidate.keys, _reversed(kept))


def _keys(index: Index) -> tuple[CandidateKey, ...]:
    return tuple(
        CandidateKey(
            key.column,
            key.expression,
            "" if key.default_operator_class else key.operator_class,
            key.descending,
            key.nulls_first,
        )
        for key in index.keys
    )


def _reversed(keys: tuple[CandidateKey, ...]) -> tuple[CandidateKey, ...]:
    """A B-tree can be read backward."""
    return tuple(
        CandidateKey(k.column, k.expression, k.operator_class, not k.descending, not k.nulls_first)
        for k in keys
    )


def _alike(first: tuple[CandidateKey, ...], second: tuple[CandidateKey, ...]) -> bool:
    return all(
        (one.column, _bare(one), one.descending, one.nulls_first)
        == (other.column, _bare(other), other.descending, other.nulls_first)
        and (one.column is not None or _same_text(one.expression, other.expression))
        for one, other in zip(first, second, strict=True)
    )


def _bare(key: CandidateKey) -> str:
    """Its operator class without the schema."""
    return key.operator_class.rsplit(".", 1)[-1]


def _same_text(first: str | None, second: str | None) -> bool:
    """The same expression, but for the forms that the server gives it when it writes it down."""
    if first is None or second is None:
        return False
    one = written_form(first)
    return one is not None and one == written_form(second)


def written_form(expression: str) -> str | None:
    """The expression in a form that is the same for what a person and for what the server writes;
    None where it does not parse."""
    tree = expression_tree(expression)
    return None if tree is None else form_of(tree)
