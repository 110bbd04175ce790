from __future__ import annotations

from dbwright.sandbox.judge.node_text import Field, fields


def test_reading_of_trees() -> None:
    text = r"({A :x 1 :list ({B :name a\ b :y <>} {B :name c}) :z (o 1 2)})"
    assert list(fields(text)) == [
        Field("A", 0, "x", "1"),
        Field("B", 1, "name", r"a\ b"),
        Field("B", 1, "y", "<>"),
        Field("B", 2, "name", "c"),
        Field("A", 0, "z", "o"),
        Field("A", 0, "z", "1"),
        Field("A", 0, "z", "2"),
    ]
