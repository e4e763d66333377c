"""The maintenance planning problem of the ROADEF/EURO challenge 2020 (RTE) as arrays, and its objective.

    risk_t^w  = sum of the risks of what is out in period t under scenario w
    obj1      = mean over t of the mean over w of risk_t^w
    Q_t       = the ceil(tau S_t)-th smallest of risk_t^w;   obj2 = mean over t of max(0, Q_t - mean_t)
    objective = alpha obj1 + (1 - alpha) obj2

Periods and starts count from 0 here and from 1 in files. All scenarios of all periods lie side by side, so
that an intervention out from s to e covers one stretch, cum[s] to cum[e].
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from moms.grid import BoolArray, FloatArray, IntArray

TOLERANCE = 1e-5
"""A resource bound holds within this (the challenge's checker)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Challenge:
    """One instance. `i` is an intervention, `s` a start, `r` a resource, `t` a period."""

    names: tuple[str, ...]
    resources: tuple[str, ...]
    alpha: float
    tau: float
    cum: IntArray
    """(T + 1,) where the scenarios of each period begin."""
    rank: IntArray
    """(T,) ceil(tau S_t) - 1."""
    starts: IntArray
    """(n,) starts are 0 to starts - 1, where `length` is not 0."""
    length: IntArray
    """(n, T) periods out when started at s; 0 where not allowed."""
    risk: FloatArray
    risk_at: IntArray
    """(n, T) where the risks of a start begin in `risk`: cum[s + d] - cum[s] of them."""
    cost: FloatArray
    """(n, T) alpha times what a start adds to obj1."""
    work: FloatArray
    work_at: IntArray
    """(n, T) where the workloads of a start begin in `work`: resource by resource, d each."""
    upper: FloatArray
    """(r, T)."""
    lower: FloatArray
    exclusion: IntArray
    """(e, 3) two interventions that must not both be out, and the season in which."""
    season: BoolArray
    """(seasons, T)."""

    @property
    def periods(self) -> int:
        """Give T."""
        return len(self.cum) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What a plan is worth, and what it breaks."""

    objective: float
    mean_risk: float
    excess: float
    broken: tuple[str, ...]


def totals(problem: Challenge, plan: IntArray) -> tuple[FloatArray, FloatArray]:
    """Give the summed risks, scenario by scenario, and the use of each resource by period."""
    total, use = np.zeros(problem.cum[-1]), np.zeros_like(problem.upper)
    count = len(problem.resources)
    for i, s in enumerate(plan):
        d = int(problem.length[i, s])
        at, first, last = problem.risk_at[i, s], problem.cum[s], problem.cum[s + d]
        total[first:last] += problem.risk[at : at + last - first]
        block = problem.work[problem.work_at[i, s] : problem.work_at[i, s] + count * d]
        use[:, s : s + d] += block.reshape(count, d)
    return total, use


def evaluate(problem: Challenge, plan: IntArray) -> Value:
    """Give a plan's objective as the challenge defines it, and everything it breaks."""
    total, use = totals(problem, plan)
    split = np.split(total, problem.cum[1:-1])
    means = [float(one.mean()) for one in split]
    over = [max(float(np.sort(one)[k]) - m, 0.0) for one, k, m in zip(split, problem.rank, means, strict=True)]
    mean, excess = math.fsum(means) / len(split), math.fsum(over) / len(split)
    return Value(objective=problem.alpha * mean + (1 - problem.alpha) * excess, mean_risk=mean, excess=excess,
                 broken=(*too_much(problem, use), *together(problem, plan)))  # fmt: skip


def too_much(problem: Challenge, use: FloatArray) -> list[str]:
    """Say where a resource is above or below its bounds."""
    found = []
    for bound, sign, word in ((problem.upper, 1, "above"), (problem.lower, -1, "below")):
        for r, t in np.argwhere(sign * (use - bound) > TOLERANCE).tolist():
            found.append(f"{problem.resources[r]} in period {t + 1}: {use[r, t]:.6g} is {word} {bound[r, t]:.6g}")
    return found


def together(problem: Challenge, plan: IntArray) -> list[str]:
    """Say which interventions are out together in a season in which they must not be."""
    end = plan + problem.length[np.arange(len(plan)), plan]
    found = []
    for i, j, season in problem.exclusion:
        first, last = max(plan[i], plan[j]), min(end[i], end[j])
        if first < last and problem.season[season, first:last].any():
            found.append(f"{problem.names[i]} and {problem.names[j]} are out together from period {first + 1}")
    return found
