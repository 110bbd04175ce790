"""Each rewrite changes its bad examples into what is equal and cheaper, and leaves the good alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from tests.tune.rewrites.place import cost, execute, snapshot_of

from dbwright.model.page import HEADINGS
from dbwright.sandbox import Server
from dbwright.sql.parse import parse
from dbwright.tune.rewrites.proof import Prover
from dbwright.tune.rewrites.registry import all_rewrites
from dbwright.tune.rewrites.rewrite import Rewrite, RewriteExample, Rewritten
from dbwright.tune.rewrites.source import read_source

Prepared = tuple[str, Prover]
AT_LEAST = 0.9


def _cases(bad: bool) -> Iterator[Any]:
    for rewrite in all_rewrites():
        for n, example in enumerate(rewrite.bad if bad else rewrite.good):
            yield pytest.param(rewrite, example, id=f"{rewrite.id.partition('/')[2]}-{n}")


@pytest.fixture(scope="module")
def prepared(postgresql: Server) -> Iterator[Callable[[RewriteExample], Prepared]]:
    """The database of an example and its prover; examples of one text share them."""
    with ExitStack() as stack:
        known: dict[str, Prepared] = {}
        numbers = itertools.count()

        def get(example: RewriteExample) -> Prepared:
            if example.sql not in known:
                name = f"rewrites_{next(numbers)}"
                postgresql.create_database(name)
                url = postgresql.url(name)
                execute(url, example.sql)
                prover = stack.enter_context(Prover(snapshot_of(url), postgresql))
                assert prover.skipped == ()
                known[example.sql] = (url, prover)
            return known[example.sql]

        yield get


def _rewritten(rewrite: Rewrite, query: str, prover: Prover) -> list[Rewritten]:
    source = read_source(query, prover.snapshot.catalog, prover.snapshot.statistics)
    assert source is not None
    return list(rewrite.function(source, prover.snapshot.catalog))


def test_each_is_named_as_its_function_and_has_its_page() -> None:
    for rewrite in all_rewrites():
        assert rewrite.function.__name__ == rewrite.id.removeprefix("rewrites/").replace("-", "_")
        assert tuple(rewrite.page)[1:] == HEADINGS
        assert rewrite.title.endswith(".") and rewrite.why
        assert rewrite.bad and rewrite.good


@pytest.mark.parametrize(("rewrite", "example"), list(_cases(bad=True)))
def test_a_bad_example_is_rewritten_equal_and_cheaper(
    rewrite: Rewrite, example: RewriteExample, prepared: Callable[[RewriteExample], Prepared]
) -> None:
    url, prover = prepared(example)
    found = _rewritten(rewrite, example.query, prover)
    assert found
    costs: dict[str, tuple[float, float]] = {}
    for one in found:
        assert len(parse(one.text).statements) == 1
        if not one.provable:
            continue
        verdict = prover.prove(example.query, one.text)
        assert verdict.equal, (one.text, verdict)
        costs[one.text] = cost(url, example.query), cost(url, one.text)
    provable = any(one.provable for one in found)
    assert any(after <= AT_LEAST * before for before, after in costs.values()) or not provable, (
        costs
    )


@pytest.mark.parametrize(("rewrite", "example"), list(_cases(bad=False)))
def test_a_good_example_is_left_alone(
    rewrite: Rewrite, example: RewriteExample, prepared: Callable[[RewriteExample], Prepared]
) -> None:
    _, prover = prepared(example)
    assert _rewritten(rewrite, example.query, prover) == []
