"""What the catalog knows of what a query names beside functions and relations: types, domains,
settings, and expressions that run without being named.

All of it is read in the transaction that the query runs in, and with pg_catalog alone in the
search_path: a function or an operator of a user's own can't stand in for the server's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg

__all__ = [
    "OWN",
    "behind_relations",
    "catalog_alone",
    "domain_checks",
    "format_types",
    "planned_expressions",
    "row_types",
    "secret_expressions",
    "type_named",
    "types_named",
    "visible_settings",
    "visible_statements",
]

OWN = 16384
"""The first oid of an object that did not come with the server (FirstNormalObjectId)."""


SAVEPOINT = "dbwright_facts"


_DOMAINS = """
WITH RECURSIVE used (oid) AS (
  SELECT unnest(%(oids)s::oid[])
  UNION
  SELECT inner_type.oid FROM used u JOIN pg_type t ON t.oid = u.oid
  CROSS JOIN LATERAL (
    SELECT t.typelem AS oid UNION ALL SELECT t.typbasetype
    UNION ALL SELECT a.atttypid FROM pg_attribute a
      WHERE t.typrelid <> 0 AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL SELECT g.rngsubtype FROM pg_range g WHERE g.rngtypid = t.oid{multirange}
  ) inner_type WHERE inner_type.oid <> 0
)
SELECT DISTINCT t.oid::int8, format_type(t.oid, NULL), c.conbin::text
FROM used u JOIN pg_type t ON t.oid = u.oid JOIN pg_constraint c ON c.contypid = t.oid
WHERE c.conbin IS NOT NULL
"""


_ALL_DOMAINS = """
SELECT t.oid::int8, format_type(t.oid, NULL), c.conbin::text
FROM pg_constraint c JOIN pg_type t ON t.oid = c.contypid
WHERE c.conbin IS NOT NULL AND c.oid >= 16384
"""


_PLANNED = """
WITH RECURSIVE below (oid) AS (
  SELECT r FROM unnest(%(oids)s::oid[]) r
  UNION SELECT i.inhrelid FROM below b JOIN pg_inherits i ON i.inhparent = b.oid
)
SELECT DISTINCT tree FROM below b CROSS JOIN LATERAL (
  SELECT unnest(ARRAY[x.indexprs::text, x.indpred::text]) AS tree
    FROM pg_index x WHERE x.indrelid = b.oid
  UNION ALL SELECT c.conbin::text FROM pg_constraint c WHERE c.conrelid = b.oid
  UNION ALL SELECT p.partexprs::text FROM pg_partitioned_table p WHERE p.partrelid = b.oid
  UNION ALL SELECT d.adbin::text FROM pg_attrdef d
    JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    WHERE d.adrelid = b.oid AND a.attgenerated <> ''
  {statistics}
) found WHERE tree IS NOT NULL AND b.oid >= 16384
"""


_ROW_TYPES = """
WITH RECURSIVE inner_type (asked, oid) AS (
  SELECT t, t FROM unnest(%(oids)s::oid[]) t
  UNION
  SELECT i.asked, CASE WHEN t.typbasetype <> 0 THEN t.typbasetype ELSE t.typelem END
  FROM inner_type i JOIN pg_type t ON t.oid = i.oid
  WHERE t.typbasetype <> 0 OR (t.typelem <> 0 AND t.typlen = -1)
)
SELECT i.asked::int8, t.typrelid::int8
FROM inner_type i JOIN pg_type t ON t.oid = i.oid WHERE t.typrelid <> 0
"""


@contextmanager
def catalog_alone(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """What is read in the block means the server's own catalog; afterwards the search_path is what
    it was. Inside of a transaction. An error leaves the transaction failed."""
    connection.execute(f"SAVEPOINT {SAVEPOINT}; SET LOCAL search_path = pg_catalog".encode())
    yield
    connection.execute(f"ROLLBACK TO {SAVEPOINT}; RELEASE {SAVEPOINT}".encode())


def domain_checks(
    connection: psycopg.Connection[Any], types: Iterable[int] | None
) -> list[tuple[int, str, str]]:
    """The domains in these types, or in the database: oid, name, and the tree of a CHECK."""
    if types is None:
        return connection.execute(_ALL_DOMAINS).fetchall()
    newer = connection.info.server_version >= 140000
    multirange = " OR g.rngmultitypid = t.oid" if newer else ""
    query = _DOMAINS.replace("{multirange}", multirange)
    return connection.execute(query.encode(), {"oids": list(types)}).fetchall()


def planned_expressions(connection: psycopg.Connection[Any], relations: Iterable[int]) -> list[str]:
    """The trees of expressions that the planner simplifies when a relation is in a query, and so
    may run in part: of indexes, constraints, partition keys, generated columns, statistics."""
    newer = connection.info.server_version >= 140000
    statistics = (
        "UNION ALL SELECT s.stxexprs::text FROM pg_statistic_ext s WHERE s.stxrelid = b.oid"
        if newer
        else ""
    )
    query = _PLANNED.replace("{statistics}", statistics)
    return [row[0] for row in connection.execute(query.encode(), {"oids": list(relations)})]


def row_types(connection: psycopg.Connection[Any], types: Iterable[int]) -> dict[int, int]:
    """The relations whose rows values of these types are (or arrays of them), by type."""
    rows = connection.execute(_ROW_TYPES, {"oids": list(types)})
    return dict(rows.fetchall())


def type_named(connection: psycopg.Connection[Any], name: str) -> int:
    """The oid of a type of the server's own by its quoted name; 0 where there is none."""
    row = connection.execute("SELECT coalesce(to_regtype(%s)::oid::int8, 0)", (name,)).fetchone()
    return row[0] if row else 0


def visible_settings(connection: psycopg.Connection[Any]) -> list[tuple[str, list[str]]]:
    """Settings that this user may see, and the values that they have or would have."""
    return connection.execute(
        "SELECT name, array_remove(ARRAY[setting, boot_val, reset_val], NULL) FROM pg_settings "
        "WHERE vartype = 'string'"
    ).fetchall()


def visible_statements(connection: psycopg.Connection[Any]) -> list[str]:
    """Statements of others that this user may see, and that may hold a password."""
    where = "WHERE query ~* '(pass|secret|token|api_?key|://)'"
    query = f"SELECT query FROM pg_stat_activity {where}"
    found = connection.execute(query.encode()).fetchall()
    row = connection.execute(
        "SELECT quote_ident(n.nspname) FROM pg_extension e "
        "JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'"
    ).fetchone()
    if row:
        # Where it was not loaded with the server it is there, and gives nothing.
        with suppress(psycopg.Error), connection.transaction():
            query = f"SELECT query FROM {row[0]}.pg_stat_statements {where}"
            found += connection.execute(query.encode()).fetchall()
    return [text for (text,) in found]


def secret_expressions(
    connection: psycopg.Connection[Any], columns: Iterable[tuple[int, int]]
) -> list[str]:
    """The trees of defaults of these columns, and of CHECKs on them."""
    pairs = list(columns)
    asked = {"relations": [one for one, _ in pairs], "numbers": [number for _, number in pairs]}
    rows = connection.execute(
        "WITH asked (relation, number) AS "
        "(SELECT * FROM unnest(%(relations)s::oid[], %(numbers)s::int2[])) "
        "SELECT d.adbin::text FROM pg_attrdef d "
        "JOIN asked a ON a.relation = d.adrelid AND a.number = d.adnum "
        "UNION ALL SELECT c.conbin::text FROM pg_constraint c "
        "JOIN asked a ON a.relation = c.conrelid AND a.number = ANY (c.conkey) "
        "WHERE c.conbin IS NOT NULL",
        asked,
    ).fetchall()
    return [row[0] for row in rows]


def format_types(
    connection: psycopg.Connection[Any], types: Iterable[tuple[int, int]]
) -> tuple[str, ...]:
    """The names of types, by oid and modifier: `character varying(80)`."""
    pairs = list(types)
    rows = connection.execute(
        "SELECT format_type(t, m) FROM ROWS FROM (unnest(%s::oid[]), unnest(%s::int4[])) "
        "WITH ORDINALITY AS u (t, m, n) ORDER BY n",
        ([one for one, _ in pairs], [modifier for _, modifier in pairs]),
    ).fetchall()
    return tuple(row[0] for row in rows)


def behind_relations(
    connection: psycopg.Connection[Any], relations: Iterable[int], names: Iterable[str]
) -> list[str]:
    """The trees of what is run when relations are read: queries of views, policies. Also of those
    of these names, in any schema."""
    return [
        row[0]
        for row in connection.execute(
            "WITH named AS (SELECT c.oid FROM pg_class c WHERE c.oid >= 16384 "
            "AND (c.oid = ANY (%s::oid[]) OR lower(c.relname) = ANY (%s))) "
            "SELECT w.ev_action::text FROM named n JOIN pg_rewrite w ON w.ev_class = n.oid "
            "WHERE w.ev_type = '1' "
            "UNION ALL SELECT p.polqual::text FROM named n JOIN pg_policy p ON p.polrelid = n.oid "
            "WHERE p.polqual IS NOT NULL",
            (list(relations), list(names)),
        ).fetchall()
    ]


def types_named(connection: psycopg.Connection[Any], names: Iterable[str]) -> list[int]:
    """A user's own types of these names (in lower case), in any schema; of tables, their rows'."""
    rows = connection.execute(
        "SELECT oid::int8 FROM pg_type WHERE oid >= 16384 AND lower(typname) = ANY (%s)",
        (list(names),),
    )
    return [row[0] for row in rows.fetchall()]
