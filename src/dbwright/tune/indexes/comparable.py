"""Indexes in one way of writing, so that a candidate can be compared with one that exists."""

from __future__ import annotations

from dataclasses import replace

from dbwright.model.catalog import Index, IndexColumn
from dbwright.tune.indexes.existing import written_form

__all__ = ["comparable"]


def comparable(index: Index) -> Index:
    """The index with default operator classes left out, others without their schema, and with
    expressions and its predicate in a form that does not depend on who wrote them down. What
    can't be parsed stays as it is."""
    return replace(
        index,
        keys=tuple(_key(key) for key in index.keys),
        predicate=_form(index.predicate),
    )


def _key(key: IndexColumn) -> IndexColumn:
    name = "" if key.default_operator_class else key.operator_class.rsplit(".", 1)[-1]
    return replace(key, operator_class=name, expression=_form(key.expression))


def _form(text: str | None) -> str | None:
    return None if text is None else (written_form(text) or text)
