"""What several rules of one run find out together."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["once"]

T = TypeVar("T")


def once(function: Callable[..., T]) -> Callable[..., T]:
    """Remembers the last result for as long as the very same objects are given.

    The objects are held weakly: when one of them goes, so does the result.
    """
    known: tuple[tuple[Callable[[], Any], ...], T] | None = None

    def forget(_: object) -> None:
        nonlocal known
        known = None

    def get(*parts: Any) -> T:
        nonlocal known
        seen = known
        if seen is not None and all(
            ref() is part for ref, part in zip(seen[0], parts, strict=True)
        ):
            return seen[1]
        result = function(*parts)
        refs = tuple(
            (lambda: None) if part is None else weakref.ref(part, forget) for part in parts
        )
        known = (refs, result)
        return result

    return get
