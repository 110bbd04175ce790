"""Values that are equal to others and yet not the same, or that are beyond all others: where a
rewrite that looks right is wrong."""

from __future__ import annotations

from dbwright.model.catalog import Column

__all__ = ["steps", "unusual"]

TEXTS = ("a ", " a", "A", "ä", "Ä", "a-b", "ab")
DAYS = ("infinity", "-infinity", "0044-03-15 BC", "9999-12-31")
REPEATED = ("2024-10-27 00:30:00+00", "2024-10-27 01:30:00+00", "2024-11-03 05:30:00+00",
            "2024-11-03 06:30:00+00", "2018-11-04 02:30:00+00")  # fmt: skip
"""Moments around a change of clocks in Europe, the USA and Brazil."""
BY_TYPE: dict[str, tuple[str, ...]] = {
    "numeric": ("1.0", "1.00", "0.0", "NaN"),
    **dict.fromkeys(("real", "double precision"), ("-0", "NaN", "Infinity", "-Infinity")),
    **dict.fromkeys(("text", "character varying", "citext"), TEXTS),
    "character": ("a", "A", "ab"),
    "date": DAYS,
    "timestamp without time zone": DAYS,
    "timestamp with time zone": (*DAYS[:3], *REPEATED),
    "time without time zone": ("24:00",),
    "interval": ("24:00:00", "30 days", "-1 day"),
    "json": ('{"a": null}', "null", '{"a": "1"}', '{ "a":1 }'),
    "jsonb": ('{"a": null}', "null", '{"a": "1"}', '{"a": 1.0}'),
    "inet": ("10.0.0.1/8",),
    "daterange": ("(,2024-01-02)", "[2024-01-01,2024-01-03]"),
}
ARRAYS = ("{NULL,NULL}", "[0:0]={1}", "{{1,2},{3,4}}")

WITH_SCALE = ("v * 1.00", "-v", "v / 2", "v + 0.5", "v - 0.5")
OF_MOMENTS = ("to_char(v, 'YYYY-MM-DD HH24:MI:SS') || ' BC'", "v + interval '24 hours'",
              "v - interval '24 hours'", "v + interval '1 year'")  # fmt: skip
STEPS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("smallint", "integer", "bigint"), ("-v", "v / 2", "v * 2")),
    "numeric": WITH_SCALE,
    **dict.fromkeys(("real", "double precision"), ("-v", "v / 2", "v + 0.5")),
    **dict.fromkeys(
        ("text", "character varying", "citext"),
        ("v || ' '", "' ' || v", "lower(v)", "initcap(v)", "v || 'ä'"),
    ),
    "date": ("to_char(v, 'YYYY-MM-DD') || ' BC'", "v + interval '1 year'"),
    "timestamp without time zone": OF_MOMENTS,
    "timestamp with time zone": OF_MOMENTS,
}
"""What such a value is, of a constant `v` of the query."""


def unusual(column: Column) -> tuple[str, ...]:
    """Texts for the column; whether it takes them, its server says."""
    return ARRAYS if column.is_array else BY_TYPE.get(column.base_type, ())


def steps(column: Column) -> tuple[str, ...]:
    """Expressions over a constant `v` of the column's type."""
    return () if column.is_array else STEPS.get(column.base_type, ())
