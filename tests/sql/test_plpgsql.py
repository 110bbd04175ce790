"""The statements of a body in PL/pgSQL."""

from __future__ import annotations

import pytest

from dbwright.sql.plpgsql import statements_of_body


@pytest.mark.parametrize(
    ("body", "statements"),
    [
        ("BEGIN NULL; END", []),
        ("BEGIN PERFORM f(1); END", ["SELECT f(1)"]),
        (
            "DECLARE n int; BEGIN UPDATE t SET a = 1 RETURNING id INTO n; "
            "IF n > 1 THEN DELETE FROM u; ELSE INSERT INTO v VALUES (';'); END IF; END",
            ["UPDATE t SET a = 1 RETURNING id ", "DELETE FROM u", "INSERT INTO v VALUES (';')"],
        ),
        (
            "BEGIN FOR r IN DELETE FROM t RETURNING id LOOP "
            "WITH x AS (DELETE FROM q RETURNING *) INSERT INTO y SELECT * FROM x; END LOOP; END",
            [
                "DELETE FROM t RETURNING id ",
                "WITH x AS (DELETE FROM q RETURNING *) INSERT INTO y SELECT * FROM x",
            ],
        ),
        (
            "BEGIN FOR r IN (UPDATE t SET a = 1 RETURNING *) LOOP NULL; END LOOP; END",
            ["UPDATE t SET a = 1 RETURNING *"],
        ),
        ("BEGIN IF x THEN EXECUTE format('DELETE FROM %I', n); END IF; END", None),
    ],
)
def test_statements_of_a_body(body: str, statements: list[str] | None) -> None:
    assert statements_of_body(body) == statements
