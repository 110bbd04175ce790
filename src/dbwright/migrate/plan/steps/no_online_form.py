"""What writes a table anew, and has no way beside running work in the server itself."""

from __future__ import annotations

from dataclasses import replace

from dbwright.migrate.plan.move import Form, Sequence
from dbwright.migrate.plan.passed import passed
from dbwright.migrate.plan.situation import Situation
from dbwright.model.catalog import Table

__all__ = ["FORM"]

COMMANDS = {
    "AT_SetLogged": "SET LOGGED",
    "AT_SetUnLogged": "SET UNLOGGED",
    "AT_SetTableSpace": "SET TABLESPACE",
    "AT_SetAccessMethod": "SET ACCESS METHOD",
    "AT_SetExpression": "SET EXPRESSION",
}
REPACK = "the extension pg_repack does it beside running work, or do it while nobody writes"
HELP = {
    "SET TABLESPACE": "pg_repack --tablespace does it beside running work",
    "SET LOGGED": "fill a new table and swap it in, or do it while nobody writes",
    "SET UNLOGGED": "fill a new table and swap it in, or do it while nobody writes",
    "SET ACCESS METHOD": "fill a new table and swap it in, or do it while nobody writes",
    "SET EXPRESSION": "add a second generated column as a plain one that a trigger keeps",
}


def _plan(situation: Situation) -> Sequence | None:
    what = _what(situation)
    if what is None:
        return None
    table = _table(situation)
    if table is not None and not situation.is_busy(table):
        return None
    if situation.kind == "AlterTableStmt" and (table is None or not situation.rewrites(table)):
        return None
    name = "all tables" if table is None else table.qualified
    words = f"{what.lower()} {'' if table is None else table.name}".strip()
    move = replace(passed(situation), table="" if table is None else name, words=words)
    told = f"{what} of {name} keeps others out until it is done, and has no other form"
    return Sequence((move,), left=(f"{told}: {HELP.get(what, REPACK)}",))


def _what(situation: Situation) -> str | None:
    if situation.kind == "ClusterStmt":
        return "CLUSTER"
    if situation.kind == "VacuumStmt":
        options = [one["DefElem"]["defname"] for one in situation.node.get("options", ())]
        return "VACUUM FULL" if "full" in options else None
    command = situation.command(*COMMANDS)
    return None if command is None else COMMANDS[command["subtype"]]


def _table(situation: Situation) -> Table | None:
    node = situation.node
    relation = node.get("relation")
    if situation.kind == "VacuumStmt":
        relations = [one["VacuumRelation"]["relation"] for one in node.get("rels", ())]
        relation = relations[0] if len(relations) == 1 else None
    return None if relation is None else situation.named(relation)


FORM = Form("a table is written anew in a way that has no online form", _plan)
