"""As much of an answer as was asked for: never more, and each item on one page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from dbwright.agent.tool.answer import Answer
from dbwright.agent.tool.fit import bytes_of, fitted


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    parts: tuple[int, ...] = ()


HUGE = {f"key {number}": '\n"ü' * 5000 for number in range(40)}
ANSWERS: dict[str, Answer[Any]] = {
    "one huge item": Answer("s", items=(HUGE,)),
    "huge details": Answer("s", details=HUGE, items=({"a": 1},)),
    "deep details": Answer("s", details={"a": {"b": [HUGE] * 3, "c": list(range(10_000))}}),
    "a huge summary": Answer("word " * 10_000, items=({"a": 1},)),
    "huge notes": Answer("s", notes=("note " * 1000,) * 100, items=({"a": 1},)),
    "all of it": Answer("s" * 9999, items=(HUGE,) * 5, details=HUGE, notes=("n" * 999,) * 99),
    "a wide row": Answer("s", items=(["x" * 1000] * 500,)),
    "lines": Answer("s", items=tuple(Line(f"n{n}", tuple(range(n))) for n in range(500))),
    "a lone surrogate": Answer("\udc80" * 1000, items=("\udc80" * 1000,)),
}


@pytest.mark.parametrize("tokens", [200, 1000, 10_000])
@pytest.mark.parametrize("name", ANSWERS)
def test_no_part_is_larger_than_was_asked_for(name: str, tokens: int) -> None:
    answer = ANSWERS[name]
    offset: int | None = 0
    seen = 0
    while offset is not None:
        found = fitted(answer, offset=offset, max_tokens=tokens)
        assert bytes_of(found) <= 3 * tokens
        assert found["summary"] and found["offset"] == seen
        seen += len(found["items"])
        offset = found.get("next_offset")
    assert seen == len(answer.items) == found["total"]


def test_what_fits_is_whole() -> None:
    answer = Answer("s", items=(Line("a", (1, 2)), Line("b")), details={"x": [1, None]})
    found = fitted(answer, offset=0, max_tokens=200)
    assert found["items"] == [{"name": "a", "parts": [1, 2]}, {"name": "b"}]
    assert found["details"] == {"x": [1, None]}


def test_a_large_cell_is_cut_and_its_row_keeps_its_columns() -> None:
    found = fitted(Answer("s", items=([1, "x" * 9999, 3],)), offset=0, max_tokens=200)
    ((first, second, *_),) = found["items"]
    assert first == 1 and second.startswith("xxx") and "…" in second
