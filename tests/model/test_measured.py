"""What a trial on a copy says of itself."""

from __future__ import annotations

import pytest

from dbwright.model.measured import time_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0000229, "0.0229 ms"),
        (0.0134, "13.4 ms"),
        (0.175, "175 ms"),
        (1.5, "1.5 s"),
        (1234.5, "1,234 s"),
    ],
)
def test_times_are_read_at_a_glance(seconds: float, text: str) -> None:
    assert time_text(seconds) == text
