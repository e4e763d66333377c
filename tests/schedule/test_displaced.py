"""Who stands in the way, against trying every job out by the checks that know nothing of it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from moms.schedule.season import Board, breaks, in_the_way
from tests.schedule.season_cases import a_job, a_problem, a_zone, problems


def some_plan(problem, order):
    """Give a plan in which nothing hard is broken: jobs put one after the other at a drawn start."""
    board = Board(problem)
    for name, turn in order:
        starts = problem.starts[name]
        for k in range(len(starts)):
            start = starts[(turn + k) % len(starts)]
            if board.blocked(board.held, name, start) is None:
                board.put(name, start)
                break
    return dict(board.held)


def fits(problem, plan, name, start):
    """Tell whether a job may stand there: by the checks of a whole plan, less what was broken without it."""
    before = {(b.rule, b.day, b.jobs) for b in breaks(problem, plan)}
    after = [b for b in breaks(problem, {**plan, name: start}) if name in b.jobs and b.rule != "placed"]
    tied = [b for b in after if b.rule == "bundles" and not set(b.jobs) <= {*plan, name}]
    return not [b for b in after if b not in tied and (b.rule, b.day, b.jobs) not in before]


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
        rest = {n: s for n, s in plan.items() if n != job.id}
        free = job.preferred in problem.starts[job.id] and fits(problem, rest, job.id, job.preferred)
        expected = set()
        for other in rest:
            less = {n: s for n, s in rest.items() if n != other}
            if not free and job.preferred in problem.starts[job.id] and fits(problem, less, job.id, job.preferred):
                expected.add(other)
        assert set(found[job.id]) == expected


def test_where_only_two_together_stand_against_it_neither_is_named():
    jobs = [a_job(n, size_mw=8.0, days=1, preferred=0) for n in "abc"]
    problem = a_problem(*jobs, zones=(a_zone(10.0),))
    assert in_the_way(problem, {"a": 0, "b": 1, "c": 2}) == {"b": ("a",), "c": ("a",)}
    small = [a_job(n, size_mw=s, days=1, preferred=0) for n, s in (("a", 9.0), ("b", 9.0), ("c", 10.0))]
    assert in_the_way(a_problem(*small, zones=(a_zone(20.0),)), {"a": 0, "b": 0, "c": 1}) == {"c": ("a", "b")}
    assert in_the_way(a_problem(*small, zones=(a_zone(18.0),)), {"a": 0, "b": 0}) == {"c": ()}
