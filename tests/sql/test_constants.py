"""The constants of expressions as the catalog writes them."""

from __future__ import annotations

from dbwright.sql.constants import constants_of_expressions


def test_constants_stand_once_and_in_their_order() -> None:
    expressions = [
        "(amount > 10) AND (kind = ANY (ARRAY['it''s'::text, 'b'::text]))",
        "FOR VALUES FROM ('2024-01-01') TO (MAXVALUE)",
        "\"10\" <> 'b' -- 'no'",
        "1.5e3 < 10",
    ]
    assert constants_of_expressions(expressions) == ["10", "it's", "b", "2024-01-01", "1.5e3"]
    assert constants_of_expressions([]) == []
