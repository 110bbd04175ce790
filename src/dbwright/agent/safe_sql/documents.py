"""Secrets that stand in documents (JSON, XML, hstore), where no column's name tells of them.

As a whole a document is shown with such members masked (`cells`). A query that asks for one by its
name, or compares with it, is refused: what comes out would have no name any more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from dbwright.agent.safe_sql.secrets import is_secret_name
from dbwright.agent.safe_sql.statement import Literal
from dbwright.engines.postgresql.analysed import Analysed
from dbwright.engines.postgresql.function_facts import FunctionFacts
from dbwright.engines.postgresql.node_tree import NodeTree, Value
from dbwright.errors import QueryRefused

__all__ = ["require_no_secret_members", "takes_members"]

READERS = frozenset(
    """
    json_object_field json_object_field_text jsonb_object_field jsonb_object_field_text
    json_extract_path json_extract_path_text jsonb_extract_path jsonb_extract_path_text
    jsonb_contains jsonb_contained jsonb_path_exists jsonb_path_match jsonb_path_query
    jsonb_path_query_array jsonb_path_query_first jsonb_path_exists_opr jsonb_path_match_opr
    jsonb_path_exists_tz jsonb_path_match_tz jsonb_path_query_tz jsonb_path_query_array_tz
    jsonb_path_query_first_tz json_to_record json_to_recordset jsonb_to_record jsonb_to_recordset
    json_populate_record json_populate_recordset jsonb_populate_record jsonb_populate_recordset
    xpath xpath_exists xmlexists fetchval slice slice_array hs_contains hs_contained
    """.split()
)
"""Functions, and those behind operators, that take members out of documents or compare them."""
PIECES = frozenset(
    """
    each json_each json_each_text jsonb_each jsonb_each_text json_object_keys jsonb_object_keys
    akeys skeys
    """.split()
)
"""Those that give names of members, so that values may stand beside them."""
NODES = frozenset(("SUBSCRIPTINGREF", "JSONEXPR", "TABLEFUNC"))
"""`document['name']`, JSON_VALUE and its like, JSON_TABLE and XMLTABLE."""
NAMES = ("colnames", "funccolnames")
NAME = re.compile(r"[^\W\d](?:[\w-]*\w)?(?: \w+)*")


def require_no_secret_members(
    found: Analysed, literals: Iterable[Literal], facts: Mapping[int, FunctionFacts]
) -> None:
    """Raises QueryRefused."""
    reads = any(one.name in READERS and _known(one) for one in facts.values())
    if not reads and not any(node.kind in NODES for node in found.nodes):
        return
    written = (name for one in literals for name in NAME.findall(one.text))
    for name in (*written, *_columns(found.nodes)):
        if is_secret_name(name.lower().replace("-", "_").replace(" ", "_")):
            raise QueryRefused(
                f"it takes {name} out of a document, or compares with it: by its name a secret",
                "select the document itself: its secrets are masked",
            )


def takes_members(facts: Mapping[int, FunctionFacts]) -> bool:
    """May a member's name stand in one column of the result, and its value in another?"""
    return any(one.name in PIECES and _known(one) for one in facts.values())


def _known(facts: FunctionFacts) -> bool:
    return not facts.own or facts.extension == "hstore"


def _columns(nodes: Iterable[NodeTree]) -> Iterator[str]:
    """Names of columns that records and tables are made with: `AS x (password text)`."""
    for node in nodes:
        for field in NAMES if node.kind in ("TABLEFUNC", "RANGETBLFUNCTION") else ():
            yield from _texts(node.fields.get(field, []))


def _texts(values: list[Value]) -> Iterator[str]:
    for one in values:
        if isinstance(one, list):
            yield from _texts(one)
        elif isinstance(one, str):
            yield re.sub(r"\\(.)", r"\1", one.strip('"'))
