"""Who stands where another would rather be: for each job away from its wish, the jobs in its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.schedule.season.together import Together

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from moms.schedule.season.problem import Job, Problem


def in_the_way(problem: Problem, plan: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """Give, for each job that is not where it wished to be, every job that keeps it from there by itself.

    Were that one not in the plan, the wish would be free, all others being where they are. What goes with a
    job goes with it here too. Empty where the wish is free as it is, where the windows of the job or of what
    goes with it forbid it, or where only several together stand against it.
    """
    hall = Together(problem)
    for name, start in plan.items():
        hall.board.put(name, start)
    return {job.id: tuple(_against(hall, job)) for job in problem.jobs if plan.get(job.id) != job.preferred}


def _against(hall: Together, job: Job) -> Iterator[str]:
    held = hall.board.held
    mine = {name: held[name] for name in hall.members(job.id) if name in held}
    for name in mine:
        hall.board.take(name)
    if _allowed(hall, job) and not hall.free(job.id, job.preferred):
        for other, start in sorted(_beside(hall, job).items()):
            hall.board.take(other)
            if hall.free(job.id, job.preferred):
                yield other
            hall.board.put(other, start)
    for name, start in mine.items():
        hall.board.put(name, start)


def _allowed(hall: Together, job: Job) -> bool:
    starts = hall.board.problem.starts
    return all(at in starts[name] for name, at in hall.places(job.id, job.preferred))


def _beside(hall: Together, job: Job) -> dict[str, int]:
    """Give what is out on the days wished for by a job and what goes with it, and what is tied to them by order."""
    problem, held = hall.board.problem, hall.board.held
    places = dict(hall.places(job.id, job.preferred))
    tied = {n for b in problem.before for n in (b.first, b.then) if places.keys() & {b.first, b.then}}
    spans = [(at, at + problem.job[name].length(at)) for name, at in places.items()]
    found = {}
    for name, start in held.items():
        end = start + problem.job[name].length(start)
        if name in tied or any(start < until and begin < end for begin, until in spans):
            found[name] = start
    return found
