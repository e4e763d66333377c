"""The least that has to move: a plan repaired, a request fitted in, two plans compared (models 1.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from moms.schedule.season.board import Board
from moms.schedule.season.check import breaks
from moms.schedule.season.objective import TERMS, NamedTerm
from moms.schedule.season.solve import first_fit, lexicographic

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from moms.schedule._mip import Budget
    from moms.schedule.season.problem import Job, Problem
    from moms.schedule.season.solve import Planned

_BY_NAME: Mapping[str, NamedTerm] = {row[0]: row for row in TERMS}
CHANGE = tuple(_BY_NAME[name] for name in ("unserved_P1", "unserved_P2", "unserved_P3", "perturbation", "displacement"))
"""What counts where a plan stands: nobody loses a place, then few move, then not far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One job that two plans place differently; None: no place."""

    job: str
    before: int | None
    after: int | None


def difference(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[Difference, ...]:
    """Give what differs between two plans, by id."""
    names = sorted({*before, *after})
    return tuple(
        Difference(job=n, before=before.get(n), after=after.get(n)) for n in names if before.get(n) != after.get(n)
    )


def smallest_change(problem: Problem, *, budget: Budget) -> Planned:
    """Repair a plan whose jobs say where they stand (`held`): the fewest leave their place, none without need."""
    start = _kept(problem)
    usable = None if breaks(problem, start) else start
    return lexicographic(problem, start=usable, budget=budget, terms=CHANGE)


def _kept(problem: Problem) -> dict[str, int]:
    """Give a plan to start from: who can stay stays, in order of class and size; the others where they fit."""
    if problem.bundles:
        return first_fit(problem)
    board = Board(problem)
    for job in sorted(problem.jobs, key=lambda j: (j.need, -j.size_mw * j.days, j.id)):
        if job.held is not None and board.blocked(board.held, job.id, job.held) is None:
            board.put(job.id, job.held)
    for job in problem.jobs:
        starts = () if job.id in board.held else _by_distance(problem.starts[job.id], job.preferred)
        at = next((s for s in starts if board.blocked(board.held, job.id, s) is None), None)
        if at is not None:
            board.put(job.id, at)
    return dict(board.held)


def _by_distance(starts: Iterable[int], wish: int) -> list[int]:
    return sorted(starts, key=lambda s: (abs(s - wish), s))


def fit_in(problem: Problem, plan: Mapping[str, int], name: str) -> dict[str, int] | None:
    """Give the plan with one more job in it and the fewest others moved: none, or one; None: it takes more.

    Every start of the job, nearest to its wish first, and every other that could make room is tried, so
    that one move is the fewest where none does not do.
    """
    board = Board(problem)
    for other, start in plan.items():
        board.put(other, start)
    job = problem.job[name]
    starts = _by_distance(problem.starts[name], job.preferred)
    for start in starts:
        if board.blocked(board.held, name, start) is None:
            return {**plan, name: start}
    for start in starts:
        for other, to in _makes_room(board, job, start):
            return {**plan, name: start, other: to}
    return None


def _makes_room(board: Board, job: Job, start: int) -> Iterator[tuple[str, int]]:
    """Give each other job that could go elsewhere so that this one may start then, the smallest work first."""
    end = start + job.length(start)
    jobs = board.problem.job
    beside = [n for n, s in board.held.items() if s < end and start < s + jobs[n].length(s)]
    for other in sorted(beside, key=lambda n: (jobs[n].size_mw * jobs[n].days, n)):
        was = board.held[other]
        if jobs[other].approved is not None:
            continue
        board.take(other)
        if board.blocked(board.held, job.id, start) is None:
            board.put(job.id, start)
            elsewhere = (s for s in _by_distance(board.problem.starts[other], was) if s != was)
            to = next((s for s in elsewhere if board.blocked(board.held, other, s) is None), None)
            board.take(job.id)
            if to is not None:
                yield other, to
        board.put(other, was)
