"""Which queries can be told equal by running them: those with one right answer."""

from __future__ import annotations

from dbwright.errors import StatementRejected
from dbwright.model.catalog import Catalog
from dbwright.sql.explainable import explainable
from dbwright.sql.parse import Node, walk
from dbwright.sql.scope.functions import VOLATILE
from dbwright.tune.rewrites.source import Level, Source
from dbwright.tune.rewrites.trees import at
from dbwright.tune.rewrites.writing import without_locations

__all__ = ["uncut", "why_not_comparable"]

WHOLE = "LIMIT_OPTION_DEFAULT"
CUT = ("limitCount", "limitOffset")


def why_not_comparable(source: Source) -> str | None:
    """Why running it proves nothing; None where it does."""
    try:
        statement = explainable(source.text)
    except StatementRejected as problem:
        return problem.message
    if statement.changes:
        return statement.changes
    if statement.parameters:
        return "it has parameters without values"
    called = _calls(statement.functions, source.catalog)
    if called:
        return called
    if any(kind == "RangeTableSample" for kind, _ in walk(source.tree)):
        return "it reads a random sample"
    if any(_cut_anywhere(source, level) for level in source.levels):
        return "it has a LIMIT without ORDER BY: any of the rows are right"
    return _unreadable(source)


def uncut(first: Source, second: Source) -> tuple[str, str] | None:
    """Both queries without their LIMIT, where the same one cuts both, and nothing sorts: any of the
    rows are right then, and equal are queries that give the same without it. None for others."""
    if not (_cut_anywhere(first, first.levels[0]) and _cut_anywhere(second, second.levels[0])):
        return None
    cuts = [
        [without_locations(source.levels[0].fields.get(name)) for name in (*CUT, "limitOption")]
        for source in (first, second)
    ]
    if cuts[0] != cuts[1]:
        return None
    one, other = (
        source.with_level(source.levels[0], **dict.fromkeys(CUT), limitOption=WHOLE)
        for source in (first, second)
    )
    return None if one is None or other is None else (one, other)


def _calls(names: tuple[str, ...], catalog: Catalog) -> str | None:
    own = {function.name: function for function in catalog.functions}
    for name in names:
        if name in own and own[name].volatility != "immutable":
            return (
                f"it calls {own[name].qualified}, whose result depends on more than its arguments"
            )
        if name in VOLATILE:
            return f"it calls {name}, which gives another value each time"
    return None


def _cut_anywhere(source: Source, level: Level) -> bool:
    """Of EXISTS it does not matter which rows are left."""
    offset = level.fields.get("limitOffset")
    cut = level.fields.get("limitCount") or (None if offset == _nothing(offset) else offset)
    if not cut or level.fields.get("sortClause"):
        return False
    if level.path[-2:] == ("subselect", "SelectStmt"):
        return bool(at(source.tree, level.path[:-2])["subLinkType"] != "EXISTS_SUBLINK")
    return True


def _nothing(offset: Node | None) -> Node:
    """OFFSET 0, which people write as a fence."""
    location = (offset or {}).get("A_Const", {}).get("location", 0)
    return {"A_Const": {"ival": {}, "location": location}}


def _unreadable(source: Source) -> str | None:
    tables = [use for use in source.statement.relations if use.stored]
    for use in tables:
        if use.qualified is None or source.catalog.find_table(use.qualified) is None:
            return f"{use.qualified or use.alias} is no table that rows can be made for"
    return None if tables else "it reads no table"
