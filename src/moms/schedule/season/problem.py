"""One season as one value: what is asked, what there is, and what must not stand together. Days count from 0."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping


class NotAProblem(Refused):
    """A season that contradicts itself before any planning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One request as the planner sees it: no owner's credit is in it, and none can be."""

    id: str
    owner: str
    zone: str
    need: int
    """1 hard deadline, 2 due, 3 at discretion."""
    size_mw: float
    days: int
    earliest: int
    latest_end: int
    """Day after the last it may be out."""
    preferred: int
    counts_mw: float | None = None
    """What it counts for where work and burden are added up; its size where None. A line takes no capacity."""
    days_by_start: tuple[tuple[int, int], ...] = ()
    """(start, days) where a start needs another number of days, as over a holiday."""
    uses: tuple[tuple[str, float], ...] = ()
    """(resource, amount on each day out)."""
    risk: tuple[float, ...] = ()
    """Cost of a day out in each scenario; empty: none."""
    blackout: tuple[int, ...] = ()
    """Days on which it must not be out."""
    must: bool = False
    """It has to be placed."""
    approved: int | None = None
    """The start it was approved for; it stays there unless its owner consents to a move."""
    consents: bool = False
    held: int | None = None
    """The start it has in the plan that stands: being elsewhere, or nowhere, counts as a change."""
    only: tuple[int, ...] | None = None
    """If given, the only starts that may be used: after a draft, those that are no worse."""

    def length(self, start: int) -> int:
        """Give the days out when started then."""
        return dict(self.days_by_start).get(start, self.days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A place with headroom by day; what is out in it is also out in the zone around it."""

    id: str
    headroom_mw: tuple[float, ...]
    within: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Crews, cranes, specialists: how many there are each day."""

    id: str
    capacity: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """One job ends, and so many days later at the earliest another starts; if the first is not done, nor is it."""

    first: str
    then: str
    lag_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AtMost:
    """At most so many of these are out at once."""

    jobs: tuple[str, ...]
    most: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Two jobs that share a switching: the second starts so many days after the first, or neither is done."""

    first: str
    second: str
    offset_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A set found insecure together on these days; a cut of the planner, checked again in the study (semantics 6)."""

    jobs: tuple[str, ...]
    first_day: int
    end_day: int


@dataclass(frozen=True, kw_only=True)
class Problem:
    """All of it."""

    days: int
    jobs: tuple[Job, ...]
    zones: tuple[Zone, ...] = ()
    resources: tuple[Resource, ...] = ()
    before: tuple[Before, ...] = ()
    at_most: tuple[AtMost, ...] = ()
    bundles: tuple[Bundle, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    blackout: tuple[int, ...] = ()
    """Days on which nothing that is not approved may be out."""
    freeze_before: int = 0
    """Nothing that is not approved starts before this day, and nothing approved that starts before it moves."""
    scenarios: int = 0

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        _unique([j.id for j in self.jobs], what="jobs")
        _unique([z.id for z in self.zones], what="zones")
        _unique([r.id for r in self.resources], what="resources")
        _known(self)
        _rings(self)
        _windows(self)

    @cached_property
    def job(self) -> Mapping[str, Job]:
        """Give the jobs by id."""
        return {one.id: one for one in self.jobs}

    @cached_property
    def around(self) -> Mapping[str, tuple[str, ...]]:
        """Give each zone with those around it, itself first."""
        parent = {z.id: z.within for z in self.zones}
        found: dict[str, tuple[str, ...]] = {}
        for zone in parent:
            chain, at = [], zone
            while at not in chain:
                chain.append(at)
                at = parent[at] or at
            found[zone] = tuple(chain)
        return found

    @cached_property
    def starts(self) -> Mapping[str, tuple[int, ...]]:
        """Give the starts of each job that its own window, the blackout days and the freeze fence allow."""
        return {one.id: tuple(allowed(self, one)) for one in self.jobs}


def allowed(problem: Problem, job: Job) -> list[int]:
    """Give the starts a job may have whatever the others do."""
    if job.approved is not None and (not job.consents or job.approved < problem.freeze_before):
        return [job.approved]
    barred = {*problem.blackout, *job.blackout}
    found = []
    for start in range(max(job.earliest, problem.freeze_before), min(job.latest_end, problem.days)):
        end = start + job.length(start)
        inside = end <= min(job.latest_end, problem.days) and (job.only is None or start in job.only)
        if inside and barred.isdisjoint(range(start, end)):
            found.append(start)
    if job.approved is not None and job.approved not in found:
        found.append(job.approved)  # what was approved may always stay
    return sorted(found)


def _unique(names: list[str], *, what: str) -> None:
    seen: set[str] = set()
    for k, name in enumerate(names):
        if name in seen:
            raise NotAProblem(f"{name!r} is given twice", field=f"{what}[{k}].id", fix="give each an id of its own")
        seen.add(name)


def _known(problem: Problem) -> None:
    jobs, zones = {j.id for j in problem.jobs}, {z.id for z in problem.zones}
    resources = {r.id for r in problem.resources}
    asked: list[tuple[str, str, set[str]]] = []
    for k, job in enumerate(problem.jobs):
        asked.append((f"jobs[{k}].zone", job.zone, zones))
        asked += [(f"jobs[{k}].uses", name, resources) for name, _ in job.uses]
    asked += [(f"zones[{k}].within", z.within, zones) for k, z in enumerate(problem.zones) if z.within is not None]
    asked += [(f"before[{k}]", n, jobs) for k, b in enumerate(problem.before) for n in (b.first, b.then)]
    asked += [(f"at_most[{k}]", n, jobs) for k, a in enumerate(problem.at_most) for n in a.jobs]
    asked += [(f"bundles[{k}]", n, jobs) for k, b in enumerate(problem.bundles) for n in (b.first, b.second)]
    asked += [(f"conflicts[{k}]", n, jobs) for k, c in enumerate(problem.conflicts) for n in c.jobs]
    for at, name, known in asked:
        if name not in known:
            raise NotAProblem(f"there is no {name!r}", field=at, fix="name one that is there")


def _rings(problem: Problem) -> None:
    """Refuse work that waits for itself, and zones inside themselves."""
    waits: dict[str, list[str]] = {}
    for one in problem.before:
        waits.setdefault(one.first, []).append(one.then)
    ring = _ring(waits)
    if ring:
        raise NotAProblem(f"each waits for the next: {' > '.join(ring)}", field="before", fix="leave one out")
    ring = _ring({z.id: [z.within] for z in problem.zones if z.within is not None})
    if ring:
        raise NotAProblem(f"zones inside themselves: {' > '.join(ring)}", field="zones", fix="leave one `within` out")


def _ring(after: Mapping[str, list[str]]) -> list[str]:
    """Give a ring, its first name repeated at the end; empty where there is none. No recursion: chains are long."""
    done: set[str] = set()
    for root in after:
        path, ways = [root], [iter(after.get(root, ()))]
        while path and root not in done:
            step = next(ways[-1], None)
            if step is None:
                done.add(path.pop())
                ways.pop()
            elif step in path:
                return [*path[path.index(step) :], step]
            elif step not in done:
                path.append(step)
                ways.append(iter(after.get(step, ())))
    return []


def _windows(problem: Problem) -> None:
    for k, job in enumerate(problem.jobs):
        at = f"jobs[{k}]"
        if not 0 <= job.earliest < job.latest_end <= problem.days:
            raise NotAProblem(
                f"{job.id} may be out from day {job.earliest + 1} to {job.latest_end} of {problem.days}",
                field=f"{at}.earliest", fix="give days of the season, in order",
            )  # fmt: skip
        if job.latest_end - job.earliest < min(job.days, *(d for _, d in job.days_by_start), job.days):
            raise NotAProblem(
                f"{job.id} needs {job.days} days and may be out for {job.latest_end - job.earliest}",
                field=f"{at}.days", fix="widen its window or shorten the work",
            )  # fmt: skip
        if job.risk and len(job.risk) != problem.scenarios:
            raise NotAProblem(
                f"{job.id} has risks for {len(job.risk)} scenarios of {problem.scenarios}", field=f"{at}.risk",
                fix="give one a scenario",
            )  # fmt: skip
        if job.approved is not None and not 0 <= job.approved <= problem.days - job.length(job.approved):
            raise NotAProblem(f"{job.id} is approved outside the season", field=f"{at}.approved", fix="check the day")
