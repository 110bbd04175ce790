"""The fields of csvlog's records, with commas and quotes where they hurt."""

from __future__ import annotations

from itertools import product

from dbwright.engines.postgresql.logs.csv_format import CsvFormat

TEXTS = (
    'SELECT "a" FROM t',
    'SELECT "a","b" FROM t WHERE x = ANY($1)',
    'SELECT "a"',
    """SELECT '","', '",,,,,,,,', '"'""",
)
DETAILS = (
    "",
    """parameters: $1 = '{"a b","c"}'""",
    """Parameters: $1 = 'x","y', $2 = '"'""",
    "prepare: PREPARE s AS SELECT 1",
)
LOCATIONS = ("", "exec_simple_query, postgres.c:1230", 'we"ird, x')


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if text else ""


def test_text_and_parameters() -> None:
    source = CsvFormat()
    for text, detail, location in product(TEXTS, DETAILS, LOCATIONS):
        line = (
            '2026-11-23 07:00:00.000 UTC,"app","shop",7,"[local]",6a.7,3,"SELECT",'
            "2026-11-23 07:00:00 UTC,3/4,0,LOG,00000,"
            f"{_quoted(f'duration: 1.500 ms  statement: {text}')},{_quoted(detail)},,,,,,,"
            f'{_quoted(location)},"a,b","client backend",,42'
        )
        (event,) = source.events(line.encode())
        assert type(event) is tuple
        assert source.plain(event[5]).decode() == text
        assert source.plain(event[6]).decode() == detail
        origin = source.origin(event[7])
        assert (origin.application, origin.query_id) == ("a,b", 42)
