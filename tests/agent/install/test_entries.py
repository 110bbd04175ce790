"""Entries of files that others write too: put in, put in by a newer dbwright, and taken out."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbwright.agent.install.json_entry import JsonEntry
from dbwright.agent.install.json_text import read
from dbwright.agent.install.record import Record
from dbwright.agent.install.toml_table import TomlTable
from dbwright.errors import UsageError

SPACES = st.text(" \n", max_size=3)
LAID_OUT = st.builds(
    lambda before, objects, after: f"{before}{objects}{after}",
    SPACES,
    st.recursive(
        st.sampled_from(["1", '"x"', "null", "[]", '"{"']),
        lambda inner: st.builds(
            lambda members, gap, comma, ends: (
                "{"
                + ",".join(
                    f"{end}{json.dumps(name)}:{value}"
                    for (name, value), end in zip(members.items(), ends, strict=False)
                )
                + ("," if comma and members else "")
                + gap
                + "}"
            ),
            st.dictionaries(st.sampled_from(["a", "b", "servers"]), inner, max_size=3),
            st.one_of(SPACES, st.just(" // c\n"), st.just("/* c */ ")),
            st.booleans(),
            st.lists(SPACES, min_size=3, max_size=3),
        ),
        max_leaves=6,
    ).filter(lambda text: text.startswith("{")),
    SPACES,
)


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(LAID_OUT, st.booleans())
def test_an_entry_that_is_taken_out_leaves_every_byte_as_it_was(text: str, crlf: bool) -> None:
    """Whatever the layout; also where the file was empty."""
    text = text.replace("\n", "\r\n") if crlf else text
    entry = JsonEntry("a.json", ("servers",), "dbwright", {"command": "x", "args": ["y"]})
    try:
        changed, record = entry.put_in(text, False, None)
    except UsageError:
        return  # what is at the place is no object
    assert read(changed)["servers"]["dbwright"] == entry.value
    again, same = entry.put_in(changed, False, Record.of(record.text))
    assert (again, same) == (changed, record)
    newer = replace(entry, value={"command": "x", "args": ["y", "z"], "more": {}})
    upgraded, later = newer.put_in(changed, False, record)
    assert read(upgraded)["servers"]["dbwright"] == newer.value
    assert entry.taken_out(changed, False, record) == text
    assert newer.taken_out(upgraded, False, later) == text


TABLE = TomlTable("a.toml", ("mcp", "dbwright"), '[mcp.dbwright]\ncommand = "x"\nargs = ["y"]\n')
NEWER = replace(TABLE, text='[mcp.dbwright]\ncommand = "x"\nmore = 1\n')


@pytest.mark.parametrize(
    "before",
    [None, "", "\n", "a = 1", "a = 1\n", "# c\n[mcp.other]\nx = 1\n\n\n", "[mcp]\n", "a = 1\r\n"],
)
def test_a_table_that_is_taken_out_leaves_every_byte_as_it_was(before: str | None) -> None:
    text, record = TABLE.put_in(before, False, None)
    assert TABLE.put_in(text, False, record) == (text, record)
    upgraded, later = NEWER.put_in(text, False, record)
    assert tomllib.loads(upgraded)["mcp"]["dbwright"] == {"command": "x", "more": 1}
    assert TABLE.taken_out(text, False, record) == before
    assert NEWER.taken_out(upgraded, False, later) == before
    with pytest.raises(UsageError, match="is not replaced"):
        NEWER.put_in(text, False, None)  # whose it is is not known
    assert NEWER.taken_out(text, True, record) == before


@pytest.mark.parametrize(
    "added",
    ["more = 1\n", '[mcp.dbwright.env]\nA = "b"\n', "# c\nmore = 1\n"],
)
def test_what_was_added_to_a_table_does_not_go_to_another(added: str) -> None:
    text, record = TABLE.put_in("[mcp.other]\nx = 1\n", False, None)
    with pytest.raises(UsageError, match="changed by hand"):
        TABLE.taken_out(text + added, False, record)


@pytest.mark.parametrize("before", ["a = 1", "a = 1\n", "a = 1\r\n"])
def test_what_was_added_after_a_table_stays(before: str) -> None:
    text, record = TABLE.put_in(before, False, None)
    after = '[other]\nx = """\n[mcp.dbwright]\n"""\n'
    left = TABLE.taken_out(f"{text}\n{after}", False, record)
    assert left is not None
    assert tomllib.loads(left) == {"a": 1, "other": {"x": "[mcp.dbwright]\n"}}
