"""A table is dropped that an application may know."""

from __future__ import annotations

from dbwright.migrate.plan.move import Form, Move, Sequence
from dbwright.migrate.plan.passed import way_back
from dbwright.migrate.plan.phrases import add_constraint, drop_constraint
from dbwright.migrate.plan.situation import Situation
from dbwright.model.catalog import Table
from dbwright.sql.ddl import foreign_key_definition

__all__ = ["FORM"]


def _plan(situation: Situation) -> Sequence | None:
    node = situation.node
    if situation.kind != "DropStmt" or node.get("removeType") != "OBJECT_TABLE":
        return None
    if len(node["objects"]) != 1:
        return None
    parts = [one["String"]["sval"] for one in node["objects"][0]["List"]["items"]]
    relation = {"relname": parts[-1], "schemaname": parts[-2] if len(parts) > 1 else ""}
    table = situation.named(relation)
    if table is None or not situation.is_used(table):
        return None
    others = [one for one in situation.known_that_go if one != f"table {table.qualified}"]
    deploy = f"the application that does not use {', '.join((table.qualified, *others))}"
    keys = _keys(situation, table, deploy)
    down, lost = way_back(situation)
    last = Move(
        "Nobody knows the table any more.",
        (situation.statement.text,),
        _without(down, keys),
        table=table.qualified,
        words=f"drop {table.name}",
        deploy="" if keys else deploy,
        lost=lost,
        verbatim=True,
    )
    return Sequence((*keys, last))


def _keys(situation: Situation, table: Table, deploy: str) -> list[Move]:
    """Foreign keys between it and other tables, each by itself: dropping one locks both tables."""
    out = [(table, key) for key in table.foreign_keys if key.references != table.qualified]
    others = situation.before.referencing(table)
    found = [*out, *((child, key) for child, key in others if child.qualified != table.qualified)]
    return [
        Move(
            f"A foreign key between {child.qualified} and {key.references} goes by itself, since "
            "that locks both.",
            (drop_constraint(child.qualified, key.name),),
            (add_constraint(child.qualified, key.name, foreign_key_definition(key)),),
            table=f"{child.qualified} and {key.references}",
            words=f"drop foreign key {key.name}",
            deploy="" if number else deploy,
        )
        for number, (child, key) in enumerate(found)
        if not key.inherited
    ]


def _without(down: tuple[str, ...], keys: list[Move]) -> tuple[str, ...]:
    """What the moves before bring again themselves is left to them."""
    names = [move.up[0].rpartition("DROP CONSTRAINT ")[2] for move in keys]
    return tuple(
        text for text in down if not any(f"ADD CONSTRAINT {name} FOREIGN" in text for name in names)
    )


FORM = Form("a table is dropped", _plan)
