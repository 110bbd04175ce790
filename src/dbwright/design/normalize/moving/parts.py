"""Schemes as tables: their names, rows, and how they refer to each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dbwright.design.normalize.forms.decompose import Scheme, synthesis
from dbwright.design.normalize.forms.theory import FD, closure
from dbwright.design.normalize.mining.codes import Coded
from dbwright.design.normalize.ranking.judge import accepted_set
from dbwright.design.normalize.ranking.judged import Judgement
from dbwright.design.normalize.ranking.words import stem, words
from dbwright.design.normalize.relation import Relation

__all__ = ["Decomposition", "Join", "Link", "Part", "decomposed"]

LONGEST = 50
"""Letters of a table's name, so that names made of it fit."""


@dataclass(frozen=True, slots=True)
class Link:
    """These columns are a row's of another part."""

    columns: tuple[str, ...]
    part: str


@dataclass(frozen=True, slots=True)
class Join:
    """A part that is joined to those before it, by columns that tell its rows from each other."""

    part: Part
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One table of a decomposition."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    rows: int
    links: tuple[Link, ...] = ()
    number: str = ""
    """The name of a column that numbers the rows, where they have no key."""

    @property
    def cells(self) -> int:
        return self.rows * (len(self.columns) + bool(self.number))


@dataclass(frozen=True, slots=True)
class Decomposition:
    """Tables instead of one; the last has a row for each row of it."""

    relation: Relation
    parts: tuple[Part, ...]
    joins: tuple[Join, ...]
    """All but the last, in an order in which each is joined by columns that are there."""

    @property
    def base(self) -> Part:
        return self.parts[-1]

    @property
    def cells_before(self) -> int:
        return self.relation.rows * len(self.relation.columns)

    @property
    def cells_after(self) -> int:
        return sum(part.cells for part in self.parts)


def decomposed(
    judgement: Judgement,
    taken: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
    *,
    alone: bool = False,
) -> Decomposition | None:
    """None where the relation stays as it is, unless it may be one part `alone`.

    `taken`: names of tables that are there; `names`: those that a person gave, by the made one.
    """
    relation = judgement.relation
    dependencies = accepted_set(judgement)
    for contained in (False, True):
        schemes, numbered = _schemes(relation, dependencies, judgement.key, contained)
        if len(schemes) < 2 and not alone:
            return None
        parts = _parts(relation, schemes, numbered, _names(relation, schemes, taken, names or {}))
        joins = _joins(parts, dependencies)
        if joins is not None:
            return Decomposition(relation, parts, joins)
    raise AssertionError("each determinant is a key, and still parts can't be joined")


def _parts(
    relation: Relation, schemes: Sequence[Scheme], numbered: bool, called: Mapping[Scheme, str]
) -> tuple[Part, ...]:
    base = schemes[-1]
    coded = Coded.of(relation)
    return tuple(
        Part(
            called[scheme],
            scheme.columns,
            () if scheme is base and numbered else scheme.key,
            relation.rows if scheme is base else _rows(relation, coded, scheme.key),
            _links(scheme, schemes, called),
            _unused("row_number", relation.names) if scheme is base and numbered else "",
        )
        for scheme in schemes
    )


def _schemes(
    relation: Relation, dependencies: Sequence[FD], key: tuple[str, ...], contained: bool
) -> tuple[tuple[Scheme, ...], bool]:
    """The schemes, the base last, and whether its rows have no key and are numbered instead."""
    found = synthesis(relation.names, dependencies, [key] if key else (), contained=contained)
    return _with_left_over(found, relation.names), not key


def _with_left_over(schemes: tuple[Scheme, ...], names: Sequence[str]) -> tuple[Scheme, ...]:
    """Columns that no dependency names are in the base."""
    there = {name for scheme in schemes for name in scheme.columns}
    rest = tuple(name for name in names if name not in there)
    base = schemes[-1]
    return (*schemes[:-1], Scheme((*base.columns, *rest), base.key)) if rest else schemes


def _rows(relation: Relation, coded: Coded, key: tuple[str, ...]) -> int:
    """Different values of the key, those with a NULL left out."""
    places = tuple(sorted(relation.names.index(name) for name in key))
    codes, there = coded.together(places)
    columns = [relation.columns[place] for place in places]
    if all(column.null is None for column in columns):
        return there
    without: set[int] = set()
    for column in columns:
        if column.null is not None:
            null = column.null
            without.update(
                code for code, own in zip(codes, column.codes, strict=True) if own == null
            )
    return there - len(without)


def _links(
    scheme: Scheme, schemes: Sequence[Scheme], called: Mapping[Scheme, str]
) -> tuple[Link, ...]:
    base = schemes[-1]
    return tuple(
        Link(other.key, called[other])
        for other in schemes
        if other is not scheme and other is not base and set(other.key) <= set(scheme.columns)
    )


def _joins(parts: Sequence[Part], dependencies: Sequence[FD]) -> tuple[Join, ...] | None:
    """None where a part is never reached by what tells its rows from each other."""
    there = set(parts[-1].columns)
    waiting = list(parts[:-1])
    ordered: list[Join] = []
    while waiting:
        found = next((one for part in waiting if (one := _joined(part, there, dependencies))), None)
        if found is None:
            return None
        waiting.remove(found.part)
        ordered.append(found)
        there.update(found.part.columns)
    return tuple(ordered)


def _joined(part: Part, there: set[str], dependencies: Sequence[FD]) -> Join | None:
    if set(part.key) <= there:
        return Join(part, part.key)
    by = [name for name in part.columns if name in there]
    if not closure(by, dependencies) >= set(part.columns):
        return None
    for name in reversed(by.copy()):
        less = [other for other in by if other != name]
        if closure(less, dependencies) >= set(part.columns):
            by = less
    return Join(part, tuple(by))


def _names(
    relation: Relation, schemes: Sequence[Scheme], taken: Sequence[str], given: Mapping[str, str]
) -> dict[Scheme, str]:
    own = relation.name.rpartition(".")[2].strip('"')
    plural = own.lower().endswith("s")
    used = {own, f"{own}_before", *taken}
    called: dict[Scheme, str] = {}
    for scheme in schemes:
        made = _made(scheme, own, plural, scheme is schemes[-1])
        name = given.get(made) or _unused(made, used)
        if scheme is schemes[-1] and made in used and made not in given:
            items = "_".join(words(own))[:LONGEST] + ("_items" if plural else "_item")
            name = given.get(items) or _unused(items, used)
        called[scheme] = name
        used.add(name)
    return called


def _made(scheme: Scheme, own: str, plural: bool, base: bool) -> str:
    found: list[str] = []
    for name in scheme.key:
        found += [word for word in stem(name) if word not in found]
    nameless = base and any(not stem(name) for name in scheme.key)
    if not found or nameless or (base and len(scheme.key) > 3):
        found = [*words(own), "part"]
        return "_".join(found)[:LONGEST]
    name = "_".join(found)[:LONGEST]
    return _plural(name) if plural else name


def _plural(name: str) -> str:
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return name[:-1] + "ies"
    return name + ("es" if name.endswith(("s", "x", "ch", "sh")) else "s")


def _unused(name: str, used: Sequence[str] | set[str]) -> str:
    if name not in used:
        return name
    number = 2
    while f"{name}_{number}" in used:
        number += 1
    return f"{name}_{number}"
