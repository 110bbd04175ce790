"""What the catalog knows of functions: those that a query names, and those behind operators, casts
and aggregates.

To be asked with pg_catalog alone in the search_path: see `query_facts.catalog_alone`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row

from dbwright.engines.postgresql.query_facts import OWN

__all__ = ["FunctionFacts", "behind_text", "functions_named", "functions_of"]


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
  -- The planner may put an operator's negator or commutator in its place.
  UNION SELECT o.oprcode FROM pg_operator o WHERE o.oid IN (
    SELECT unnest(ARRAY[x.oid, x.oprnegate, x.oprcom]) FROM pg_operator x
    WHERE x.oid = ANY (%(operators)s::oid[]))
  UNION SELECT part FROM pg_aggregate a CROSS JOIN LATERAL unnest(ARRAY[
      a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn,
      a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn]::oid[]) part
    WHERE a.aggfnoid = ANY (%(functions)s::oid[]))
ORDER BY p.oid
"""


_BY_NAME = "WHERE p.proname = ANY (%(names)s::name[]) ORDER BY p.oid"


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


def _functions(
    connection: psycopg.Connection[Any], where: str, asked: dict[str, Any]
) -> list[FunctionFacts]:
    newer = connection.info.server_version >= 140000
    body = "coalesce(p.prosqlbody::text, '')" if newer else "''"
    query = _FUNCTION.replace("{body}", body).replace("{{}}", "{}") + where
    with connection.cursor(row_factory=class_row(FunctionFacts)) as cursor:
        return cursor.execute(query.encode(), asked).fetchall()
