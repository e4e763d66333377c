"""What a good plan is, term by term, in the order in which the terms count; each is also valued without the model."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from moms.schedule.season.model import Model
    from moms.schedule.season.problem import Job, Problem

FULL_BURDEN_DAYS = 28
"""Moved by so many days or more, a request counts as not served: the same for all, whatever their flexibility."""
CVAR_ALPHA, CVAR_SHARE = 0.95, 0.5
Terms = dict[int, float]
NamedTerm = tuple[str, str, "Callable[[Model], Terms]"]
"""Name, unit, and what gives the term."""


def mw_days(job: Job) -> float:
    """Give how much work a job is; one without size still counts a little, so that no work is free to drop."""
    return max(job.size_mw if job.counts_mw is None else job.counts_mw, 1e-3) * job.days


def burden_of(job: Job, start: int | None) -> float:
    """Give the share of a job's worth that its owner loses: 1 if it finds no place."""
    return 1.0 if start is None else min(1.0, abs(start - job.preferred) / FULL_BURDEN_DAYS)


def unserved(need: int) -> Callable[[Model], Terms]:
    """Give the term of work of one class that finds no place, in MW-days."""

    def term(model: Model) -> Terms:
        return {model.u[j.id]: mw_days(j) for j in model.problem.jobs if j.need == need}

    return term


def risk(model: Model) -> Terms:
    """Give half the mean and half the CVaR (95 %) of the risk of each day, summed.

    rho_t^w = sum of the risks of what is out; CVaR_t = eta_t + 1/((1 - alpha) W) sum of xi_t^w,
    xi_t^w >= rho_t^w - eta_t.
    """
    p = model.problem
    terms: Terms = {}
    if p.scenarios == 0:
        return {}
    for day in range(p.days):
        here = [(j, c) for j in p.jobs if j.risk for c in model.out(j.id).get(day, ())]
        if not here:
            continue
        for job, column in here:
            terms[column] = terms.get(column, 0.0) + (1 - CVAR_SHARE) * math.fsum(job.risk) / p.scenarios
        eta = model.program.column(lower=-math.inf)
        terms[eta] = CVAR_SHARE
        for w in range(p.scenarios):
            xi = model.program.column()
            terms[xi] = CVAR_SHARE / ((1 - CVAR_ALPHA) * p.scenarios)
            model.row({xi: 1.0, eta: 1.0, **{c: -j.risk[w] for j, c in here}}, lower=0.0)
    return terms


def worst_burden(model: Model) -> Terms:
    """Give the burden of the owner who bears most."""
    worst = model.program.column()
    for jobs in by_owner(model.problem).values():
        row = {c: -b for job in jobs for c, b in _burden(model, job, jobs).items()}
        model.row({worst: 1.0, **row}, lower=0.0)
    return {worst: 1.0}


def mean_burden(model: Model) -> Terms:
    """Give the mean burden of all owners."""
    owners = by_owner(model.problem)
    return {
        c: b / len(owners) for jobs in owners.values() for job in jobs for c, b in _burden(model, job, jobs).items()
    }


def _burden(model: Model, job: Job, jobs: list[Job]) -> Terms:
    share = mw_days(job) / sum(mw_days(one) for one in jobs)
    at = {column: share * burden_of(job, s) for s, column in model.x[job.id].items()}
    return at | {model.u[job.id]: share}


def displacement(model: Model) -> Terms:
    """Give the days by which starts differ from those preferred."""
    return {c: float(abs(s - j.preferred)) for j in model.problem.jobs for s, c in model.x[j.id].items()}


def perturbation(model: Model) -> Terms:
    """Give how many outages are not where they were approved, or where the plan that stands has them."""
    found: Terms = {}
    for job in model.problem.jobs:
        there = standing(job)
        if there is not None:
            found |= {c: 1.0 for s, c in model.x[job.id].items() if s != there}
            found[model.u[job.id]] = 1.0
    return found


def standing(job: Job) -> int | None:
    """Give the start a job has already, if any."""
    return job.approved if job.approved is not None else job.held


TERMS: tuple[NamedTerm, ...] = (
    ("unserved_P1", "MW-days", unserved(1)),
    ("unserved_P2", "MW-days", unserved(2)),
    ("unserved_P3", "MW-days", unserved(3)),
    ("risk", "cost", risk),
    ("worst_burden", "share", worst_burden),
    ("mean_burden", "share", mean_burden),
    ("displacement", "days", displacement),
    ("perturbation", "outages", perturbation),
)
"""Name, unit and term, first what counts first."""


def by_owner(problem: Problem) -> Mapping[str, list[Job]]:
    """Give the jobs of each owner."""
    found: dict[str, list[Job]] = {}
    for job in problem.jobs:
        found.setdefault(job.owner, []).append(job)
    return found


def burdens(problem: Problem, plan: Mapping[str, int]) -> dict[str, float]:
    """Give each owner's burden under a plan, from 0 (all as wished) to 1 (nothing placed)."""
    found = {}
    for owner, jobs in by_owner(problem).items():
        whole = sum(mw_days(j) for j in jobs)
        found[owner] = sum(mw_days(j) * burden_of(j, plan.get(j.id)) for j in jobs) / whole
    return found


def values(problem: Problem, plan: Mapping[str, int]) -> dict[str, float]:
    """Give every term of a plan, computed from the plan alone."""
    burden = list(burdens(problem, plan).values()) or [0.0]
    lost = {n: math.fsum(mw_days(j) for j in problem.jobs if j.need == n and j.id not in plan) for n in (1, 2, 3)}
    moved = sum(1 for j in problem.jobs if standing(j) is not None and plan.get(j.id) != standing(j))
    return {
        **{f"unserved_P{n}": value for n, value in lost.items()},
        "risk": _risk_of(problem, plan),
        "worst_burden": max(burden),
        "mean_burden": math.fsum(burden) / len(burden),
        "displacement": float(sum(abs(s - problem.job[n].preferred) for n, s in plan.items())),
        "perturbation": float(moved),
    }


def _risk_of(problem: Problem, plan: Mapping[str, int]) -> float:
    if problem.scenarios == 0:
        return 0.0
    rho = np.zeros((problem.days, problem.scenarios))
    for name, start in plan.items():
        job = problem.job[name]
        if job.risk:
            rho[start : start + job.length(start)] += np.array(job.risk)
    tails = [_cvar(one) for one in rho]
    return float((1 - CVAR_SHARE) * rho.mean(axis=1).sum() + CVAR_SHARE * math.fsum(tails))


def _cvar(losses: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """Give the mean of the worst (1 - alpha), a part of a scenario counted in part."""
    weight, total = (1 - CVAR_ALPHA) * len(losses), 0.0
    left = weight
    for one in np.sort(losses)[::-1]:
        take = min(left, 1.0)
        total += take * float(one)
        left -= take
        if left <= 0:
            break
    return total / weight
