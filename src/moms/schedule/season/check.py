"""What a plan breaks, said in words: written apart from the model, so that each can show the other wrong.

One function a constraint, by the same names as in `constraints.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from moms.schedule.season.problem import Problem

HAIR = 1e-6
"""MW or people: below what any of them is given in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """One constraint that a plan breaks, on which day, and who is in it."""

    rule: str
    jobs: tuple[str, ...]
    day: int | None
    says: str


def out_by_day(problem: Problem, plan: Mapping[str, int]) -> list[list[str]]:
    """Name what is out on each day of the season."""
    found: list[list[str]] = [[] for _ in range(problem.days)]
    for name, start in plan.items():
        for day in range(max(start, 0), min(start + problem.job[name].length(start), problem.days)):
            found[day].append(name)
    return found


def own_window(problem: Problem, plan: Mapping[str, int]) -> Iterator[Broken]:
    """Each job starts where its window, the blackout days and the freeze fence allow."""
    for name, start in plan.items():
        if start not in problem.starts[name]:
            yield Broken(rule="own_window", jobs=(name,), day=start, says=f"{name} may not start on day {start + 1}")


def placed(problem: Problem, plan: Mapping[str, int]) -> Iterator[Broken]:
    """What must be placed, or was approved, is in the plan."""
    for job in problem.jobs:
        if (job.must or job.approved is not None) and job.id not in plan:
            yield Broken(rule="placed", jobs=(job.id,), day=None, says=f"{job.id} has no place")


def headroom(problem: Problem, plan: Mapping[str, int]) -> Iterator[Broken]:
    """In no zone is more out than its headroom of the day. Nothing out is no breach, however low the headroom."""
    by_day = out_by_day(problem, plan)
    for zone in problem.zones:
        for day, out_then in enumerate(by_day):
            here = [n for n in out_then if zone.id in problem.around[problem.job[n].zone]]
            out = sum(problem.job[n].size_mw for n in here)
            if out > max(zone.headroom_mw[day], 0.0) + HAIR:
                says = f"{out:g} MW out of {zone.headroom_mw[day]:g} in {zone.id} on day {day + 1}"
                yield Broken(rule="headroom", jobs=tuple(here), day=day, says=says)


def resources(problem: Problem, plan: Mapping[str, int]) -> Iterator[Broken]:
    """No resource is used beyond what there is on the day."""
    capacity = {resource.id: resource.capacity for resource in problem.resources}
    for day, out_then in enumerate(out_by_day(problem, plan)):
        used: dict[str, dict[str, float]] = {}
        for name in out_then:
            for resource, amount in problem.job[name].uses:
                used.setdefault(resource, {})[name] = amount
        for resource, by_job in used.items():
            total = sum(by_job.values())
            if total > capacity[resource][day] + HAIR:
                says = f"{total:g} of {capacity[resource][day]:g} {resource} on day {day + 1}"
                yield Broken(rule="resources", jobs=tuple(n for n, u in by_job.items() if u), day=day, says=says)


def precedence(problem: Problem, plan: Mapping[str, int]) -> Iterator[Broken]:
    """Work that waits for other work starts after it."""
    for one in problem.before:
        if one.then not in plan:
            continue
        start = plan.get(one.first)
        ready = None if start is None else start + problem.job[one.first].length(start) + one.lag_days
        if ready is None or plan[one.then] < ready:
            says = f"{one.then} starts before {one.first} is done"
            yield Broken(rule="precedence", jobs=(one.first, one.then), day=plan[one.then], says=says)


def at_most(problem: Problem, plan: Mapping[str, int]) -> Iterator[Broken]:
    """Of an exclusion, no more are out at once than it allows."""
    for one in problem.at_most:
        for day, here in _of(problem, plan, one.jobs).items():
            if len(here) > one.most:
                says = f"{', '.join(here)} out together on day {day + 1}, {one.most} allowed"
                yield Broken(rule="at_most", jobs=tuple(here), day=day, says=says)


def bundles(problem: Problem, plan: Mapping[str, int]) -> Iterator[Broken]:
    """Bundled work starts together, or not at all."""
    for one in problem.bundles:
        a, b = plan.get(one.first), plan.get(one.second)
        if (a is None) != (b is None) or (a is not None and b is not None and b != a + one.offset_days):
            says = f"{one.first} and {one.second} do not share their switching"
            yield Broken(rule="bundles", jobs=(one.first, one.second), day=a if a is not None else b, says=says)


def conflict_sets(problem: Problem, plan: Mapping[str, int]) -> Iterator[Broken]:
    """No conflict set is out whole on a day it holds for."""
    for one in problem.conflicts:
        for day, here in _of(problem, plan, one.jobs).items():
            if one.first_day <= day < one.end_day and set(one.jobs) <= set(here):
                says = f"{', '.join(one.jobs)} out together on day {day + 1} is insecure"
                yield Broken(rule="conflict_sets", jobs=one.jobs, day=day, says=says)


def _of(problem: Problem, plan: Mapping[str, int], jobs: tuple[str, ...]) -> dict[int, list[str]]:
    """Name which of some jobs are out, by day; days on which none is are left out."""
    found: dict[int, list[str]] = {}
    for name in dict.fromkeys(jobs):
        if name in plan:
            for day in range(plan[name], plan[name] + problem.job[name].length(plan[name])):
                found.setdefault(day, []).append(name)
    return dict(sorted(found.items()))


CHECKS: tuple[Callable[[Problem, Mapping[str, int]], Iterator[Broken]], ...] = (
    own_window, placed, headroom, resources, precedence, at_most, bundles, conflict_sets,
)  # fmt: skip


def breaks(problem: Problem, plan: Mapping[str, int]) -> tuple[Broken, ...]:
    """Give everything a plan breaks."""
    return tuple(one for check in CHECKS for one in check(problem, plan))
