"""What is out, kept up to date, so that one more start is checked at the cost of its own days.

The same rules as `check.py`, which looks at a whole plan at once and is what a plan is judged by; a test
holds the two together. This is the hall that the draft asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from moms.schedule.season.check import HAIR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moms.schedule.season.problem import Job, Problem


class Board:
    """Placed jobs with their loads; a job is asked for by id and start."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.held: dict[str, int] = {}
        self._zone = {z.id: np.maximum(np.array(z.headroom_mw, dtype=float), 0.0) for z in problem.zones}
        self._resource = {r.id: np.array(r.capacity, dtype=float) for r in problem.resources}
        self._sets = _by_job(problem)
        self._starts = {name: frozenset(starts) for name, starts in problem.starts.items()}

    def put(self, name: str, start: int) -> None:
        """Place a job."""
        self._load(name, start, 1.0)
        self.held[name] = start

    def take(self, name: str) -> None:
        """Take a job off."""
        self._load(name, self.held.pop(name), -1.0)

    def _load(self, name: str, start: int, sign: float) -> None:
        job = self.problem.job[name]
        days = slice(start, start + job.length(start))
        for zone in self.problem.around[job.zone]:
            self._zone[zone][days] -= sign * job.size_mw
        for resource, amount in job.uses:
            self._resource[resource][days] -= sign * amount

    def left(self) -> tuple[dict[str, tuple[float, ...]], dict[str, tuple[float, ...]]]:
        """Give what is left of each zone's headroom, MW, and of each resource, by day."""
        zones = {name: tuple(mw.tolist()) for name, mw in self._zone.items()}
        return zones, {name: tuple(amount.tolist()) for name, amount in self._resource.items()}

    def blocked(self, taken: Mapping[str, int], request: str, start: int) -> str | None:
        """Say what keeps a job from starting then beside what is taken, or nothing."""
        self.follow(taken)
        job, days = self.problem.job[request], slice(start, start + self.problem.job[request].length(start))
        if start not in self._starts[request]:
            return f"{request} may not start on day {start + 1}"
        return self._too_much(job, days, start) or self._with_others(request, start, days.stop)

    def follow(self, taken: Mapping[str, int]) -> None:
        """Hold what is taken and nothing else."""
        if taken is self.held or self.held == taken:
            return
        for name in [n for n, s in self.held.items() if taken.get(n) != s]:
            self.take(name)
        for name, start in taken.items():
            if name not in self.held:
                self.put(name, start)

    def _too_much(self, job: Job, days: slice, start: int) -> str | None:
        for zone in self.problem.around[job.zone]:
            short = np.flatnonzero(self._zone[zone][days] + HAIR < job.size_mw)
            if len(short):
                left = self._zone[zone][days][short[0]]
                return f"{job.size_mw:g} MW, {left:g} MW left in {zone} on day {start + short[0] + 1}"
        for resource, amount in job.uses:
            short = np.flatnonzero(self._resource[resource][days] + HAIR < amount)
            if len(short):
                left = self._resource[resource][days][short[0]]
                return f"{amount:g} {resource}, {left:g} left on day {start + short[0] + 1}"
        return None

    def _with_others(self, name: str, start: int, end: int) -> str | None:
        for first, then, lag in self._sets["before"].get(name, ()):
            why = self._order(name, (start, end), then=then, first=first, lag=lag)
            if why:
                return why
        for one, other, offset in self._sets["bundles"].get(name, ()):
            at = self.held.get(other if name == one else one)
            if at is not None and at != (start + offset if name == one else start - offset):
                return f"{one} and {other} do not share their switching"
        for jobs, most, low, high in self._sets["sets"].get(name, ()):
            for day in range(max(start, low), min(end, high)):
                out = [n for n in jobs if n != name and self._is_out(n, day)]
                if len(out) + 1 > most:
                    together = " together" if out else ""
                    return f"{', '.join(sorted({name, *out}))} may not be out{together} on day {day + 1}"
        return None

    def _order(self, name: str, span: tuple[int, int], *, first: str, then: str, lag: int) -> str | None:
        start, end = span
        if name == then:
            at = self.held.get(first)
            late = at is None or start < at + self.problem.job[first].length(at) + lag
        else:
            late = then in self.held and self.held[then] < end + lag
        return f"{then} starts before {first} is done" if late else None

    def _is_out(self, name: str, day: int) -> bool:
        start = self.held.get(name)
        return start is not None and start <= day < start + self.problem.job[name].length(start)


def _by_job(problem: Problem) -> dict[str, dict[str, list[tuple]]]:  # type: ignore[type-arg]  # rows of three kinds
    """List for each job the rules it is in."""
    found: dict[str, dict[str, list[tuple]]] = {"before": {}, "bundles": {}, "sets": {}}  # type: ignore[type-arg]
    for b in problem.before:
        for name in (b.first, b.then):
            found["before"].setdefault(name, []).append((b.first, b.then, b.lag_days))
    for two in problem.bundles:
        for name in (two.first, two.second):
            found["bundles"].setdefault(name, []).append((two.first, two.second, two.offset_days))
    for a in problem.at_most:
        for name in dict.fromkeys(a.jobs):
            found["sets"].setdefault(name, []).append((tuple(dict.fromkeys(a.jobs)), a.most, 0, problem.days))
    for c in problem.conflicts:
        jobs = tuple(dict.fromkeys(c.jobs))
        for name in jobs:
            found["sets"].setdefault(name, []).append((jobs, len(jobs) - 1, c.first_day, c.end_day))
    return found
