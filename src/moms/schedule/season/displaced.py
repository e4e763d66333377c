"""Who stands where another would rather be: for each job away from its wish, the jobs in its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.schedule.season.board import Board

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from moms.schedule.season.problem import Job, Problem


def in_the_way(problem: Problem, plan: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """Give, for each job that is not where it wished to be, every job that keeps it from there by itself.

    Were that one not in the plan, the wish would be free, all others being where they are. Empty where the
    wish is free as it is, where the job's own window forbids it, or where only several together stand
    against it.
    """
    board = Board(problem)
    for name, start in plan.items():
        board.put(name, start)
    return {job.id: tuple(_against(board, job)) for job in problem.jobs if plan.get(job.id) != job.preferred}


def _against(board: Board, job: Job) -> Iterator[str]:
    at = board.held.get(job.id)
    if at is not None:
        board.take(job.id)
    if job.preferred in board.problem.starts[job.id] and board.blocked(board.held, job.id, job.preferred):
        for other, start in sorted(_beside(board, job).items()):
            board.take(other)
            if board.blocked(board.held, job.id, job.preferred) is None:
                yield other
            board.put(other, start)
    if at is not None:
        board.put(job.id, at)


def _beside(board: Board, job: Job) -> dict[str, int]:
    """Give what is out on the days wished for, and what is tied to the job by order or switching."""
    begin, end = job.preferred, job.preferred + job.length(job.preferred)
    tied = {n for b in board.problem.before for n in (b.first, b.then) if job.id in {b.first, b.then}}
    tied |= {n for b in board.problem.bundles for n in (b.first, b.second) if job.id in {b.first, b.second}}
    length = board.problem.job
    return {n: s for n, s in board.held.items() if n in tied or (s < end and begin < s + length[n].length(s))}
