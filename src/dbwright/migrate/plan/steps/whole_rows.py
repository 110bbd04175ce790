"""Rows of a whole table are changed or deleted by one statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dbwright.migrate.plan.batchable import without_key
from dbwright.migrate.plan.move import Form, Manner, Move, Sequence
from dbwright.migrate.plan.passed import passed
from dbwright.migrate.plan.situation import Situation
from dbwright.model.catalog import Table
from dbwright.sql.parse import walk
from dbwright.sql.ranges import NotInRanges, ranged
from dbwright.sql.scope.canonical import deparse

__all__ = ["FORM", "reaches_all_rows"]


def _plan(situation: Situation) -> Sequence | None:
    node = situation.node
    if situation.kind not in ("UpdateStmt", "DeleteStmt"):
        return None
    table = situation.named(node["relation"])
    if table is None or not situation.is_busy(table):
        return None
    if not reaches_all_rows(situation, table.qualified):
        return None
    relation = {**node["relation"], "schemaname": table.schema}
    text = deparse(situation.kind, {**node, "relation": relation})
    if text is None:
        return None
    if why := without_key(table) or _why_not(text, table.schema, table.name):
        told = f"`{situation.short}` changes rows of {table.qualified} in one transaction: {why}"
        return Sequence((passed(situation),), left=(told,))
    word = "update" if situation.kind == "UpdateStmt" else "delete from"
    move = Move(
        "Some rows at a time, so that none is locked for long, and dead ones can be cleaned away.",
        (text,),
        (),
        Manner.ROWS,
        table.qualified,
        f"{word} {table.name}",
        lost="rows as they were before",
        verbatim=True,
    )
    return Sequence((move,))


def reaches_all_rows(situation: Situation, table: str) -> bool:
    """Does it change all rows of the table or many, or read all of them for those that it changes?

    What a condition is true of nobody knows here: rows that are named by their key are few.
    """
    about = situation.node.get("relation")
    own = None if about is None else situation.named(about)
    if own is not None and own.qualified == table:
        return situation.kind != "InsertStmt" and not _named_by_key(situation.node, own)
    return any(one.name == table for one in situation.effects.scanned)


def _named_by_key(node: Mapping[str, Any], table: Table) -> bool:
    if "fromClause" in node or "usingClause" in node:
        return False
    pinned = set(_pinned(node.get("whereClause", {})))
    return any(
        index.unique and index.valid and not index.partial and pinned.issuperset(index.columns)
        for index in table.indexes
    )


def _pinned(condition: Mapping[str, Any]) -> Iterator[str]:
    """Columns that are to be equal to a value, or to one of a few."""
    both = condition.get("BoolExpr", {})
    if both.get("boolop") == "AND_EXPR":
        for part in both["args"]:
            yield from _pinned(part)
    compared = condition.get("A_Expr", {})
    names = [one["String"]["sval"] for one in compared.get("name", ())]
    if names == ["="] and compared.get("kind") in ("AEXPR_OP", "AEXPR_IN"):
        fields = compared["lexpr"].get("ColumnRef", {}).get("fields", ())
        values = compared["rexpr"]
        plain = not any(kind in ("ColumnRef", "SubLink") for kind, _ in walk({"it": values}))
        if fields and "String" in fields[-1] and plain:
            yield fields[-1]["String"]["sval"]


def _why_not(text: str, schema: str, name: str) -> str:
    """Why it can't run in batches; empty where it can."""
    try:
        found = ranged(text, (schema, name))
    except NotInRanges as reason:
        return f"it can't run in batches, for it {reason}"
    return "" if found is not None else "it can't run in batches"


FORM = Form("rows of a whole table are changed", _plan)
