"""The smallest change, against every plan there is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from moms.schedule._mip import Budget
from moms.schedule.season import breaks, chained, difference, first_fit, fit_in, smallest_change, smallest_fit, values
from moms.schedule.season.around import lost_of, places_found, reduced
from tests.schedule.season_cases import a_job, a_problem, a_zone, every_plan, problems
from tests.schedule.test_displaced import group, some_plan

WORK = Budget(nodes=2000)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), problem=problems())
def test_a_repair_moves_as_few_as_any_plan_that_serves_as_much(data, problem):
    problem = replace(problem, jobs=tuple(replace(j, must=False, approved=None) for j in problem.jobs))
    before = {j.id: data.draw(st.sampled_from([None, *range(6)])) for j in problem.jobs}
    held = replace(problem, jobs=tuple(replace(j, held=before[j.id]) for j in problem.jobs))
    found = smallest_change(held, budget=WORK)

    def key(plan):
        v = values(held, plan)
        lost = sum(n is not None and plan.get(name) != n for name, n in before.items())
        return (*(round(v[f"unserved_P{n}"], 6) for n in (1, 2, 3)), lost, v["displacement"])

    best = min(key(plan) for plan in every_plan(held) if not breaks(held, plan))
    assert breaks(held, found.plan) == ()
    assert key(found.plan) == best
    assert all(level.proved for level in found.levels)


def others_moved(problem, plan, other, new):
    """Name the jobs, and count the groups of jobs, that stand elsewhere in another plan; the new one is none."""
    names = [d.job for d in difference(plan, other) if d.job not in group(problem, new, 0)]
    return names, len({frozenset(group(problem, n, 0)) for n in names})


def before_a_new_one(data, problem):
    """Draw a plan without one job and what goes with it; what need not be is left loose."""
    problem = replace(problem, jobs=tuple(replace(j, must=False, approved=None) for j in problem.jobs))
    new, *rest = data.draw(st.permutations([j.id for j in problem.jobs]))
    rest = [n for n in rest if n not in group(problem, new, 0)]
    plan = some_plan(problem, [(name, data.draw(st.integers(0, 5))) for name in rest])
    with_it = {*plan, *group(problem, new, 0)}
    good = [other for other in every_plan(problem) if set(other) == with_it and not breaks(problem, other)]
    return problem, plan, new, good


@settings(max_examples=100, deadline=None)
@given(data=st.data(), problem=problems())
def test_fitting_in_moves_nobody_or_one_where_that_is_enough_and_else_says_so(data, problem):
    problem, plan, new, good = before_a_new_one(data, problem)
    found = fit_in(problem, plan, new)
    fewest = min((others_moved(problem, plan, other, new)[1] for other in good), default=None)
    if found is None:
        assert fewest is None or fewest > 1
        return
    assert breaks(problem, found) == ()
    assert others_moved(problem, plan, found, new)[1] == fewest <= 1


@settings(max_examples=100, deadline=None)
@given(data=st.data(), problem=problems())
def test_the_smallest_fit_loses_nobody_and_is_the_fewest_where_it_says_so(data, problem):
    problem, plan, new, good = before_a_new_one(data, problem)
    found = smallest_fit(problem, plan, new, budget=WORK)
    fewest = min((len(others_moved(problem, plan, other, new)[0]) for other in good), default=None)
    if found is None:
        assert fewest is None or fewest > 1
        return
    assert breaks(problem, found.plan) == ()
    assert set(found.plan) == {*plan, *group(problem, new, 0)}
    assert [d.job for d in found.moved] == others_moved(problem, plan, found.plan, new)[0]
    assert len(found.moved) == fewest if found.fewest else len(found.moved) > fewest - 1


def test_a_chain_of_moves_makes_room_where_no_single_one_does():
    """Each place but the last is full: everybody has to move up by one, and nobody may stand where it stood."""
    jobs = [a_job(f"j{k}", days=1, preferred=k, earliest=k, latest_end=min(k + 2, 6)) for k in range(5)]
    problem = a_problem(*jobs, a_job("new", days=1, latest_end=1))
    found = smallest_fit(problem, {f"j{k}": k for k in range(5)}, "new", budget=WORK)
    assert found.plan == {"new": 0, **{f"j{k}": k + 1 for k in range(5)}}
    assert [d.job for d in found.moved] == [f"j{k}" for k in range(5)]
    assert fit_in(problem, {f"j{k}": k for k in range(5)}, "new") is None
    full = a_problem(*jobs, a_job("j5", days=1, earliest=5), a_job("new", days=1, latest_end=1))
    assert smallest_fit(full, {f"j{k}": k for k in range(6)}, "new", budget=WORK) is None


def test_after_a_loss_of_headroom_only_the_one_that_no_longer_fits_moves():
    jobs = [a_job(n, size_mw=5.0, days=2, preferred=k * 2, held=k * 2) for k, n in enumerate("abc")]
    problem = a_problem(*jobs, zones=(a_zone([10, 10, 4, 10, 10, 10]),))
    found = smallest_change(problem, budget=WORK)
    assert difference({j.id: j.held for j in jobs}, found.plan) == (difference({"b": 2}, {"b": 3})[0],)


def test_equal_plans_do_not_differ_and_a_lost_place_does():
    assert difference({"a": 1}, {"a": 1}) == ()
    (lost,) = difference({"a": 1, "b": 2}, {"b": 2})
    assert (lost.job, lost.before, lost.after) == ("a", 1, None)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), problem=problems())
def test_what_fits_into_a_reduced_problem_fits_beside_what_stands(data, problem):
    problem = replace(problem, jobs=tuple(replace(j, must=False, approved=None) for j in problem.jobs), bundles=())
    plan = some_plan(problem, [(j.id, data.draw(st.integers(0, 5))) for j in problem.jobs])
    free = frozenset(data.draw(st.sets(st.sampled_from([j.id for j in problem.jobs]), min_size=1)))
    fixed = {n: s for n, s in plan.items() if n not in free}
    if breaks(problem, fixed):  # what waits for a freed job does not stand by itself
        return
    part = reduced(problem, fixed, free)
    for some in every_plan(part):
        if not breaks(part, some):
            both = [b for b in breaks(problem, fixed | some) if b.rule != "precedence"]
            assert both == [], (fixed, some)
    assert set(part.job) == set(free)


@settings(max_examples=25, deadline=None)
@given(problem=problems(), seed=st.integers(0, 9))
def test_looking_for_places_breaks_nothing_and_never_loses_work(problem, seed):
    problem = replace(problem, jobs=tuple(replace(j, must=False, approved=None) for j in problem.jobs))
    plan = first_fit(problem)
    rng = np.random.default_rng(seed)
    found = places_found(problem, plan, rng=rng, budget=WORK, tries=3)
    assert breaks(problem, found) == ()
    assert lost_of(problem, found) <= lost_of(problem, plan)


@settings(max_examples=60, deadline=None)
@given(problem=problems(), seed=st.integers(0, 9))
def test_ejection_chains_break_nothing_never_lose_work_and_are_repeatable(problem, seed):
    problem = replace(problem, jobs=tuple(replace(j, must=False) for j in problem.jobs))
    plan = first_fit(problem)
    found, again = (chained(problem, plan, rng=np.random.default_rng(seed), moves=30) for _ in range(2))
    assert found == again
    assert {b.rule for b in breaks(problem, found)} <= {b.rule for b in breaks(problem, plan)} <= {"placed"}
    assert lost_of(problem, found) <= lost_of(problem, plan)
    stays = {n for b in problem.before for n in (b.first, b.then)}
    stays |= {n for b in problem.bundles for n in (b.first, b.second)}
    stays |= {j.id for j in problem.jobs if j.approved is not None}
    assert {n: s for n, s in found.items() if n in stays} == {n: s for n, s in plan.items() if n in stays}


def test_a_chain_of_ejections_places_what_no_swap_can():
    """As many one-day jobs as days, each with two days it may have: one way round the ring, and no other."""
    ring = [a_job(f"j{k}", days=1, earliest=0, latest_end=6, preferred=k, only=(k, (k + 1) % 6)) for k in range(5)]
    problem = a_problem(*ring, a_job("last", days=1, preferred=0, only=(0,)))
    plan = {f"j{k}": k for k in range(5)}
    assert len(every := [p for p in every_plan(problem) if len(p) == 6 and not breaks(problem, p)]) == 1
    assert chained(problem, plan, rng=np.random.default_rng(0), moves=200) == every[0]
