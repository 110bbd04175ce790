from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dbwright.agent.safe_sql import Masker, ResultColumn

MASKER = Masker(b"a key of tests")


@given(st.text())
def test_a_mask_keeps_the_shape_and_is_the_same_each_time(text: str) -> None:
    masked = MASKER.text(text)
    assert masked == MASKER.text(text)
    assert len(masked) == len(text)
    for before, after in zip(text, masked, strict=True):
        assert before.isalpha() == after.isalpha() or not after.isascii()
        assert (before in "0123456789") <= (after in "0123456789")
        if not before.isalnum():
            assert before == after or after.isalnum()


def test_masks() -> None:
    assert MASKER.text("Ann-Marie.Lee@example.com") != "Ann-Marie.Lee@example.com"
    assert MASKER.text("x@y.de")[1] == "@"
    assert MASKER.text("Ann") != Masker(b"another").text("Ann")
    assert MASKER.text("0049 30 1234567")[:1] == "0"
    assert isinstance(MASKER.value(12345), int) and len(str(MASKER.value(12345))) == 5
    assert MASKER.value(None) is None and MASKER.value(True) is True
    assert MASKER.value(["Ann", 5]) == [MASKER.value("Ann"), MASKER.value(5)]
    assert set(MASKER.value({"name": "Ann"})) == {"name"}


def test_which_columns() -> None:
    names = ("id", "email", "customer_phone", "first_name", "total", "iban", "password", "city")
    found = MASKER.columns(ResultColumn(name, "text") for name in names)
    assert found == {"email", "customer_phone", "first_name", "iban", "password"}
    rows = list(MASKER.rows([{"id": 1, "email": "a@b.de"}], found))
    assert rows[0]["id"] == 1 and rows[0]["email"] != "a@b.de"
