"""Plan a season: a plan at once, then better ones, term after term, each with what was proved of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.schedule._mip import Budget, Status
from moms.schedule.season.around import places_found
from moms.schedule.season.chains import chained
from moms.schedule.season.check import breaks
from moms.schedule.season.clash import Clash, smallest_clash
from moms.schedule.season.constraints import CONSTRAINTS
from moms.schedule.season.model import Model
from moms.schedule.season.objective import TERMS, NamedTerm, values
from moms.schedule.season.together import Together, filled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from moms.grid import FloatArray
    from moms.schedule.season.problem import Job, Problem

HOLD = 1e-6
"""A later term may cost an earlier one no more than this share: less than any figure shown, more than rounding."""

MOVES = 1000
"""Moves of the ejection chains for each neighbourhood that is solved: about as much work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One term of the objective: what the plan has, and the least it could have with the earlier terms held."""

    name: str
    unit: str
    value: float
    bound: float | None
    proved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan with its levels; or, where there is none, what clashes."""

    plan: Mapping[str, int] | None
    levels: tuple[Level, ...]
    clash: Clash | None = None
    work: int = 0
    """Nodes and neighbourhoods that were solved."""


def first_fit(problem: Problem) -> dict[str, int]:
    """Give a plan at once: what must be placed first, then by class and size, each nearest to its wish.

    It breaks nothing but, where there is no other way, that something had to be placed.
    """
    return filled(Together(problem), sorted(problem.jobs, key=_urgency))


def _urgency(job: Job) -> tuple[object, ...]:
    return (job.approved is None, not job.must, job.need, -job.size_mw * job.days, job.id)


def solve(
    problem: Problem,
    *,
    budget: Budget,
    seed: int = 0,
    neighbourhoods: int = 0,
    tell: Callable[[Mapping[str, int]], None] = lambda _: None,
) -> Planned:
    """Plan a season.

    The budget is of one call of the solver; `neighbourhoods` are tried first, for seasons too large to be
    solved whole. `tell` hears of each better plan at once.
    """
    plan: dict[str, int] | None = first_fit(problem)
    if breaks(problem, plan or {}):
        plan = None
    if plan is not None:
        tell(plan)
    rng = np.random.default_rng(seed)
    if plan is not None and neighbourhoods:
        plan = chained(problem, plan, rng=rng, moves=MOVES * neighbourhoods)
        tell(plan)
        plan = places_found(problem, plan, rng=rng, budget=budget, tries=neighbourhoods)
        tell(plan)
    for _ in range(neighbourhoods if plan is not None else 0):
        better = near(problem, plan or {}, rng=rng, budget=budget)
        if better != plan:
            plan = better
            tell(plan)
    found = lexicographic(problem, start=plan, budget=budget, tell=tell)
    if found.plan is None and all(level.proved for level in found.levels):
        return Planned(plan=None, levels=(), clash=smallest_clash(problem, budget=budget))
    return found


def build(problem: Problem, *, starts: Mapping[str, Sequence[int]] | None = None) -> Model:
    """Give the program with every constraint."""
    model = Model(problem, starts=starts)
    for constraint in CONSTRAINTS:
        constraint(model)
    return model


def lexicographic(
    problem: Problem,
    *,
    start: Mapping[str, int] | None,
    budget: Budget,
    starts: Mapping[str, Sequence[int]] | None = None,
    terms: Sequence[NamedTerm] = TERMS,
    tell: Callable[[Mapping[str, int]], None] = lambda _: None,
) -> Planned:
    """Make each term least with the earlier ones held; stopped early, the plan so far and its bounds stand."""
    model, plan = build(problem, starts=starts), dict(start) if start is not None else None
    levels, work = [], 0
    point: FloatArray | None = None if plan is None else _point(model, plan)
    for name, unit, term in terms:
        row = term(model)
        if not row:
            levels.append(Level(name=name, unit=unit, value=0.0, bound=0.0, proved=True))
            continue
        _aim(model, row)
        # Columns a term brought along follow from the plan; the solver completes them.
        known = None if point is None or len(point) != len(model.program.cost) else point
        solved = model.program.solve(budget=budget, start=known)
        work += solved.nodes + 1
        if solved.found:
            candidate = model.plan_of(solved.x)
            if not breaks(problem, candidate) and _no_worse(problem, candidate, plan, terms):
                plan, point = candidate, solved.x
                tell(plan)
        if plan is None:
            level = Level(
                name=name, unit=unit, value=0.0, bound=solved.bound, proved=solved.status is Status.INFEASIBLE
            )
            return Planned(plan=None, levels=(level,), work=work)
        value = values(problem, plan)[name]
        proved = solved.status is Status.OPTIMAL and value <= (solved.bound or 0.0) + _slack(value)
        levels.append(Level(name=name, unit=unit, value=value, bound=solved.bound, proved=proved))
        model.row(row, upper=value + _slack(value))
    return Planned(plan=plan, levels=tuple(levels), work=work)


def _aim(model: Model, terms: Mapping[int, float]) -> None:
    model.program.cost = [0.0] * len(model.program.cost)
    for column, cost in terms.items():
        model.program.cost[column] = cost


def _slack(value: float) -> float:
    return HOLD * max(abs(value), 1.0)


def key_of(problem: Problem, plan: Mapping[str, int], terms: Sequence[NamedTerm] = TERMS) -> tuple[float, ...]:
    """Give what plans are compared by: the terms in their order."""
    found = values(problem, plan)
    return tuple(found[name] for name, _, _ in terms)


def _no_worse(
    problem: Problem, plan: Mapping[str, int], old: Mapping[str, int] | None, terms: Sequence[NamedTerm]
) -> bool:
    """Compare term by term; what differs by less than the slack is equal."""
    if old is None:
        return True
    for new, was in zip(key_of(problem, plan, terms), key_of(problem, old, terms), strict=True):
        if abs(new - was) > _slack(was):
            return new < was
    return True


def _point(model: Model, plan: Mapping[str, int]) -> FloatArray:
    x = np.zeros(len(model.program.cost))
    for job, places in model.x.items():
        x[places[plan[job]] if job in plan else model.u[job]] = 1.0
    return x


def near(problem: Problem, plan: Mapping[str, int], *, rng: np.random.Generator, budget: Budget) -> dict[str, int]:
    """Solve one neighbourhood: jobs around some day, or of one owner, are free; the others stay where they are."""
    free = _free(problem, plan, rng)
    starts = {
        j.id: problem.starts[j.id] if j.id in free else ((plan[j.id],) if j.id in plan else ()) for j in problem.jobs
    }
    found = lexicographic(problem, start=plan, budget=budget, starts=starts)
    better = found.plan is not None and key_of(problem, found.plan) < key_of(problem, plan)
    return dict(found.plan if better and found.plan is not None else plan)


FREE_MOST = 60


def _free(problem: Problem, plan: Mapping[str, int], rng: np.random.Generator) -> set[str]:
    if rng.random() < 0.3:
        owner = problem.jobs[rng.integers(len(problem.jobs))].owner
        chosen = [j.id for j in problem.jobs if j.owner == owner]
    else:
        day = int(rng.integers(problem.days))
        chosen = sorted((j.id for j in problem.jobs), key=lambda n: abs(plan.get(n, problem.job[n].preferred) - day))
    # Who has no place is always let in: the first terms are about them.
    return {*chosen[:FREE_MOST], *[j.id for j in problem.jobs if j.id not in plan][:FREE_MOST]}
