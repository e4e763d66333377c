"""Solve an instance of the challenge: annealing, programs of neighbourhoods, and a proof where one is in reach.

All is a function of the instance, the seed and the units of work done. Whoever calls may stop it between two
units; the best plan is told at once, each time there is a better one. Seconds, where given, only cut a call of
the solver short: such a run is repeated exactly by its work only if no call was cut (`Outcome.repeatable`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.schedule._mip import Budget, Status
from moms.schedule.challenge.annealing import Annealer
from moms.schedule.challenge.problem import evaluate
from moms.schedule.challenge.proof import Model

if TYPE_CHECKING:
    from collections.abc import Callable

    from moms.grid import BoolArray, IntArray
    from moms.schedule._mip import Solved
    from moms.schedule.challenge.problem import Challenge, Value

OPENING = 5
"""Units of annealing before anything else: a plan is on the table at once."""
NODES_MEAN, NODES_EXACT, NODES_NEAR = 2_000, 300, 100
SMALL = 500
"""Scenarios of all periods up to which programs with quantiles are worth while: each is a yes or no."""
FIRST_ROUND, GROWTH, LONGEST = 60, 1.6, 2_000
PROVED = 1e-9
"""Relative gap below which a plan is called optimal: the objective is a sum of thousands of floats."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """The best plan of a run, and what was proved."""

    plan: IntArray
    value: Value
    bound: float | None
    """No plan is below it."""
    work: int
    repeatable: bool

    @property
    def proved(self) -> bool:
        """Tell whether the plan is optimal."""
        good = self.bound is not None and not self.value.broken
        return good and self.value.objective - (self.bound or 0.0) <= PROVED * abs(self.value.objective)


class NoTimeLeft(Exception):  # noqa: N818 - a signal inside this file
    """The caller said stop."""


class Run:
    """One run: the best plan, the bound, and the units of work done."""

    def __init__(
        self,
        problem: Challenge,
        *,
        seed: int,
        go_on: Callable[[int], bool],
        tell: Callable[[Outcome], None],
        seconds_left: Callable[[], float | None],
    ) -> None:
        self.problem, self.go_on, self.tell, self.seconds_left = problem, go_on, tell, seconds_left
        self.rng, self.walk = np.random.default_rng(seed), Annealer(problem, seed=seed)
        self.work, self.repeatable = 0, True
        self.plan = self.walk.best
        self.value = evaluate(problem, self.plan)
        self.bound: float | None = None
        self.origin: IntArray | None = None
        """The plan of least mean."""
        tell(self.outcome())

    def outcome(self) -> Outcome:
        """Give what is known now."""
        return Outcome(plan=self.plan.copy(), value=self.value, bound=self.bound, work=self.work,
                       repeatable=self.repeatable)  # fmt: skip

    def spend(self, units: int = 1) -> None:
        """Count work, and stop where the caller says so."""
        self.work += units
        if not self.go_on(self.work) or self.outcome().proved:
            raise NoTimeLeft

    def offer(self, plan: IntArray) -> bool:
        """Take a plan if it is better: first what breaks less, then what costs less; valued by the definition."""
        if np.array_equal(plan, self.plan):
            return False
        value = evaluate(self.problem, plan)
        if (len(value.broken), value.objective) >= (len(self.value.broken), self.value.objective):
            return False
        self.plan, self.value = plan.copy(), value
        self.tell(self.outcome())
        return True

    def anneal(self, *, blocks: int, hot: float, cold: float = 0.01) -> None:
        """Anneal a round."""
        for _ in self.walk.round(blocks=blocks, hot=hot, cold=cold):
            self.offer(self.walk.best)
            self.spend()

    def program(self, model: Model, *, nodes: int, share: float, start: IntArray | None) -> Solved:
        """Solve a program on so many nodes and, where seconds count, a share of what is left."""
        left = self.seconds_left()
        seconds = None if left is None else max(left * share, 0.05)
        solved = model.solve(budget=Budget(nodes=nodes, seconds=seconds), start=start)
        self.repeatable = self.repeatable and not (solved.status is Status.STOPPED and solved.nodes < nodes)
        if solved.found:
            self.offer(model.plan_of(solved.x))
        return solved

    def feasible(self) -> IntArray | None:
        """Give the plan where it breaks nothing: a start for a program."""
        return None if self.value.broken else self.plan

    def prove(self) -> None:
        """Solve for the mean, which bounds the whole, then with quantiles if there are few."""
        model = Model(self.problem, exact=False)
        alone = not model.has_excess
        left = self.seconds_left()
        seconds = None if left is None else max(0.15 * left, 0.05)
        self.lift(model.solve(budget=Budget(seconds=seconds), relaxed=True))  # a bound, however short the run
        mean = self.program(model, nodes=100 * NODES_MEAN if alone else NODES_MEAN, share=0.95 if alone else 0.15,
                            start=self.feasible())  # fmt: skip
        self.lift(mean)
        self.spend(OPENING)
        if mean.found:
            # The least mean is often near the best plan where annealing from afar is not (seen on A_10).
            self.origin = model.plan_of(mean.x)
        if not alone and self.small:
            self.lift(self.program(Model(self.problem, exact=True), nodes=NODES_EXACT, share=0.1,
                                   start=self.feasible()))  # fmt: skip
            self.spend(OPENING)

    @property
    def small(self) -> bool:
        """Tell whether quantiles fit into a program."""
        return int(self.problem.cum[-1]) <= SMALL

    def lift(self, solved: Solved) -> None:
        """Raise the bound to what a program of the whole proved."""
        if solved.bound is not None and solved.status is not Status.FAILED:
            self.bound = solved.bound if self.bound is None else max(self.bound, solved.bound)

    def near(self, size: int) -> int:
        """Solve a neighbourhood of the best plan, so many interventions free; gives the size to try next."""
        model = Model(self.problem, exact=True, allowed=self._around(size))
        solved = self.program(model, nodes=NODES_NEAR, share=0.2, start=self.feasible())
        self.spend()
        grown = size * 1.15 if solved.status is Status.OPTIMAL else size * 0.85
        return int(min(max(grown, 5), len(self.plan)))

    def _around(self, size: int) -> BoolArray:
        """Free interventions that are out near some period, or any."""
        n = np.arange(len(self.plan))
        middle = self.plan + self.problem.length[n, self.plan] / 2
        if self.rng.random() < 0.5:
            at = self.rng.integers(self.problem.periods)
            order = np.argsort(np.abs(middle - at) + 3 * self.rng.random(len(n)), kind="stable")
        else:
            order = self.rng.permutation(len(n))
        allowed: BoolArray = np.zeros(self.problem.length.shape, dtype=np.bool_)
        allowed[n, self.plan] = True
        allowed[order[:size]] = True
        return allowed


def solve(
    problem: Challenge,
    *,
    seed: int,
    go_on: Callable[[int], bool],
    tell: Callable[[Outcome], None],
    seconds_left: Callable[[], float | None] = lambda: None,
) -> Outcome:
    """Solve until proved or told to stop.

    `go_on` is asked with the units of work done, `tell` hears of each better plan at once, `seconds_left`
    says how long a call of the solver may take; the default counts nodes alone, and can be repeated.
    """
    run = Run(problem, seed=seed, go_on=go_on, tell=tell, seconds_left=seconds_left)
    try:
        run.anneal(blocks=OPENING, hot=0.3)
        run.prove()
        _rounds(run)
    except NoTimeLeft:
        pass
    return run.outcome()


def _rounds(run: Run) -> None:
    """Anneal in rounds that grow: from the least mean, from hot, from the best; neighbourhoods where they are small."""
    blocks, size, number = float(FIRST_ROUND), 40, 0
    while True:
        turn = number % 3
        if turn == 0 and run.origin is not None:
            run.walk.go_to(run.origin)
        if turn == 2:
            run.walk.go_to(run.plan)
        run.anneal(blocks=int(blocks), hot=1.0 if turn == 1 else 0.1)
        if run.small and turn != 1:
            for _ in range(6):
                size = run.near(size)
        if turn == 2:
            blocks = min(blocks * GROWTH**2, LONGEST)
        number += 1
