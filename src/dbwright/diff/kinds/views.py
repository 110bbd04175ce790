"""Views and materialized views, and what is said of their columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dbwright.diff.item import Item, Property
from dbwright.diff.kinds.column_settings import SETTINGS, setting_steps
from dbwright.diff.kinds.kind import Changed, Kind
from dbwright.diff.kinds.options import option_steps, parameters
from dbwright.diff.kinds.privileges import COMMENT, OWNER, plain, privileges
from dbwright.diff.kinds.tables import TABLE_PRIVILEGES
from dbwright.diff.step import Step, Unwritable
from dbwright.diff.world import World
from dbwright.model.catalog import Catalog, Column, MaterializedView, View
from dbwright.model.finding import ObjectRef
from dbwright.model.names import quote

__all__ = ["MaterializedViewKind", "ViewColumnKind", "ViewKind"]


def _columns(item: Item) -> tuple[str, ...]:
    return tuple(f"{quote(column.name)} {column.type}" for column in item.noun.columns)


COLUMNS = Property("columns", _columns)
OPTIONS = Property("options", lambda item: frozenset(item.noun.options))


def _query(item: Item) -> str:
    if item.noun.definition is None:
        raise Unwritable("its query could not be read")
    return str(item.noun.definition).strip().rstrip(";")


class ViewKind(Kind):
    key = "view"
    rank = 100
    word = "VIEW"
    grant_word = "TABLE"
    properties = (
        *plain("definition"),
        COLUMNS,
        OPTIONS,
        OWNER,
        COMMENT,
        privileges(TABLE_PRIVILEGES),
    )

    def items(self, catalog: Catalog) -> Iterable[Item]:
        return (Item(view.ref, self.key, view) for view in catalog.views)

    def create(self, item: Item, world: World) -> Iterable[Step]:
        yield Step(_view(item, "CREATE VIEW"), item.ref)
        yield from self.extras(item, world)

    def alter(
        self, before: Item, after: Item, changed: Changed, world: World
    ) -> Iterable[Step] | None:
        if changed.keys() & {"definition", "columns"}:
            old, new = _columns(before), _columns(after)
            same = new[: len(old)] == old and _collations(before) == _collations(after)[: len(old)]
            return [Step(_view(after, "CREATE OR REPLACE VIEW"), after.ref)] if same else None
        if "options" in changed:
            head = f"ALTER VIEW {after.ref.name}"
            return option_steps(head, after.ref, *changed["options"])
        return ()


def _collations(item: Item) -> list[str | None]:
    return [column.collation for column in item.noun.columns]


def _view(item: Item, words: str) -> str:
    options = f" WITH ({parameters(item.noun.options)})" if item.noun.options else ""
    return f"{words} {item.ref.name}{options} AS\n{_query(item)}"


class MaterializedViewKind(Kind):
    key = "materialized view"
    rank = 85
    word = "MATERIALIZED VIEW"
    grant_word = "TABLE"
    properties = (
        *plain("definition"),
        COLUMNS,
        OPTIONS,
        *plain("tablespace"),
        Property("access method", lambda item: item.noun.access_method or "heap"),
        OWNER,
        COMMENT,
        privileges(TABLE_PRIVILEGES),
    )

    def items(self, catalog: Catalog) -> Iterable[Item]:
        return (Item(view.ref, self.key, view) for view in catalog.materialized_views)

    def create(self, item: Item, world: World) -> Iterable[Step]:
        view: MaterializedView = item.noun
        words = [f"CREATE MATERIALIZED VIEW {item.ref.name}"]
        if view.access_method not in (None, "heap"):
            words.append(f"USING {quote(str(view.access_method))}")
        words += [f"WITH ({parameters(view.options)})"] if view.options else []
        words += [f"TABLESPACE {quote(view.tablespace)}"] if view.tablespace else []
        filled = "" if view.populated else "\nWITH NO DATA"
        yield Step(f"{' '.join(words)} AS\n{_query(item)}{filled}", item.ref)
        yield from self.extras(item, world)

    def alter(
        self, before: Item, after: Item, changed: Changed, world: World
    ) -> Iterable[Step] | None:
        if changed.keys() - {"options", "tablespace"}:
            return None
        return self._alter(after, changed)

    def _alter(self, after: Item, changed: Changed) -> Iterator[Step]:
        head = f"ALTER MATERIALIZED VIEW {after.ref.name}"
        if "options" in changed:
            yield from option_steps(head, after.ref, *changed["options"])
        if "tablespace" in changed:
            place = quote(after.noun.tablespace or "pg_default")
            yield Step(f"{head} SET TABLESPACE {place}", after.ref)


class ViewColumnKind(Kind):
    """Not the column itself, which its view makes, but what was said of it."""

    key = "view column"
    rank = 103
    grant_word = "TABLE"
    properties = (
        *SETTINGS,
        COMMENT,
        privileges(frozenset()),
    )

    def items(self, catalog: Catalog) -> Iterable[Item]:
        views: tuple[View | MaterializedView, ...] = catalog.views
        views += catalog.materialized_views
        for view in views:
            ref = view.ref
            for column in view.columns:
                name = f"{view.qualified}.{quote(column.name)}"
                yield Item(ObjectRef("column", name), self.key, column, ref, view)

    def comment_target(self, item: Item) -> str:
        return f"COLUMN {item.ref.name}"

    def grant_target(self, item: Item) -> tuple[str, str]:
        return f" ({quote(item.noun.name)})", f"TABLE {item.whole.qualified}"

    def create(self, item: Item, world: World) -> Iterable[Step]:
        yield from self._settings(item, None, item.noun)
        yield from self.extras(item, world)

    def drop(self, item: Item, world: World) -> Iterable[Step]:
        return ()  # its view takes it along

    def alter(
        self, before: Item, after: Item, changed: Changed, world: World
    ) -> Iterable[Step] | None:
        return self._settings(after, before.noun, after.noun)

    def _settings(self, item: Item, old: Column | None, new: Column) -> Iterator[Step]:
        if isinstance(item.whole, View):
            return  # of a view's columns it follows from its query
        name = f"{item.whole.qualified} ALTER COLUMN {quote(new.name)}"
        head = f"ALTER MATERIALIZED VIEW {name}"
        yield from setting_steps(head, item.ref, old, new)
