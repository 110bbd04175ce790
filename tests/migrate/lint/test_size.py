"""How long work on a table takes, and how bad that is."""

from __future__ import annotations

import pytest

from dbwright.migrate.lint.size import bytes_text, seconds_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0 s"),
        (0.44, "0.4 s"),
        (12.4, "12 s"),
        (119, "119 s"),
        (800, "13 min"),
        (9000, "2.5 h"),
    ],
)
def test_seconds(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 bytes"), (8192, "8 kB"), (80 * 1024**3, "80 GB"), (1023.6, "1 kB")]
)
def test_bytes(count: float, text: str) -> None:
    assert bytes_text(count) == text
