"""A table moves into another schema, and the application that runs knows where it was."""

from __future__ import annotations

from dbwright.migrate.plan.move import Form, Move, Sequence
from dbwright.migrate.plan.passed import passed
from dbwright.migrate.plan.published import published
from dbwright.migrate.plan.situation import Situation
from dbwright.migrate.plan.views import stand_in, why_not
from dbwright.model.names import qualify, quote

__all__ = ["FORM"]


def _plan(situation: Situation) -> Sequence | None:
    node = situation.node
    if situation.kind != "AlterObjectSchemaStmt" or node.get("objectType") != "OBJECT_TABLE":
        return None
    table = situation.named(node["relation"])
    if table is None or not situation.is_used(table) or situation.is_there_at_end(table):
        return None
    if why := why_not(situation, table):
        told = f"the application that runs knows {table.qualified}, and no view can stand for it"
        return Sequence((passed(situation),), left=(f"{told}: {why}",))
    base = qualify(node["newschema"], table.name)
    view = stand_in(situation, table, base, "*")
    moved = Move(
        f"The table has its new place. Whoever knows the old one finds a view there, through which "
        f"rows of {base} are read and written; COPY … FROM and TRUNCATE take tables alone.",
        (f"ALTER TABLE {table.qualified} SET SCHEMA {quote(node['newschema'])}", *view),
        (
            f"DROP VIEW {table.qualified}",
            f"ALTER TABLE {base} SET SCHEMA {quote(table.schema)}",
        ),
        table=table.qualified,
        words=f"move {table.name} to {node['newschema']}",
    )
    last = Move(
        "Nobody looks for it in the old place any more.",
        (f"DROP VIEW {table.qualified}",),
        tuple(view),
        table=table.qualified,
        words=f"drop the old place of {table.name}",
        deploy=f"the application that knows {base}",
    )
    left = published(situation, table, f"is {base} from now on")
    return Sequence((moved, last), left=left)


FORM = Form("a table moves into another schema", _plan)
