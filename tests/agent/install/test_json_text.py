"""JSON with comments is changed in one place; every other byte stays."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbwright.agent.install.json_text import BadJson, read, with_member, without_member

KEYS = st.text('abc "\\/é{}[],:', max_size=4)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('ab"\\/*{}[],:é\n', max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=4)
LAYOUTS = st.sampled_from([None, 2, 4, "\t"])


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(OBJECTS, LAYOUTS, st.lists(KEYS, max_size=2), KEYS, VALUES)
def test_put_in_and_taken_out_is_what_it_was(
    value: dict[str, object], layout: int | str | None, place: list[str], key: str, new: object
) -> None:
    text = json.dumps(value, indent=layout, ensure_ascii=False) + "\n"
    assert read(text) == value
    below: object = value
    for name in place:
        below = below.get(name) if isinstance(below, dict) else below
    if place and not (below is None or isinstance(below, dict)):
        return
    try:
        changed = with_member(text, place, key, new)
    except BadJson:  # something on the way is no object
        return
    if isinstance(below, dict) and key in below:
        return  # the caller takes the old one out first
    expected = json.loads(text)
    inner = expected
    for name in place:
        inner = inner.setdefault(name, {})
    inner[key] = new
    assert read(changed) == expected == json.loads(changed)
    left = read(without_member(changed, place, key))
    # What became empty on the way has gone with it.
    assert {k: v for k, v in left.items() if k not in place[:1]} == {
        k: v for k, v in value.items() if k not in place[:1]
    }


SETTINGS = """\
{
    // what we use
    "servers": {
        "other": {"command": "x"}, // keep me
    },
    /* the end */
    "inputs": [],
}
"""


def test_comments_commas_and_indents_are_kept() -> None:
    changed = with_member(SETTINGS, ["servers"], "dbwright", {"command": "dbwright"})
    assert changed == SETTINGS.replace(
        "// keep me\n",
        '// keep me\n        "dbwright": {\n            "command": "dbwright"\n        },\n',
    )
    assert without_member(changed, ["servers"], "dbwright") == SETTINGS
    crlf = SETTINGS.replace("\n", "\r\n")
    changed = with_member(crlf, ["servers"], "dbwright", {"command": "dbwright"})
    assert changed.count("\n") == changed.count("\r\n")
    assert without_member(changed, ["servers"], "dbwright") == crlf


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{}", '{\n  "a": {\n    "b": 1\n  }\n}'),
        ('{"x": 1}\n', '{"x": 1, "a": {"b": 1}}\n'),
        ('{\n  "x": 1}\n', '{\n  "x": 1,\n  "a": {\n    "b": 1\n  }}\n'),
        ('{\r\n\t"x": 1\r\n}', '{\r\n\t"x": 1,\r\n\t"a": {\r\n\t\t"b": 1\r\n\t}\r\n}'),
        ('{"a": {}}', '{"a": {\n  "b": 1\n}}'),
        ("\ufeff{}", '\ufeff{\n  "a": {\n    "b": 1\n  }\n}'),
    ],
)
def test_layouts(before: str, after: str) -> None:
    assert with_member(before, ["a"], "b", 1) == after
    assert read(after) == {**read(before), "a": {"b": 1}}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"a"}',
        '{"a": 1 "b": 2}',
        "{} {}",
        '{"a": tru}',
        "[" * 500,
        '{"a": "',
        "{1: 2}",
        '{"a": 1, "a": 2}',
    ],
)
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(BadJson, match="line 1"):
        read(text)


def test_a_place_that_is_no_object_is_refused() -> None:
    with pytest.raises(BadJson):
        with_member('{"a": [1]}', ["a"], "b", 1)
