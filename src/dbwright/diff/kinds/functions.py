"""Functions, procedures, aggregates."""

from __future__ import annotations

from collections.abc import Iterable

from dbwright.diff.item import Item
from dbwright.diff.kinds.kind import Changed, Kind
from dbwright.diff.kinds.privileges import COMMENT, OWNER, plain, privileges
from dbwright.diff.step import Step, Unwritable
from dbwright.diff.world import World
from dbwright.model.catalog import Catalog, Function
from dbwright.sql.ddl_objects import function_definition

__all__ = ["FunctionKind"]

WORDS = {"procedure": "PROCEDURE", "aggregate": "AGGREGATE"}
IDENTITY = frozenset({"kind", "returns", "aggregate"})
"""Properties that CREATE OR REPLACE can't change."""


class FunctionKind(Kind):
    key = "function"
    rank = 50
    grant_word = "FUNCTION"
    properties = (
        *plain("kind", "returns", "declared_arguments", "language", "volatility", "parallel"),
        *plain("strict", "leakproof", "security_definer", "settings", "cost", "result_rows"),
        *plain("source", "sql_body", "definition", "aggregate"),
        OWNER,
        COMMENT,
        privileges(frozenset({"EXECUTE"}), "EXECUTE"),
    )

    def items(self, catalog: Catalog) -> Iterable[Item]:
        return (Item(function.ref, self.key, function) for function in catalog.functions)

    def words(self, item: Item) -> str:
        return WORDS.get(item.noun.kind, "FUNCTION")

    def grant_target(self, item: Item) -> tuple[str, str]:
        word = "PROCEDURE" if item.noun.kind == "procedure" else "FUNCTION"
        return "", f"{word} {_callable(item.noun)}"

    def create(self, item: Item, world: World) -> Iterable[Step]:
        yield Step(f"CREATE {_definition(item)}", item.ref)
        yield from self.extras(item, world)

    def alter(
        self, before: Item, after: Item, changed: Changed, world: World
    ) -> Iterable[Step] | None:
        if not changed:
            return ()
        arguments = changed.get("declared arguments", ("", ""))[0]
        if changed.keys() & IDENTITY or " DEFAULT " in arguments:
            return None
        return [Step(f"CREATE OR REPLACE {_definition(after)}", after.ref)]


def _callable(function: Function) -> str:
    """An aggregate's arguments as GRANT takes them: without ORDER BY, and `*` for none."""
    if function.kind != "aggregate":
        return function.signature
    arguments = function.arguments.replace(" ORDER BY ", ", ").removeprefix("ORDER BY ")
    return f"{function.qualified}({arguments})"


def _definition(item: Item) -> str:
    found = function_definition(item.noun)
    if found is None:
        raise Unwritable("what it is made of could not be read")
    return found
