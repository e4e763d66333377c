"""Who stands in the way, against trying every job out by the checks that know nothing of it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from moms.schedule.season import Bundle, Together, breaks, explain, first_fit, in_the_way
from tests.schedule.season_cases import a_job, a_problem, a_zone, problems


def group(problem, name, start):
    """Give where a job and all that is bundled with it would be, by the words of the bundles alone."""
    places, more = {name: start}, {name: start}
    while more:
        more = {}
        for b in problem.bundles:
            if b.first in places and b.second not in places:
                more[b.second] = places[b.first] + b.offset_days
            if b.second in places and b.first not in places:
                more[b.first] = places[b.second] - b.offset_days
        places |= more
    return places


def some_plan(problem, order):
    """Give a plan in which nothing hard is broken: jobs put one after the other at a drawn start."""
    hall = Together(problem)
    for name, turn in order:
        starts = problem.starts[name]
        for k in range(len(starts)):
            start = starts[(turn + k) % len(starts)]
            if name not in hall.board.held and hall.free(name, start):
                hall.put(name, start)
                break
    return dict(hall.board.held)


def fits(problem, plan, places):
    """Tell whether a job and what goes with it may stand there: by the checks of a whole plan."""
    ends = {n: s + problem.job[n].length(s) for n, s in places.items()}
    if any(s < 0 or ends[n] > problem.days for n, s in places.items()):
        return False
    return not [b for b in breaks(problem, {**plan, **places}) if places.keys() & set(b.jobs) and b.rule != "placed"]


@settings(max_examples=60, deadline=None)
@given(data=st.data(), problem=problems())
def test_the_one_in_the_way_is_the_one_without_whom_the_wish_fits(data, problem):
    order = data.draw(st.permutations([j.id for j in problem.jobs]))
    plan = some_plan(problem, [(name, data.draw(st.integers(0, 5))) for name in order])
    found = in_the_way(problem, plan)
    for job in problem.jobs:
        if plan.get(job.id) == job.preferred:
            assert job.id not in found
            continue
        places = group(problem, job.id, job.preferred)
        rest = {n: s for n, s in plan.items() if n not in places}
        allowed = all(s in problem.starts[n] for n, s in places.items())
        free, expected = fits(problem, rest, places), set()
        for other in rest:
            less = {n: s for n, s in rest.items() if n != other}
            if not free and allowed and fits(problem, less, places):
                expected.add(other)
        assert set(found[job.id]) == expected


@settings(max_examples=80, deadline=None)
@given(data=st.data(), problem=problems())
def test_a_group_is_free_exactly_where_all_of_it_breaks_nothing(data, problem):
    order = data.draw(st.permutations([j.id for j in problem.jobs]))
    plan = some_plan(problem, [(name, data.draw(st.integers(0, 5))) for name in order])
    assert {b.rule for b in breaks(problem, plan)} <= {"placed"}, "no part of a group has a place that the rest has not"
    hall = Together(problem)
    for job in problem.jobs:
        for start in range(problem.days):
            places = group(problem, job.id, start)
            if job.id not in plan:
                assert (hall.blocked(plan, job.id, start) is None) == fits(problem, plan, places)
            else:
                assert (hall.blocked(plan, job.id, start) is None) == (plan[job.id] == start)
            assert hall.completed({job.id: start}) == places


def test_a_group_moves_as_one_and_its_own_are_not_in_its_way():
    jobs = [a_job("a", days=1, preferred=0), a_job("b", days=1, preferred=1), a_job("c", days=1, preferred=1)]
    problem = a_problem(*jobs, bundles=(Bundle(first="a", second="b", offset_days=1),))
    plan = {"a": 2, "b": 3, "c": 1}
    assert in_the_way(problem, plan) == {"a": ("c",), "b": ("c",)}
    why = {w.request: w for w in explain(problem, plan)}
    assert "with it goes b: 10 MW, 0 MW left in z on day 2" in why["a"].says


def test_a_group_of_three_has_a_first_plan():
    jobs = [a_job(n, days=1, size_mw=1.0, preferred=k) for k, n in enumerate("abc")]
    ties = (Bundle(first="a", second="b", offset_days=1), Bundle(first="b", second="c", offset_days=1))
    assert first_fit(a_problem(*jobs, bundles=ties)) == {"a": 0, "b": 1, "c": 2}


def test_where_only_two_together_stand_against_it_neither_is_named():
    jobs = [a_job(n, size_mw=8.0, days=1, preferred=0) for n in "abc"]
    problem = a_problem(*jobs, zones=(a_zone(10.0),))
    assert in_the_way(problem, {"a": 0, "b": 1, "c": 2}) == {"b": ("a",), "c": ("a",)}
    small = [a_job(n, size_mw=s, days=1, preferred=0) for n, s in (("a", 9.0), ("b", 9.0), ("c", 10.0))]
    assert in_the_way(a_problem(*small, zones=(a_zone(20.0),)), {"a": 0, "b": 0, "c": 1}) == {"c": ("a", "b")}
    assert in_the_way(a_problem(*small, zones=(a_zone(18.0),)), {"a": 0, "b": 0}) == {"c": ()}
