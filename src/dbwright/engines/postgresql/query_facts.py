"""What the catalog knows of the functions, relations and types that a query names, by oid.

All of it is read in the transaction that the query runs in, and with pg_catalog alone in the
search_path: a function or an operator of a user's own can't stand in for the server's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row

__all__ = [
    "OWN",
    "ColumnFacts",
    "FunctionFacts",
    "RelationFacts",
    "behind_relations",
    "behind_text",
    "catalog_alone",
    "columns_of",
    "domain_checks",
    "format_types",
    "functions_named",
    "functions_of",
    "holders_of_rows",
    "may_read_any",
    "own_columns",
    "planned_expressions",
    "relations_of",
    "row_types",
    "sensitive_views",
    "type_named",
    "view_query",
    "visible_settings",
]

OWN = 16384
"""The first oid of an object that did not come with the server (FirstNormalObjectId)."""

SAVEPOINT = "dbwright_facts"


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """One function, as pg_proc has it."""

    oid: int
    schema: str
    name: str
    arguments: str
    kind: str
    volatility: str
    security_definer: bool
    language: str
    trusted_language: bool
    owner: str
    owner_is_superuser: bool
    extension: str
    """Empty for one of its own."""
    source: str
    parsed_body: str
    """The tree of a body that stands in SQL's own form (14 and later); else empty."""
    defaults: str
    """The trees of its arguments' defaults."""
    settings: Sequence[str]
    raw: bool
    """Takes or gives what only the server's own C code can know: cstring, internal."""
    result_type: int
    columns: Sequence[str]
    """Names of what it returns as columns (OUT, TABLE)."""
    row_version: str
    """Another one when it was replaced."""

    @property
    def own(self) -> bool:
        return self.oid >= OWN

    @property
    def signature(self) -> str:
        shown = self.name if self.schema == "pg_catalog" else f"{self.schema}.{self.name}"
        return f"{shown}({self.arguments})"


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


_FUNCTION = """
SELECT p.oid::int8 AS oid, n.nspname AS schema, p.proname AS name,
       pg_get_function_identity_arguments(p.oid) AS arguments, p.prokind::text AS kind,
       p.provolatile::text AS volatility, p.prosecdef AS security_definer, l.lanname AS language,
       l.lanpltrusted AS trusted_language, coalesce(r.rolname, p.proowner::text) AS owner,
       coalesce(r.rolsuper, true) AS owner_is_superuser, coalesce(e.extname, '') AS extension,
       p.prosrc AS source, {body} AS parsed_body, coalesce(p.proargdefaults::text, '') AS defaults,
       coalesce(p.proconfig, '{{}}') AS settings,
       p.prorettype IN ('cstring'::regtype, 'internal'::regtype)
         OR p.proargtypes::oid[] && ARRAY['cstring'::regtype, 'internal'::regtype]::oid[] AS raw,
       p.prorettype::int8 AS result_type,
       coalesce((SELECT array_agg(p.proargnames[i] ORDER BY i)
                 FROM generate_subscripts(p.proargmodes, 1) i
                 WHERE p.proargmodes[i] IN ('o', 'b', 't')), '{{}}') AS columns,
       p.xmin::text || ' ' || p.ctid::text AS row_version
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
JOIN pg_language l ON l.oid = p.prolang
LEFT JOIN pg_roles r ON r.oid = p.proowner
LEFT JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
  AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
LEFT JOIN pg_extension e ON e.oid = d.refobjid
"""
_BY_USE = """
WHERE p.oid IN (
  SELECT unnest(%(functions)s::oid[])
  UNION SELECT o.oprcode FROM pg_operator o WHERE o.oid = ANY (%(operators)s::oid[])
  UNION SELECT part FROM pg_aggregate a CROSS JOIN LATERAL unnest(ARRAY[
      a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn,
      a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn]::oid[]) part
    WHERE a.aggfnoid = ANY (%(functions)s::oid[]))
ORDER BY p.oid
"""
_BY_NAME = "WHERE p.proname = ANY (%(names)s::name[]) ORDER BY p.oid"

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


@contextmanager
def catalog_alone(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """What is read in the block means the server's own catalog; afterwards the search_path is what
    it was. Inside of a transaction. An error leaves the transaction failed."""
    connection.execute(f"SAVEPOINT {SAVEPOINT}; SET LOCAL search_path = pg_catalog".encode())
    yield
    connection.execute(f"ROLLBACK TO {SAVEPOINT}; RELEASE {SAVEPOINT}".encode())


def functions_of(
    connection: psycopg.Connection[Any], functions: Iterable[int], operators: Iterable[int] = ()
) -> list[FunctionFacts]:
    """Functions, those behind operators, and those that aggregates are made of."""
    asked = {"functions": list(functions), "operators": list(operators)}
    return _functions(connection, _BY_USE, asked) if any(asked.values()) else []


def functions_named(
    connection: psycopg.Connection[Any], names: Iterable[str]
) -> list[FunctionFacts]:
    """All functions of these names, in any schema."""
    asked = {"names": list(names)}
    return _functions(connection, _BY_NAME, asked) if any(asked.values()) else []


def relations_of(connection: psycopg.Connection[Any], oids: Iterable[int]) -> list[RelationFacts]:
    with connection.cursor(row_factory=class_row(RelationFacts)) as cursor:
        return cursor.execute(_RELATIONS, {"oids": list(oids)}).fetchall()


def columns_of(connection: psycopg.Connection[Any], oids: Iterable[int]) -> list[ColumnFacts]:
    with connection.cursor(row_factory=class_row(ColumnFacts)) as cursor:
        return cursor.execute(_COLUMNS, {"oids": list(oids)}).fetchall()


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


def view_query(connection: psycopg.Connection[Any], relation: int) -> str:
    """The tree of a view's or a materialized view's query; empty where it is none."""
    row = connection.execute(_VIEW, (relation,)).fetchone()
    return row[0] if row else ""


def _functions(
    connection: psycopg.Connection[Any], where: str, asked: dict[str, Any]
) -> list[FunctionFacts]:
    newer = connection.info.server_version >= 140000
    body = "coalesce(p.prosqlbody::text, '')" if newer else "''"
    query = _FUNCTION.replace("{body}", body).replace("{{}}", "{}") + where
    with connection.cursor(row_factory=class_row(FunctionFacts)) as cursor:
        return cursor.execute(query.encode(), asked).fetchall()


def row_types(connection: psycopg.Connection[Any], types: Iterable[int]) -> dict[int, int]:
    """The relations whose rows values of these types are (or arrays of them), by type."""
    rows = connection.execute(_ROW_TYPES, {"oids": list(types)})
    return dict(rows.fetchall())


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


def behind_text(
    connection: psycopg.Connection[Any], operators: Iterable[str]
) -> list[FunctionFacts]:
    """A user's own functions that run without being named: those of all casts, and of operators of
    these names."""
    rows = connection.execute(
        "SELECT castfunc::oid::int8 FROM pg_cast WHERE castfunc >= 16384 "
        "UNION SELECT oprcode::oid::int8 FROM pg_operator "
        "WHERE oid >= 16384 AND oprname = ANY (%s)",
        (list(operators),),
    ).fetchall()
    return functions_of(connection, [row[0] for row in rows])
