"""The constraints, one named function each; `check.py` says the same of a plan, in other words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.schedule.season.model import Model, Tag

if TYPE_CHECKING:
    from collections.abc import Callable

    from moms.schedule.season.problem import Job


def once(model: Model) -> None:
    """A job starts once, or finds no place; what must be placed, or was approved, has to."""
    for job in model.problem.jobs:
        cols = dict.fromkeys(model.x[job.id].values(), 1.0) | {model.u[job.id]: 1.0}
        model.row(cols, lower=1.0, upper=1.0)
        if job.must or job.approved is not None:
            says = f"{job.id} was approved" if job.approved is not None else f"{job.id} must be placed"
            tag = Tag(rule="placed", says=says, jobs=(job.id,))
            model.row({model.u[job.id]: 1.0}, upper=0.0, tag=tag)


def headroom(model: Model) -> None:
    """In each zone and day, what is out there or inside it stays within the headroom."""
    p = model.problem
    for zone in p.zones:
        inside = [j for j in p.jobs if zone.id in p.around[j.zone] and j.size_mw > 0]
        by_day: dict[int, dict[int, float]] = {}
        who_by_day: dict[int, list[str]] = {}
        for job in inside:
            for day, columns in model.out(job.id).items():
                by_day.setdefault(day, {}).update(dict.fromkeys(columns, job.size_mw))
                who_by_day.setdefault(day, []).append(job.id)
        for day, terms in sorted(by_day.items()):
            who = tuple(who_by_day[day])
            says = f"headroom of {zone.id} on day {day + 1}: {zone.headroom_mw[day]:g} MW"
            model.row(terms, upper=max(zone.headroom_mw[day], 0.0), tag=Tag(rule="headroom", says=says, jobs=who))


def resources(model: Model) -> None:
    """Of each resource and day, no more is used than there is."""
    p = model.problem
    users: dict[str, list[tuple[Job, float]]] = {}
    for job in p.jobs:
        for name, amount in job.uses:
            users.setdefault(name, []).append((job, amount))
    for resource in p.resources:
        by_day: dict[int, dict[int, float]] = {}
        who_by_day: dict[int, list[str]] = {}
        for job, amount in users.get(resource.id, ()):
            for day, columns in model.out(job.id).items():
                by_day.setdefault(day, {}).update(dict.fromkeys(columns, amount))
                who_by_day.setdefault(day, []).append(job.id)
        for day, terms in sorted(by_day.items()):
            who = tuple(who_by_day[day])
            says = f"{resource.id} on day {day + 1}: {resource.capacity[day]:g}"
            model.row(terms, upper=resource.capacity[day], tag=Tag(rule="resources", says=says, jobs=who))


def precedence(model: Model) -> None:
    """By each day, what waits has started only if what it waits for was done: the tight form, a row a start."""
    for one in model.problem.before:
        first, then = model.x[one.first], model.x[one.then]
        tag = Tag(rule="precedence", says=f"{one.then} after {one.first}", jobs=(one.first, one.then))
        job = model.problem.job[one.first]
        for start in sorted(then):
            terms = {column: 1.0 for s, column in then.items() if s <= start}
            for s, column in first.items():
                if s + job.length(s) + one.lag_days <= start:
                    terms[column] = -1.0
            model.row(terms, upper=0.0, tag=tag)


def at_most(model: Model) -> None:
    """Of an exclusion, at most so many are out on a day."""
    for one in model.problem.at_most:
        tag = Tag(rule="at_most", says=f"at most {one.most} of {', '.join(one.jobs)}", jobs=one.jobs)
        _together(model, one.jobs, range(model.problem.days), most=one.most, tag=tag)


def bundles(model: Model) -> None:
    """The second of a bundle starts a fixed number of days after the first, or neither starts."""
    for one in model.problem.bundles:
        a, b = model.x[one.first], model.x[one.second]
        tag = Tag(rule="bundles", says=f"{one.second} with {one.first}", jobs=(one.first, one.second))
        for start in sorted({*a, *(s - one.offset_days for s in b)}):
            left = {a[start]: 1.0} if start in a else {}
            right = {b[start + one.offset_days]: -1.0} if start + one.offset_days in b else {}
            model.row(left | right, lower=0.0, upper=0.0, tag=tag)


def conflict_sets(model: Model) -> None:
    """Of a conflict set, one at least is in on each day it holds for."""
    for one in model.problem.conflicts:
        tag = Tag(rule="conflict_sets", says=f"{', '.join(one.jobs)} are insecure together", jobs=one.jobs)
        days = range(max(one.first_day, 0), min(one.end_day, model.problem.days))
        _together(model, one.jobs, days, most=len(set(one.jobs)) - 1, tag=tag)


def _together(model: Model, jobs: tuple[str, ...], days: range, *, most: int, tag: Tag) -> None:
    outs = [model.out(job) for job in dict.fromkeys(jobs)]
    for day in days:
        here = [out[day] for out in outs if day in out]
        if len(here) > most:
            model.row({column: 1.0 for columns in here for column in columns}, upper=float(most), tag=tag)


CONSTRAINTS: tuple[Callable[[Model], None], ...] = (
    once, headroom, resources, precedence, at_most, bundles, conflict_sets,
)  # fmt: skip
