"""A synthetic season of any size, drawn by rule: nested zones, crews, exclusions, sets, popular weeks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from moms.schedule.season import AtMost, Conflict, Job, Problem, Resource, Zone
from moms.schedule.season.objective import mw_days

if TYPE_CHECKING:
    from collections.abc import Iterator

DAYS, ZONES, FULL = 180, 10, 3000
WEIGHT = {1: 100.0, 2: 10.0, 3: 1.0}
"""One number for the comparison: MW-days without a place, by class. The planner itself keeps the classes apart."""
REACH = 21
"""Days either side of the wish that an owner accepts."""


def season(*, requests: int, seed: int, room: float = 1.2) -> Problem:
    """Draw a season; `room` scales headroom and crews. At 1.2 some work stays without a place.

    Units are sized by the number of requests, so that one of them takes the same share of a zone in a small
    season as in a large one.
    """
    rng = np.random.default_rng(seed)
    jobs = tuple(_jobs(rng, requests))
    mean = sum(j.size_mw * j.days for j in jobs) / DAYS
    return Problem(
        days=DAYS,
        jobs=jobs,
        zones=tuple(_zones(rng, mean * room)),
        resources=tuple(_crews(rng, jobs, room)),
        at_most=tuple(_pairs(rng, jobs)),
        conflicts=tuple(_sets(rng, jobs)),
    )


def weighted(problem: Problem) -> dict[str, float]:
    """Give what each job costs that has no place."""
    return {j.id: WEIGHT[j.need] * mw_days(j) for j in problem.jobs}


def _jobs(rng: np.random.Generator, count: int) -> Iterator[Job]:
    owners = max(count // 40, 4)
    for k in range(count):
        days = int(rng.choice([1, 2, 3, 5, 7, 14, 28], p=[0.25, 0.2, 0.2, 0.15, 0.1, 0.07, 0.03]))
        popular = rng.random() < 0.4
        wish = int(rng.integers(60, 120)) if popular else int(rng.integers(0, DAYS - days))
        wish = min(wish, DAYS - days)
        zone, crew = int(rng.integers(ZONES)), int(rng.integers(3))
        line = rng.random() < 0.75
        size = 0.0 if line else round(float(rng.integers(2, 60)) * 10 * count / FULL, 3)
        yield Job(
            id=f"r{k}", owner=f"o{int(rng.integers(owners))}", zone=f"z{zone}",
            need=int(rng.choice([1, 2, 3], p=[0.1, 0.6, 0.3])),
            size_mw=size, counts_mw=200.0 * count / FULL if line else None, days=days, earliest=max(wish - REACH, 0),
            latest_end=min(wish + days + REACH, DAYS), preferred=wish, uses=((f"crew{zone}-{crew}", 1.0),),
        )  # fmt: skip


def _zones(rng: np.random.Generator, mean_mw: float) -> Iterator[Zone]:
    day = np.arange(DAYS)
    shape = 1.0 + 0.35 * np.sin(2 * np.pi * (day - 20) / DAYS)
    yield Zone(id="all", headroom_mw=tuple((1.25 * mean_mw * shape).tolist()))
    for name, share in (("north", 0.6), ("south", 0.45)):
        yield Zone(id=name, within="all", headroom_mw=tuple((1.35 * share * mean_mw * shape).tolist()))
    for z in range(ZONES):
        noise = rng.uniform(0.85, 1.15, DAYS)
        around = "north" if z < 6 else "south"
        yield Zone(id=f"z{z}", within=around, headroom_mw=tuple((1.7 * mean_mw / ZONES * shape * noise).tolist()))


def _crews(rng: np.random.Generator, jobs: tuple[Job, ...], room: float) -> Iterator[Resource]:
    work: dict[str, int] = {}
    for job in jobs:
        work[job.uses[0][0]] = work.get(job.uses[0][0], 0) + job.days
    for name, days in sorted(work.items()):
        most = max(round(1.3 * room * days / DAYS), 1)
        yield Resource(id=name, capacity=tuple(float(max(most - (rng.random() < 0.1), 1)) for _ in range(DAYS)))


def _pairs(rng: np.random.Generator, jobs: tuple[Job, ...]) -> Iterator[AtMost]:
    for _ in range(len(jobs) // 10):
        a, b = rng.choice(len(jobs), 2, replace=False)
        yield AtMost(jobs=(jobs[a].id, jobs[b].id))


def _sets(rng: np.random.Generator, jobs: tuple[Job, ...]) -> Iterator[Conflict]:
    near = sorted(jobs, key=lambda j: (j.preferred, j.id))
    for _ in range(len(jobs) // 10):
        at, size = int(rng.integers(max(len(jobs) - 12, 1))), int(rng.integers(2, 4))
        some = rng.choice(min(12, len(jobs)), size, replace=False)
        yield Conflict(jobs=tuple(sorted(near[at + int(k)].id for k in some)), first_day=0, end_day=DAYS)
