"""Characters that nobody sees and that a terminal, an editor or an encoder would act upon."""

from __future__ import annotations

import re

__all__ = ["UNSAFE_IN_JSON", "without_unsafe"]

# What json.dumps(ensure_ascii=False) writes as it is.
UNSAFE_IN_JSON = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\ufffe\uffff]"
)


def without_unsafe(text: str) -> str:
    """Written as JSON and YAML escape them within double quotes."""
    return UNSAFE_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
