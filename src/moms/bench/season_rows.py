"""The figures of the season planner on a synthetic season, beside HiGHS and CP-SAT alone on the same one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from moms.bench.cpsat import cp_sat, there
from moms.bench.rows import Row
from moms.bench.season_instance import season, weighted
from moms.schedule._mip import Budget
from moms.schedule.season import breaks, chained, first_fit, places_found, smallest_fit
from moms.schedule.season.solve import build, near

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moms.schedule.season import Problem


def season_rows(*, quick: bool, seconds: float | None = None) -> list[Row]:
    """Plan the season in a fixed time three ways; answer requests that have no place one by one."""
    requests = 300 if quick else 3000
    seconds = seconds or (5.0 if quick else 120.0)
    problem = season(requests=requests, seed=0)
    plan, spent = _planned(problem, seconds=seconds)
    if breaks(problem, plan):
        msg = "the plan breaks something"
        raise AssertionError(msg)
    value, size = lost(problem, plan), f"{requests} requests, 180 days, synthetic, no study"
    highs, bound = _highs(problem, seconds=seconds)
    peer, why = _cpsat(problem, seconds=seconds)
    gap = (value - bound) / value if value and bound else None
    return [
        Row(id="schedule.season.time", what=f"season of {size}: CPU of the plan", value=spent, unit="s", goal=300.0,
            runs=1),
        Row(id="schedule.season.placed", what="the same: share of requests with a place",
            value=len(plan) / len(problem.jobs), unit="", direction="max", runs=1),
        Row(id="schedule.season.highs", what="the same: weighted MW-days without a place; peer HiGHS alone",
            value=value, unit="", peer=highs, runs=1,
            why=None if highs is not None else "HiGHS alone found no plan"),
        Row(id="schedule.season.cpsat", what="the same; peer CP-SAT alone on one thread",
            value=None if peer is None else value, unit="", peer=peer, why=why, runs=1),
        Row(id="schedule.season.gap", what="the same: gap to the bound of HiGHS", value=gap, unit="", goal=0.01,
            why=None if gap is not None else "the bound is 0: relaxed, everything has a place", runs=1),
        Row(id="schedule.season", what="season on miso: 3,000 requests with cuts from the study", value=None, unit="s",
            goal=300.0, why="not tried: each round would study 180 days whole"),
        *_answers(problem, plan, some=10 if quick else 40),
    ]  # fmt: skip


def lost(problem: Problem, plan: Mapping[str, int]) -> float:
    """Give the weighted MW-days of what has no place."""
    return sum(cost for name, cost in weighted(problem).items() if name not in plan)


def _planned(problem: Problem, *, seconds: float) -> tuple[dict[str, int], float]:
    """Plan as `moms plan season --near` does, for so many CPU seconds."""
    before, rng = time.process_time(), np.random.default_rng(0)
    plan = first_fit(problem)
    while time.process_time() - before < 0.5 * seconds and len(plan) < len(problem.jobs):
        plan = chained(problem, plan, rng=rng, moves=10_000)
    while time.process_time() - before < 0.75 * seconds and len(plan) < len(problem.jobs):
        plan = places_found(problem, plan, rng=rng, budget=Budget(nodes=50), tries=10)
    while time.process_time() - before < seconds:
        plan = near(problem, plan, rng=rng, budget=Budget(nodes=20))
    return plan, time.process_time() - before


def _highs(problem: Problem, *, seconds: float) -> tuple[float | None, float | None]:
    """Give what HiGHS finds by itself on the same model in the same time, and its bound."""
    model = build(problem)
    for name, cost in weighted(problem).items():
        model.program.cost[model.u[name]] = cost
    found = model.program.solve(budget=Budget(seconds=seconds))
    return found.value, found.bound


def _cpsat(problem: Problem, *, seconds: float) -> tuple[float | None, str | None]:
    if not there():
        return None, "ortools is not installed"
    plan = cp_sat(problem, cost=weighted(problem), seconds=seconds)
    if plan is None:
        return None, "CP-SAT found no plan"
    if breaks(problem, plan):
        msg = "the plan of CP-SAT breaks something: the two models differ"
        raise AssertionError(msg)
    return lost(problem, plan), None


def _answers(problem: Problem, plan: Mapping[str, int], *, some: int) -> list[Row]:
    """Put requests without a place into the first plan, one by one; and those of the best that were taken out."""
    rng, early = np.random.default_rng(1), first_fit(problem)
    names = rng.choice(sorted(plan), some, replace=False).tolist()
    asked = [({n: s for n, s in plan.items() if n != name}, name) for name in names]
    asked += [(early, j.id) for j in problem.jobs if j.id not in early][:some]
    spent, moved, none = [], [], 0
    for rest, name in asked:
        before = time.process_time()
        fit = smallest_fit(problem, rest, name, budget=Budget(nodes=20))
        spent.append(time.process_time() - before)
        none += fit is None
        moved += [] if fit is None else [len(fit.moved)]
    spent.sort()
    what = f"request to the smallest change that fits it in ({len(asked)} asked; up to 60 others may move); worst"
    share = "the same: share that found a place, nobody losing one"
    return [
        Row(id="schedule.change", what=what, value=spent[-1], unit="s", spread=(spent[0], spent[-1]), goal=2.0,
            runs=len(spent)),
        Row(id="schedule.change.found", what=share, value=1 - none / len(asked), unit="", direction="max",
            runs=len(asked)),
        Row(id="schedule.change.moved", what="the same: others that had to move, the most", value=max(moved, default=0),
            unit="requests", runs=len(moved)),
    ]  # fmt: skip
