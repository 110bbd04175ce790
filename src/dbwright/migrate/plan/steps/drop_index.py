"""An index is dropped."""

from __future__ import annotations

from dbwright.migrate.plan.move import Form, Manner, Move, Sequence
from dbwright.migrate.plan.passed import passed
from dbwright.migrate.plan.situation import Situation
from dbwright.model.catalog import Index, MaterializedView, Table
from dbwright.model.names import qualify, quote
from dbwright.sql.index_drop import drop_index

__all__ = ["FORM"]


def _plan(situation: Situation) -> Sequence | None:
    node = situation.node
    if situation.kind != "DropStmt" or node.get("removeType") != "OBJECT_INDEX":
        return None
    if node.get("concurrent"):
        return None
    parts = [one["String"]["sval"] for one in node["objects"][0]["List"]["items"]]
    found = _found(situation, parts)
    if found is None:
        return None
    table, index = found
    fix = drop_index(index, table)
    if not situation.is_busy(table) or fix is None:
        return None
    if index.partitioned:
        return Sequence(
            (passed(situation),),
            left=(
                f"the index {index.qualified} of a partitioned table can't be dropped "
                "concurrently: it locks the table and its partitions, for a moment",
            ),
        )
    move = Move(
        "The index is dropped while others read and write.",
        (fix.up.removesuffix(";"),),
        (fix.down.removesuffix(";"),),
        Manner.ALONE,
        table.qualified,
        f"drop index {index.name}",
    )
    return Sequence((move,))


def _found(situation: Situation, parts: list[str]) -> tuple[Table | MaterializedView, Index] | None:
    relations: list[Table | MaterializedView] = [
        *situation.before.tables,
        *situation.before.materialized_views,
    ]
    by_name = {index.qualified: (one, index) for one in relations for index in one.indexes}
    if len(parts) > 1:
        return by_name.get(qualify(*parts[-2:]))
    path = situation.statement.session.get("search_path", "public")
    for schema in path.replace('"', "").split(","):
        if (found := by_name.get(f"{quote(schema.strip())}.{quote(parts[0])}")) is not None:
            return found
    return None


FORM = Form("an index is dropped", _plan)
