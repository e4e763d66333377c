"""Annealing of an instance of the challenge in blocks of moves, one round after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from moms.schedule.challenge._search import Instance, State, anneal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moms.grid import FloatArray, IntArray
    from moms.schedule.challenge.problem import Challenge

BLOCK = 20_000
"""Moves of one unit of work: between two of them a run may stop."""


def instance(problem: Challenge) -> Instance:
    """Give the arrays the compiled search needs."""
    n, seasons = len(problem.names), problem.season.shape[0]
    uses, uses_at = _lists([_resources_of(problem, i) for i in range(n)])
    foes: list[list[tuple[int, int]]] = [[] for _ in range(n)]
    for a, b, season in problem.exclusion:
        foes[a].append((b, season))
        foes[b].append((a, season))
    foe, foe_at = _lists([[j for j, _ in row] for row in foes])
    foe_season, _ = _lists([[s for _, s in row] for row in foes])
    season_sum = np.zeros((seasons, problem.periods + 1), dtype=np.int64)
    season_sum[:, 1:] = np.cumsum(problem.season, axis=1)
    return Instance(
        alpha=problem.alpha, cum=problem.cum, rank=problem.rank, starts=problem.starts, length=problem.length,
        risk=problem.risk, risk_at=problem.risk_at, cost=problem.cost, work=problem.work, work_at=problem.work_at,
        upper=problem.upper, lower=problem.lower, scale=_scales(problem), uses=uses,
        uses_at=uses_at, foe=foe, foe_season=foe_season, foe_at=foe_at, season_sum=season_sum,
    )  # fmt: skip


def _scales(problem: Challenge) -> FloatArray:
    """Give one over the median workload of each resource: bounds may be anything, 0 and a million included."""
    found = np.ones(problem.upper.shape[0])
    blocks: list[list[FloatArray]] = [[] for _ in found]
    for i, s in np.argwhere(problem.length > 0):
        d, at = problem.length[i, s], problem.work_at[i, s]
        for r, row in enumerate(problem.work[at : at + len(found) * d].reshape(len(found), d)):
            blocks[r].append(np.abs(row[row != 0]))
    for r, rows in enumerate(blocks):
        every = np.concatenate(rows) if rows else np.zeros(0)
        found[r] = 1.0 / float(np.median(every)) if len(every) else 1.0
    return found


def _resources_of(problem: Challenge, i: int) -> list[int]:
    count = problem.upper.shape[0]
    used = np.zeros(count, dtype=bool)
    for s in np.flatnonzero(problem.length[i]):
        d, at = problem.length[i, s], problem.work_at[i, s]
        used |= problem.work[at : at + count * d].reshape(count, d).any(axis=1)
    return [int(r) for r in np.flatnonzero(used)]


def _lists(rows: list[list[int]]) -> tuple[IntArray, IntArray]:
    """Put lists of unlike lengths side by side."""
    at = np.concatenate(([0], np.cumsum([len(row) for row in rows]))).astype(np.int64)
    return np.array([one for row in rows for one in row], dtype=np.int64), at


def state(problem: Challenge, plan: IntArray, *, price: float) -> State:
    """Give a plan with room for all that follows from it; the search fills it in."""
    return State(
        plan=plan.copy(), total=np.zeros(problem.cum[-1]), use=np.zeros(problem.upper.shape),
        excess=np.zeros(problem.periods), sums=np.zeros(4), price=np.full(2, price), best=plan.copy(),
        marks=np.array([np.inf, np.inf, np.inf]),
    )  # fmt: skip


def first_plan(problem: Challenge) -> IntArray:
    """Start each intervention where its own mean risk is least."""
    allowed = np.where(problem.length > 0, problem.cost, np.inf)
    found: IntArray = allowed.argmin(axis=1).astype(np.int64)
    return found


def step_of(problem: Challenge) -> float:
    """Give the size of a usual move: the median spread of mean risk over the starts of an intervention."""
    spread = [np.ptp(problem.cost[i][problem.length[i] > 0]) for i in range(len(problem.names))]
    positive = [one for one in spread if one > 0]
    return float(np.median(positive)) if positive else 1.0


class Annealer:
    """One walk through the plans of an instance, in rounds of blocks; it keeps the best plan it met."""

    def __init__(self, problem: Challenge, *, seed: int) -> None:
        self.problem, self.step = problem, step_of(problem)
        self._instance = instance(problem)
        # Any state but 0 will do for xorshift; the first few draws of near seeds differ enough after mixing.
        self._draws = np.array([(seed * 0x9E3779B97F4A7C15 + 0x2545F4914F6CDD1D) % 2**64 or 1], dtype=np.uint64)
        self._state = state(problem, first_plan(problem), price=self.step)

    @property
    def best(self) -> IntArray:
        """Give the best plan so far: first what breaks least, then what costs least."""
        return self._state.best.copy()

    def go_to(self, plan: IntArray) -> None:
        """Go on from a plan."""
        self._state.plan[:] = plan

    def round(self, *, blocks: int, hot: float, cold: float) -> Iterator[None]:
        """Cool down over so many blocks, in usual moves; gives back control after each."""
        for block in range(blocks):
            anneal(self._instance, self._state, self._draws, block * BLOCK, (block + 1) * BLOCK, blocks * BLOCK,
                   hot * self.step, cold * self.step)  # fmt: skip
            yield
