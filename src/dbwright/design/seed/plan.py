"""How the rows of one table are made: which part makes which columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dbwright.design.seed.bundles import Bundle, bundles, pool_of
from dbwright.design.seed.copy_text import NULL, field
from dbwright.design.seed.foreign import ForeignKeys
from dbwright.design.seed.judge import NOWHERE
from dbwright.design.seed.keys import Keys
from dbwright.design.seed.parts import Dealt, Numbered, Part, Pooled
from dbwright.design.seed.persons import personal
from dbwright.design.seed.recipe import Recipe, Unfillable
from dbwright.design.seed.sources import null_share, passing_values
from dbwright.design.seed.unique_parts import alone
from dbwright.design.seed.uniqueness import Unique, judged_because, unique_sets
from dbwright.design.seed.values.meaning import meaning_of
from dbwright.design.seed.values.numbers import LIMITS
from dbwright.design.seed.values.values import is_text
from dbwright.model.catalog import Check, Column, ForeignKey, Table

__all__ = ["MOST_REMEMBERED", "KeysOf", "Plan", "plan"]

MOST_REMEMBERED = 2_000_000
"""Rows whose keys are held against duplicates in memory; of more, the server is asked."""
KeysOf = Callable[[ForeignKey], Keys | None]
"""The keys that a foreign key refers to; None where there are none."""


@dataclass(frozen=True, slots=True)
class Plan:
    table: Table
    rows: int
    parts: tuple[Part, ...]
    """In the order in which they can be made."""
    core: int
    """So many of the first parts make what `different` compares."""
    different: tuple[Unique, ...]
    """What has to be compared with the rows before."""
    judged: str
    """What only the server can tell of a row (the name of a constraint); empty where nothing is."""
    self_referring: bool = False
    limit: str = ""
    """The constraint that may leave fewer rows than were asked for."""

    @property
    def written(self) -> tuple[Part, ...]:
        """The parts in the order of the fields of a line: about that of the table."""
        order = {column.name: place for place, column in enumerate(self.table.columns)}
        return tuple(sorted(self.parts, key=lambda part: order[part.columns[0]]))

    @property
    def columns(self) -> tuple[str, ...]:
        """In the order of the fields of a line."""
        return tuple(column for part in self.written for column in part.columns)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What is to be done with the columns that are no foreign keys."""

    alone: dict[str, str]
    """Each value once; and the constraint that asks for it."""
    within: dict[str, tuple[str, ...]]
    """Numbered among the rows that are equal in these columns."""
    different: tuple[Unique, ...]


def plan(
    recipe: Recipe,
    table: Table,
    rows: int,
    keys_of: KeysOf,
    postponed: Sequence[ForeignKey] = (),
    *,
    judged: str = "",
    offset: int = 0,
    starts: dict[str, int] | None = None,
) -> Plan:
    """`postponed`: foreign keys that are NULL until all tables have rows; `judged`: why the server
    has to be asked of each row, where that is known; `offset`: rows that are there; `starts`: the
    next free number of columns that count. Raises Unfillable."""
    writable = [column for column in table.columns if column.generated is None]
    foreign = ForeignKeys(recipe, table, keys_of, postponed)
    own = [column for column in writable if column.name not in foreign.columns]
    made, fixed = _makeable(recipe, table, own)
    chosen = _choose(table, made, foreign)
    left_checks = _several(table)
    together = personal(recipe, table, made) & chosen.alone.keys()
    special = {*chosen.alone, *chosen.within} - together
    free = [column for column in made if column.name not in special]
    bounds = recipe.judge.bounds(table)
    if bounds == NOWHERE:
        raise Unfillable("it has no partitions")
    names = {column.name for column in free}
    bundled = [check for check in left_checks if set(check.columns) <= names]
    key = table.partition_key
    if bounds and (key is None or not set(key.columns) <= names):
        judged = judged or _partitions_name(table)
        bounds = ""
    judged = judged or next((c.name for c in left_checks if c not in bundled), "")
    judged = judged or _checked_elsewhere(table, names | chosen.alone.keys())
    references = foreign.parts(rows)
    pools = _pools(
        recipe, table, bundles(recipe, table, free, bundled, bounds, together), rows, offset
    )
    pools += [Pooled((name,), [value], recipe.chance(table, name)) for name, value in fixed.items()]
    compared = {column for unique in chosen.different for column in unique.columns}
    compared |= {column for within in chosen.within.values() for column in within}
    core: list[Part] = []
    rest: list[Part] = []
    for part in (*references, *pools):
        (core if compared.intersection(part.columns) else rest).append(part)
    core += [Numbered(name, _places(core, within)) for name, within in chosen.within.items()]
    for column in made:
        if column.name in chosen.alone and column.name not in together:
            start = (starts or {}).get(column.name)
            name = chosen.alone[column.name]
            rest.append(alone(recipe, table, column, rows, offset, start, name))
    # The keys of the table itself have to be there before what refers to them.
    rest.sort(key=foreign.refers_to_itself)
    if not core and not rest:
        raise Unfillable("it has no columns to be filled")
    unsure = judged_because(table, frozenset(chosen.alone))
    different = chosen.different
    if different and rows > MOST_REMEMBERED:
        unsure, different = unsure or different[0].name, ()
    limit = next(iter(chosen.alone.values()), "") or (different[0].name if different else "")
    return Plan(
        table,
        rows,
        (*core, *rest),
        len(core),
        different,
        judged or unsure,
        foreign.to_itself,
        limit,
    )


def _pools(
    recipe: Recipe, table: Table, found: Sequence[Bundle], rows: int, offset: int
) -> list[Part]:
    pools: list[Part] = []
    for bundle in found:
        statistics = recipe.statistics(table, bundle.names[0])
        pool = pool_of(recipe, table, bundle, rows)
        rng = recipe.chance(table, *bundle.names)
        if statistics is not None and len(bundle.names) == 1:
            correlation = statistics.correlation or 0.0
            pools.append(Dealt(bundle.names[0], pool, rng, correlation, rows))
        else:
            pools.append(Pooled(bundle.names, pool, rng, offset=1 + offset))
    return pools


def _makeable(
    recipe: Recipe, table: Table, columns: Sequence[Column]
) -> tuple[list[Column], dict[str, str]]:
    """Columns that values are known for, and the fields of those that are NULL throughout; what has
    a default of the server's is in neither. Raises Unfillable."""
    made: list[Column] = []
    fixed: dict[str, str] = {}
    for column in columns:
        known = recipe.values.one(table, column, recipe.chance(table, column.name)) is not None
        if known or null_share(recipe, table, column) >= 1:
            made.append(column)
            continue
        candidates = [*(label for label in ("1", "0", "a", "{}", "[]", "(0,0)"))]
        passing = passing_values(recipe, table, column, candidates, ())
        if passing:
            fixed[column.name] = field(passing[0])
        elif not column.not_null:
            fixed[column.name] = NULL
        elif column.default is None:
            raise Unfillable(f"nothing is known of the type {column.type} of {column.name}")
    return made, fixed


def _choose(table: Table, made: Sequence[Column], foreign: ForeignKeys) -> _Chosen:
    """Which columns make rows different, as the unique constraints ask."""
    by_name = {column.name: column for column in made}
    single: dict[str, str] = {}
    within: dict[str, tuple[str, ...]] = {}
    different: list[Unique] = []
    sets = unique_sets(table)
    checked = {name for check in table.checks for name in check.columns}
    for unique in sets:
        if len(unique.columns) == 1 and unique.columns[0] in by_name:
            single.setdefault(unique.columns[0], unique.name)
    for unique in sets:
        if single.keys() & set(unique.columns) or foreign.takes_once(unique.columns):
            continue
        own = [by_name[name] for name in unique.columns if name in by_name]
        counted = [column for column in own if column.base_type in LIMITS and not column.is_array]
        texts = [c for c in own if is_text(c.base_type) and not c.is_array]
        # What a check lets pass may be few values.
        texts = [c for c in texts if c.name not in checked and c.domain is None]
        rest = [name for name in unique.columns if name in foreign.columns]
        if counted and rest and not set(unique.columns) & within.keys():
            column = min(counted, key=lambda c: meaning_of(table, c.name) != "position")
            within[column.name] = tuple(n for n in unique.columns if n != column.name)
        elif texts and texts[0].not_null:
            single[texts[0].name] = unique.name
        else:
            different.append(unique)
    for column in made:
        if column.identity is not None or "nextval(" in (column.default or ""):
            single.setdefault(column.name, "")
    # What was decided first may serve for what came later, and the other way round.
    different = [unique for unique in different if not single.keys() & set(unique.columns)]
    return _Chosen(single, within, tuple(different))


def _several(table: Table) -> list[Check]:
    """Checks of more than one column."""
    return [
        check
        for check in table.checks
        if check.expression is not None and check.enforced and len(check.columns) != 1
    ]


def _checked_elsewhere(table: Table, free: set[str]) -> str:
    """A check of one column that no pool was filtered by."""
    return next(
        (
            check.name
            for check in table.checks
            if check.enforced and len(check.columns) == 1 and check.columns[0] not in free
        ),
        "",
    )


def _partitions_name(table: Table) -> str:
    return f"partitions of {table.name}"


def _places(
    parts: Sequence[Part], columns: Sequence[str]
) -> list[tuple[tuple[str, ...], tuple[int, ...]]]:
    """Where the fields of the columns are, in the fragments of the parts."""
    found = []
    for part in parts:
        places = tuple(place for place, name in enumerate(part.columns) if name in columns)
        if places:
            found.append((part.columns, places))
    return found
