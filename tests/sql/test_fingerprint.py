"""What is one query, and what is not."""

from __future__ import annotations

from dbwright.sql.fingerprint import fingerprint


def test_tables_of_two_schemas_are_two() -> None:
    for text in (
        "SELECT a FROM {} WHERE b = 5",
        "SELECT a FROM t x, {} y WHERE b = 5",
        "SELECT t.a FROM t JOIN ({} AS y CROSS JOIN z) ON true",
        "UPDATE {} SET a = 1",
        "INSERT INTO {} VALUES (1)",
        "DELETE FROM ONLY {}",
        "WITH w AS (SELECT 1 FROM {}) SELECT 1 FROM w",
    ):
        found = {
            fingerprint(text.format(name))
            for name in ("orders", "staging.orders", '"Archive" . "orders"', "public.orders")
        }
        assert len(found) == 3, text  # a table of public needs no schema


def test_what_does_not_matter() -> None:
    one = fingerprint("SELECT o.a FROM s.orders o, s.t WHERE o.a = 5 AND o.b IN (1, 2)")
    other = fingerprint(
        'select o.a from "s".ORDERS o, s.t where o.a = $1 and o.b in ($2 /*, ... */)'
    )
    assert one == other
    whole = fingerprint("SELECT 1 FROM t WHERE a = ANY (ARRAY['x'::text, 'y'::text, 'z'::text])")
    assert whole == fingerprint("SELECT $1 FROM t WHERE a = ANY (ARRAY[$2 /*, ... */])")
    assert fingerprint("SELECT t.a, s.f(t.b) FROM t") == fingerprint("SELECT t.a, s.f(t.b) FROM t")


def test_tables_with_numbers_in_their_names_are_several() -> None:
    names = ("orders_2025", "orders_2026", "t10", "t11", '"2026 orders"', '"2025 orders"', "t1")
    found = {fingerprint(f"SELECT * FROM {name} o WHERE id = 1") for name in names}
    assert len(found) == len(names)
    inner = "SELECT * FROM a WHERE EXISTS (SELECT FROM {} WHERE x = 'b10')"
    assert fingerprint(inner.format("t10")) != fingerprint(inner.format("t11"))
    same = ("SELECT * FROM t10 WHERE x = 'a77'", 'select *  from public."t10" where x = $1')
    assert fingerprint(same[0]) == fingerprint(same[1])
