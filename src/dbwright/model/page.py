"""The page of a rule, an insight or a rewrite: its module's docstring, with fixed headings."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

__all__ = ["HEADINGS", "read_own_page", "read_page", "why_it_matters"]

HEADINGS = (
    "What it finds",
    "Why it matters",
    "How to fix",
    "When to ignore",
    "Sources",
)


def read_page(docstring: str | None, name: str) -> Mapping[str, str]:
    """The sections by heading; the first line under the key `title`.

    Raises TypeError where a heading is missing.
    """
    head, *sections = ("\n" + inspect.cleandoc(docstring or "")).split("\n## ")
    page = {"title": " ".join(head.split())}
    for section in sections:
        heading, _, body = section.partition("\n")
        page[heading.strip()] = body.strip()
    if tuple(page)[1:] != HEADINGS:
        raise TypeError(f"{name}: the page's headings must be {', '.join(HEADINGS)}")
    return page


def read_own_page(module: Mapping[str, Any]) -> tuple[str, Mapping[str, str]]:
    """The id of a finding and its page, of the names of the module `<topic>/<name_of_the_fault>.py`
    that its docstring is in. Raises TypeError where a heading is missing."""
    topic, name = str(module["__name__"]).split(".")[-2:]
    id_ = f"{topic}/{name.replace('_', '-')}"
    return id_, read_page(module["__doc__"], id_)


def why_it_matters(page: Mapping[str, str]) -> str:
    """The first paragraph of "Why it matters", as one line."""
    return " ".join(page["Why it matters"].split("\n\n")[0].split())
