"""A linear program that grows by rows, solved by HiGHS on one thread, deterministic."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import highspy
import numpy as np

if TYPE_CHECKING:
    from moms.grid import FloatArray, IntArray


DUAL, PRIMAL = 1, 4
"""Ways of the simplex, by HiGHS's own numbers."""


class Status(StrEnum):
    """How a solve ended; anything but the first two is the solver's own failure and settles nothing."""

    OPTIMAL = "optimal"
    INFEASIBLE = "infeasible"
    FAILED = "failed"


_STATUS = {
    highspy.HighsModelStatus.kOptimal: Status.OPTIMAL,
    highspy.HighsModelStatus.kInfeasible: Status.INFEASIBLE,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solution:
    """What a solve gave; the arrays are empty unless it is optimal."""

    status: Status
    says: str
    """The solver's own word for its status."""
    x: FloatArray
    row_dual: FloatArray
    cost: float


class Program:
    """Minimise cost x with 0 <= x <= upper, rows added as they are needed; each solve starts from the last."""

    def __init__(self, *, cost: FloatArray, upper: FloatArray) -> None:
        self._highs = highspy.Highs()  # type: ignore[no-untyped-call]  # the bindings carry no annotations
        # Few rows, thousands of columns: presolve takes ten times as long as the simplex itself.
        for name, value in (
            ("output_flag", False), ("threads", 1), ("random_seed", 0), ("solver", "simplex"), ("presolve", "off"),
        ):  # fmt: skip
            self._highs.setOptionValue(name, value)
        self._columns(cost, upper)

    def add_rows(self, *, lower: FloatArray, upper: FloatArray, value: FloatArray) -> None:
        """Add lower <= value x <= upper, (r,) and (r, variables there were at first); zeros are left out."""
        row, place = np.nonzero(value)
        self._add(lower, upper, row, place, value[row, place])

    def add_soft_rows(self, *, lower: FloatArray, upper: FloatArray, value: FloatArray) -> None:
        """Add rows that may be over or under at a price of 1: two more variables each, all over then all under.

        All of them at once: what adds columns and rows in turn turns the whole matrix over each time.
        """
        count, first = len(lower), int(self._highs.getNumCol())
        self._columns(np.ones(2 * count), np.full(2 * count, np.inf))
        row, place = np.nonzero(value)
        every = np.arange(count)
        self._add(
            lower,
            upper,
            np.r_[row, every, every],
            np.r_[place, first + every, first + count + every],
            np.r_[value[row, place], np.full(count, -1.0), np.ones(count)],
        )

    def widen(self, rows: IntArray, *, lower: FloatArray, upper: FloatArray) -> None:
        """Give rows (r,), by the order they were added in, other bounds (r,)."""
        for row, low, high in zip(rows.tolist(), lower.tolist(), upper.tolist(), strict=True):
            self._highs.changeRowBounds(row, low, high)

    def _columns(self, cost: FloatArray, upper: FloatArray) -> None:
        """Add variables that stand in no row yet."""
        count, none = len(cost), np.zeros(0)
        self._highs.addCols(
            count, cost, np.zeros(count), upper, 0, np.zeros(count, np.int32), none.astype(np.int32), none
        )

    def _add(self, lower: FloatArray, upper: FloatArray, row: IntArray, place: IntArray, value: FloatArray) -> None:
        by = np.argsort(row, kind="stable")
        start = np.searchsorted(row[by], np.arange(len(lower)))
        self._highs.addRows(
            len(lower), lower, upper, len(by), start.astype(np.int32), place[by].astype(np.int32), value[by]
        )

    def solve(self) -> Solution:
        """Solve as it stands: from the last basis, from nothing where that leads nowhere, then the other way round.

        Where no flow can be kept the dual simplex has been seen to lose itself in both (its ratio test fails, or it
        goes in circles); the primal says in time that nothing keeps it.
        """
        found = self._run()
        if found not in _STATUS:
            found = self._from_nothing()
        if found not in _STATUS:
            self._highs.setOptionValue("simplex_strategy", PRIMAL)
            found = self._from_nothing()
            self._highs.setOptionValue("simplex_strategy", DUAL)
        status = _STATUS.get(found, Status.FAILED)
        solution = self._highs.getSolution()
        if status is not Status.OPTIMAL:
            none = np.zeros(0)
            says = str(self._highs.modelStatusToString(found))
            return Solution(status=status, says=says, x=none, row_dual=none, cost=0.0)
        return Solution(
            status=status,
            says="Optimal",
            x=np.array(solution.col_value),
            row_dual=np.array(solution.row_dual),
            cost=float(self._highs.getObjectiveValue()),
        )

    def _from_nothing(self) -> highspy.HighsModelStatus:
        self._highs.clearSolver()
        return self._run()

    def _run(self) -> highspy.HighsModelStatus:
        self._highs.run()
        return self._highs.getModelStatus()
