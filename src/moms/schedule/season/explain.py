"""Why this date? For every request: what stands on the dates it would like more, and what a week earlier would take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from moms.schedule.season.objective import burden_of, burdens
from moms.schedule.season.together import Together
from moms.values import many

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moms.schedule.season.problem import Job, Problem

WEEK = 7
SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """One request of a plan."""

    request: str
    owner: str
    start: int | None
    preferred: int
    burden: float
    better: tuple[tuple[int, str], ...]
    """Starts nearer to its wish, and what stands against each beside the rest of the plan; empty: nothing does."""
    week_earlier: str
    says: str


def explain(problem: Problem, plan: Mapping[str, int]) -> tuple[Why, ...]:
    """Explain a plan, request by request."""
    hall = Together(problem)
    return tuple(_why(problem, plan, hall, job) for job in problem.jobs)


def _why(problem: Problem, plan: Mapping[str, int], hall: Together, job: Job) -> Why:
    mine = hall.members(job.id)
    rest = {name: start for name, start in plan.items() if name not in mine}
    start = plan.get(job.id)
    away = abs(start - job.preferred) if start is not None else problem.days
    nearer = [s for s in problem.starts[job.id] if abs(s - job.preferred) < away]
    nearer.sort(key=lambda s: (abs(s - job.preferred), s))
    better = tuple((s, hall.blocked(rest, job.id, s) or "") for s in nearer[:SHOWN])
    return Why(
        request=job.id, owner=job.owner, start=start, preferred=job.preferred, burden=burden_of(job, start),
        better=better, week_earlier=_earlier(problem, rest, hall, job, start), says=_says(job, start, better),
    )  # fmt: skip


def _earlier(problem: Problem, rest: Mapping[str, int], hall: Together, job: Job, start: int | None) -> str:
    if start is None:
        return "it has no place"
    if start - WEEK not in problem.starts[job.id]:
        return "its own window, a blackout or the freeze fence ends there"
    return hall.blocked(rest, job.id, start - WEEK) or "nothing: it could start a week earlier"


def _says(job: Job, start: int | None, better: tuple[tuple[int, str], ...]) -> str:
    if start is None:
        return (
            f"no place; on the day wished for: {better[0][1] or 'nothing'}" if better else "no start is allowed at all"
        )
    if job.approved == start:
        return "stays where it was approved"
    if start == job.preferred:
        return "on the day wished for"
    against = next((why for _, why in better if why), None)
    free = "nothing stands nearer by itself; moved for a term that counts more"
    return f"{many(abs(start - job.preferred), 'day')} from the wish: {against or free}"


def owners(problem: Problem, plan: Mapping[str, int]) -> tuple[tuple[str, float, int, int], ...]:
    """Give each owner with its burden, its requests and how many of them have a place, most burdened first."""
    burden = burdens(problem, plan)
    rows = []
    for owner, share in burden.items():
        mine = [j.id for j in problem.jobs if j.owner == owner]
        rows.append((owner, share, len(mine), sum(name in plan for name in mine)))
    return tuple(sorted(rows, key=lambda row: (-row[1], row[0])))
