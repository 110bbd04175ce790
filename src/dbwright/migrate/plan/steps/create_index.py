"""An index is built on a table with rows."""

from __future__ import annotations

from dbwright.migrate.plan.move import Form, Sequence
from dbwright.migrate.plan.phrases import built
from dbwright.migrate.plan.situation import Situation
from dbwright.model.catalog import Index, MaterializedView, Table

__all__ = ["FORM"]


def _plan(situation: Situation) -> Sequence | None:
    if situation.kind != "IndexStmt" or situation.node.get("concurrent"):
        return None
    relation = situation.node["relation"]
    table = situation.named(relation) or situation.materialized_view(relation)
    if table is None or not situation.is_busy(table) or not relation.get("inh", False):
        return None
    index = _new_index(situation, table)
    if index is None:
        return None  # IF NOT EXISTS, and there it is
    if not index.partitioned:
        return Sequence((built(situation, table, index),))
    told = f"the parts of {index.qualified} on the partitions have names of their own"
    return Sequence((built(situation, table, index),), (told,))


def _new_index(situation: Situation, table: Table | MaterializedView) -> Index | None:
    known = {index.name for index in table.indexes}
    everything: list[Table | MaterializedView] = [
        *situation.after.tables,
        *situation.after.materialized_views,
    ]
    later = next((one for one in everything if one.qualified == table.qualified), None)
    if later is None:
        return None
    wanted = situation.node.get("idxname")
    return next(
        (i for i in later.indexes if i.name not in known and wanted in (None, i.name)), None
    )


FORM = Form("an index is built", _plan)
