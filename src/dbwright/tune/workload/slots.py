"""What each parameter of a query is used for: the column it is compared with or written into."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from dbwright.model.catalog import Catalog, Column, MaterializedView, Table
from dbwright.sql.parameter_places import ParameterPlace, parameter_places
from dbwright.sql.parameters import numbers_in
from dbwright.sql.scope import CatalogRelations, Statement, analyse
from dbwright.sql.scope.nouns import Predicate, PredicateKind, RelationUse

__all__ = ["Slot", "Use", "slots_of"]


class Use(StrEnum):
    EQUAL = "equal"
    """Also a member of an IN list."""
    ABOVE = "above"
    """The column is to be larger: the lower end of a range."""
    BELOW = "below"
    PATTERN = "pattern"
    """Of LIKE or ILIKE."""
    ARRAY = "array"
    """`column = ANY ($1)`"""
    CONTAINED = "contained"
    """The right side of `@>`, `&&`, `?` … on the column."""
    WRITTEN = "written"
    """Into the column; also what is only compared with it outside of a condition."""
    LIMIT = "limit"
    OFFSET = "offset"
    OTHER = "other"


USES = {
    PredicateKind.EQUALITY: Use.EQUAL,
    PredicateKind.IN_LIST: Use.EQUAL,
    PredicateKind.NOT_EQUAL: Use.EQUAL,
    PredicateKind.LIKE: Use.PATTERN,
    PredicateKind.LIKE_PREFIX: Use.PATTERN,
    PredicateKind.LIKE_INFIX: Use.PATTERN,
    PredicateKind.ANY_ARRAY: Use.ARRAY,
    PredicateKind.CONTAINS: Use.CONTAINED,
    PredicateKind.RANGE: Use.ABOVE,
}
SAME_VALUE = ("lower", "upper")
"""Functions that give a value of the column, but for its case."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One parameter."""

    number: int
    use: Use
    place: ParameterPlace
    table: Table | MaterializedView | None = None
    column: Column | None = None
    rank: int = 0
    """How many parameters before it are used for the same column in the same way: no two of them
    should get one value."""
    paired: bool = False
    """Is there another end to its range?"""
    inside: bool = False
    """Is it a part of what the column is compared with (`'%' || $1`), rather than all of it?"""
    case: str = ""
    """`lower` or `upper`, where the column is compared in that case."""


def slots_of(text: str, catalog: Catalog) -> Mapping[int, Slot]:
    """Each parameter of the statement, by number. Raises SyntaxProblem."""
    places = parameter_places(text)
    if not places:
        return {}
    statement = analyse(text, CatalogRelations(catalog))
    found: dict[int, Slot] = {}
    read = (_compared, _written, _alike)
    for slot in (slot for each in read for slot in each(statement, catalog, places)):
        known = found.get(slot.number)
        if known is None or (known.inside and not slot.inside):
            found[slot.number] = slot
    for number, place in places.items():
        if number not in found:
            use = Use(place.count) if place.count else Use.OTHER
            found[number] = Slot(number, use, place)
    return _ranked(found)


def _compared(
    statement: Statement, catalog: Catalog, places: Mapping[int, ParameterPlace]
) -> Iterator[Slot]:
    for scope in statement.scopes:
        for predicate in scope.predicates:
            table = _table(predicate.relation, catalog)
            column, case = _column(predicate, table)
            if table is None or column is None or predicate.kind not in USES:
                continue
            use = USES[predicate.kind]
            if use is Use.ABOVE and predicate.operator.startswith("<"):
                use = Use.BELOW
            for part in predicate.compared.texts:
                elements = _elements(part) if use is Use.ARRAY else ()
                for number in numbers_in(part):
                    alone = f"${number}"
                    yield Slot(
                        number,
                        Use.EQUAL if alone in elements else use,
                        places[number],
                        table,
                        column,
                        inside=part != alone and alone not in elements,
                        case=case,
                    )
            direct = predicate.compared.parameter
            if direct is not None:
                yield Slot(direct, use, places[direct], table, column, case=case)


def _elements(text: str) -> tuple[str, ...]:
    """Of `ARRAY[$1, $2::int]`, without their casts; none where it is written another way."""
    if not text.upper().startswith("ARRAY["):
        return ()
    inner = text[len("ARRAY[") :].partition("]")[0]
    return tuple(element.partition("::")[0].strip() for element in inner.split(","))


def _written(
    statement: Statement, catalog: Catalog, places: Mapping[int, ParameterPlace]
) -> Iterator[Slot]:
    table = None if statement.modified is None else _table(statement.modified, catalog)
    if table is None:
        return
    columns = {column.name: column for column in table.columns}
    for place in places.values():
        column = columns.get(place.column)
        if place.position is not None and place.position < len(table.columns):
            column = table.columns[place.position]
        if column is not None:
            yield Slot(place.number, Use.WRITTEN, place, table, column)


def _alike(
    statement: Statement, catalog: Catalog, places: Mapping[int, ParameterPlace]
) -> Iterator[Slot]:
    """Those that a CASE compares with a column that only one of the relations has."""
    tables = [_table(use, catalog) for use in statement.relations]
    for place in places.values():
        owners = {
            (table.oid, column.name): (table, column)
            for table in tables
            if table is not None
            for column in table.columns
            if column.name == place.same_as
        }
        if len(owners) == 1:
            ((table, column),) = owners.values()
            yield Slot(place.number, Use.WRITTEN, place, table, column)


def _table(use: RelationUse, catalog: Catalog) -> Table | MaterializedView | None:
    name = use.qualified
    if name is None or not use.stored:
        return None
    found = catalog.find_table(name)
    if found is not None:
        return found
    return next((view for view in catalog.materialized_views if view.qualified == name), None)


def _column(
    predicate: Predicate, table: Table | MaterializedView | None
) -> tuple[Column | None, str]:
    """The column that is compared, and the case it is compared in."""
    name, case = predicate.column, ""
    if name is None and len(predicate.columns) == 1:
        function = (predicate.expression or "").partition("(")[0].lower()
        if function in SAME_VALUE:
            name, case = predicate.columns[0], function
    if name is None or table is None:
        return None, ""
    return next((column for column in table.columns if column.name == name), None), case


def _ranked(found: Mapping[int, Slot]) -> Mapping[int, Slot]:
    """With the places of equal uses, and of ranges with two ends."""
    groups: dict[tuple[int, str, Use], list[int]] = {}
    for number in sorted(found):
        slot = found[number]
        if slot.table is not None and slot.column is not None:
            key = (slot.table.oid, slot.column.name, slot.use)
            groups.setdefault(key, []).append(number)
    ranked = dict(found)
    for (oid, column, use), numbers in groups.items():
        other = {Use.ABOVE: Use.BELOW, Use.BELOW: Use.ABOVE}.get(use)
        paired = other is not None and (oid, column, other) in groups
        for rank, number in enumerate(numbers):
            ranked[number] = replace(found[number], rank=rank, paired=paired)
    return ranked
