"""A linear program that grows by rows, solved by HiGHS on one thread, deterministic."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import highspy
import numpy as np

if TYPE_CHECKING:
    from moms.grid import FloatArray, IntArray


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
        count = len(cost)
        none = np.zeros(0)
        start = np.zeros(count, dtype=np.int32)
        self._highs.addCols(count, cost, np.zeros(count), upper, 0, start, none.astype(np.int32), none)

    def add_row(self, *, lower: float, upper: float, value: FloatArray) -> None:
        """Add lower <= value x <= upper; `value` is dense, its zeros are left out."""
        place = np.flatnonzero(value)
        self._add_row(lower, upper, place.astype(np.int64), value[place])

    def add_soft_row(self, *, lower: float, upper: float, value: FloatArray, slack: int, sign: float) -> None:
        """Add lower <= value x + sign slack <= upper; `value` covers the variables there were at first."""
        place = np.flatnonzero(value)
        self._add_row(lower, upper, np.r_[place, slack], np.r_[value[place], sign])

    def _add_row(self, lower: float, upper: float, place: IntArray, value: FloatArray) -> None:
        self._highs.addRow(lower, upper, len(place), place.astype(np.int32), value)

    def add_slack(self, *, cost: float) -> int:
        """Add a variable of no upper limit that stands in no row yet; give its place."""
        self._highs.addVar(0.0, np.inf)
        place = int(self._highs.getNumCol()) - 1
        self._highs.changeColCost(place, cost)
        return place

    def solve(self) -> Solution:
        """Solve as it stands."""
        self._highs.run()
        found = self._highs.getModelStatus()
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
