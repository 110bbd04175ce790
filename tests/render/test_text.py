from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbwright.render.highlight import Token, lines, tokens
from dbwright.render.text import json_text, plural, visible, visible_sql


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202eabc\u2066", "\\u202eabc\\u2066"),
        ("é ✨ 漢字 👩\u200d🔧", "é ✨ 漢字 👩\u200d🔧"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_sql_keeps_its_lines() -> None:
    assert visible_sql("SELECT\r\n\t1;\n") == "SELECT\n\t1;"
    assert visible_sql("SELECT '\r\x1b'") == "SELECT '\\r\\x1b'"


def test_plural() -> None:
    assert [plural(n, "table") for n in (0, 1, 1200)] == ["0 tables", "1 table", "1,200 tables"]
    assert plural(2, "policy") == "2 policies"
    assert plural(2, "index") == "2 indexes"
    assert plural(2, "key") == "2 keys"


def test_json_can_be_printed_and_encoded() -> None:
    text = json_text({"a": "\x9b\x7f\ud800\u2028é"})
    assert text == '{\n  "a": "\\u009b\\u007f\\ud800\\u2028é"\n}\n'
    with pytest.raises(ValueError):
        json_text(float("nan"))


SQL = st.lists(
    st.sampled_from(
        ["'", '"', "$$", "$a$", "/*", "*/", "--", "\n", "E'", "\\", "a", "SELECT", "1", " ", "é"]
    ),
    max_size=12,
).map("".join)


@given(SQL | st.text())
def test_tokens_are_the_sql(sql: str) -> None:
    assert "".join(text for _, text in tokens(sql)) == sql


@given(SQL)
def test_lines_are_the_sql_but_for_breaks_in_names(sql: str) -> None:
    joined = "\n".join("".join(text for _, text in line) for line in lines(sql))
    assert joined.replace("\\n", "\n") == sql.replace("\\n", "\n")


def test_tokens() -> None:
    sql = "SELECT 'it''s', E'\\'', \"A b\", $x$ '$$ $x$, 12 /* a /* b */ c */ -- d"
    found = [(token, text) for token, text in tokens(sql) if token is not Token.PLAIN]
    assert found == [
        (Token.KEYWORD, "SELECT"),
        (Token.STRING, "'it''s'"),
        (Token.STRING, "E'\\''"),
        (Token.NAME, '"A b"'),
        (Token.BODY, "$x$ '$$ $x$"),
        (Token.NUMBER, "12"),
        (Token.COMMENT, "/* a /* b */ c */"),
        (Token.COMMENT, "-- d"),
    ]


def test_a_name_can_t_start_a_line() -> None:
    assert list(lines('DROP TABLE "a\nERROR";\nb')) == [
        [
            (Token.KEYWORD, "DROP"),
            (Token.PLAIN, " "),
            (Token.KEYWORD, "TABLE"),
            (Token.PLAIN, " "),
            (Token.NAME, '"a\\nERROR"'),
            (Token.PLAIN, ";"),
        ],
        [(Token.PLAIN, ""), (Token.PLAIN, "b")],
    ]
