"""As much of an answer as a model asked for: the summary always, then notes, details and items,
until the tokens are used up.

A token is taken for three bytes of JSON, which is fewer than models need for English and SQL.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import is_dataclass
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from dbwright.agent.tool.answer import Answer

__all__ = ["bytes_of", "fitted"]

BYTES_PER_TOKEN = 3
ENVELOPE = 90
"""Bytes of what stands around: the keys, `offset`, `total`, `next_offset`."""
LONGEST_SUMMARY = 0.4
LONGEST_NOTES = 0.2
LONGEST_DETAILS = 0.6
"""Shares of what is left, where there are items too."""
LEAST = 60
"""Bytes: what has less room than that is left out rather than cut."""
CUT = "… [cut: ask again with a larger max_tokens]"
SHORT_CUT = "…"


def fitted(answer: Answer[Any], *, offset: int, max_tokens: int) -> dict[str, Any]:
    """The part of the answer from that item on, as plain JSON values; `next_offset` where there is
    more of it. One item at least is given, cut where it is too large alone."""
    left = max_tokens * BYTES_PER_TOKEN - ENVELOPE
    found: dict[str, Any] = {"summary": cut(answer.summary, int(left * LONGEST_SUMMARY))}
    left -= bytes_of(found)
    if answer.notes:
        found["notes"] = cut(list(answer.notes), int(left * LONGEST_NOTES))
        left -= bytes_of(found["notes"])
    if answer.details and offset == 0:
        share = LONGEST_DETAILS if answer.items else 1.0
        found["details"] = cut(plain(dict(answer.details)), int(left * share))
        left -= bytes_of(found["details"])
    items: list[Any] = []
    for one in answer.items[offset:]:
        item = plain(one)
        size = bytes_of(item) + 2
        if items and size > left:
            break
        items.append(cut(item, left - 2))
        left -= size
    end = offset + len(items)
    total = len(answer.items)
    found |= {"items": items, "offset": offset, "total": total}
    if end < total:
        found["next_offset"] = end
    return found


def plain(value: Any) -> Any:
    """As JSON values. Keys that a dataclass does not fill (None) are left out."""
    kind: Any = type(value)
    if is_dataclass(value) and not isinstance(value, type):
        dumped = _adapter(kind).dump_python(value, mode="json")
        return {key: one for key, one in dumped.items() if one not in (None, "", [], {})}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if value is None or kind in (str, int, float, bool):
        return value
    return _adapter(kind).dump_python(value, mode="json")


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def bytes_of(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode(errors="replace"))


def cut(value: Any, budget: int) -> Any:
    """The value with its longest texts and lists cut and what finds no room left out, so that it
    takes no more than so many bytes (and those of its brackets)."""
    if bytes_of(value) <= budget:
        return value
    if isinstance(value, str):
        return _cut_text(value, budget)
    if isinstance(value, list):
        return _cut_list(value, budget)
    if isinstance(value, dict):
        return _cut_dict(value, budget)
    return value


def _cut_text(text: str, budget: int) -> str:
    mark = CUT if budget >= 4 * len(CUT) else SHORT_CUT
    room = max(budget - len(mark.encode()) - 2, 0)
    kept = text.encode(errors="replace")[:room].decode(errors="ignore")
    # Line ends, quotes and the like take two bytes and more in JSON.
    while kept and (over := bytes_of(kept) - 2 - room) > 0:
        kept = kept[: -max(over // 6, 1)]
    return kept + mark


def _cut_list(values: list[Any], budget: int) -> list[Any]:
    """The first ones whole, the next one cut, and how many are left out."""
    kept: list[Any] = []
    left = budget - len("[, … [1000000 more]]") - 4
    for value in values:
        size = bytes_of(value) + 2
        if size > left:
            if left >= LEAST and isinstance(value, str | list | dict):
                kept.append(cut(value, left))
            break
        kept.append(value)
        left -= size
    more = len(values) - len(kept)
    return [*kept, f"… [{more} more]"] if more else kept


def _cut_dict(values: dict[str, Any], budget: int) -> dict[str, Any]:
    """Small values whole; the large ones share what is left, or are left out."""
    sizes = {key: bytes_of(value) for key, value in values.items()}
    kept: dict[str, Any] = {}
    left, waiting = budget - 2, len(values)
    for key in sorted(values, key=lambda key: sizes[key]):
        own = bytes_of(key) + 4
        share = left // waiting - own
        waiting -= 1
        whole = sizes[key] <= share
        if not whole and share < LEAST:
            continue
        kept[key] = values[key] if whole else cut(values[key], share)
        left -= own + bytes_of(kept[key])
    return {key: kept[key] for key in values if key in kept}
