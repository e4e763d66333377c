"""Room for one more: nobody moved, or one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.schedule.season.board import Board

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from moms.schedule.season.problem import Job, Problem


def by_distance(starts: Iterable[int], wish: int) -> list[int]:
    """Order starts by how far they are from a wish."""
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
    starts = by_distance(problem.starts[name], job.preferred)
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
            elsewhere = (s for s in by_distance(board.problem.starts[other], was) if s != was)
            to = next((s for s in elsewhere if board.blocked(board.held, other, s) is None), None)
            board.take(job.id)
            if to is not None:
                yield other, to
        board.put(other, was)
