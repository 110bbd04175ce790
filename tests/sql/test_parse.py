from __future__ import annotations

import subprocess
import sys

import pytest

from dbwright.sql.fingerprint import fingerprint, normalize
from dbwright.sql.parse import LONGEST_READ, SyntaxProblem, parse, parse_alone, statement_kind, walk
from dbwright.sql.plpgsql import executes_dynamic_sql, executes_unquoted_sql


def test_kinds_and_offsets() -> None:
    tree = parse("/* é */ SELECT 1;\n CREATE TABLE t (a int)")
    assert [(s.kind, s.offset) for s in tree.statements] == [("SelectStmt", 8), ("CreateStmt", 19)]
    assert statement_kind("") == ""
    assert statement_kind("ALTER TABLE t ADD b int") == "AlterTableStmt"


def test_problems_say_where_in_characters() -> None:
    with pytest.raises(SyntaxProblem) as problem:
        parse("SELECT 'é' FORM x y")
    assert problem.value.position == 15
    with pytest.raises(SyntaxProblem, match="zero byte"):
        parse("SELECT 1\0; DROP TABLE t")
    with pytest.raises(SyntaxProblem, match="Unicode"):
        parse("SELECT '\ud800'")


def test_deep_expressions_are_read() -> None:
    assert statement_kind("SELECT " + " || ".join(["a"] * 200)) == "SelectStmt"
    with pytest.raises(SyntaxProblem, match="too deeply"):
        parse("SELECT " + " || ".join(["a"] * 5000))


def test_the_only_statement_of_a_text() -> None:
    found = parse_alone("-- first\nSELECT 1;")
    assert found is not None and (found.kind, found.offset) == ("SelectStmt", 9)
    for text in ("", "SELECT 1; SELECT 2", "SELEC", "SELECT 1\0", f"SELECT '{'a' * LONGEST_READ}'"):
        assert parse_alone(text) is None


def test_walk_names_nodes() -> None:
    node = parse("SELECT lower(a) FROM t").statements[0].node
    assert {"FuncCall", "ColumnRef", "RangeVar"} <= {kind for kind, _ in walk(node)}


def test_fingerprints() -> None:
    assert fingerprint("SELECT * FROM t WHERE a = 1") == fingerprint("select * from t where a=2")
    assert fingerprint("SELECT a FROM t") != fingerprint("SELECT b FROM t")
    assert normalize("SELECT 'é', 1") == "SELECT $1, $2"
    with pytest.raises(SyntaxProblem) as problem:
        normalize("SELECT 'é' FORM x y")
    assert problem.value.position == 15
    with pytest.raises(SyntaxProblem):
        fingerprint("SELEC")


@pytest.mark.parametrize(
    ("body", "dynamic", "unquoted"),
    [
        ("BEGIN EXECUTE 'SELECT ' || a; END", True, True),
        ("BEGIN EXECUTE 'SELECT 1'; END", False, False),
        ("BEGIN EXECUTE a USING 1; END", True, True),
        ("BEGIN EXECUTE format('SELECT %I, %L', a, b) INTO c; END", True, False),
        ("BEGIN EXECUTE format('SELECT %s', a); END", True, True),
        ("BEGIN EXECUTE format('SELECT %s %%', quote_literal(a)); END", True, False),
        ("BEGIN EXECUTE format('SELECT %2$I %1$s', a, b); END", True, True),
        ("BEGIN EXECUTE 'DROP TABLE ' || quote_ident(a) || ';'; END", True, False),
        ("BEGIN EXECUTE 'DROP TABLE ' || t::regclass; END", True, False),
        ("BEGIN FOR r IN EXECUTE 'SELECT ' || a LOOP NULL; END LOOP; END", True, True),
        ("BEGIN RETURN QUERY EXECUTE q; END", True, True),
        ("DECLARE x app.thing; BEGIN GRANT EXECUTE ON FUNCTION f() TO b; END", False, False),
        ("BEGIN /* EXECUTE a; */ PERFORM 'EXECUTE ' || a; END", False, False),
        ("BEGIN IF a THEN EXECUTE b; END IF; END", True, True),
    ],
)
def test_dynamic_sql(body: str, dynamic: bool, unquoted: bool) -> None:
    function = f"CREATE FUNCTION f(a text) RETURNS app.thing LANGUAGE plpgsql AS $f$ {body} $f$"
    assert executes_dynamic_sql(function) is dynamic
    assert executes_unquoted_sql(function) is unquoted


@pytest.mark.parametrize(
    ("function", "answer"),
    [
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", False),
        ("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END", False),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE plperl AS 'x'", None),
        ("SELECT 1", None),
        ("CREATE FUNC", None),
    ],
)
def test_dynamic_sql_of_other_languages(function: str, answer: bool | None) -> None:
    assert executes_dynamic_sql(function) is answer


def test_the_parser_is_loaded_only_when_needed() -> None:
    program = (
        "import sys, dbwright.sql.ddl, dbwright.sql.split, dbwright.sql.parse;"
        "sys.exit('postgast' in sys.modules or 'psycopg' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
