"""Markdown with a head of YAML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["markdown"]


def markdown(head: Mapping[str, Any], body: str) -> str:
    """The text of the file. Values are written as JSON, which is YAML; plain words stay plain."""
    lines = [f"{key}: {_value(value)}" for key, value in head.items()]
    return "\n".join(["---", *lines, "---", "", body.rstrip(), ""])


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "".join(f"\n  {json.dumps(key)}: {_value(one)}" for key, one in value.items())
    plain = isinstance(value, str) and value.replace("-", "").replace(" ", "").isalnum()
    return str(value) if plain else json.dumps(value, ensure_ascii=False)
