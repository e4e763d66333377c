"""Room for those who wait: solve again what is around one of them, the rest of the plan standing still.

What stands still is taken out of the problem: its load off headroom and resources, its pairs and sets turned
into starts and days that are gone. So the program is as small as the neighbourhood, however large the season.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from moms.schedule.season.board import Board
from moms.schedule.season.constraints import CONSTRAINTS
from moms.schedule.season.model import Model
from moms.schedule.season.objective import mw_days
from moms.schedule.season.problem import AtMost, Conflict, Job, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from moms.schedule._mip import Budget

NEED_RATIO = 1e3
"""A class counts so much more than the next in the one sum that is made least here; the terms keep them apart."""


def places_found(
    problem: Problem, plan: Mapping[str, int], *, rng: np.random.Generator, budget: Budget, tries: int, most: int = 60
) -> dict[str, int]:
    """Give the plan after so many tries to find places for those who wait, each around one of them.

    A try frees up to `most` jobs that share zones, resources or sets with it on its days. Work without a
    place, weighted by class, never grows. `budget` is of one try.
    """
    found = dict(plan)
    for _ in range(tries):
        waiting = [job for job in problem.jobs if job.id not in found and problem.starts[job.id]]
        if not waiting:
            break
        job = waiting[int(rng.integers(len(waiting)))]
        free = _around(problem, found, job, rng, most)
        found = _again(problem, found, free, budget=budget)
    return found


def lost_of(problem: Problem, plan: Mapping[str, int]) -> float:
    """Give the work without a place as one number."""
    return sum(_cost(job) for job in problem.jobs if job.id not in plan)


def _cost(job: Job) -> float:
    return mw_days(job) * NEED_RATIO ** (3 - job.need)


def _around(problem: Problem, plan: Mapping[str, int], job: Job, rng: np.random.Generator, most: int) -> frozenset[str]:
    """Choose those that stand in the days of a job and share something with it, nearest in kind first."""
    mine, zones = dict(job.uses), set(problem.around[job.zone])
    bound = tied(problem, job.id)

    def kind(other: Job) -> int:
        if other.id in bound or mine.keys() & dict(other.uses).keys():
            return 0
        return 1 if other.zone == job.zone else 2

    there = [
        other for other in problem.jobs
        if other.id in plan and other.id != job.id and other.approved is None
        and plan[other.id] < job.latest_end and job.earliest < plan[other.id] + other.length(plan[other.id])
        and (kind(other) == 0 or zones & set(problem.around[other.zone]))
    ]  # fmt: skip
    ranked = sorted(zip(there, rng.random(len(there)).tolist(), strict=True), key=lambda row: (kind(row[0]), row[1]))
    chosen = {job.id, *(other.id for other, _ in ranked[:most])}
    waits = [w.id for w in problem.jobs if w.id not in plan and kind(w) == 0]
    return with_partners(problem, chosen | set(waits[:most]))


def with_partners(problem: Problem, names: set[str]) -> frozenset[str]:
    """Add what is bound to them by order or by switching: it cannot stand still while they leave the plan."""
    pairs = [(b.first, b.then) for b in problem.before] + [(b.first, b.second) for b in problem.bundles]
    grown = set(names)
    while more := {n for pair in pairs if grown & set(pair) for n in pair} - grown:
        grown |= more
    return frozenset(n for n in grown if problem.job[n].approved is None)


def tied(problem: Problem, name: str) -> set[str]:
    """Name what shares a rule with a job that speaks of jobs by name: exclusion, set, order, switching."""
    rows: list[tuple[str, ...]] = [a.jobs for a in problem.at_most] + [c.jobs for c in problem.conflicts]
    rows += [(b.first, b.then) for b in problem.before] + [(b.first, b.second) for b in problem.bundles]
    return {other for row in rows if name in row for other in row}


def _again(problem: Problem, plan: dict[str, int], free: frozenset[str], *, budget: Budget) -> dict[str, int]:
    """Solve the neighbourhood again; the old plan where nothing better is found."""
    fixed = {n: s for n, s in plan.items() if n not in free}
    part = reduced(problem, fixed, free)
    model = Model(part)
    for constraint in CONSTRAINTS:
        constraint(model)
    largest = max(_cost(j) for j in part.jobs)
    for job in part.jobs:
        model.program.cost[model.u[job.id]] = _cost(job) / largest
        for start, column in model.x[job.id].items():  # of two as good, the one nearer to the wishes
            model.program.cost[column] = 1e-9 * abs(start - job.preferred)
    solved = model.program.solve(budget=budget, start=_point(model, plan))
    if not solved.found:
        return plan
    better = fixed | model.plan_of(solved.x)
    return better if lost_of(problem, better) <= lost_of(problem, plan) else plan


def _point(model: Model, plan: Mapping[str, int]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    x = np.zeros(len(model.program.cost))
    for job, places in model.x.items():
        at = plan.get(job)
        x[places[at] if at in places else model.u[job]] = 1.0
    return x


def reduced(problem: Problem, fixed: Mapping[str, int], free: frozenset[str]) -> Problem:
    """Give the problem of the free jobs alone, the fixed ones standing where they are."""
    # What the free owe each other the program holds; the board would forbid all that waits for one of them.
    owed = tuple(b for b in problem.before if not {b.first, b.then} <= free)
    board = Board(replace(problem, before=owed, bundles=()))
    for name, start in fixed.items():
        board.put(name, start)
    jobs = []
    for name in sorted(free):
        starts = [s for s in problem.starts[name] if board.blocked(board.held, name, s) is None]
        jobs.append(replace(problem.job[name], only=tuple(starts)))
    left_mw, left = board.left()
    return Problem(
        days=problem.days,
        jobs=tuple(jobs),
        zones=tuple(replace(z, headroom_mw=left_mw[z.id]) for z in problem.zones),
        resources=tuple(replace(r, capacity=left[r.id]) for r in problem.resources),
        before=tuple(b for b in problem.before if {b.first, b.then} <= free),
        bundles=tuple(b for b in problem.bundles if {b.first, b.second} <= free),
        at_most=tuple(_fewer(problem, fixed, free)),
        conflicts=tuple(_smaller(problem, fixed, free)),
        blackout=problem.blackout,
        freeze_before=problem.freeze_before,
        scenarios=problem.scenarios,
    )


def _fewer(problem: Problem, fixed: Mapping[str, int], free: frozenset[str]) -> Iterator[AtMost]:
    """Exclusions among the free; of larger ones what the fixed leave on their worst day, which may forbid too much."""
    for one in problem.at_most:
        mine = tuple(n for n in dict.fromkeys(one.jobs) if n in free)
        if len(mine) > 1:
            yield AtMost(jobs=mine, most=max(one.most - _most_out(problem, fixed, one.jobs), 0 if one.most > 1 else 1))


def _most_out(problem: Problem, fixed: Mapping[str, int], jobs: Sequence[str]) -> int:
    out = [day for n in jobs if n in fixed for day in _days(problem, n, fixed[n])]
    return max((out.count(day) for day in set(out)), default=0)


def _days(problem: Problem, name: str, start: int) -> range:
    return range(start, start + problem.job[name].length(start))


def _smaller(problem: Problem, fixed: Mapping[str, int], free: frozenset[str]) -> Iterator[Conflict]:
    """Sets whose other members are fixed hold for the free ones on the days on which all those are out."""
    for one in problem.conflicts:
        names = tuple(dict.fromkeys(one.jobs))
        mine, others = tuple(n for n in names if n in free), [n for n in names if n not in free]
        if len(mine) < 2 or any(n not in fixed for n in others):
            continue  # one alone has lost those starts already; with a member that has no place nothing is whole
        days = set(range(max(one.first_day, 0), min(one.end_day, problem.days)))
        for name in others:
            days &= set(_days(problem, name, fixed[name]))
        for first, end in _runs(sorted(days)):
            yield Conflict(jobs=mine, first_day=first, end_day=end)


def _runs(days: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Give the runs of days that follow each other, ends excluded.

    >>> list(_runs([1, 2, 3, 7]))
    [(1, 4), (7, 8)]
    """
    start = None
    for k, day in enumerate(days):
        start = day if start is None else start
        if k + 1 == len(days) or days[k + 1] != day + 1:
            yield start, day + 1
            start = None
