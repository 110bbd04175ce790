"""The first line of a node in EXPLAIN's text, taken apart into the fields of EXPLAIN's document.

    Parallel Index Scan Backward using orders_pkey on shop.orders o

EXPLAIN puts the words together in ExplainNode() and ExplainTargetRel() of explain.c; this takes
them apart again. A kind of node that is not known keeps its words as its Node Type.
"""

from __future__ import annotations

from typing import Any

__all__ = ["label_fields", "outside_quotes"]

AGGREGATES = {
    "Aggregate": "Plain",
    "GroupAggregate": "Sorted",
    "HashAggregate": "Hashed",
    "MixedAggregate": "Mixed",
}
OPERATIONS = ("Insert", "Update", "Delete", "Merge")
JOINS = {"Nested Loop": "Nested Loop", "Merge": "Merge Join", "Hash": "Hash Join"}
JOIN_TYPES = ("Left", "Full", "Right", "Semi", "Anti", "Right Anti", "Right Semi")
FORWARD = ("Index Scan", "Index Only Scan")
NAMES = {
    "Function Scan": "Function Name",
    "Table Function Scan": "Table Function Name",
    "CTE Scan": "CTE Name",
    "WorkTable Scan": "CTE Name",
    "Named Tuplestore Scan": "Tuplestore Name",
    "Bitmap Index Scan": "Index Name",
}
"""What stands after ` on `, where it is not a Relation Name."""
ALIAS_ONLY = ("Values Scan", "Subquery Scan")


def label_fields(label: str) -> dict[str, Any]:
    """The fields of a node by EXPLAIN's names."""
    words, _, target = _split(label.strip(), " on ")
    words, _, index = _split(words, " using ")
    fields: dict[str, Any] = {}
    for word in ("Parallel", "Async"):
        if words.startswith(f"{word} "):
            words = words.removeprefix(f"{word} ")
            fields["Parallel Aware" if word == "Parallel" else "Async Capable"] = True
    if words.endswith(" Backward"):
        words = words.removesuffix(" Backward")
        fields["Scan Direction"] = "Backward"
    fields |= _kind(words, bool(target))
    if fields["Node Type"] in FORWARD:
        fields.setdefault("Scan Direction", "Forward")
    if index:
        fields["Index Name"] = _Names(index).name()
    if target:
        fields |= _target(fields["Node Type"], target)
    return fields


def outside_quotes(text: str, wanted: str, start: int = 0) -> int:
    """Where `wanted` begins outside of double quotes; -1 where it doesn't."""
    at = text.find(wanted, start)
    while at >= 0 and text.count('"', start, at) % 2:
        at = text.find(wanted, at + 1)
    return at


def _split(text: str, wanted: str) -> tuple[str, str, str]:
    position = outside_quotes(text, wanted)
    if position < 0:
        return text, "", ""
    return text[:position], wanted, text[position + len(wanted) :]


def _kind(words: str, has_target: bool) -> dict[str, Any]:
    mode, _, rest = words.partition(" ")
    partial = mode in ("Partial", "Finalize")
    if (rest if partial else words) in AGGREGATES:
        plain = rest if partial else words
        return {
            "Node Type": "Aggregate",
            "Strategy": AGGREGATES[plain],
            "Partial Mode": mode if partial else "Simple",
        }
    if words in OPERATIONS and has_target:
        return {"Node Type": "ModifyTable", "Operation": words}
    return _join(words) or _special(words) or {"Node Type": words}


def _join(words: str) -> dict[str, Any] | None:
    if words == "Nested Loop":
        return {"Node Type": words, "Join Type": "Inner"}
    if not words.endswith(" Join"):
        return None
    for begin, kind in JOINS.items():
        middle = words.removeprefix(begin).removesuffix("Join").strip()
        if words.startswith(begin) and (middle in JOIN_TYPES or not middle):
            return {"Node Type": kind, "Join Type": middle or "Inner"}
    return None


def _special(words: str) -> dict[str, Any] | None:
    first, _, rest = words.partition(" ")
    if first in ("SetOp", "HashSetOp"):
        strategy = "Sorted" if first == "SetOp" else "Hashed"
        return {"Node Type": "SetOp", "Strategy": strategy, "Command": rest}
    if words.startswith("Custom Scan (") and words.endswith(")"):
        provider = words.removeprefix("Custom Scan (").removesuffix(")")
        return {"Node Type": "Custom Scan", "Custom Plan Provider": provider}
    if first == "Foreign" and (rest == "Scan" or rest in OPERATIONS):
        operation = "Select" if rest == "Scan" else rest
        return {"Node Type": "Foreign Scan", "Operation": operation}
    return None


def _target(kind: str, text: str) -> dict[str, Any]:
    """`schema.relation alias`, each quoted where it must be."""
    names = _Names(text)
    fields: dict[str, Any] = {}
    relation = names.name()
    if names.skip("."):
        fields["Schema"] = relation
        relation = names.name()
    if kind in ALIAS_ONLY:
        return {**fields, "Alias": relation}
    fields[NAMES.get(kind, "Relation Name")] = relation
    if kind != "Bitmap Index Scan":
        fields["Alias"] = names.name() if names.skip(" ") else relation
    return fields


class _Names:
    """Reads identifiers one after the other."""

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        self.position = 0

    def skip(self, character: str) -> bool:
        found = self.text.startswith(character, self.position)
        while self.text.startswith(character, self.position):
            self.position += 1
        return found

    def name(self) -> str:
        """The identifier here, without its quotes."""
        if self.text.startswith('"', self.position):
            return self._quoted()
        start = self.position
        while self.position < len(self.text) and self.text[self.position] not in " .":
            self.position += 1
        return self.text[start : self.position]

    def _quoted(self) -> str:
        found: list[str] = []
        self.position += 1
        while self.position < len(self.text):
            character = self.text[self.position]
            if character == '"' and not self.text.startswith('""', self.position):
                self.position += 1
                break
            found.append(character)
            self.position += 2 if character == '"' else 1
        return "".join(found)
