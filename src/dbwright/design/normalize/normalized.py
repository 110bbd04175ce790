"""One relation from its rows to its tables: mined, judged, taken apart, tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dbwright.design.normalize.forms.decompose import Scheme, boyce_codd
from dbwright.design.normalize.forms.first import (
    ListInCells,
    NestedCells,
    RepeatingGroup,
    first_form,
)
from dbwright.design.normalize.forms.theory import FD, candidate_keys, minimal_cover
from dbwright.design.normalize.forms.violations import Form, Violation, form_of, violations
from dbwright.design.normalize.moving.parts import Decomposition, Part, decomposed
from dbwright.design.normalize.moving.splits import Split, splits
from dbwright.design.normalize.moving.trial import Trial
from dbwright.design.normalize.ranking.judge import accepted_set
from dbwright.design.normalize.ranking.judged import Judgement, Verdict

__all__ = ["Kept", "Normalized", "normalized"]


@dataclass(frozen=True, slots=True)
class Kept:
    """A column that stays where the rows are, on purpose, and what that costs."""

    column: str
    determined_by: tuple[str, ...]
    cells: int
    """That hold it."""
    cells_apart: int
    """That would, in a table of its own determinant."""

    @property
    def rows_per_change(self) -> float:
        """Rows that one change touches, on average."""
        return self.cells / max(1, self.cells_apart)


@dataclass(frozen=True, slots=True)
class Normalized:
    """What is told of one relation."""

    judgement: Judgement
    first: tuple[RepeatingGroup | ListInCells | NestedCells, ...]
    cover: tuple[FD, ...]
    keys: tuple[tuple[str, ...], ...]
    """That follow from what was accepted."""
    violations: tuple[Violation, ...]
    decomposition: Decomposition | None
    boyce_codd: tuple[Scheme, ...]
    """Empty where the tables are in it already."""
    lost: tuple[FD, ...]
    """What no single table of these could hold."""
    kept: tuple[Kept, ...] = ()
    splits: tuple[Split, ...] = ()
    """Tables of parts of lists, and of columns that were there several times."""
    trial: Trial | None = None
    migration: str = ""
    left_behind: tuple[str, ...] = ()
    """What the table has and its parts do not."""

    @property
    def cells_after(self) -> int:
        """Of all tables instead; 0 where there are none."""
        cells = self.decomposition.cells_after if self.decomposition else 0
        for split in self.splits:
            cells -= split.owner.rows * len(split.columns)
            cells += split.rows * (len(split.key) + 2)
        return cells

    def columns_of(self, part: Part) -> tuple[str, ...]:
        """Without those that are split."""
        gone = {name for split in self.splits for name in split.columns}
        number = (part.number,) if part.number else ()
        return (*number, *(name for name in part.columns if name not in gone))

    @property
    def form(self) -> str:
        """The highest normal form that the relation is in, by what was accepted."""
        if self.first:
            return "not in 1NF"
        return str(form_of(self.violations))


def normalized(
    judgement: Judgement,
    *,
    keep: Sequence[str] = (),
    split: Sequence[str] = (),
    taken: Sequence[str] = (),
    names: dict[str, str] | None = None,
) -> Normalized:
    """Not tried yet. `keep`: columns that stay with the rows; `split`: what breaks 1NF and
    is to be taken apart; `taken`: names of tables that are
    there; `names`: of tables, by those that would be made."""
    relation = judgement.relation
    dependencies = accepted_set(judgement)
    cover = minimal_cover(dependencies)
    keys = candidate_keys(relation.names, cover)
    apart, kept = _with_kept(judgement, keep)
    found = decomposed(apart, taken, names, alone=bool(split))
    broken_first = first_form(relation)
    cells = splits(found, broken_first, split, taken) if found and split else ()
    schemes: tuple[Scheme, ...] = ()
    lost: tuple[FD, ...] = ()
    broken = violations(relation.names, cover, keys)
    if any(one.breaks is Form.BOYCE_CODD for one in broken):
        schemes, lost = boyce_codd(relation.names, cover)
    return Normalized(
        judgement, broken_first, cover, keys, broken, found, schemes, lost, kept, cells
    )


def _with_kept(judgement: Judgement, keep: Sequence[str]) -> tuple[Judgement, tuple[Kept, ...]]:
    """Without the dependencies that would take these columns away."""
    relation = judgement.relation
    kept: list[Kept] = []
    for name in keep:
        left = [one.dependency for one in judgement.of(Verdict.ACCEPTED)]
        least = min(
            (one for one in left if one.right == name), key=lambda one: one.distinct, default=None
        )
        if least is not None:
            kept.append(Kept(name, least.left, relation.rows, least.distinct))
    wanted = {one.column for one in kept}
    rest = tuple(one for one in judgement.dependencies if one.dependency.right not in wanted)
    return replace(judgement, dependencies=rest), tuple(kept)
