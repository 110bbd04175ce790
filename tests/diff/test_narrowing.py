"""Which changes of a type keep every value."""

from __future__ import annotations

import pytest

from dbwright.diff.kinds.narrowing import castable, narrows, spelled_alike
from dbwright.model.catalog import Column


def _column(type_: str) -> Column:
    base = type_.replace("[]", "").split("(")[0]
    return Column("c", 1, type_, base, is_array=type_.endswith("[]"))


KEPT = (
    ("integer", "bigint"),
    ("smallint", "numeric"),
    ("integer", "double precision"),
    ("character varying(10)", "character varying(20)"),
    ("character varying(10)", "text"),
    ("numeric(10,2)", "numeric(12,2)"),
    ("numeric(10,2)", "numeric"),
    ("date", "timestamp without time zone"),
    ("uuid", "text"),
    ("integer[]", "bigint[]"),
    ("bit(5)", "bit(6)"),
)
LOST = (
    ("bigint", "integer"),
    ("bigint", "double precision"),
    ("numeric(10,2)", "numeric(10,3)"),
    ("text", "character varying(10)"),
    ("character varying(20)", "character varying(10)"),
    ("timestamp without time zone", "date"),
    ("timestamp with time zone", "timestamp without time zone"),
    ("text", "integer"),
    ("text[]", "text"),
    ("jsonb", "json"),
    ("bit(6)", "bit(5)"),
)


@pytest.mark.parametrize(("old", "new"), KEPT)
def test_kept(old: str, new: str) -> None:
    assert narrows(_column(old), _column(new)) == ""


@pytest.mark.parametrize(("old", "new"), LOST)
def test_lost(old: str, new: str) -> None:
    assert narrows(_column(old), _column(new)) == f"values of {old} that {new} can't hold"


def test_casts() -> None:
    assert castable(_column("integer"), _column("numeric(3,1)"))
    assert castable(_column("text"), _column("uuid"))
    assert not castable(_column("integer"), _column("jsonb"))
    assert not castable(_column("integer[]"), _column("integer"))
    assert castable(_column("money"), _column("numeric(12,2)"))


def test_an_explicit_cast_would_cut_texts() -> None:
    assert spelled_alike(_column("text"), _column("character varying(5)"))
    assert spelled_alike(_column("text[]"), _column("character varying(5)[]"))
    assert spelled_alike(_column("numeric(9,3)"), _column("numeric(5,1)"))
    assert not spelled_alike(_column("text"), _column("integer"))
