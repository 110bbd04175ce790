"""Statements over plans.sql that make the planner use every kind of node that it can be led to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["QUERIES", "PlannedQuery"]


@dataclass(frozen=True, slots=True)
class PlannedQuery:
    sql: str
    settings: Mapping[str, str] = field(default_factory=dict)
    oldest: int = 12
    parallel: bool = False
    """Who does how much differs from run to run."""

    @property
    def changes(self) -> bool:
        """Does it leave dead rows behind, even where it is rolled back?"""
        return any(word in self.sql for word in ("INSERT", "UPDATE", "DELETE"))

    @property
    def drifts(self) -> bool:
        """Do the counts differ from run to run?"""
        return self.parallel or self.changes


def _off(*names: str) -> dict[str, str]:
    return {f"enable_{name}": "off" for name in names}


def _only(join: str) -> dict[str, str]:
    return _off(*({"nestloop", "hashjoin", "mergejoin"} - {join}))


LITTLE = {"work_mem": "64kB"}
PARALLEL = {
    "parallel_setup_cost": "0",
    "parallel_tuple_cost": "0",
    "min_parallel_table_scan_size": "0",
    "min_parallel_index_scan_size": "0",
    "max_parallel_workers_per_gather": "2",
}
JITTED = {"jit": "on", "jit_above_cost": "0", "jit_inline_above_cost": "0"}

Q = PlannedQuery

QUERIES: Mapping[str, PlannedQuery] = {
    "seq scan": Q("SELECT * FROM shop.orders"),
    "filter": Q("SELECT id FROM shop.orders WHERE total < 10 AND note @> '{\"a\": 1}'"),
    "filter that looks like figures": Q(
        'SELECT "Product (cost=1)" p FROM shop."Order Lines" l '
        "WHERE l.\"Product (cost=1)\" <> 'x  (cost=1.00..2.00 rows=1 width=4)  -> Filter: y'"
    ),
    "constant": Q("SELECT 1 AS one, 'a, b' AS two"),
    "false": Q("SELECT * FROM shop.orders WHERE false"),
    "one-time filter": Q("SELECT * FROM shop.small WHERE current_date > date '2000-01-01'"),
    "one-time filter of a subquery": Q(
        "SELECT * FROM shop.small WHERE (SELECT count(*) FROM shop.customers) > 1"
    ),
    "index scan": Q("SELECT * FROM shop.orders WHERE id = 77"),
    "index scan backward": Q("SELECT * FROM shop.orders ORDER BY id DESC LIMIT 3"),
    "index scan with filter": Q("SELECT * FROM shop.orders WHERE id < 50 AND total > 20"),
    "index only scan": Q("SELECT id FROM shop.orders WHERE id < 50"),
    "index only scan backward": Q("SELECT id FROM shop.orders ORDER BY id DESC LIMIT 9"),
    "any": Q("SELECT * FROM shop.orders WHERE id = ANY ('{1,2,3}')"),
    "bitmap": Q("SELECT * FROM shop.orders WHERE customer_id < 20", _off("indexscan", "seqscan")),
    "bitmap or": Q("SELECT * FROM shop.orders WHERE customer_id = 3 OR id = 4", _off("seqscan")),
    "bitmap and": Q("SELECT * FROM shop.wide WHERE a = 5 AND b = 7", _off("seqscan")),
    "lossy bitmap": Q(
        "SELECT count(total) FROM shop.orders WHERE customer_id > 1",
        _off("seqscan", "indexscan") | LITTLE,
    ),
    "tid scan": Q("SELECT * FROM shop.orders WHERE ctid = '(0,1)'"),
    "tid range scan": Q("SELECT * FROM shop.orders WHERE ctid < '(1,1)'", oldest=14),
    "sample": Q("SELECT count(*) FROM shop.orders TABLESAMPLE bernoulli (10) REPEATABLE (1)"),
    "sample without seed": Q("SELECT 1 FROM shop.small TABLESAMPLE system (100)"),
    "hash join": Q(
        "SELECT c.name, o.total FROM shop.orders o JOIN shop.customers c ON c.id = o.customer_id",
        _only("hashjoin"),
    ),
    "hash left join": Q(
        "SELECT * FROM shop.customers c LEFT JOIN shop.small s ON s.id = c.id AND s.n < c.id",
        _only("hashjoin"),
    ),
    "hash in batches": Q(
        'SELECT count(*) FROM shop."Order Lines" l JOIN shop.orders o ON o.id = l.order_id',
        _only("hashjoin") | LITTLE | {"max_parallel_workers_per_gather": "0"},
    ),
    "hash anti join": Q(
        "SELECT * FROM shop.customers c WHERE NOT EXISTS "
        "(SELECT FROM shop.orders o WHERE o.customer_id = c.id)",
        _only("hashjoin"),
    ),
    "hash semi join": Q(
        "SELECT * FROM shop.small s WHERE EXISTS (SELECT FROM shop.orders o "
        "WHERE o.customer_id = s.id)",
        _only("hashjoin"),
    ),
    "full join": Q("SELECT * FROM shop.small a FULL JOIN shop.small b ON a.id = b.n"),
    "merge join": Q(
        "SELECT * FROM shop.orders o JOIN shop.customers c ON c.id = o.customer_id",
        _only("mergejoin"),
    ),
    "merge right join": Q(
        "SELECT * FROM shop.orders o RIGHT JOIN shop.customers c ON c.id = o.customer_id "
        "AND o.total > 5",
        _only("mergejoin"),
    ),
    "nested loop": Q(
        "SELECT * FROM shop.small s JOIN shop.orders o ON o.customer_id = s.id",
        _only("nestloop"),
    ),
    "nested loop with join filter": Q(
        "SELECT * FROM shop.small a JOIN shop.small b ON a.id < b.n + 1"
    ),
    "memoize": Q(
        'SELECT o.total FROM shop."Order Lines" l JOIN shop.orders o ON o.id = l.line % 7',
        _only("nestloop") | _off("seqscan"),
    ),
    "lateral": Q(
        "SELECT * FROM shop.small s LEFT JOIN LATERAL (SELECT * FROM shop.orders o "
        "WHERE o.customer_id = s.id ORDER BY total DESC LIMIT 2) t ON true"
    ),
    "sort": Q("SELECT * FROM shop.small ORDER BY n DESC, id"),
    "sort on disk": Q('SELECT * FROM shop."Order Lines" ORDER BY amount', LITTLE),
    "top-N": Q("SELECT * FROM shop.orders ORDER BY total LIMIT 3"),
    "sort by expressions": Q(
        "SELECT * FROM shop.customers ORDER BY coalesce(city, 'a,b'), lower(name) COLLATE \"C\""
    ),
    "incremental sort": Q(
        "SELECT * FROM shop.orders ORDER BY customer_id, total",
        _off("seqscan", "bitmapscan") | {"enable_sort": "off"},
        oldest=13,
    ),
    "incremental sort, small": Q(
        "SELECT * FROM (SELECT * FROM shop.orders ORDER BY placed LIMIT 100) o "
        "ORDER BY placed, status",
        oldest=13,
    ),
    "aggregate": Q("SELECT count(*), max(note->>'a') FROM shop.orders"),
    "hash aggregate": Q("SELECT status, sum(total) FROM shop.orders GROUP BY status"),
    "hash aggregate on disk": Q(
        'SELECT order_id, line FROM shop."Order Lines" GROUP BY 1, 2', LITTLE | _off("sort")
    ),
    "group aggregate": Q(
        "SELECT customer_id, count(*) FROM shop.orders GROUP BY customer_id HAVING count(*) > 1",
        _off("hashagg"),
    ),
    "group": Q("SELECT customer_id FROM shop.orders GROUP BY customer_id", _off("hashagg")),
    "grouping sets": Q(
        "SELECT status, customer_id, count(*) FROM shop.orders "
        "GROUP BY GROUPING SETS ((status, customer_id), (status), ())"
    ),
    "cube": Q(
        "SELECT status, customer_id, count(*) FROM shop.orders GROUP BY CUBE (status, customer_id)",
        _off("hashagg"),
    ),
    "distinct": Q("SELECT DISTINCT city FROM shop.customers", _off("hashagg")),
    "distinct aggregate": Q("SELECT count(DISTINCT city) FROM shop.customers"),
    "window": Q(
        "SELECT id, row_number() OVER (PARTITION BY status ORDER BY id), sum(total) OVER () "
        "FROM shop.orders"
    ),
    "window with a run condition": Q(
        "SELECT * FROM (SELECT id, row_number() OVER (ORDER BY id) AS r FROM shop.orders) x "
        "WHERE r < 4"
    ),
    "union": Q("SELECT id FROM shop.small UNION SELECT n FROM shop.small"),
    "union all": Q("SELECT id FROM shop.small UNION ALL SELECT n FROM shop.small"),
    "except": Q("SELECT id FROM shop.small EXCEPT SELECT n FROM shop.small"),
    "except sorted": Q(
        "SELECT id FROM shop.small EXCEPT ALL SELECT n FROM shop.small", _off("hashagg")
    ),
    "intersect": Q("SELECT id FROM shop.small INTERSECT SELECT n FROM shop.small"),
    "cte": Q(
        "WITH o AS MATERIALIZED (SELECT * FROM shop.orders WHERE total > 500) "
        "SELECT count(*) FROM o a JOIN o b ON a.id = b.id"
    ),
    "recursive": Q(
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT * FROM t"
    ),
    "subplan": Q(
        "SELECT id, (SELECT max(total) FROM shop.orders o WHERE o.customer_id = s.id) FROM shop.small s"
    ),
    "hashed subplan": Q("SELECT * FROM shop.small WHERE n NOT IN (SELECT id FROM shop.customers)"),
    "alternatives": Q(
        "SELECT id, EXISTS (SELECT FROM shop.orders o WHERE o.customer_id = s.id) FROM shop.small s"
    ),
    "init plan": Q("SELECT * FROM shop.orders WHERE total = (SELECT max(total) FROM shop.orders)"),
    "init plan with two results": Q(
        "SELECT * FROM shop.small WHERE (id, n) = (SELECT id, n FROM shop.small WHERE id = 3)"
    ),
    "never executed": Q(
        "SELECT * FROM shop.small s JOIN shop.orders o ON o.customer_id = s.id WHERE s.n > 99",
        _only("nestloop"),
    ),
    "append": Q("SELECT * FROM shop.events WHERE kind = 'kind 1'"),
    "partitions removed": Q(
        "SELECT * FROM shop.events WHERE at = (SELECT date '2024-02-03' + min(0) FROM shop.small)"
    ),
    "pruned at start": Q(
        "SELECT * FROM shop.events WHERE at > current_date - 100000 AND at < current_date - 100"
    ),
    "merge append": Q(
        "SELECT * FROM shop.events ORDER BY kind, id LIMIT 5", _off("seqscan", "bitmapscan")
    ),
    "values": Q("SELECT * FROM (VALUES (1, 'a'), (2, 'b, c')) AS v (n, t) ORDER BY n"),
    "function": Q('SELECT * FROM generate_series(1, 5) AS "Numbers"(n)'),
    "function of ours": Q("SELECT * FROM shop.pairs(3)"),
    "rows from": Q("SELECT * FROM ROWS FROM (generate_series(1, 2), generate_series(1, 3)) AS r"),
    "xmltable": Q("SELECT * FROM json_to_recordset('[{\"a\":1}]') AS x(a int) WHERE a > 0"),
    "set in the select list": Q("SELECT generate_series(1, n) FROM shop.small"),
    "subquery scan": Q(
        "SELECT * FROM (SELECT id, n, random() r FROM shop.small OFFSET 0) q WHERE r >= 0"
    ),
    "materialize": Q(
        "SELECT count(*) FROM shop.small a, shop.small b WHERE a.n <> b.n", _only("nestloop")
    ),
    "lock rows": Q("SELECT * FROM shop.small WHERE id = 1 FOR UPDATE"),
    "view": Q("SELECT count(*) FROM shop.sent WHERE id < 100"),
    "insert": Q("INSERT INTO shop.small SELECT 1000 + n, n FROM generate_series(1, 3) n"),
    "insert or update": Q(
        "INSERT INTO shop.small VALUES (1, 1), (5000, 1) ON CONFLICT (id) DO UPDATE SET n = 4 "
        "WHERE small.n < 3"
    ),
    "update": Q("UPDATE shop.small SET n = n + 1 WHERE id < 5"),
    "update of partitions": Q("UPDATE shop.events e SET kind = 'x' WHERE id < 3"),
    "delete": Q("DELETE FROM shop.customers WHERE id = 499 AND false OR id = -1"),
    "delete with a check of keys": Q("DELETE FROM shop.orders WHERE id = 11 RETURNING id"),
    "insert that is checked": Q("INSERT INTO shop.orders VALUES (-1, 1, '2024-01-01', 1, 'new')"),
    "merge": Q(
        "MERGE INTO shop.small t USING (SELECT * FROM shop.customers WHERE id < 40) s ON t.id = s.id "
        "WHEN MATCHED AND t.id < 3 THEN DELETE WHEN MATCHED THEN UPDATE SET n = 0 "
        "WHEN NOT MATCHED THEN INSERT VALUES (s.id, 1)",
        oldest=15,
    ),
    "modifying cte": Q(
        "WITH gone AS (DELETE FROM shop.small WHERE id < 3 RETURNING *) SELECT count(*) FROM gone"
    ),
    "disabled": Q("SELECT * FROM shop.customers WHERE name = 'x'", _off("seqscan")),
    "settings with quotes": Q("SELECT 1", {"search_path": '"a b", "it\'s", public'}),
    "jit": Q("SELECT sum(total * 2) FROM shop.orders WHERE id > 1", JITTED),
    "gather": Q("SELECT * FROM shop.orders WHERE total > 990", PARALLEL, parallel=True),
    "parallel aggregate": Q(
        "SELECT status, count(*) FROM shop.orders GROUP BY status", PARALLEL, parallel=True
    ),
    "gather merge": Q("SELECT * FROM shop.orders ORDER BY total", PARALLEL | LITTLE, parallel=True),
    "parallel hash join": Q(
        "SELECT count(*) FROM shop.orders o JOIN shop.customers c ON c.id = o.customer_id",
        PARALLEL | _only("hashjoin"),
        parallel=True,
    ),
    "parallel append": Q("SELECT count(*) FROM shop.events", PARALLEL, parallel=True),
    "parallel index only scan": Q(
        "SELECT count(*) FROM shop.orders WHERE id > 5",
        PARALLEL | _off("seqscan", "bitmapscan"),
        parallel=True,
    ),
}
