"""EXPLAIN (FORMAT XML) as the document that FORMAT JSON would have written.

The tags are JSON's names with `-` for what XML can't have in one; lists are `<Item>`s. XML does
not say what is a number: the reader of the document does.
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from dbwright.errors import NotAPlan

__all__ = ["documents_from_xml"]

NAMES = {"One-Time-Filter": "One-Time Filter"}
SAME_TAG = {
    "Incremental-Sort-Groups": ("Full-sort Groups", "Pre-sorted Groups"),
    "Sort-Space": ("Sort Space Memory", "Sort Space Disk"),
}
"""Where XML has one tag for what JSON names apart, in the order in which they are written."""
LISTS = frozenset(
    {
        "Conflict-Arbiter-Indexes",
        "Group-Key",
        "Group-Keys",
        "Grouping-Sets",
        "Hash-Key",
        "Hash-Keys",
        "Output",
        "Params-Evaluated",
        "Plans",
        "Presorted-Key",
        "Sampling-Parameters",
        "Sort-Key",
        "Sort-Methods-Used",
        "Target-Tables",
        "Triggers",
        "Workers",
    }
)
BEGIN, END = "<explain", "</explain>"
NEXT_STEP = "paste it whole, or use EXPLAIN (FORMAT JSON)"


def documents_from_xml(lines: list[str]) -> list[dict[str, Any]]:
    """One document for each statement. Raises NotAPlan."""
    text = "\n".join(_at_margin(lines))
    begin, end = text.find(BEGIN), text.rfind(END)
    if begin < 0 or end < 0:
        raise NotAPlan("the XML is not a whole plan: it has no <explain> … </explain>", NEXT_STEP)
    found: list[dict[str, Any]] = []
    while begin >= 0:
        end = text.find(END, begin)
        if end < 0:
            break  # the last one was cut off
        found += _statements(text[begin : end + len(END)])
        begin = text.find(BEGIN, end)
    return found


def _at_margin(lines: list[str]) -> list[str]:
    """Without what a log or psql put before each line: it would stand in texts of several lines."""
    margin = next((line.find(BEGIN) for line in lines if line.lstrip().startswith(BEGIN)), 0)
    return [line if line[:margin].strip() else line[margin:] for line in lines]


def _statements(body: str) -> list[dict[str, Any]]:
    """Those of one EXPLAIN. Raises NotAPlan."""
    if "<!" in body:  # EXPLAIN declares nothing: no entities are expanded here
        raise NotAPlan("the XML holds declarations, which no plan does", NEXT_STEP)
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as problem:
        raise NotAPlan(f"the XML can't be read: {problem}", NEXT_STEP) from None
    # auto_explain logs one statement, without a <Query> around it.
    queries = [each for each in root if _tag(each) == "Query"] or [root]
    found = [_value(query) for query in queries]
    return [one for one in found if isinstance(one, dict) and "Plan" in one]


def _tag(element: ElementTree.Element) -> str:
    """Without its name space."""
    return element.tag.rpartition("}")[2]


def _value(root: ElementTree.Element) -> Any:
    """Without recursion: a plan may be nested deeply."""
    values: dict[ElementTree.Element, Any] = {}
    for element in reversed(list(root.iter())):  # what is inside comes before what holds it
        values[element] = _of(element, [values.pop(child) for child in element])
    return values[root]


def _of(element: ElementTree.Element, inside: list[Any]) -> Any:
    tag = _tag(element)
    if tag in LISTS or (len(element) and all(_tag(child) == "Item" for child in element)):
        return inside
    if not len(element):
        return (element.text or "").strip() if tag != "Query" else {}
    found: dict[str, Any] = {}
    for child, value in zip(element, inside, strict=True):
        names = SAME_TAG.get(_tag(child)) or (_name(_tag(child)),)
        found[next((name for name in names if name not in found), names[-1])] = value
    return found


def _name(tag: str) -> str:
    if tag in NAMES:
        return NAMES[tag]
    return tag.replace("I-O-", "I/O ").replace("-", " ")
