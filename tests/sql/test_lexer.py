from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbwright.sql.lexer import comments, is_call, is_enclosed, significant, tokens

PIECES = st.lists(
    st.sampled_from(
        ["a", "E", "'", '"', "$", "$t$", "1", ".", "-", "--", "/*", "*/", "\n", " ", "\\", "é",
         ";", "(", ")", "[", "'x'", "U&", "\r\n", ":", "\0"]
    )
)  # fmt: skip


@given(PIECES.map("".join))
def test_tokens_joined_are_the_text(text: str) -> None:
    found = list(tokens(text))
    assert "".join(token.text for token in found) == text
    assert all(text[token.offset : token.end] == token.text for token in found)


def kinds(text: str) -> list[tuple[str, str]]:
    return [(token.kind, token.text) for token in significant(text)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("'it''s'", "string"),
        (r"E'it\'s'", "string"),
        ("$$ ; $a$ ; $$", "string"),
        ("$tag$ $$ $tag$", "string"),
        ("U&'d!0061t' ", "string"),
        ("b'01'", "string"),
        ('"a""b"', "identifier"),
        ('U&"d"', "identifier"),
        ("a$b$c", "word"),
        ("größe", "word"),
        ("1.5e-3", "number"),
        ("0x1F", "number"),
        ("1_000", "number"),
        ("$12", "parameter"),
        ("<->", "operator"),
        ("'open", "unterminated"),
        ("$x$ open", "unterminated"),
    ],
)
def test_one_token(text: str, kind: str) -> None:
    assert kinds(text) == [(kind, text.strip())]


def test_a_comment_ends_an_operator() -> None:
    assert kinds("a <-- b\n c") == [("word", "a"), ("operator", "<"), ("word", "c")]
    assert kinds("a +/* x */ b")[1] == ("operator", "+")


def test_block_comments_nest() -> None:
    text = "a /* 1 /* 2 */ ; */ b -- c"
    assert [token.text for token in comments(text)] == ["/* 1 /* 2 */ ; */", "-- c"]


def test_two_dots_are_no_number() -> None:
    assert [text for _, text in kinds("1..2")] == ["1", ".", ".2"]


@pytest.mark.parametrize(
    ("expression", "enclosed", "call"),
    [
        ("lower(a)", False, True),
        ('pg_catalog."substring"(a, 1)', False, True),
        ("(a || b)", True, False),
        ("(a) || (b)", False, False),
        ("(')')", True, False),
        ("lower(a) || b", False, False),
        ("f(a) + f(b)", False, False),
        ("ROW(a)", False, False),
        ("COALESCE(a, ')'::text)", False, True),
        ("a", False, False),
        ("", False, False),
    ],
)
def test_shape_of_expressions(expression: str, enclosed: bool, call: bool) -> None:
    assert is_enclosed(expression) is enclosed
    assert is_call(expression) is call
