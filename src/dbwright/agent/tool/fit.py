"""As much of an answer as a model asked for: the summary always, then notes, details and items,
until the tokens are used up.

A token is taken for three bytes of JSON, which is fewer than models need for English and SQL.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any

from pydantic import TypeAdapter

from dbwright.agent.tool.answer import Answer

__all__ = ["bytes_of", "fitted"]

BYTES_PER_TOKEN = 3
LONGEST_NOTES = 0.2
LONGEST_DETAILS = 0.6
"""Shares of the whole, where there are items too."""
SHORTEST = 100
"""Characters that are kept of a text which is cut."""
CUT = "… [cut: ask again with a larger max_tokens]"


def fitted(answer: Answer[Any], *, offset: int, max_tokens: int) -> dict[str, Any]:
    """The part of the answer from that item on, as plain JSON values; `next_offset` where there is
    more of it. One item at least is given, cut where it is too large alone."""
    budget = max_tokens * BYTES_PER_TOKEN
    every = [plain(item) for item in answer.items]
    found: dict[str, Any] = {"summary": _cut_text(answer.summary, budget // 2)}
    notes = _notes(answer.notes, int(budget * LONGEST_NOTES))
    if notes:
        found["notes"] = notes
    if answer.details and offset == 0:
        share = LONGEST_DETAILS if every else 1.0
        found["details"] = _details(
            plain(dict(answer.details)), int(share * (budget - bytes_of(found)))
        )
    items: list[Any] = []
    left = budget - bytes_of(found)
    for item in every[offset:]:
        size = bytes_of(item)
        if items and size > left:
            break
        items.append(item if size <= left else cut(item, max(left, SHORTEST * 4)))
        left -= size
    end = offset + len(items)
    found |= {"items": items, "offset": offset, "total": len(every)}
    if end < len(every):
        found["next_offset"] = end
    return found


def plain(value: Any) -> Any:
    """As JSON values. Keys that a dataclass does not fill (None) are left out."""
    if is_dataclass(value) and not isinstance(value, type):
        dumped = TypeAdapter(type(value)).dump_python(value, mode="json")
        return {key: one for key, one in dumped.items() if one not in (None, [], {})}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return TypeAdapter(type(value)).dump_python(value, mode="json") if value is not None else None


def bytes_of(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())


def cut(value: Any, budget: int) -> Any:
    """The value with its longest texts and lists cut, so that it takes about so many bytes."""
    if isinstance(value, str):
        return _cut_text(value, budget)
    if isinstance(value, list):
        return _cut_list(value, budget)
    if isinstance(value, dict):
        return _cut_dict(value, budget)
    return value


def _cut_text(text: str, budget: int) -> str:
    kept = text.encode()[: max(budget, SHORTEST)].decode(errors="ignore")
    return text if len(kept) == len(text) else kept + CUT


def _cut_list(values: list[Any], budget: int) -> list[Any]:
    kept: list[Any] = []
    for value in values:
        size = bytes_of(value)
        if size > budget and kept:
            return [*kept, f"… [{len(values) - len(kept)} more]"]
        kept.append(cut(value, budget) if size > budget else value)
        budget -= size
    return kept


def _cut_dict(values: dict[str, Any], budget: int) -> dict[str, Any]:
    """Small values whole; the large ones share what is left."""
    sizes = {key: bytes_of(value) for key, value in values.items()}
    kept: dict[str, Any] = {}
    left, waiting = budget, len(values)
    for key in sorted(values, key=lambda key: sizes[key]):
        share = max(left // waiting, 0)
        kept[key] = values[key] if sizes[key] <= share else cut(values[key], share)
        left -= min(sizes[key], share)
        waiting -= 1
    return {key: kept[key] for key in values}


def _details(details: dict[str, Any], budget: int) -> dict[str, Any]:
    return details if bytes_of(details) <= budget else _cut_dict(details, budget)


def _notes(notes: tuple[str, ...], budget: int) -> list[str]:
    every = list(notes)
    return every if bytes_of(every) <= budget else _cut_list(every, budget)
