"""auto_explain's messages: the statement, and the plan as it was written."""

from __future__ import annotations

import json
import re
from html import unescape

__all__ = ["statement_and_plan"]

_TEXT = b"Query Text: "
_PARAMETERS = b"\nQuery Parameters: "
_NODE = re.compile(rb"\n(?=[^\n]*  \(cost=\d|[^\n]* \(actual (?:time|rows)=)")
_JSON = re.compile(rb'"Query Text": ?(?=")')
_YAML = re.compile(rb'\A\s*Query Text: (?=")')
_XML = re.compile(rb"<Query-Text>(.*?)</Query-Text>", re.DOTALL)


def statement_and_plan(message: bytes) -> tuple[bytes, bytes]:
    """The statement's text and the plan of what follows `plan:`, whatever auto_explain.log_format.

    The plan is the whole message (in the text format without the statement). The text is empty
    where the message was cut before it.
    """
    message = message.strip(b"\n\t ")
    quoted = _YAML.match(message) or (_JSON.search(message) if message[:1] == b"{" else None)
    if quoted is not None:
        return _json_string(message[quoted.end() :]), message
    if message[:1] == b"<":
        found = _XML.search(message)
        text = unescape(found[1].decode(errors="replace")).encode() if found else b""
        return text, message
    if not message.startswith(_TEXT):
        return b"", message
    node = _NODE.search(message)
    head = message if node is None else message[: node.start()]
    plan = b"" if node is None else message[node.end() :]
    return head.removeprefix(_TEXT).partition(_PARAMETERS)[0], plan


def _json_string(text: bytes) -> bytes:
    try:
        value, _ = json.JSONDecoder(strict=False).raw_decode(text.decode(errors="replace"))
    except ValueError:
        return b""
    return str(value).encode()
