"""An index is built anew, or a materialized view is filled anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbwright.migrate.plan.move import Form, Manner, Move, Sequence
from dbwright.migrate.plan.passed import passed
from dbwright.migrate.plan.situation import Situation
from dbwright.sql.scope.canonical import deparse

__all__ = ["FORM"]


def _plan(situation: Situation) -> Sequence | None:
    if situation.kind == "ReindexStmt":
        return _reindex(situation)
    if situation.kind == "RefreshMatViewStmt":
        return _refresh(situation)
    return None


def _reindex(situation: Situation) -> Sequence | None:
    node = situation.node
    options = [one["DefElem"]["defname"] for one in node.get("params", ())]
    if "concurrently" in options or node["kind"] == "REINDEX_OBJECT_SYSTEM":
        return None
    if "relation" in node:
        named = node["relation"]
        relation = situation.named(named) or situation.materialized_view(named)
        if relation is not None and not situation.is_busy(relation):
            return None
    text = _concurrently(situation)
    if text is None:
        return None
    return _alone(situation, text, "Built anew while others read and write.", "reindex")


def _concurrently(situation: Situation) -> str | None:
    """As an option from version 14 on, as a word behind what is built before."""
    node = situation.node
    if situation.major < 14:
        text = deparse("ReindexStmt", node)
        head, what, name = ("", "", "") if text is None else _at_kind(text, node["kind"])
        return f"{head}{what} CONCURRENTLY{name}" if what else None
    switch = {"DefElem": {"defname": "concurrently", "defaction": "DEFELEM_UNSPEC"}}
    return deparse("ReindexStmt", {**node, "params": [*node.get("params", ()), switch]})


def _at_kind(text: str, kind: str) -> tuple[str, str, str]:
    """REINDEX and its options hold no names, so the first such word is the kind."""
    return text.partition(kind.rpartition("_")[2])


def _refresh(situation: Situation) -> Sequence | None:
    node = situation.node
    view = situation.materialized_view(node["relation"])
    if view is None or not situation.is_busy(view) or node.get("concurrent"):
        return None
    if node.get("skipData"):
        return None
    whole = [
        i for i in view.indexes if i.unique and i.valid and not i.partial and None not in i.columns
    ]
    if not whole:
        told = (
            f"{view.qualified} has no unique index over columns alone, without which it can't be "
            "refreshed beside readers: add one"
        )
        return Sequence((passed(situation),), left=(told,))
    text = deparse("RefreshMatViewStmt", {**node, "concurrent": True})
    if text is None:
        return None
    move = Move(
        "Filled anew while others read.",
        (text,),
        (),
        Manner.LONG,
        view.qualified,
        f"refresh {view.name}",
        verbatim=True,
    )
    return Sequence((move,))


def _alone(situation: Situation, text: str, note: str, words: str) -> Sequence:
    relation: Mapping[str, Any] = situation.node.get("relation", {})
    name = relation.get("relname", situation.node.get("name", ""))
    move = Move(note, (text,), (), Manner.ALONE, "", f"{words} {name}", verbatim=True)
    return Sequence((move,))


FORM = Form("something is built anew", _plan)
