"""Statements of one shape have one fingerprint; constants do not change the shape."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from dbwright.sql.fingerprint import fingerprint
from dbwright.sql.parse import SyntaxProblem
from dbwright.sql.shape import is_sound, merged, shape, skeleton

PIECES = (
    "SELECT", "FROM", "WHERE", "a", "t1", '"it\'s 5"', '"2019"', '"a 1"', '"x"', "=", "-", "(", ")",
    ",", "IN", "AND", "E'it\\'s'", "'x'", "'it''s'", "''", "1", "15", "1.5", ".5", "1e-5", "1.",
    "0x1F", "$1", "$12", "$$it's 5$$", "$q$1$q$", "-- it's 5\n", "/* 1 'a' */", "/* /* ' */ 2 */",
    "float(24)", "float(53)", "float4", "::float(", "LIMIT", "U&'d!0061' UESCAPE '!'",
    "B'101'", "N'x'", "interval", "\n", " ", "VALUES", "INSERT INTO t", "UPDATE t SET", "c1", "+",
    "SET x = 5", "COPY t FROM '/a'", "FETCH 5 FROM c", "é1", "::numeric(10, 2)", ";", ".", "'", '"',
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).flatmap(
    lambda pieces: st.sampled_from(["", " "]).map(lambda space: space.join(pieces))
)
CONSTANT = st.one_of(
    st.integers(0, 10**20).map(str),
    st.floats(0, 1e20, allow_nan=False).map(str),
    st.text("ab'\" \\5-/*$;é", max_size=8).map(lambda value: "'" + value.replace("'", "''") + "'"),
)
TEMPLATES = (
    "SELECT * FROM t WHERE a = {} AND b IN ({}, {})",
    'SELECT "t"."a 1", {} FROM "t" WHERE "t"."it\'s" = {} AND c < {}',
    "SELECT /* it's {} */ a FROM t -- 5 'x'\n WHERE b = {} OR c = {}",
    "INSERT INTO t (a, b1, c) VALUES ({}, {}, {})",
    "UPDATE t SET a = {}, b = -{} WHERE c = $1 AND d = E'it\\'s' || {}",
    "WITH x AS (SELECT {}) SELECT a::float(24), $$it's$$, {} FROM x LIMIT {}",
    "SELECT {} -{} - -{}",
)


def _like(constant: str) -> st.SearchStrategy[str]:
    """Constants of the same kind: numbers for a number, strings for a string."""
    return CONSTANT.filter(lambda other: other[0].isdigit() == constant[0].isdigit())


def _fingerprint(text: str) -> str | None:
    try:
        return fingerprint(text)
    except SyntaxProblem:
        return None


@settings(deadline=None)
@given(TEXTS, TEXTS)
@example("SELECT a::float(24)", "SELECT a::float(53)")
@example("SELECT -1", "SELECT -'1'")
@example("SELECT 1e-5", "SELECT 1-5")
@example("SELECT /*1*/ a", "SELECT 1 a")
@example('SELECT "a 1" FROM t', 'SELECT "a 2" FROM t')
@example("SELECT E'\\'', 1 -- '", "SELECT E'\\'', 2 -- '")
@example("SELECT 1; COMMENT ON TABLE t IS 'x'", "SELECT 1; COMMENT ON TABLE t IS 'y'")
@example("SELECT E'\\''; FETCH 5 FROM c", "SELECT E'\\''; FETCH 6 FROM c")
def test_one_shape_is_one_fingerprint(first: str, second: str) -> None:
    prints = [_fingerprint(text) for text in (first, second)]
    if None in prints:
        return
    if shape(first.encode()) == shape(second.encode()):
        assert prints[0] == prints[1]


@settings(deadline=None)
@given(st.sampled_from(TEMPLATES), st.data())
def test_constants_of_one_kind_do_not_change_the_shape(template: str, data: st.DataObject) -> None:
    count = template.count("{}")
    first = [data.draw(CONSTANT) for _ in range(count)]
    second = [data.draw(_like(constant)) for constant in first]
    if "/*" in template:  # inside of a comment: no way to end it, or to open another
        first[0], second[0] = "1", "2"
    one, other = template.format(*first), template.format(*second)
    assert shape(one.encode()) == shape(other.encode())
    assert fingerprint(one) == fingerprint(other)


@settings(deadline=None)
@given(st.sampled_from(TEMPLATES), st.data())
def test_one_skeleton_that_is_sound_is_one_fingerprint(template: str, data: st.DataObject) -> None:
    texts = [
        template.format(*(data.draw(CONSTANT) for _ in range(template.count("{}"))))
        for _ in range(2)
    ]
    found = [skeleton(text.encode()) for text in texts]
    if found[0] == found[1] and is_sound(found[0]):
        assert _fingerprint(texts[0]) == _fingerprint(texts[1])


def test_what_fools_the_quick_way_is_read_slowly() -> None:
    for text in ('SELECT "a 1"', "SELECT 1 -- it's", "SELECT E'\\''", "SELECT $$1$$", "SELECT .5"):
        assert not is_sound(skeleton(text.encode())), text
    assert is_sound(skeleton(b'SELECT "t1"."a" FROM t2 WHERE c1 = 5 AND d = \'x\' AND e = $1'))


def test_any_bytes_have_a_shape() -> None:
    assert shape(b"SELECT '\xff\x00' FROM \xe4") == b"SELECT '' FROM \xe4"
    assert shape(b"") == b""
    assert shape(b"SELECT 'open") == b"SELECT 'open"


@settings(deadline=None)
@given(st.lists(CONSTANT, min_size=1, max_size=9), st.integers(1, 5))
def test_lists_of_constants_are_merged(values: list[str], rows: int) -> None:
    long, short = ", ".join(values), values[0]
    one = f"SELECT a FROM t WHERE b IN ({long}) AND f(1, 2)"
    other = f"SELECT a FROM t WHERE b IN ({short}) AND f(1, 2)"
    assert (
        merged(shape(one.encode())) == merged(shape(other.encode())).replace(b"IN ('')", b"IN (0)")
        or len(values) == 1
    )
    assert fingerprint(one) == fingerprint(other)
    many = f"INSERT INTO t VALUES {', '.join([f'({long})'] * rows)}"
    assert merged(shape(many.encode())) == merged(shape(f"INSERT INTO t VALUES ({long})".encode()))
    assert fingerprint(many) == fingerprint(f"INSERT INTO t VALUES ({long})")
