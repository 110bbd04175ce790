from __future__ import annotations

import pytest

from dbwright.render.units import bytes_text, figure, seconds_text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1023, "1,023 bytes"),
        (1024, "1 kB"),
        (8192, "8 kB"),
        (1_288_490_188, "1.2 GB"),
        (1024**2 - 1, "1 MB"),
        (512 * 1024**3, "512 GB"),
        (3 * 1024**6, "3,072 PB"),
        (-8192, "-8 kB"),
    ],
)
def test_bytes(count: int, text: str) -> None:
    assert bytes_text(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.0004, "0.4 ms"),
        (0.000004, "0.004 ms"),
        (0.012, "12 ms"),
        (1.5, "1.5 s"),
        (180, "3 min"),
        (9000, "2.5 h"),
        (12 * 86400, "12 days"),
        (-180, "-3 min"),
    ],
)
def test_seconds(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text


def test_figures() -> None:
    assert figure("size_bytes", 1_288_490_188) == ("size", "1.2 GB")
    assert figure("age_seconds", 180) == ("age", "3 min")
    assert figure("wal_bytes_per_day", 14_716_048) == ("wal per day", "14 MB")
    assert figure("worst_case_bytes_after", 5_688_524_800) == ("worst case after", "5.3 GB")
    assert figure("mean_milliseconds", 12) == ("mean", "12 ms")
    assert figure("dead_fraction", 0.23) == ("dead", "23 %")
    assert figure("window_days", 1) == ("window", "1 day")
    assert figure("rows", 48_000_000) == ("rows", "48,000,000")
    assert figure("pid", 48_000) == ("pid", "48000")
    assert figure("bytes", 12) == ("bytes", "12")
    assert figure("valid", False) == ("valid", "no")
    assert figure("last_scan", None) == ("last scan", "unknown")
    assert figure("ratio", float("inf")) == ("ratio", "unknown")
    assert figure("columns", ("a", "b")) == ("columns", "a, b")
    assert figure("columns", ()) == ("columns", "none")
    assert figure("values", list(range(9))) == ("values", "0, 1, 2, 3, 4, 5 and 3 more")
    assert figure("same_as", "a\x1bb") == ("same as", "a\\x1bb")
