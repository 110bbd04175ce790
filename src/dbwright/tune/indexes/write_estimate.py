"""What an index of the model costs the writes of its table, from a snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbwright.model.catalog import Catalog, Index, MaterializedView, Table, TableKind
from dbwright.model.statistics import Statistics, TableStatistics
from dbwright.sql.parse import SyntaxProblem, parse, walk
from dbwright.tune.indexes.estimate import estimated_size, index_widths
from dbwright.tune.indexes.insert_cost import InsertCost, insert_cost
from dbwright.tune.indexes.size import IndexSize
from dbwright.tune.indexes.widths import KeyWidth
from dbwright.tune.indexes.writes import TableWrites, UpdateKind, WriteCost, write_cost

__all__ = [
    "estimated_writes",
    "held_share",
    "insert_places",
    "table_writes",
    "used_columns",
]

Relation = Table | MaterializedView

GROWING = 0.99
"""From this correlation on new values are taken to be greater than all before."""
SUMMARIZING_SINCE = 16
"""From here on BRIN indexes do not keep updates from being HOT."""
SECONDS_A_DAY = 86400.0
USUAL_CHECKPOINT_SECONDS = 300.0


def estimated_writes(
    index: Index,
    relation: Relation,
    catalog: Catalog,
    statistics: Statistics,
    size: IndexSize,
    writes: TableWrites,
    *,
    share: float = 1.0,
    updates: Sequence[UpdateKind] = (),
) -> WriteCost:
    """`size` is the index's (`estimated_size`), `writes` the table's (`table_writes`), `share` that
    of the rows in a partial index, `updates` the table's, where the workload tells them.

    Raises KeyError for a column that the relation does not have.
    """
    cost = _insert_cost(index, relation, catalog, statistics, size, writes.inserted, writes.updated)
    return write_cost(
        cost,
        used_columns(index, relation),
        writes,
        updates=updates,
        leaf_entries=size.tuples / max(size.pages, 1),
        share=share,
        summarizing=_summarizing(index, catalog),
    )


def table_writes(relation: Relation, catalog: Catalog, statistics: Statistics) -> TableWrites:
    """The rates of a table's writes over the time that the server has counted them (of all
    partitions together), and what its indexes cost now."""
    counted = list(_counted(relation, catalog, statistics))
    inserted = updated = deleted = None
    all_updated = sum(one.updated for one in counted)
    hot = sum(one.hot_updated for one in counted) / all_updated if all_updated else 0.0
    days = statistics.window_days
    if counted and days:
        inserted, updated = sum(one.inserted for one in counted) / days, all_updated / days
        deleted = sum(one.deleted for one in counted) / days
    key = relation.primary_key if isinstance(relation, Table) else None
    fixed = set(key.columns) if key is not None else set()
    return TableWrites(
        inserted=inserted,
        updated=updated,
        deleted=deleted,
        hot_share=min(hot, 1.0),
        columns=tuple(
            column.name
            for column in relation.columns
            if column.name not in fixed and column.generated is None and column.identity is None
        ),
        indexed=frozenset(
            name
            for index in relation.indexes
            if not _summarizing(index, catalog)
            for name in used_columns(index, relation)
        ),
        other_indexes=tuple(
            _of_existing(index, relation, catalog, statistics, inserted, updated)
            for index in relation.indexes
        ),
    )


def used_columns(index: Index, relation: Relation) -> frozenset[str]:
    """All columns of which a change makes an UPDATE write to the index: in its key, included, in
    its expressions and its predicate (all of the table's where these can't be read)."""
    names = {name for name in index.columns if name is not None} | {*index.include}
    texts = [key.expression for key in index.keys if key.column is None]
    if index.partial:
        texts.append(index.predicate)
    everything = frozenset(column.name for column in relation.columns)
    for text in texts:
        try:
            tree = parse(f"SELECT {text or '*'}").statements[0].node
        except SyntaxProblem:
            return everything
        for kind, fields in walk(tree):
            if kind == "ColumnRef":
                last = fields["fields"][-1].get("String")
                if last is None:
                    return everything
                names.add(str(last.get("sval", "")))
    return frozenset(names) & everything


def insert_places(keys: Sequence[KeyWidth], distinct: Sequence[float]) -> float:
    """In how many places of the index new entries come: with a key column whose values only
    grow, one for each combination of those before it. `distinct` as in `IndexSize`."""
    before = 1.0
    for key, count in zip(keys, distinct, strict=False):
        if (key.correlation or 0.0) >= GROWING:
            return max(before, 1.0)
        before = count
    return max(before, 1.0)


def _counted(
    relation: Relation, catalog: Catalog, statistics: Statistics
) -> Iterator[TableStatistics]:
    """What is counted of the table; of a partitioned one, of each partition."""
    if isinstance(relation, Table) and relation.kind is TableKind.PARTITIONED:
        for child in catalog.children(relation):
            yield from _counted(child, catalog, statistics)
        return
    counted = statistics.of(relation)
    if counted is not None:
        yield counted


def _of_existing(
    index: Index,
    relation: Relation,
    catalog: Catalog,
    statistics: Statistics,
    inserted: float | None,
    updated: float | None,
) -> InsertCost:
    share = held_share(index, relation, statistics) if index.partial else None
    size = estimated_size(index, relation, catalog, statistics, share=share)
    cost = _insert_cost(index, relation, catalog, statistics, size, inserted, updated)
    return cost if share is None else cost.scaled(share)


def held_share(index: Index, relation: Relation, statistics: Statistics) -> float:
    """Of the rows, those in a partial index that exists; all where no one counted."""
    rows, held = statistics.of(relation), statistics.of_index(index)
    if rows is None or held is None or held.rows is None or rows.best_rows <= 0:
        return 1.0
    return min(1.0, held.rows / rows.best_rows)


def _insert_cost(
    index: Index,
    relation: Relation,
    catalog: Catalog,
    statistics: Statistics,
    size: IndexSize,
    inserted: float | None,
    updated: float | None,
) -> InsertCost:
    widths = index_widths(index, relation, catalog, statistics)
    writes = catalog.setting("full_page_writes")
    between = None
    if inserted is not None and updated is not None:
        a_day = inserted + updated
        between = a_day * _checkpoint_seconds(catalog, statistics) / SECONDS_A_DAY
    return insert_cost(
        index.method,
        size,
        places=insert_places(widths.keys, size.distinct),
        between_checkpoints=between,
        full_page_writes=writes is None or writes.value == "on",
        page_size=catalog.server.block_size,
    )


def _checkpoint_seconds(catalog: Catalog, statistics: Statistics) -> float:
    """Between two checkpoints, as counted; where that is not known, as set."""
    counted = statistics.checkpoints
    if counted is not None and counted.since is not None and counted.timed + counted.requested > 10:
        seconds = (statistics.captured_at - counted.since).total_seconds()
        return seconds / (counted.timed + counted.requested)
    setting = catalog.setting("checkpoint_timeout")
    return float(setting.value) if setting is not None else USUAL_CHECKPOINT_SECONDS


def _summarizing(index: Index, catalog: Catalog) -> bool:
    return index.method == "brin" and catalog.server.major >= SUMMARIZING_SINCE
