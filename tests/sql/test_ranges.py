"""Which statements can be cut by ranges of a key, and how their text is then."""

from __future__ import annotations

import pytest

from dbwright.sql.parse import parse
from dbwright.sql.ranges import NotInRanges, ranged

KEY = "k BETWEEN 5 AND 7"
CUT = [
    ("UPDATE orders SET a = 1", "UPDATE orders SET a = 1\nWHERE k BETWEEN 5 AND 7"),
    ("DELETE FROM shop.orders -- all", "DELETE FROM shop.orders -- all\nWHERE k BETWEEN 5 AND 7"),
    (
        "UPDATE ONLY orders o SET a = 1 FROM (SELECT 1 WHERE b) x where /* x */ a OR b -- c",
        "UPDATE ONLY orders o SET a = 1 FROM (SELECT 1 WHERE b) x where (/* x */ a OR b -- c\n) "
        "AND k BETWEEN 5 AND 7",
    ),
    (
        "INSERT INTO b SELECT o.* FROM x CROSS JOIN orders AS o ON CONFLICT (a) WHERE c DO UPDATE "
        "SET a = 1 WHERE b.a = 2",
        "INSERT INTO b SELECT o.* FROM x CROSS JOIN orders AS o \nWHERE k BETWEEN 5 AND 7\n"
        "ON CONFLICT (a) WHERE c DO UPDATE SET a = 1 WHERE b.a = 2",
    ),
    (
        "WITH w AS (SELECT 1 WHERE 'WHERE' = $$)$$) INSERT INTO b WITH v AS (TABLE w) "
        "SELECT a FROM v, b RIGHT JOIN orders ON true WHERE conflict ON CONFLICT DO NOTHING",
        "WITH w AS (SELECT 1 WHERE 'WHERE' = $$)$$) INSERT INTO b WITH v AS (TABLE w) "
        "SELECT a FROM v, b RIGHT JOIN orders ON true WHERE (conflict\n) AND k BETWEEN 5 AND 7\n"
        "ON CONFLICT DO NOTHING",
    ),
    ("UPDATE orders SET ä = 'ß' WHERE ü", "UPDATE orders SET ä = 'ß' WHERE (ü\n) AND " + KEY),
]


@pytest.mark.parametrize(("text", "expected"), CUT)
def test_the_text_stays_with_one_more_condition(text: str, expected: str) -> None:
    found = ranged(text, ("shop", "orders"))
    assert found is not None
    assert found.within(KEY) == expected
    assert len(parse(expected).statements) == 1


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM orders",
        "UPDATE other SET a = 1",
        "UPDATE other.orders SET a = 1",
        "INSERT INTO orders VALUES (1), (2)",
        "INSERT INTO orders DEFAULT VALUES",
        "WITH w AS (SELECT 1) SELECT * FROM orders",
        "CREATE TABLE orders ()",
        "",
    ],
)
def test_what_is_not_about_the_rows_of_the_table(text: str) -> None:
    assert ranged(text, ("shop", "orders")) is None


REFUSED = {
    "names orders a second time": [
        "DELETE FROM orders a USING orders b WHERE a.x = b.x",
        "INSERT INTO orders SELECT * FROM orders",
        "UPDATE orders SET a = (SELECT max(a) FROM shop.orders)",
    ],
    "has RETURNING": ["DELETE FROM orders RETURNING 1"],
    "is a MERGE": ["MERGE INTO orders USING t ON true WHEN MATCHED THEN DELETE"],
    "has WHERE CURRENT OF": ["DELETE FROM orders WHERE CURRENT OF c"],
    "changes b, not orders": ["UPDATE b SET x = 1 FROM orders", "DELETE FROM b USING orders"],
    "has a WITH that changes rows": [
        "WITH w AS (DELETE FROM orders RETURNING *) INSERT INTO b SELECT * FROM w",
        "WITH w AS (DELETE FROM orders RETURNING *) SELECT * FROM w",
        "WITH w AS (DELETE FROM b RETURNING *) UPDATE orders SET x = 1",
    ],
    "has a WITH of the table's own name": ["WITH orders AS (SELECT 1) DELETE FROM orders"],
    "has UNION": ["INSERT INTO b SELECT 1 FROM orders UNION ALL SELECT 2"],
    "has GROUP BY": ["INSERT INTO b SELECT x FROM orders GROUP BY x"],
    "has DISTINCT": ["INSERT INTO b SELECT DISTINCT x FROM orders"],
    "has LIMIT": ["INSERT INTO b SELECT x FROM orders LIMIT 5"],
    "has ORDER BY": ["INSERT INTO b SELECT x FROM orders ORDER BY x"],
    "has FOR UPDATE": ["INSERT INTO b SELECT x FROM orders FOR SHARE"],
    "has a window function": ["INSERT INTO b SELECT row_number() OVER () FROM orders"],
    "does not read orders in the FROM": [
        "INSERT INTO orders SELECT * FROM b",
        "INSERT INTO b SELECT * FROM c LEFT JOIN orders ON true",
        "INSERT INTO b SELECT * FROM c FULL JOIN orders ON true",
        "INSERT INTO b SELECT * FROM (SELECT * FROM orders) o",
        "INSERT INTO b SELECT * FROM (orders CROSS JOIN c) AS j",
    ],
    "gives the table's columns other names": ["INSERT INTO b SELECT x FROM orders AS o (x, y)"],
    "parentheses": [
        "INSERT INTO b (SELECT * FROM orders)",
        "INSERT INTO b (SELECT * FROM orders WHERE true)",
    ],
    "can't be": ["UPDATE orders SET", "UPDATE orders SET a = x.where WHERE b"],
}


@pytest.mark.parametrize(
    ("reason", "text"), [(why, text) for why, texts in REFUSED.items() for text in texts]
)
def test_what_can_not_be_cut(reason: str, text: str) -> None:
    with pytest.raises(NotInRanges, match=reason):
        ranged(text, (None, "orders"))


def test_what_the_statement_is() -> None:
    found = ranged(
        'UPDATE "S".orders AS "O o" SET (a, "B") = (1, 2), c[1] = 3 FROM d', (None, "orders")
    )
    assert found is not None
    assert found.relation == ("S", "orders")
    assert found.column("The Key") == '"O o"."The Key"'
    assert found.changes == {"a", "B", "c"}
    assert found.others == {(None, "d")}
    assert (found.kind, found.only) == ("UPDATE", False)
