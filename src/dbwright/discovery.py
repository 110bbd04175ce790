"""Adding is adding one file: what a folder's files declare, one thing each, is found by looking."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import TypeVar

__all__ = ["declared_by_topic", "declared_in"]

T = TypeVar("T")


def declared_in(package: ModuleType, kind: type[T]) -> Iterator[T]:
    """The one `kind` of each file of the folder; files that begin with `_` are what others share.

    Raises TypeError where a file holds none, or more than one.
    """
    for file in pkgutil.iter_modules(package.__path__):
        if file.name.startswith("_"):
            continue
        module = importlib.import_module(f"{package.__name__}.{file.name}")
        own = [value for value in vars(module).values() if isinstance(value, kind)]
        if len(own) != 1:
            raise TypeError(f"{module.__name__} must hold one {kind.__name__}, not {len(own)}")
        yield own[0]


def declared_by_topic(package: ModuleType, kind: type[T]) -> Iterator[T]:
    """The same of each topic, which is a folder in this one.

    Raises TypeError where a file holds none, or more than one.
    """
    for topic in pkgutil.iter_modules(package.__path__):
        if topic.ispkg:
            yield from declared_in(
                importlib.import_module(f"{package.__name__}.{topic.name}"), kind
            )
