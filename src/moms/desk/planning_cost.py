"""What other dates would take: for each request what stands nearer to its wish, and what a week earlier costs.

A week earlier is asked of the planner: the request there, every other where the plan has it, and of these the fewest
leave their place that have to. It speaks of what the planner knows, and is not studied.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from moms.desk.wishes import season_of
from moms.schedule.season import Conflict, burdens, difference, explain, smallest_change

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from moms.desk.plan import SeasonPlan
    from moms.desk.planning_ground import RestsOn
    from moms.desk.wishes import Season
    from moms.desk.world import World
    from moms.schedule._mip import Budget
    from moms.schedule.season import Difference, Problem, Why

WEEK = 7
MOST = 100
"""So many requests are asked about; of the others it is said that they were not."""


def costs(
    world: World, plan: SeasonPlan, *, what: RestsOn, last: date, now: datetime,
    flex_days: int, waited: Mapping[str, int], budget: Budget,
) -> dict[str, dict[str, object]]:  # fmt: skip
    """Say of each request of a plan what other dates would take."""
    season = season_of(
        world, pending=what.pending, holding=what.holding, first=plan.first, last=last, now=now, flex_days=flex_days,
        waited=waited, also=what.also,
    )  # fmt: skip
    sets = [Conflict(jobs=c.requests, first_day=c.first_day, end_day=c.end_day) for c in plan.cuts]
    problem = replace(season.problem, conflicts=tuple(sets))
    starts = {p.outage.id: p.start for p in plan.places if p.start is not None}
    found: dict[str, dict[str, object]] = {}
    for why in explain(problem, starts)[:MOST]:
        found[why.request] = {"nearer": _nearer(season, why), "week_earlier": _earlier(season, problem, starts, why,
                                                                                     budget=budget)}  # fmt: skip
    return found


def _nearer(season: Season, why: Why) -> list[dict[str, object]]:
    return [
        {"window": season.window(why.request, start), "against": dated(season, says) or None}
        for start, says in why.better
    ]


def _earlier(
    season: Season, problem: Problem, plan: Mapping[str, int], why: Why, *, budget: Budget
) -> dict[str, object]:
    """Say what a week earlier would take: nothing, that others leave their dates, or why it cannot be."""
    if why.start is None:
        return _cannot("it has no place to be moved from")
    at = why.start - WEEK
    if at not in problem.starts[why.request]:
        return _cannot("its owner does not accept it, or the days that are planned do not reach there")
    found = smallest_change(_there(problem, plan, why.request, at), budget=budget)
    if found.plan is None or found.plan.get(why.request) != at:
        return _cannot(f"it finds no place there whatever the others do: {dated(season, why.week_earlier)}")
    others = [d for d in difference(plan, found.plan) if d.job != why.request]
    was, now = burdens(problem, plan), burdens(problem, found.plan)
    return {
        "possible": True, "window": season.window(why.request, at), "says": _says(season, others, why),
        "moves": [_moved(season, d) for d in others],
        "burden": [{"owner": owner, "before": was[owner], "after": now[owner]} for owner in sorted(now)
                   if abs(now[owner] - was[owner]) > 1e-9],
        "fewest": all(level.proved for level in found.levels),
    }  # fmt: skip


def _there(problem: Problem, plan: Mapping[str, int], request: str, at: int) -> Problem:
    """Give the problem with one request where it is asked about, and all others held where they are."""
    jobs = [
        replace(job, only=(at,), must=True, held=at) if job.id == request else replace(job, held=plan.get(job.id))
        for job in problem.jobs
    ]
    return replace(problem, jobs=tuple(jobs))


def _cannot(says: str) -> dict[str, object]:
    return {"possible": False, "window": None, "says": says, "moves": [], "burden": [], "fewest": True}


def _says(season: Season, others: Sequence[Difference], why: Why) -> str:
    if not others:
        return "nothing: it could start a week earlier and nobody else would move"
    lost = sum(d.after is None for d in others)
    moved = len(others) - lost
    parts = [f"{moved} other{'' if moved == 1 else 's'} would move" if moved else "",
             f"{lost} would have no place" if lost else ""]  # fmt: skip
    return f"{' and '.join(part for part in parts if part)}: {dated(season, why.week_earlier)}"


def _moved(season: Season, one: Difference) -> dict[str, object]:
    outage = season.outages[one.job]
    return {
        "outage": one.job, "reference": outage.asked.external_id, "owner": outage.asked.organisation,
        "from": None if one.before is None else season.window(one.job, one.before),
        "to": None if one.after is None else season.window(one.job, one.after),
    }  # fmt: skip


def dated(season: Season, says: str) -> str:
    """Write the planner's days, which count from the season's first, as dates."""
    return re.sub(r"\bday (\d+)", lambda m: f"{season.first + timedelta(days=int(m[1]) - 1):%d %b}", says)


__all__ = ["MOST", "costs", "dated"]
