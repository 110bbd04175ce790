"""What the catalog knows of relations and their columns, and of what is made of them.

To be asked with pg_catalog alone in the search_path: see `query_facts.catalog_alone`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row

from dbwright.engines.postgresql.query_facts import OWN

__all__ = [
    "ColumnFacts",
    "RelationFacts",
    "columns_of",
    "holders_of_rows",
    "may_read_any",
    "own_columns",
    "relations_of",
    "sensitive_views",
    "view_query",
]


@dataclass(frozen=True, slots=True)
class RelationFacts:
    """One relation, and the foreign tables that reading it reads."""

    oid: int
    schema: str
    name: str
    kind: str
    foreign: Sequence[str]
    """Foreign tables: itself, or those that inherit from it."""
    row_type: int

    @property
    def own(self) -> bool:
        return self.oid >= OWN


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """One column."""

    relation: int
    number: int
    name: str
    type_oid: int
    type_name: str
    """Of the base type, of an array's elements: `text`."""
    row_type_of: int
    """The relation whose rows it holds (or arrays of them); 0 for other types."""
    generated: str
    """The tree of the expression that it is made of; empty for others."""


_RELATIONS = """
WITH RECURSIVE below (top, oid) AS (
  SELECT r, r FROM unnest(%(oids)s::oid[]) r
  UNION SELECT b.top, i.inhrelid FROM below b JOIN pg_inherits i ON i.inhparent = b.oid
)
SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind,
       coalesce((SELECT array_agg(f.oid::regclass::text ORDER BY f.oid) FROM below b
                 JOIN pg_class f ON f.oid = b.oid AND f.relkind = 'f'
                 WHERE b.top = c.oid), '{}') AS foreign, c.reltype::int8 AS row_type
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = ANY (%(oids)s::oid[])
ORDER BY c.oid
"""


_COLUMNS = """
WITH RECURSIVE base (column_type, oid) AS (
  SELECT DISTINCT a.atttypid, a.atttypid FROM pg_attribute a
  WHERE a.attrelid = ANY (%(oids)s::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
  UNION
  SELECT b.column_type, CASE WHEN t.typbasetype <> 0 THEN t.typbasetype ELSE t.typelem END
  FROM base b JOIN pg_type t ON t.oid = b.oid
  WHERE t.typbasetype <> 0 OR (t.typelem <> 0 AND t.typlen = -1)
)
SELECT a.attrelid::int8 AS relation, a.attnum::int4 AS number, a.attname AS name,
       a.atttypid::int8 AS type_oid, t.typname AS type_name, t.typrelid::int8 AS row_type_of,
       coalesce(d.adbin::text, '') AS generated
FROM pg_attribute a
JOIN base b ON b.column_type = a.atttypid
JOIN pg_type t ON t.oid = b.oid AND t.typbasetype = 0 AND NOT (t.typelem <> 0 AND t.typlen = -1)
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.attgenerated <> ''
WHERE a.attrelid = ANY (%(oids)s::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY 1, 2
"""


_OWN_COLUMNS = """
SELECT c.oid::int8, n.nspname, c.relname, c.relkind::text, a.attnum::int4, a.attname,
       a.atttypid::int8, t.typname
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.oid >= 16384
ORDER BY c.oid, a.attnum
"""


_SENSITIVE_VIEWS = """
WITH RECURSIVE found (oid) AS (
  SELECT w.ev_class
  FROM pg_depend d JOIN pg_rewrite w ON w.oid = d.objid
  WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
    AND d.deptype = 'n' AND w.ev_class >= 16384
    AND ((d.refobjid, d.refobjsubid) IN
           (SELECT r, n FROM unnest(%(relations)s::oid[], %(numbers)s::int4[]) u (r, n))
         OR d.refobjid IN (SELECT c.oid FROM pg_class c
                           WHERE c.relname = ANY (%(system)s::name[]) AND c.oid < 16384)
         OR d.refobjid IN (SELECT c.oid FROM pg_class c WHERE c.relkind = 'f')
         OR (d.refobjsubid = 0 AND d.refobjid = ANY (%(relations)s::oid[])))
  UNION
  SELECT w.ev_class
  FROM found f JOIN pg_depend d ON d.refobjid = f.oid AND d.refclassid = 'pg_class'::regclass
  JOIN pg_rewrite w ON w.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
  WHERE w.ev_class <> f.oid
)
SELECT c.oid::int8, c.relname FROM found f JOIN pg_class c ON c.oid = f.oid
UNION
SELECT c.oid::int8, c.relname FROM pg_class c WHERE c.relkind = 'f'
"""


_VIEW = "SELECT ev_action::text FROM pg_rewrite WHERE ev_class = %s AND ev_type = '1'"


def relations_of(connection: psycopg.Connection[Any], oids: Iterable[int]) -> list[RelationFacts]:
    with connection.cursor(row_factory=class_row(RelationFacts)) as cursor:
        return cursor.execute(_RELATIONS, {"oids": list(oids)}).fetchall()


def columns_of(connection: psycopg.Connection[Any], oids: Iterable[int]) -> list[ColumnFacts]:
    with connection.cursor(row_factory=class_row(ColumnFacts)) as cursor:
        return cursor.execute(_COLUMNS, {"oids": list(oids)}).fetchall()


def view_query(connection: psycopg.Connection[Any], relation: int) -> str:
    """The tree of a view's or a materialized view's query; empty where it is none."""
    row = connection.execute(_VIEW, (relation,)).fetchone()
    return row[0] if row else ""


def own_columns(
    connection: psycopg.Connection[Any],
) -> Iterator[tuple[RelationFacts, ColumnFacts]]:
    """The columns of all relations that did not come with the server."""
    for row in connection.execute(_OWN_COLUMNS).fetchall():
        oid, schema, relation, kind, number, name, type_oid, type_name = row
        yield (
            RelationFacts(oid, schema, relation, kind, (), 0),
            ColumnFacts(oid, number, name, type_oid, type_name, 0, ""),
        )


def sensitive_views(
    connection: psycopg.Connection[Any],
    columns: Iterable[tuple[int, int]],
    system_relations: Iterable[str],
) -> list[tuple[int, str]]:
    """Views that depend on these columns, directly or by other views, on these relations of the
    server, or on foreign tables; and the foreign tables: oids and names."""
    pairs = list(columns)
    asked = {
        "relations": [relation for relation, _ in pairs],
        "numbers": [number for _, number in pairs],
        "system": list(system_relations),
    }
    return connection.execute(_SENSITIVE_VIEWS, asked).fetchall()


def holders_of_rows(
    connection: psycopg.Connection[Any], relations: Iterable[int]
) -> list[tuple[int, str]]:
    """Relations with a column that holds rows of these, or arrays of them: oids and names."""
    return connection.execute(
        "SELECT DISTINCT c.oid::int8, c.relname FROM pg_attribute a "
        "JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid "
        "LEFT JOIN pg_type e ON e.oid = t.typelem "
        "WHERE coalesce(nullif(t.typrelid, 0), e.typrelid) = ANY (%s::oid[]) AND a.attnum > 0",
        (list(relations),),
    ).fetchall()


def may_read_any(connection: psycopg.Connection[Any], columns: Iterable[tuple[int, int]]) -> bool:
    """May this user read one of the columns?"""
    pairs = list(columns)
    row = connection.execute(
        "SELECT bool_or(has_column_privilege(r, n::int2, 'SELECT')) "
        "FROM ROWS FROM (unnest(%s::oid[]), unnest(%s::int4[])) u (r, n)",
        ([relation for relation, _ in pairs], [number for _, number in pairs]),
    ).fetchone()
    return bool(row and row[0])
