"""Bounds and proofs for the challenge: the mean risk is linear, and with its rows a mixed-integer program.

The excess is never negative, so the least alpha obj1 is a bound of the whole; where each period has one
scenario, or alpha is 1, there is no excess and the program is the problem. `exact` adds the quantiles:

    q_t >= risk_t^w - M_t^w b_t^w,   sum over w of b_t^w <= S_t - k_t,   e_t >= q_t - mean_t,   e_t >= 0

with k_t = ceil(tau S_t): at most S_t - k_t scenarios may lie above q_t, so the least q_t is the k_t-th smallest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from moms.schedule._mip import Program
from moms.schedule.challenge.problem import totals

if TYPE_CHECKING:
    from moms.grid import BoolArray, FloatArray, IntArray
    from moms.schedule._mip import Budget, Solved
    from moms.schedule.challenge.problem import Challenge


class Model:
    """The program of an instance: one column for each intervention and start, then those of the quantiles."""

    def __init__(self, problem: Challenge, *, exact: bool, allowed: BoolArray | None = None) -> None:
        self.problem, self.program = problem, Program()
        self.pairs = np.argwhere((problem.length > 0) if allowed is None else (problem.length > 0) & allowed)
        self.column = np.full(problem.length.shape, -1)
        for k, (i, s) in enumerate(self.pairs):
            self.column[i, s] = k
            self.program.column(cost=problem.cost[i, s], upper=1.0, whole=True)
        self.out: list[list[tuple[int, int]]] = [[] for _ in range(problem.periods)]
        for i, s in self.pairs:
            for t in range(s, s + problem.length[i, s]):
                self.out[t].append((int(i), int(s)))
        self.periods: list[tuple[int, int, int, list[int]]] = []
        """Period, and the columns of its quantile, its excess and of the scenarios above it."""
        self.each_once()
        self.resources()
        self.exclusions()
        if exact and self.has_excess:
            self.quantiles()

    @property
    def has_excess(self) -> bool:
        """Tell whether the quantile counts at all."""
        return self.problem.alpha < 1 and bool((np.diff(self.problem.cum) > 1).any())

    def each_once(self) -> None:
        """Every intervention starts once."""
        for i in range(len(self.problem.names)):
            cols = [int(c) for c in self.column[i] if c >= 0]
            self.program.row(cols, [1.0] * len(cols), lower=1.0, upper=1.0)

    def resources(self) -> None:
        """Every resource keeps its bounds in every period."""
        p, count = self.problem, self.problem.upper.shape[0]
        for t, rows in enumerate(self.out):
            for r in range(count):
                at = [(self.column[i, s], p.work[p.work_at[i, s] + r * p.length[i, s] + t - s]) for i, s in rows]
                used = [(int(c), float(w)) for c, w in at if w != 0.0]
                if used or p.lower[r, t] > 0 or p.upper[r, t] < 0:
                    self.program.row([c for c, _ in used], [w for _, w in used], lower=p.lower[r, t],
                                     upper=p.upper[r, t])  # fmt: skip

    def exclusions(self) -> None:
        """Two interventions of an exclusion are not both out in a period of its season."""
        by_period = [{i: [int(self.column[j, s]) for j, s in rows if j == i] for i in {j for j, _ in rows}}
                     for rows in self.out]  # fmt: skip
        for a, b, season in self.problem.exclusion:
            for t in np.flatnonzero(self.problem.season[season]):
                cols = by_period[t].get(int(a), []) + by_period[t].get(int(b), [])
                if by_period[t].get(int(a)) and by_period[t].get(int(b)):
                    self.program.row(cols, [1.0] * len(cols), upper=1.0)

    def quantiles(self) -> None:
        """Add the quantile of each period, and its excess over the mean."""
        p = self.problem
        for t, rows in enumerate(self.out):
            count = int(p.cum[t + 1] - p.cum[t])
            if not rows or count == 1:
                continue
            block = np.array([self._risks(i, s, t, count) for i, s in rows])
            cols = [int(self.column[i, s]) for i, s in rows]
            self._period(t, cols, block)

    def _risks(self, i: int, s: int, t: int, count: int) -> FloatArray:
        p = self.problem
        at = p.risk_at[i, s] + p.cum[t] - p.cum[s]
        return p.risk[at : at + count]

    def _period(self, t: int, cols: list[int], block: FloatArray) -> None:
        p, add = self.problem, self.program
        above = block.shape[1] - 1 - int(p.rank[t])
        # The quantile and the excess are free of sign in general; risks of the challenge are not negative.
        low = -np.inf if (block < 0).any() else 0.0
        q = add.column(lower=low)
        excess = add.column(cost=(1 - p.alpha) / p.periods)
        mean = block.mean(axis=1)
        add.row([q, *cols, excess], [1.0, *(-mean), -1.0], upper=0.0)
        picks = []
        for values in block.T:
            big = float(np.abs(values).sum())  # enough, and the solver tightens it
            pick = add.column(upper=1.0, whole=True)
            picks.append(pick)
            add.row([q, *cols, pick], [1.0, *(-values), big], lower=0.0)
        add.row(picks, [1.0] * len(picks), upper=float(above))
        self.periods.append((t, q, excess, picks))

    def point_of(self, plan: IntArray) -> FloatArray:
        """Give a plan as a point, its quantiles and which scenarios lie above them included."""
        x = np.zeros(len(self.program.cost))
        x[self.column[np.arange(len(plan)), plan]] = 1.0
        total, _ = totals(self.problem, plan)
        for t, q, excess, picks in self.periods:
            values = total[self.problem.cum[t] : self.problem.cum[t + 1]]
            order = np.argsort(values, kind="stable")
            x[q] = values[order[self.problem.rank[t]]]
            x[excess] = max(x[q] - values.mean(), 0.0)
            x[np.array(picks)[order[self.problem.rank[t] + 1 :]]] = 1.0
        return x

    def solve(self, *, budget: Budget, start: IntArray | None = None, relaxed: bool = False) -> Solved:
        """Solve, from a plan if one is given."""
        point = None if start is None else self.point_of(start)
        return self.program.solve(budget=budget, start=point, relaxed=relaxed)

    def plan_of(self, x: FloatArray) -> IntArray:
        """Read a plan from a solution."""
        chosen = np.where(self.column >= 0, x[np.maximum(self.column, 0)], -1.0)
        found: IntArray = chosen.argmax(axis=1).astype(np.int64)
        return found
