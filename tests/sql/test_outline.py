"""Statements with one outline, and the same digits in names, have one fingerprint."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from dbwright.sql.fingerprint import fingerprint
from dbwright.sql.outline import RUN, brief, outline, spelled, telling_runs, without_strings
from dbwright.sql.parse import SyntaxProblem

PIECES = (
    "SELECT", "FROM", "WHERE", "a", "t{}", '"it\'s {}"', '"{}"', '"a {}"', "=", "-", "(", ")", ",",
    "IN", "AND", "E'it\\'s{}'", "'{}'", "'it''s {}'", "''", "{}", "{}.5", ".{}", "1e-{}", "0x{}F",
    "${}", "$$it's {}$$", "$q{}$", "-- it's {}\n", "-- {}\n", "/* {} 'a' */", "/* {} */",
    "float({})", "float{}", "::float(", "LIMIT", "U&'d!00{}' UESCAPE '!'", "B'{}'", "\n", " ",
    "VALUES", "INSERT INTO t", "UPDATE t SET", "SET x = {}", "COMMENT ON TABLE t IS '{}'",
    "FETCH {} FROM c", "COPY t FROM '/{}'", "é{}", "::numeric({}, 2)", ";", ".", "'", '"',
)  # fmt: skip
TEMPLATES = st.lists(st.sampled_from(PIECES), max_size=9).flatmap(
    lambda pieces: st.sampled_from(["", " "]).map(lambda space: space.join(pieces))
)
CONSTANTS = st.lists(st.sampled_from([1, 2, 24, 53]), min_size=20, max_size=20)


def _fingerprint(text: str) -> str | None:
    try:
        return fingerprint(text)
    except SyntaxProblem:
        return None


def _told(text: str) -> bytes | None:
    raw = text.encode()
    found = brief(outline(raw))
    telling = telling_runs(found)
    return None if telling is None else spelled(found, raw, telling)


@settings(deadline=None)
@given(TEMPLATES, CONSTANTS, CONSTANTS)
@example("SELECT a::float({})", [24] * 20, [53] * 20)
@example("SELECT {}; FETCH {} FROM c", [1] * 20, [2] * 20)
@example("SELECT {}; COMMENT ON TABLE t IS '{}'", [1] * 20, [2] * 20)
@example("SELECT t{}.a FROM t{} WHERE b = ${} AND c = {}", [1] * 20, [2] * 20)
def test_what_an_outline_tells(template: str, one: list[int], other: list[int]) -> None:
    texts = [template.format(*values) for values in (one, other)]
    told = [_told(text) for text in texts]
    if None not in told and told[0] == told[1]:
        prints = [_fingerprint(text) for text in texts]
        assert prints[0] == prints[1]


@given(st.binary(), st.binary())
def test_an_outline_is_as_long_as_its_statement_without_strings(one: bytes, other: bytes) -> None:
    for statement in (one, one + b"'" + other + b"'"):
        assert len(outline(statement)) == len(without_strings(statement))


def test_which_digits_tell() -> None:
    def told(text: str) -> list[bytes] | None:
        telling = telling_runs(brief(outline(text.encode())))
        runs = [match.span() for match in RUN.finditer(outline(text.encode()))]
        raw = without_strings(text.encode())
        return None if telling is None else [raw[slice(*runs[run])] for run in telling]

    assert told("SELECT t1_.a2 FROM t1 t1_ WHERE b = 55 AND c = '7' -- 9") == [
        b"1",
        b"2",
        b"1",
        b"1",
    ]
    assert told("SELECT a FROM t WHERE b = $12 LIMIT 5.25") == []
    assert told("SELECT a::float(24), int4(5), 1e5") == [b"24", b"4", b"1", b"5"]
    assert told("SET x = 5") == [b"5"]
    for text in ("SET x = '5'", "SELECT 'a", "SELECT E'5'", "SELECT 1 -- it's '", "SELECT \"''\""):
        assert told(text) is None, text
