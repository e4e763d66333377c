"""Places for those who wait, by ejection chains: one goes in, what stands in its way goes out and looks elsewhere.

A job that waits is put where the price of all that has to go for it is least; they wait then, and are put in
turn. The price of a job is what its work counts for, times how often it found no free place: what is hard to
place is moved less and less. Work bound to other work, by order or by switching, and what was approved or has
to be placed, stays where it is.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from moms.schedule.season._chains import Rows, chains
from moms.schedule.season.around import lost_of
from moms.schedule.season.objective import mw_days

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from moms.schedule.season.problem import Job, Problem

CLASS = 100.0
"""A class counts so many times the next as a price; what is kept in the end goes by the classes themselves."""


SHAKES = 10
"""Jobs that are tried at another free start after each move."""


def chained(problem: Problem, plan: Mapping[str, int], *, rng: np.random.Generator, moves: int) -> dict[str, int]:
    """Give the best plan found in so many moves: never more work without a place than before, weighted by class."""
    loose = _loose(problem)
    if all(job.id in plan or job.id not in loose for job in problem.jobs):
        return dict(plan)
    rows, limits = _rows(problem, loose)
    first = np.array([plan.get(j.id, -1) for j in problem.jobs], dtype=np.int64)
    days = np.array([j.length(plan.get(j.id, j.preferred)) for j in problem.jobs], dtype=np.int64)
    left = limits.copy()
    for k, job in enumerate(problem.jobs):
        if job.id in plan:
            for at in range(rows.row_at[k], rows.row_at[k + 1]):
                left[rows.row[at], first[k] : first[k] + days[k]] -= rows.amount[at]
    found, _ = chains(rows, first.copy(), days, left, rows.weight.copy(), rng.random((moves, 1 + 2 * SHAKES)))
    better = {j.id: int(s) for j, s in zip(problem.jobs, found, strict=True) if s >= 0}
    # Prices are not the classes themselves: what is kept has to be better by those.
    return better if lost_of(problem, better) < lost_of(problem, plan) else dict(plan)


def _loose(problem: Problem) -> set[str]:
    """Name the jobs that may be moved by themselves."""
    bound = {n for b in problem.before for n in (b.first, b.then)}
    bound |= {n for b in problem.bundles for n in (b.first, b.second)}
    return {j.id for j in problem.jobs if not (j.must or j.approved is not None or j.id in bound)}


def _rows(problem: Problem, loose: set[str]) -> tuple[Rows, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    """Write a season as rows, and what there is of each by day."""
    limits: list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]] = []
    takes: list[list[tuple[int, float]]] = [[] for _ in problem.jobs]
    place = {job.id: k for k, job in enumerate(problem.jobs)}
    for limit, members in _limits(problem):
        for name, amount in members:
            if amount > 0:
                takes[place[name]].append((len(limits), amount))
        limits.append(limit)
    by_row: list[list[tuple[int, float]]] = [[] for _ in limits]
    for k, some in enumerate(takes):
        for row, amount in some:
            by_row[row].append((k, amount))
    starts = [problem.starts[j.id] for j in problem.jobs]
    rows = Rows(
        starts=_whole(chain.from_iterable(starts)),
        lengths=_whole(j.length(s) for j, some in zip(problem.jobs, starts, strict=True) for s in some),
        starts_at=_ends(len(some) for some in starts),
        row=_whole(row for some in takes for row, _ in some),
        amount=np.array([a for some in takes for _, a in some], dtype=np.float64),
        row_at=_ends(len(some) for some in takes),
        member=_whole(k for some in by_row for k, _ in some),
        share=np.array([a for some in by_row for _, a in some], dtype=np.float64),
        member_at=_ends(len(some) for some in by_row),
        weight=np.array([_weight(j) for j in problem.jobs], dtype=np.float64),
        fixed=np.array([j.id not in loose for j in problem.jobs], dtype=np.bool_),
    )
    return rows, np.array(limits, dtype=np.float64).reshape(len(limits), problem.days)


def _limits(
    problem: Problem,
) -> Iterator[tuple[np.ndarray[tuple[int, ...], np.dtype[np.float64]], list[tuple[str, float]]]]:
    """Give each limit by day, with what each job takes of it."""
    for zone in problem.zones:
        inside = [(j.id, j.size_mw) for j in problem.jobs if zone.id in problem.around[j.zone]]
        yield np.maximum(np.array(zone.headroom_mw, dtype=np.float64), 0.0), inside
    for resource in problem.resources:
        users = [(j.id, amount) for j in problem.jobs for name, amount in j.uses if name == resource.id]
        yield np.array(resource.capacity, dtype=np.float64), users
    for one in problem.at_most:
        jobs = tuple(dict.fromkeys(one.jobs))
        yield np.full(problem.days, float(one.most)), [(n, 1.0) for n in jobs]
    for two in problem.conflicts:
        jobs = tuple(dict.fromkeys(two.jobs))
        limit = np.full(problem.days, float(len(jobs)))
        limit[max(two.first_day, 0) : max(two.end_day, 0)] = len(jobs) - 1.0
        yield limit, [(n, 1.0) for n in jobs]


def _weight(job: Job) -> float:
    return float(mw_days(job)) * CLASS ** (3 - job.need)


def _whole(values: Iterator[int] | chain[int]) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.fromiter(values, dtype=np.int64)


def _ends(counts: Iterator[int]) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.concatenate([[0], np.cumsum(np.fromiter(counts, dtype=np.int64))]).astype(np.int64)
