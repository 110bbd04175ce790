from __future__ import annotations

import postgast
from hypothesis import given
from hypothesis import strategies as st

from dbwright.sql.lexer import significant
from dbwright.sql.split import Statement, split

VALID = [
    "SELECT 1",
    "SELECT 'a;b', E'c\\';d', \"e;f\" FROM t",
    "SELECT $$;$$, $q$ $$ ; $q$",
    "SELECT a /* ; /* ; */ */ FROM t -- ;",
    "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)",
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END",
    "CREATE OR REPLACE PROCEDURE p() LANGUAGE sql BEGIN ATOMIC SELECT 1; END",
    "CREATE FUNCTION begin_() RETURNS int LANGUAGE sql AS 'SELECT 1;'",
    "BEGIN",
    "END",
    "SELECT a$1 FROM t WHERE b = $1",
    "SELECT 1 <-- 2\n 3",
    "SELECT U&'d!0061' UESCAPE '!'",
]
GAPS = st.sampled_from([";", " ;\n", ";;\r\n", "; -- x;\n", "/* ; */;\n\n", ";\n"])


@given(st.lists(st.tuples(st.sampled_from(VALID), GAPS)))
def test_agrees_with_the_server_s_own_grammar(parts: list[tuple[str, str]]) -> None:
    # A comment at a statement's end would swallow the semicolon after it.
    text = "".join(f"{statement}\n{gap}" for statement, gap in parts)
    theirs = [words(part) for part in postgast.split(text) if words(part)] if text else []
    assert [words(statement.text) for statement in split(text)] == theirs


@given(
    st.lists(
        st.sampled_from(
            ["SELECT ", "'", '"', "$$", "$a$", ";", "--", "/*", "*/", "(", ")", "\n", "\r\n", " ",
             "\\", "\\gexec", "\\set x", "E'", "CREATE FUNCTION", " BEGIN ", " END ", "x", "é",
             "COPY t FROM stdin;", "\\."]
        )
    ).map("".join)
)  # fmt: skip
def test_every_statement_is_where_it_says(text: str) -> None:
    for statement in split(text):
        lines = text[: statement.offset].split("\n")
        assert (statement.line, statement.column) == (len(lines), len(lines[-1]) + 1)
        if statement.kind != "sql":
            found = text[statement.offset : statement.offset + len(statement.text)]
            assert found == statement.text
        assert statement.offset + len(statement.text) <= len(text)


@given(st.lists(st.sampled_from(["a", "'x;y'", ";", "(", ")", "/* ; */", " ", "\n"])).map("".join))
def test_statements_cover_the_text(text: str) -> None:
    joined = [token for statement in split(text) for token in words(statement.text)]
    assert joined == [token for token in words(text) if token != ";"] or "(" in text


def words(text: str) -> list[str]:
    return [token.text for token in significant(text)]


def texts(script: str) -> list[tuple[str, str]]:
    return [(statement.kind, statement.text) for statement in split(script)]


def test_places() -> None:
    script = "\ufeff-- first\n/* c */ SELECT\n1 ;  SELECT 2"
    assert list(split(script)) == [
        Statement("SELECT\n1", 2, 9, 18, "sql"),
        Statement("SELECT 2", 3, 6, 30, "sql"),
    ]


def test_carriage_returns() -> None:
    found = list(split("SELECT 1;\r\nSELECT 2;\r\nCOPY t FROM stdin;\r\n1\r\n\\.\r\nSELECT 3;\r\n"))
    assert [(s.text, s.line) for s in found] == [
        ("SELECT 1", 1),
        ("SELECT 2", 2),
        ("COPY t FROM stdin", 3),
        ("1\r\n", 4),
        ("SELECT 3", 6),
    ]


def test_copy_data() -> None:
    script = 'copy t ("from", stdin) FROM STDIN WITH (format csv);\n1,\';\n\\.x\n\\.\nSELECT 2;'
    assert texts(script) == [
        ("sql", 'copy t ("from", stdin) FROM STDIN WITH (format csv)'),
        ("copy-data", "1,';\n\\.x\n"),
        ("sql", "SELECT 2"),
    ]
    assert texts("COPY t FROM stdin;\n\\.\nSELECT 2;")[1] == ("copy-data", "")
    assert texts("COPY t FROM stdin;\n1\n")[1] == ("copy-data", "1\n")
    assert texts("COPY t FROM stdin; SELECT 9;\n1\n\\.\n") == [
        ("sql", "COPY t FROM stdin"),
        ("copy-data", "1\n"),
        ("sql", "SELECT 9"),
    ]
    assert texts("COPY (SELECT 1 FROM stdin) TO stdout; SELECT 2")[1] == ("sql", "SELECT 2")


def test_meta_commands() -> None:
    script = "\\set x 'a;b'\nSELECT 1 \\gexec\nSELECT 2\n \\echo no\n + 3;\n"
    script += "\\copy t from stdin\n1\n\\.\n"
    assert texts(script) == [
        ("meta-command", "\\set x 'a;b'"),
        ("sql", "SELECT 1"),
        ("meta-command", "\\gexec"),
        ("meta-command", "\\echo no"),
        ("sql", "SELECT 2\n         \n + 3"),
        ("meta-command", "\\copy t from stdin"),
        ("copy-data", "1\n"),
    ]
    assert [text for _, text in texts("SELECT 1\\; SELECT 2;")] == ["SELECT 1", "SELECT 2"]


def test_an_open_quote_takes_the_rest() -> None:
    assert texts("SELECT 1; SELECT 'a; SELECT 2;\n") == [
        ("sql", "SELECT 1"),
        ("sql", "SELECT 'a; SELECT 2;"),
    ]


def test_many_statements_are_found_in_a_large_script() -> None:
    line = "INSERT INTO t VALUES (1, 'it''s; so', \"x\", 2.5, NULL);\n"
    assert sum(1 for _ in split(line * 20_000)) == 20_000
    assert [s.line for s in split(line * 100)] == list(range(1, 101))
