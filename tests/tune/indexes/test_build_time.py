"""Estimated seconds: what must be longer than what."""

from __future__ import annotations

from dataclasses import replace

from dbwright.tune.indexes.build_time import build_seconds
from dbwright.tune.indexes.size import index_size
from dbwright.tune.indexes.widths import KeyWidth

NUMBER = KeyWidth("id", ((8, 1.0),), 8)
STATUS = KeyWidth("status", ((5, 1.0),), 4, varying=True, distinct=3, frequencies=(0.4, 0.3, 0.3))


def seconds(*keys: KeyWidth, method: str = "btree", rows: float = 1e6, **more: float) -> float:
    size = index_size(method, keys, rows=rows, table_pages=rows / 60)
    return build_seconds(
        method,
        size,
        keys,
        rows=rows,
        table_bytes=rows / 60 * 8192,
        concurrently=False,
        **more,
    )


def test_more_rows_take_longer() -> None:
    times = [seconds(NUMBER, rows=count) for count in (0.0, 1e3, 1e6, 1e9)]
    assert times == sorted(times)
    assert times[0] < 1


def test_texts_that_are_often_equal_take_longer() -> None:
    assert seconds(STATUS, NUMBER) > 1.5 * seconds(NUMBER, STATUS)


def test_summaries_need_no_sort() -> None:
    assert seconds(NUMBER, method="brin") < seconds(NUMBER) < seconds(NUMBER, method="hash") * 2


def test_little_memory_takes_longer() -> None:
    assert seconds(NUMBER, maintenance_work_mem=2**20) > seconds(NUMBER)


def test_concurrently_reads_twice() -> None:
    size = index_size("btree", [NUMBER], rows=1e6)
    both = [
        build_seconds("btree", size, [NUMBER], rows=1e6, table_bytes=1e9, concurrently=concurrently)
        for concurrently in (False, True)
    ]
    assert both[1] > both[0] + 5


def test_entries_of_gin_count() -> None:
    size = replace(index_size("btree", [NUMBER], rows=1e6), pages=100, bytes=819200)
    few, many = (
        build_seconds("gin", replace(size, entries=entries), [NUMBER], rows=1e6, table_bytes=1e8)
        for entries in (1.0, 20.0)
    )
    assert many > few + 10
