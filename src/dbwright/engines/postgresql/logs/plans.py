"""auto_explain's messages: the statement, and the plan as it was written."""

from __future__ import annotations

import json
import re
from html import unescape

__all__ = ["NESTED", "is_nested", "parameters_of_plan", "statement_and_plan"]

NESTED = b"nested plan"
"""The kind of an entry about a statement inside of a function (auto_explain.log_nested_statements):
its time is part of the statement that called the function."""

_TEXT = b"Query Text: "
_PARAMETERS = b"\nQuery Parameters: "
_NODE = re.compile(rb"\n(?=[^\n]*  \(cost=\d|[^\n]* \(actual (?:time|rows)=)")
_IN_FUNCTION = re.compile(r"^(?:SQL (?:statement|function|expression) |PL/\w+ )", re.MULTILINE)
_JSON = re.compile(rb'"Query Text": ?(?=")')
_YAML = re.compile(rb'\A\s*Query Text: (?=")')
_HEAD = 100_000
"""Bytes in which the statement and its parameters stand."""
_JSON_PARAMETERS = re.compile(rb'^\s*"?Query Parameters"?: ?(?=")', re.MULTILINE)
_XML_PARAMETERS = re.compile(rb"<Query-Parameters>(.*?)</Query-Parameters>", re.DOTALL)
_TEXT_PARAMETERS = re.compile(rb"^Query Parameters: (.*)$", re.MULTILINE)
_XML = re.compile(rb"<Query-Text>(.*?)</Query-Text>", re.DOTALL)


def is_nested(context: str) -> bool:
    """Does an entry's CONTEXT say that it is of a statement inside of a function?"""
    return _IN_FUNCTION.search(context) is not None


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


def parameters_of_plan(message: bytes) -> bytes:
    """The values that the plan was made for, as a DETAIL has them (version 16 and later); empty
    where there are none."""
    head = message[:_HEAD]
    quoted = _JSON_PARAMETERS.search(head)
    if quoted is not None:
        return b"parameters: " + _json_string(message[quoted.end() :])
    tagged = _XML_PARAMETERS.search(message)
    if tagged is not None:
        return b"parameters: " + unescape(tagged[1].decode(errors="replace")).encode()
    found = _TEXT_PARAMETERS.search(message)
    return b"" if found is None else b"parameters: " + found[1]


def _json_string(text: bytes) -> bytes:
    try:
        value, _ = json.JSONDecoder(strict=False).raw_decode(text.decode(errors="replace"))
    except ValueError:
        return b""
    return str(value).encode()
