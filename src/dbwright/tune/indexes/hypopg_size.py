"""The size of an index as HypoPG 1.3.1 counts it, for budgets that papers and peers state in it.

It is two to three times too large for B-trees (no joined duplicates, headers and line pointers
counted once a column, 20 % of bloat), so it serves comparison only. Formula after hypopg_index.c,
hypo_estimate_index(); its results are equal to the byte (tests/tune/indexes/test_hypopg_size.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dbwright.model.catalog import Catalog, Column, Index, IndexColumn, MaterializedView, Table
from dbwright.model.statistics import Statistics
from dbwright.sql.parse import Node, SyntaxProblem, parse
from dbwright.tune.indexes.hash_buckets import initial_buckets, target_fill

__all__ = ["KNOWN", "hypopg_bytes", "hypopg_size"]

Relation = Table | MaterializedView

PAGE_HEADER = 24
SPECIAL = 16
TUPLE_HEADER = 8
ITEM_POINTER = 4
BLOAT = 20
MD5_WIDTH = 32
UNKNOWN_WIDTH = 50
BRIN_TUPLE = 8
REVMAP_ITEM = 6
RANGE_PAGES = 128
KNOWN = frozenset({"btree", "hash", "brin"})
"""Access methods that HypoPG estimates, as far as they are advised."""


def hypopg_bytes(
    method: str,
    widths: Sequence[int],
    tuples: float,
    *,
    table_pages: int = 0,
    options: Sequence[tuple[str, str]] = (),
    minmax: bool = True,
    page_size: int = 8192,
) -> int:
    """Bytes by the formula: `widths` are those of the columns, included ones too, and `tuples` the
    rows in the index. BRIN needs the table's pages, and whether its operator class is `minmax`.

    Raises ValueError for an access method that HypoPG does not know.
    """
    given = dict(options)
    if method == "btree":
        pages = _btree_pages(widths, tuples, int(given.get("fillfactor", "90")), page_size)
    elif method == "hash":
        pages = _hash_pages(tuples, int(given.get("fillfactor", "75")), page_size)
    elif method == "brin":
        ranges = table_pages // int(given.get("pages_per_range", RANGE_PAGES)) + 1
        pages = _brin_pages(sum(widths), ranges, minmax, page_size)
    else:
        raise ValueError(f"HypoPG does not estimate indexes of the access method {method}")
    return max(pages, 1) * page_size


def hypopg_size(
    index: Index,
    relation: Relation,
    catalog: Catalog,
    statistics: Statistics,
    *,
    share: float = 1.0,
) -> int:
    """Bytes that HypoPG would say for `index` on `relation`, of which it holds a `share` of the
    rows. Raises ValueError for an access method that HypoPG does not know."""
    counted = statistics.of(relation)
    size = catalog.server.block_size
    rows, pages = (counted.best_rows, counted.pages) if counted is not None else (0.0, 0)
    if counted is not None and counted.heap_bytes is not None and pages:
        # The planner takes the density of then and the pages of now (estimate_rel_size).
        rows = round(rows / pages * (counted.heap_bytes // size))
        pages = counted.heap_bytes // size
    columns = {column.name: column for column in relation.columns}

    def width(column: Column) -> int:
        known = statistics.of_column(relation, column)
        return known.average_width if known is not None else 0

    widths = [_key_width(key, columns, width) for key in index.keys]
    widths += [width(columns[name]) for name in index.include]
    first = index.keys[0].operator_class
    return hypopg_bytes(
        index.method,
        widths,
        max(rows, 0.0) * share,
        table_pages=pages,
        options=index.options,
        minmax=not first or "minmax_ops" in first,
        page_size=size,
    )


def _btree_pages(widths: Sequence[int], tuples: float, fillfactor: int, page_size: int) -> int:
    pointers = -(-ITEM_POINTER * len(widths) // 8) * 8
    line = sum(widths) + TUPLE_HEADER * len(widths) + pointers
    bloat = (200.0 - fillfactor + BLOAT) / 100
    return int(tuples * line * bloat / (page_size - PAGE_HEADER - SPECIAL))


def _hash_pages(tuples: float, fillfactor: int, page_size: int) -> int:
    fill = target_fill(page_size, fillfactor)
    buckets = initial_buckets(tuples, fill)
    overflow = max(0, int((tuples - buckets * fill) / fill + 1))
    bitmap_pages = 1 << ((page_size - PAGE_HEADER - SPECIAL).bit_length() - 1)
    return buckets + overflow + max(1, overflow // bitmap_pages) + 1


def _brin_pages(width: int, ranges: int, minmax: bool, page_size: int) -> int:
    revmap = ranges // ((page_size - PAGE_HEADER - 8) // REVMAP_ITEM) + 1
    tuple_size = BRIN_TUPLE + (2 * width if minmax else width + 2)
    return 1 + revmap + tuple_size * ranges // (page_size - PAGE_HEADER) + 1


def _key_width(
    key: IndexColumn, columns: Mapping[str, Column], width: Callable[[Column], int]
) -> int:
    """Of a column its average; it knows three functions, and takes 50 for anything else."""
    if key.column is not None:
        return width(columns[key.column])
    function, argument = _call(key.expression or "")
    if function == "md5":
        return MD5_WIDTH
    if function in ("lower", "upper"):
        column = columns.get(argument)
        # Of another type than text the argument is a cast, which it does not look through.
        if column is not None and column.type == "text":
            return width(column)
    return UNKNOWN_WIDTH


def _call(expression: str) -> tuple[str, str]:
    """The function that the expression calls, and the column that is its only argument; empty
    where there is none."""
    try:
        value = (
            parse(f"SELECT {expression}").statements[0].node["targetList"][0]["ResTarget"]["val"]
        )
    except (SyntaxProblem, LookupError):
        return "", ""
    call = value.get("FuncCall")
    if call is None:
        return "", ""
    arguments = call.get("args", ())
    column = arguments[0].get("ColumnRef") if len(arguments) == 1 else None
    return _name(call["funcname"]), "" if column is None else _name(column["fields"])


def _name(names: Sequence[Node]) -> str:
    return str(names[-1].get("String", {}).get("sval", ""))
