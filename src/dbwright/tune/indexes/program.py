"""A linear program, some of its columns whole numbers, and HiGHS that solves it.

Columns and rows are collected as plain lists and handed over at once: written in the solver's own
expressions a model takes longer to build than to solve.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import highspy

__all__ = ["SCALE", "Program", "Solved"]

SCALE = 1000.0
"""The largest numbers of a model should be about that: tolerances are absolute, and of a row in
bytes HiGHS has proven what is not so."""


@dataclass(frozen=True, slots=True)
class Solved:
    values: tuple[float, ...]
    """Of each column; empty where the time was over before there were any."""
    bound: float
    """The objective can't be less; minus infinity where the time was over before that was known."""


@dataclass(slots=True)
class Program:
    """Columns are at least 0; what they cost together is to be made small."""

    _costs: list[float] = field(default_factory=list)
    _lower: list[float] = field(default_factory=list)
    _upper: list[float] = field(default_factory=list)
    _whole: list[bool] = field(default_factory=list)
    _starts: list[int] = field(default_factory=lambda: [0])
    _places: list[int] = field(default_factory=list)
    _factors: list[float] = field(default_factory=list)
    _least: list[float] = field(default_factory=list)
    _most: list[float] = field(default_factory=list)

    @property
    def columns(self) -> int:
        return len(self._costs)

    def column(
        self, cost: float, *, least: float = 0.0, most: float = 1.0, whole: bool = False
    ) -> int:
        """Its number."""
        self._costs.append(cost)
        self._lower.append(least)
        self._upper.append(most)
        self._whole.append(whole)
        return len(self._costs) - 1

    def row(
        self,
        entries: Iterable[tuple[int, float]],
        *,
        least: float = float("-inf"),
        most: float = float("inf"),
    ) -> None:
        """The sum of columns, each times its factor, is between these."""
        for place, factor in entries:
            self._places.append(place)
            self._factors.append(factor)
        self._starts.append(len(self._places))
        self._least.append(least)
        self._most.append(most)

    def solve(
        self, seconds: float, gap: float = 0.0, start: Sequence[float] | None = None
    ) -> Solved:
        """`gap`: how far the values may be from the best, as a share of it. `start`: values of
        all columns to begin with."""
        if not self._costs:
            return Solved((), 0.0)
        import highspy  # with numpy it takes a third of a second

        solver = highspy.Highs()  # type: ignore[no-untyped-call]
        solver.silent()
        solver.setOptionValue("threads", 1)
        solver.setOptionValue("random_seed", 0)
        solver.setOptionValue("time_limit", max(0.1, seconds))
        solver.setOptionValue("mip_rel_gap", gap)
        # These models have little that it could take away, and looking for it takes far longer
        # than the rest.
        solver.setOptionValue("presolve", "off")
        unit = max(map(abs, self._costs)) / SCALE or 1.0
        solver.passModel(self._model(unit))
        if start is not None:
            solution = highspy.HighsSolution()
            solution.col_value = list(start)
            solver.setSolution(solution)
        solver.solve()
        information = solver.getInfo()
        found = solver.getSolution()
        feasible = (
            information.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        )
        optimal = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        if any(self._whole):
            bound = information.mip_dual_bound
        else:
            bound = information.objective_function_value if optimal else float("-inf")
        return Solved(tuple(found.col_value) if feasible else (), unit * bound)

    def _model(self, unit: float) -> highspy.HighsLp:
        import highspy

        model = highspy.HighsLp()
        model.num_col_ = len(self._costs)
        model.num_row_ = len(self._least)
        model.col_cost_ = [cost / unit for cost in self._costs]
        model.col_lower_ = self._lower
        model.col_upper_ = self._upper
        model.row_lower_ = self._least
        model.row_upper_ = self._most
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = self._starts
        model.a_matrix_.index_ = self._places
        model.a_matrix_.value_ = self._factors
        if any(self._whole):
            kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
            model.integrality_ = [kinds[whole] for whole in self._whole]
        return model
