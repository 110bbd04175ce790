"""The rules about how applications talk, and from where on each speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dbwright.tune.pages.registry import page_of

__all__ = [
    "N_PLUS_ONE",
    "PINGS",
    "ROW_BY_ROW_INSERT",
    "ROW_BY_ROW_WRITE",
    "RULES",
    "SAME_AGAIN",
    "TINY_TRANSACTIONS",
    "Thresholds",
    "thresholds_from",
]

N_PLUS_ONE = "chattiness/n-plus-one"
SAME_AGAIN = "chattiness/same-query-again"
ROW_BY_ROW_INSERT = "chattiness/row-by-row-insert"
ROW_BY_ROW_WRITE = "chattiness/row-by-row-write"
TINY_TRANSACTIONS = "chattiness/one-statement-transactions"
PINGS = "chattiness/pings"
RULES = (N_PLUS_ONE, SAME_AGAIN, ROW_BY_ROW_INSERT, ROW_BY_ROW_WRITE, TINY_TRANSACTIONS, PINGS)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on it is worth saying: `<rule>_<threshold>`, as the rules' pages have them."""

    n_plus_one_times: int
    same_query_again_times: int
    same_query_again_calls: int
    same_query_again_share: float
    same_query_again_seconds: float
    row_by_row_insert_times: int
    row_by_row_write_times: int
    one_statement_transactions_times: int
    one_statement_transactions_share: float
    pings_times: int
    pings_share: float

    @property
    def of_bursts(self) -> Mapping[str, int]:
        """By rule: calls in one burst."""
        return {
            N_PLUS_ONE: self.n_plus_one_times,
            SAME_AGAIN: self.same_query_again_times,
            ROW_BY_ROW_INSERT: self.row_by_row_insert_times,
            ROW_BY_ROW_WRITE: self.row_by_row_write_times,
        }


def thresholds_from(values: Mapping[str, Mapping[str, object]]) -> Thresholds:
    """The defaults of the pages; in their place the values, by rule and threshold, where there are
    some. Values of rules of other topics are passed over."""
    found: dict[str, Any] = {}
    for rule in map(page_of, RULES):
        given = values.get(rule.id, {})
        for threshold in rule.thresholds:
            place = f"{rule.name.replace('-', '_')}_{threshold.name}"
            found[place] = given.get(threshold.name, threshold.default)
    return Thresholds(**found)
