"""Files of handoffs: YAML and JSON mean the same, and a bad one is told with its line."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dbwright.errors import BadDocument, FileUnreadable
from dbwright.trees.read import parsed, read_tree
from dbwright.trees.tree import MOST_BYTES, Written, path_text
from dbwright.trees.yaml_ import read_yaml, yaml_text

TEXTS = st.text(max_size=12) | st.sampled_from(
    ["no", "on", "12:30", "1e3", "0o17", "2026-05-04", "~", "", " x", "a: b", "- x", "# x", "16.10",
     "a\nb\n", "a\n\n b", "\ta\nb", "x\x07", "\u2028", "\u202ex", "a\x1b[2J", "=", "<<", "0x1F", "1_000", "*a", "é\n ü "]
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS
    | st.floats(allow_nan=False, allow_infinity=False, min_value=-1e200, max_value=1e200),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS.filter(lambda t: t != "<<"), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def same(one: Any, other: Any) -> bool:
    """Equal, and of the same types."""
    return repr(one) == repr(other) and one == other


@settings(max_examples=80, deadline=None)
@given(VALUES)
def test_what_is_written_reads_back_as_the_same(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return
    text = yaml_text(value)
    assert same(read_yaml(text, "x").value, value), text
    assert yaml.safe_load(text) == value, text  # of YAML 1.1 as well
    assert all(
        letter.isprintable()
        or letter in "\n\xa0\u3000"
        or unicodedata.category(letter) in ("Zs", "Cn", "Co")
        for letter in text
    ), repr(text)
    if isinstance(value, dict | list):
        assert same(parsed(json.dumps(value, indent=1), "x.json").value, value)


def test_plain_scalars_mean_what_they_mean_in_json() -> None:
    text = "[no, yes, on, 12:30, 2026-05-04, 1_000, 010, 0x1F, 0o17, 1e3, 1., .5, ~, null, true,"
    text += " 'true', !!str 3, 16.10, .inf, 123456789012345678901234567890, +1]"
    found = read_yaml(text, "x").value
    assert found == ["no", "yes", "on", "12:30", "2026-05-04", "1_000", 10, 31, 15, 1000.0, 1.0, 0.5,
                     None, None, True, "true", "3", 16.1, ".inf",
                     123456789012345678901234567890, 1]  # fmt: skip
    assert isinstance(found[17], Written) and found[17].text == "16.10"
    assert yaml_text({"version": found[17]}) == "version: 16.10\n"


def test_values_know_their_lines() -> None:
    for text in (
        "a: 1\nb:\n  - x\n  - c: 2\n\n    d: [3,\n      4]\n'e f': |\n  x\n",
        '{"a": 1,\n"b":\n  ["x",\n  {"c": 2,\n\n    "d": [3,\n      4]}],\n"e f": "x\\n"}\n',
    ):
        tree = parsed(text, "x")
        assert tree.value == {"a": 1, "b": ["x", {"c": 2, "d": [3, 4]}], "e f": "x\n"}
        lines = {path_text(path): line for path, line in tree.lines.items()}
        del lines[""]
        assert lines.pop("b") in (2, 3)
        assert lines == {
            "a": 1, "b[0]": 3, "b[1]": 4, "b[1].c": 4, "b[1].d": 6,
            "b[1].d[0]": 6, "b[1].d[1]": 7, "['e f']": 8,
        }  # fmt: skip
        assert tree.line(("b", 1, "x", "y")) == 4


LAUGHS = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LAUGHS, "x:5: *a3 repeats too much is refused"),
        ("a: &a [*a]", "x:1: *a stands for nothing before it"),
        ("a: *b", "x:1: *b stands for nothing before it"),
        ("a: 1\na: 2", "x:2: 'a' is there twice"),
        ("a: 1\n---\nb: 2", "x:2: a second document is refused"),
        ("a: !!python/object/apply:os.system [ls]", "x:1: the tag"),
        ("a: !x y", "the tag !x is refused"),
        ("a: !!binary aGk=", "the tag"),
        ("<<: {a: 1}", "x:1: << (a merge) is refused"),
        ("[a]: 1", "a list or mapping as a name is refused"),
        ("a:\n\t- b", "x:2: no YAML"),
        ("a: 'b", "no YAML"),
        ("- " * 60 + "x", "nested deeper than 50 is refused"),
        ("[" * 500_000, "refused"),
        ("[" + "1," * 60_000 + "]", "more than 50,000 values is refused"),
        ("{" * 100_000, "is refused"),
        ("a: \x00", "no YAML"),
    ],
)  # fmt: skip
def test_bad_yaml_is_told_with_its_line(text: str, said: str) -> None:
    with pytest.raises(BadDocument) as told:
        read_yaml(text, "x")
    assert said in told.value.message, told.value.message
    assert "\n" not in told.value.message and told.value.next_step


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1,\n "b" 2}', "x.json:2: no JSON: Expecting ':' delimiter"),
        ('{"a": 1, "a": 2}', "x.json: 'a' is there twice"),
        ('{"a": NaN}', "x.json: no JSON: NaN is no number"),
        ("[" * 100_000, "nested deeper than 50 is refused"),
        ("[" * 60 + "]" * 60, "x.json:1: nested deeper than 50 is refused"),
        ("[" + "1," * 60_000 + "1]", "more than 50,000 values is refused"),
        ('{"a": 1} {"b": 2}', "Extra data"),
    ],
)
def test_bad_json_is_told_with_its_line(text: str, said: str) -> None:
    with pytest.raises(BadDocument) as told:
        parsed(text, "x.json")
    assert said in told.value.message, told.value.message


def test_an_alias_is_what_it_stands_for() -> None:
    tree = read_yaml("a: &x {n: 1, m: &y [2]}\nb: *x\nc: [*y, *x]\n", "x")
    inner = {"n": 1, "m": [2]}
    assert tree.value == {"a": inner, "b": inner, "c": [[2], inner]}
    assert tree.value["a"] is not tree.value["b"]
    assert "&" not in yaml_text(tree.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    with pytest.raises(FileUnreadable, match="No such file"):
        read_tree(file)
    with pytest.raises(FileUnreadable, match=r"no file|Is a directory"):
        read_tree(tmp_path)
    file.write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(BadDocument, match=r"x.yaml:2: no UTF-8"):
        read_tree(file)
    file.write_bytes(b"#" * (MOST_BYTES + 1))
    with pytest.raises(BadDocument, match="has more than 1,048,576 bytes"):
        read_tree(file)
    file.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_tree(file).value == {"a": 1}
