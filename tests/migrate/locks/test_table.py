from __future__ import annotations

import pytest

from dbwright.migrate.locks.page import locks_page
from dbwright.migrate.locks.safe_ways import SAFE_WAYS
from dbwright.migrate.locks.table import all_facts, fact
from dbwright.model.lock_fact import LockRole
from dbwright.sql.parse import parse


def test_rows_are_whole() -> None:
    facts = all_facts()
    ids = [one.id for one in facts]
    assert ids == sorted(set(ids))
    examples = [(one.id, example) for one in facts for example in one.examples]
    assert len(examples) >= 350
    for one in facts:
        assert one.examples and one.form and one.why.endswith("."), one.id
        assert one.safe == "" or one.safe.endswith("."), one.id
        assert not (one.refused and (one.locks or one.takes_long)), one.id
        # Who is kept waiting for long is told what to do instead.
        assert one.safe or not (one.takes_long and one.blocks_writes), one.id
        assert one.before is None or any(
            other.since == one.before and set(other.examples) == set(one.examples)
            for other in facts
        ), one.id


def test_examples_are_one_statement_each() -> None:
    for one in all_facts():
        for example in one.examples:
            if one.since <= 17:  # what the parser knows
                assert len(parse(example).statements) == 1, example


def test_what_follows_from_a_row() -> None:
    index, check = fact("create-index"), fact("validate-check")
    assert (index.blocks_reads, index.blocks_writes, index.takes_long) == (False, True, True)
    assert (check.blocks_reads, check.blocks_writes, check.takes_long) == (False, False, True)
    assert fact("add-check").blocks_reads
    grant = fact("grant-before-18")
    assert [major for major in (11, 12, 17, 18) if grant.holds_for(major)] == [12, 17]
    with pytest.raises(KeyError):
        fact("nowhere")


def test_safe_ways_are_of_rows_that_need_them() -> None:
    for id, steps in SAFE_WAYS.items():
        assert fact(id).blocks_writes and fact(id).safe, id
        for step in steps:
            assert len(parse(step).statements) == 1, step


def test_the_page_has_every_row() -> None:
    rows = [line for line in locks_page().splitlines() if line.startswith("| <span")]
    assert len(rows) == len(all_facts())
    for one in all_facts():
        row = next(row for row in rows if f'id="{one.id}"' in row)
        assert all(str(role) in row for role in one.locks)
    volatile = next(row for row in rows if '"detach-partition-concurrently"' in row)
    assert "parent: SHARE UPDATE EXCLUSIVE<br>partition: ACCESS EXCLUSIVE" in volatile
    assert "waits for older transactions<br>not in a transaction" in volatile
    assert "| from 14 |" in volatile
    assert str(LockRole.DEFAULT_PARTITION) == "default partition"
