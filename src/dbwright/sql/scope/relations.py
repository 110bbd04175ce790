"""Which relations are there, and what columns do they have?

`analyse` asks a `Relations`; `CatalogRelations` answers from a catalog that was read.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple, Protocol

from dbwright.model.catalog import Catalog, Function, MaterializedView, Table, View
from dbwright.sql.lexer import significant
from dbwright.sql.scope.nouns import RelationKind

__all__ = ["CatalogRelations", "KnownFunction", "KnownRelation", "Relations", "search_path"]


class KnownRelation(NamedTuple):
    """A relation as the catalog holds it."""

    schema: str
    name: str
    columns: tuple[str, ...]
    kind: RelationKind = RelationKind.TABLE
    definition: str | None = None
    """The query of a view."""


class KnownFunction(NamedTuple):
    """What a call of a user's function gives."""

    columns: tuple[str, ...] | None
    """Of its rows, where it returns a table or a relation's rows; None for one value."""
    returns_set: bool
    aggregate: bool


class Relations(Protocol):
    """The relations and functions that a statement can name."""

    def columns(self, schema: str | None, name: str) -> KnownRelation | None:
        """The relation; without a schema, the first one on the search path."""

    def function(self, schema: str | None, name: str) -> KnownFunction | None:
        """The user's function of that name, whatever its arguments."""


class CatalogRelations:
    """The relations of a catalog. `path` are the schemas of the search path (unquoted names);
    by default what the catalog says that a new session has."""

    def __init__(self, catalog: Catalog, path: Sequence[str] | None = None) -> None:
        self.catalog = catalog
        self.path = tuple(path) if path is not None else search_path(catalog)

    def columns(self, schema: str | None, name: str) -> KnownRelation | None:
        for place in self.path if schema is None else (schema,):
            found = self._relations.get((place, name))
            if found is not None:
                return _known(found)
        return None

    def function(self, schema: str | None, name: str) -> KnownFunction | None:
        for place in self.path if schema is None else (schema,):
            found = self._functions.get((place, name))
            if found is not None:
                return self._returned(found)
        return None

    def _returned(self, function: Function) -> KnownFunction:
        words = list(significant(function.returns))
        returns_set = bool(words) and words[0].lower in ("setof", "table")
        aggregate = function.kind == "aggregate"
        if words and words[0].lower == "table":
            return KnownFunction(_table_columns(function.returns), True, aggregate)
        names = [_unquoted(word.text) for word in words if word.kind in ("word", "identifier")]
        if returns_set:
            names = names[1:]
        rows = self.columns(names[-2] if len(names) > 1 else None, names[-1]) if names else None
        return KnownFunction(None if rows is None else rows.columns, returns_set, aggregate)

    @cached_property
    def _relations(self) -> dict[tuple[str, str], Table | View | MaterializedView]:
        return {(found.schema, found.name): found for found in self.catalog.relations()}

    @cached_property
    def _functions(self) -> dict[tuple[str, str], Function]:
        return {(f.schema, f.name): f for f in reversed(self.catalog.functions)}


def search_path(catalog: Catalog) -> tuple[str, ...]:
    """The schemas that a new session of the catalog's user searches: what is set for the database
    or else for the server, with `"$user"` replaced."""
    setting = catalog.setting("search_path")
    text = setting.value if setting is not None else '"$user", public'
    for override in catalog.setting_overrides:
        if (
            override.name == "search_path"
            and override.role is None
            and override.database == catalog.server.database
        ):
            text = override.value
    names = [
        _unquoted(token.text)
        for token in significant(text)
        if token.kind in ("word", "identifier", "string")
    ]
    return tuple(catalog.server.user if name == "$user" else name for name in names)


def _known(found: Table | View | MaterializedView) -> KnownRelation:
    columns = tuple(column.name for column in found.columns)
    if isinstance(found, View):
        return KnownRelation(found.schema, found.name, columns, RelationKind.VIEW, found.definition)
    materialized = isinstance(found, MaterializedView)
    kind = RelationKind.MATERIALIZED_VIEW if materialized else RelationKind.TABLE
    return KnownRelation(found.schema, found.name, columns, kind)


def _table_columns(returns: str) -> tuple[str, ...]:
    """The names in `TABLE(a integer, "B c" numeric(10,2))`."""
    names: list[str] = []
    depth, expected = 0, False
    for token in significant(returns):
        if token.text == "(":
            depth += 1
            expected = depth == 1
        elif token.text == ")":
            depth -= 1
        elif token.text == "," and depth == 1:
            expected = True
        elif expected:
            names.append(_unquoted(token.text))
            expected = False
    return tuple(names)


def _unquoted(name: str) -> str:
    if name[:1] in ("'", '"'):
        return name[1:-1].replace(name[0] * 2, name[0])
    return name.lower()
