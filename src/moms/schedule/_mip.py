"""The one door to HiGHS: a mixed-integer program in rows, solved on one thread with a fixed seed."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import highspy
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.grid import FloatArray


class Status(StrEnum):
    """How a solve ended."""

    OPTIMAL = "optimal"
    INFEASIBLE = "infeasible"
    STOPPED = "stopped"
    """The budget ended first; there may be a solution, and there is a bound."""
    FAILED = "failed"
    """The solver's own failure; it settles nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much a solve may cost. Nodes make a run that can be repeated; seconds are a convenience (decision 10)."""

    nodes: int | None = None
    seconds: float | None = None
    gap: float = 0.0
    """Relative gap at which a solve may stop and still be called optimal."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solved:
    """What a solve gave; x is empty where it found nothing."""

    status: Status
    x: FloatArray
    value: float | None
    bound: float | None
    """Proved: no solution is below it."""
    nodes: int

    @property
    def found(self) -> bool:
        """Tell whether there is a solution."""
        return len(self.x) > 0


@dataclass(slots=True)
class Program:
    """Minimise a sum over columns, row by row; columns are named by their number."""

    cost: list[float] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    row_lower: list[float] = field(default_factory=list)
    row_upper: list[float] = field(default_factory=list)
    row_start: list[int] = field(default_factory=lambda: [0])
    index: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)

    def column(self, *, cost: float = 0.0, lower: float = 0.0, upper: float = math.inf, whole: bool = False) -> int:
        """Add a column and give its number."""
        self.cost.append(cost)
        self.lower.append(lower)
        self.upper.append(upper)
        self.whole.append(whole)
        return len(self.cost) - 1

    def row(
        self, index: Sequence[int], value: Sequence[float], *, lower: float = -math.inf, upper: float = math.inf
    ) -> int:
        """Add lower <= value x <= upper and give the row's number; no column may be named twice."""
        self.index.extend(index)
        self.value.extend(value)
        self.row_start.append(len(self.index))
        self.row_lower.append(lower)
        self.row_upper.append(upper)
        return len(self.row_lower) - 1

    def solve(self, *, budget: Budget, start: FloatArray | None = None, relaxed: bool = False) -> Solved:
        """Solve it, from a solution if one is given; `relaxed` drops that columns are whole."""
        highs = highspy.Highs()  # type: ignore[no-untyped-call]  # the bindings carry no annotations
        for name, value in _options(budget):
            highs.setOptionValue(name, value)
        highs.passModel(self._model(relaxed=relaxed))
        if start is not None:
            known = highspy.HighsSolution()
            known.col_value = list(start)
            highs.setSolution(known)
        highs.run()
        return _read(highs, mip=any(self.whole) and not relaxed)

    def _model(self, *, relaxed: bool) -> highspy.HighsLp:
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(self.cost), len(self.row_lower)
        model.col_cost_ = np.array(self.cost)
        model.col_lower_, model.col_upper_ = np.array(self.lower), np.array(self.upper)
        model.row_lower_, model.row_upper_ = np.array(self.row_lower), np.array(self.row_upper)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.array(self.row_start, dtype=np.int32)
        model.a_matrix_.index_ = np.array(self.index, dtype=np.int32)
        model.a_matrix_.value_ = np.array(self.value, dtype=float)
        if not relaxed and any(self.whole):
            kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
            model.integrality_ = [kinds[one] for one in self.whole]
        return model


def _options(budget: Budget) -> list[tuple[str, bool | float]]:
    # Feasibility at 1e-9: counts of MW times binaries must not hide a unit in the tolerance.
    found: list[tuple[str, bool | float]] = [
        ("output_flag", False), ("threads", 1), ("random_seed", 0), ("mip_rel_gap", budget.gap),
        ("mip_abs_gap", 1e-9 if budget.gap == 0 else 1e-6), ("mip_feasibility_tolerance", 1e-7),
    ]  # fmt: skip
    if budget.nodes is not None:
        found.append(("mip_max_nodes", budget.nodes))
    if budget.seconds is not None:
        found.append(("time_limit", max(budget.seconds, 0.01)))
    return found


_STATUS = {
    highspy.HighsModelStatus.kOptimal: Status.OPTIMAL,
    highspy.HighsModelStatus.kInfeasible: Status.INFEASIBLE,
    highspy.HighsModelStatus.kTimeLimit: Status.STOPPED,
    highspy.HighsModelStatus.kSolutionLimit: Status.STOPPED,
    highspy.HighsModelStatus.kInterrupt: Status.STOPPED,
    highspy.HighsModelStatus.kIterationLimit: Status.STOPPED,
}


def _read(highs: highspy.Highs, *, mip: bool) -> Solved:
    status = _STATUS.get(highs.getModelStatus(), Status.FAILED)
    info = highs.getInfo()
    # 2: kSolutionStatusFeasible. A point that merely was the last one is no solution.
    feasible = info.primal_solution_status == 2
    x = np.array(highs.getSolution().col_value) if feasible else np.zeros(0)
    value = float(info.objective_function_value) if feasible else None
    bound = float(info.mip_dual_bound) if mip else value
    good = bound is not None and math.isfinite(bound) and (mip or status is Status.OPTIMAL)
    return Solved(status=status, x=x, value=value, bound=bound if good else None,
                  nodes=max(int(info.mip_node_count), 0))  # fmt: skip
