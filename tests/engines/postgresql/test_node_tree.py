from __future__ import annotations

import pytest

from dbwright.engines.postgresql.node_tree import (
    TreeUnreadable,
    constant_bytes,
    node_trees,
    walk_nodes,
)


def test_reading_of_trees() -> None:
    text = r"({A :x 1 :list ({B :name a\ b :y <>} {B :name c}) :z (o 1 2) :last true})"
    (tree,) = node_trees(text)
    assert (tree.kind, tree.number("x"), tree.numbers("z"), tree.is_true("last")) == (
        "A",
        1,
        [1, 2],
        True,
    )
    assert [one.text("name") for one in tree.nodes("list")] == [r"a\ b", "c"]
    assert [one.kind for one in walk_nodes(tree)] == ["A", "B", "B"]
    assert (tree.text("nothing"), tree.number("nothing"), tree.nodes("x")) == ("", 0, [])


def test_a_name_is_no_field() -> None:
    (tree,) = node_trees("{T :resname :resjunk :resjunk false :next :x}")
    assert (tree.text("resname"), tree.text("resjunk"), tree.text("next")) == (
        ":resjunk",
        "false",
        ":x",
    )


@pytest.mark.parametrize(
    "text",
    [
        "{A :x 1 :x 2}",
        "{A :x 1",
        "{A :x (1}",
        "{A :x 1)}",
        "}",
        "{A :resname " + "\n" + r"\(" * 39 + "\n" + r"\(:resjunk true}",
        "{A :resname " + "\n" + r"\(" * 30 + "\\\n" + r"\(" * 9 + "\n" + r"\(:resjunk true}",
    ],
)
def test_what_can_not_be_relied_upon(text: str) -> None:
    with pytest.raises(TreeUnreadable):
        node_trees(text)


def test_constants() -> None:
    (long,) = node_trees("{CONST :constvalue 5 [ 20 0 0 0 97 ]}")
    (short,) = node_trees("{CONST :constvalue 2 [ 5 -61 -92 ]}")
    (null,) = node_trees("{CONST :constvalue <>}")
    assert constant_bytes(long) == b"a"
    assert constant_bytes(short) == "ä".encode()
    assert constant_bytes(null) is None


def test_lists_of_lists() -> None:
    assert [tree.kind for tree in node_trees("(({A} {B}) ({C}))")] == ["A", "B", "C"]


def test_a_deep_tree() -> None:
    depth = 20_000
    (tree,) = node_trees("{A :x " * depth + "1" + "}" * depth)
    assert sum(1 for _ in walk_nodes(tree)) == depth
