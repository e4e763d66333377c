"""Room for one more: the fewest others moved, none and one by trying all, more by a program around it (models 1.6)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from moms.schedule.season.around import reduced, tied, with_partners
from moms.schedule.season.change import CHANGE, Difference, difference
from moms.schedule.season.solve import lexicographic
from moms.schedule.season.together import Together, by_distance

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from moms.schedule._mip import Budget
    from moms.schedule.season.problem import Job, Problem

NEAR = (12, 30, 60)
"""How many may move, in turn: a small program is solved at once, and most who fit at all fit there."""
_PLACED_FIRST = tuple(term for term in CHANGE if not term[0].startswith("unserved"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Where one more goes, and who makes room for it."""

    plan: Mapping[str, int]
    moved: tuple[Difference, ...]
    """Others that leave their places; what goes with the new one is none of them."""
    fewest: bool
    """Proved: no plan with it moves fewer of those who have a place."""


def fit_in(problem: Problem, plan: Mapping[str, int], name: str) -> dict[str, int] | None:
    """Give the plan with one more job in it and the fewest others moved: none, or one; None: it takes more.

    Every start of the job, nearest to its wish first, and every other that could make room is tried, so
    that one move is the fewest where none does not do. What goes with a job is placed, and moves, with it:
    a move of a group is one move here.
    """
    hall = Together(problem)
    for other, start in plan.items():
        hall.board.put(other, start)
    starts = by_distance(problem.starts[name], problem.job[name].preferred)
    for start in starts:
        if hall.free(name, start):
            return {**plan, **dict(hall.places(name, start))}
    for start in starts:
        for moved in _makes_room(hall, problem.job[name], start):
            return {**plan, **dict(hall.places(name, start)), **moved}
    return None


def smallest_fit(problem: Problem, plan: Mapping[str, int], name: str, *, budget: Budget) -> Fit | None:
    """Give room for one more job, nobody losing its place; None: not even with the largest neighbourhood moved.

    None and one move are found by trying all. Beyond that a program moves up to 12, 30, 60 of those that
    share something with it, or with one of these; `budget` is of one call of the solver.
    """
    small = fit_in(problem, plan, name)
    if small is not None:
        moved = _others(problem, plan, small, name)
        return Fit(plan=small, moved=moved, fewest=len(moved) < 2)
    tried: frozenset[str] = frozenset()
    for most in NEAR:
        free = with_partners(problem, {name, *islice(_reached(problem, plan, name), most)})
        if free == tried:
            break
        tried = free
        found = _moving(problem, plan, free, name, budget=budget)
        if found is not None:
            moved = _others(problem, plan, found, name)
            # Fewer than two was tried out above, and a group that moves is more than one of them.
            return Fit(plan=found, moved=moved, fewest=len(moved) <= 2)
    return None


def _reached(problem: Problem, plan: Mapping[str, int], name: str) -> Iterator[str]:
    """Give who could make room for a job, then who could make room for those, the nearest in kind first."""
    ahead = [problem.job[n] for n in Together(problem).members(name)]
    left = {n: problem.job[n] for n in plan if problem.job[n].approved is None and problem.starts[n]}
    while ahead and left:
        found: dict[str, tuple[int, float, str]] = {}
        for one in ahead:
            bound, crews, zones = tied(problem, one.id), dict(one.uses).keys(), set(problem.around[one.zone])
            for n, other in left.items():
                start = plan[n]
                if not (start < one.latest_end and one.earliest < start + other.length(start)) and n not in bound:
                    continue
                near = n in bound or not crews.isdisjoint(dict(other.uses))
                if near or (one.size_mw and other.size_mw and not zones.isdisjoint(problem.around[other.zone])):
                    found[n] = (0 if near else 1, other.size_mw * other.days, n)
        chosen = sorted(found, key=lambda n: found[n])
        yield from chosen
        ahead = [left.pop(n) for n in chosen]


def _others(problem: Problem, plan: Mapping[str, int], found: Mapping[str, int], name: str) -> tuple[Difference, ...]:
    mine = Together(problem).members(name)
    return tuple(d for d in difference(plan, found) if d.job not in mine)


def _moving(
    problem: Problem, plan: Mapping[str, int], free: frozenset[str], name: str, *, budget: Budget
) -> dict[str, int] | None:
    """Place the job and keep every place of the free, as few as can be elsewhere; None: they cannot all have one."""
    fixed = {other: start for other, start in plan.items() if other not in free}
    mine = Together(problem).members(name)
    keep = [n for n in free if n in plan or n in mine]
    part = reduced(problem, fixed, frozenset(keep))
    jobs = tuple(replace(j, must=True, held=plan.get(j.id, j.preferred)) for j in part.jobs)
    found = lexicographic(replace(part, jobs=jobs), start=None, budget=budget, terms=_PLACED_FIRST)
    return None if found.plan is None else {**fixed, **found.plan}


def _makes_room(hall: Together, job: Job, start: int) -> Iterator[dict[str, int]]:
    """Give each other job, or group, that could go elsewhere so that this one may start then; the smallest first."""
    board, problem = hall.board, hall.board.problem
    waited_for = {b.first for b in problem.before if b.then in hall.members(job.id)}
    seen: set[str] = set()
    for other in sorted(_beside(hall, job, start) | waited_for & board.held.keys(), key=lambda n: _size(problem, n)):
        group = hall.members(other)
        if other in seen or any(problem.job[n].approved is not None for n in group if n in board.held):
            continue
        seen.update(group)
        was = {n: board.held[n] for n in group if n in board.held}
        for n in was:
            board.take(n)
        to = _elsewhere(hall, other, was[other], job, start, first=other in waited_for)
        for n, at in was.items():
            board.put(n, at)
        if to is not None:
            yield dict(hall.places(other, to))


def _elsewhere(hall: Together, other: str, was: int, job: Job, start: int, *, first: bool) -> int | None:
    """Give the nearest start of what was taken off under which the job may start then; None: there is none."""
    starts = [s for s in by_distance(hall.board.problem.starts[other], was) if s != was]
    if first:  # the job waits for it: it has to stand before the job may
        for to in starts:
            if hall.free(other, to):
                hall.put(other, to)
                fits = hall.free(job.id, start)
                hall.take(other)
                if fits:
                    return to
        return None
    if not hall.free(job.id, start):
        return None
    hall.put(job.id, start)
    found = next((to for to in starts if hall.free(other, to)), None)
    hall.take(job.id)
    return found


def _beside(hall: Together, job: Job, start: int) -> set[str]:
    """Name what is out on the days of a job and of what goes with it, and what waits for them."""
    problem, held = hall.board.problem, hall.board.held
    places = dict(hall.places(job.id, start))
    spans = [(at, at + problem.job[name].length(at)) for name, at in places.items()]
    waits = {b.then for b in problem.before if b.first in places}
    return {
        n for n, s in held.items()
        if n in waits or any(s < until and begin < s + problem.job[n].length(s) for begin, until in spans)
    }  # fmt: skip


def _size(problem: Problem, name: str) -> tuple[float, str]:
    return (problem.job[name].size_mw * problem.job[name].days, name)
