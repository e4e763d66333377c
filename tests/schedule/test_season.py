"""The season plan: against every plan of small seasons, by hand, and in words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moms.schedule._mip import Budget
from moms.schedule.season import (
    AtMost,
    Before,
    Bundle,
    Conflict,
    NotAProblem,
    Resource,
    breaks,
    burdens,
    explain,
    first_fit,
    smallest_clash,
    solve,
    values,
)
from moms.schedule.season.board import Board
from moms.schedule.season.objective import TERMS
from moms.schedule.season.solve import build, key_of
from tests.schedule.season_cases import a_job, a_problem, a_zone, every_plan, problems

MANY = Budget(nodes=10_000)


def least(keys):
    """Give the first of all, where sums in another order differ in their last bit as equals."""
    return min(keys, key=lambda key: tuple(round(value, 9) for value in key))


def close(one, other):
    return all(abs(a - b) <= 1e-5 * max(abs(a), 1.0) for a, b in zip(one, other, strict=True))


@settings(max_examples=120, deadline=None)
@given(problems())
def test_the_plan_is_the_first_of_all_plans_term_by_term(problem):
    good = [plan for plan in every_plan(problem) if not breaks(problem, plan)]
    found = solve(problem, budget=MANY)
    assert (found.plan is None) == (not good)
    if good:
        assert breaks(problem, found.plan) == ()
        assert close(key_of(problem, found.plan), least(key_of(problem, plan) for plan in good))
        assert all(level.proved for level in found.levels)
        assert [level.name for level in found.levels] == [name for name, _, _ in TERMS]


@settings(max_examples=80, deadline=None)
@given(problems(), st.data())
def test_the_model_and_the_check_allow_the_same_plans(problem, data):
    """Fix a plan in the program: it is feasible exactly where the check, written apart, finds nothing broken."""
    plan = data.draw(st.sampled_from(list(every_plan(problem))))
    model = build(problem)
    for job, places in model.x.items():
        for start, column in places.items():
            model.program.lower[column] = model.program.upper[column] = float(plan.get(job) == start)
    solved = model.program.solve(budget=MANY)
    assert solved.found == (breaks(problem, plan) == ())


@pytest.mark.parametrize("with_it", [
    {"at_most": (AtMost(jobs=("a", "b")),)},
    {"conflicts": (Conflict(jobs=("a", "b"), first_day=1, end_day=2),)},
    {"bundles": (Bundle(first="a", second="b", offset_days=1),)},
    {"before": (Before(first="a", then="b"),)},
    {"resources": (Resource(id="crew", capacity=(1.0,) * 6),)},
    {"zones": (a_zone(1.5),)},
])  # fmt: skip
def test_each_rule_alone_keeps_two_from_starting_together(with_it):
    jobs = [a_job(name, size_mw=1.0, uses=(("crew", 1.0),) if "resources" in with_it else ()) for name in "ab"]
    problem = a_problem(*jobs, **with_it)
    model = build(problem)
    for name in "ab":
        model.program.lower[model.x[name][0]] = 1.0
    assert not model.program.solve(budget=MANY).found
    assert breaks(problem, {"a": 0, "b": 0})


@settings(max_examples=80, deadline=None)
@given(problems(), st.data())
def test_the_board_allows_one_more_start_exactly_where_the_check_does(problem, data):
    plan = data.draw(st.sampled_from(list(every_plan(problem))))
    name = data.draw(st.sampled_from([j.id for j in problem.jobs]))
    start = data.draw(st.integers(0, 5))
    rest = {n: s for n, s in plan.items() if n != name}
    if start + problem.job[name].length(start) > problem.days:
        return
    with_it = {**rest, name: start}

    def broken(p):
        rules = {"own_window", "headroom", "resources", "precedence", "at_most", "conflict_sets"}
        found = [b for b in breaks(problem, p) if name in b.jobs and b.rule in rules]
        return found + [
            b for b in breaks(problem, p) if b.rule == "bundles" and set(b.jobs) <= set(p) and name in b.jobs
        ]

    board = Board(problem)
    board.blocked({n: s for n, s in plan.items() if s % 2}, name, start)  # whatever it was asked before
    assert (board.blocked(rest, name, start) is None) == (not broken(with_it))


@settings(max_examples=60, deadline=None)
@given(problems())
def test_the_first_plan_breaks_nothing_but_what_had_to_be_placed(problem):
    assert {b.rule for b in breaks(problem, first_fit(problem))} <= {"placed"}


@settings(max_examples=60, deadline=None)
@given(problems())
def test_a_clash_cannot_be_made_smaller(problem):
    """What is named clashes; where the season has a plan nothing is named."""
    clash = smallest_clash(problem, budget=MANY)
    has_plan = any(not breaks(problem, plan) for plan in every_plan(problem))
    assert (clash is None) == has_plan
    if clash:
        assert clash.smallest
        assert any(tag.rule == "placed" for tag in clash.rules)


def test_neighbourhoods_never_make_a_plan_worse_and_are_repeatable():
    jobs = [a_job(f"j{k}", owner="pqr"[k % 3], size_mw=1.0 + k % 4, preferred=k % 4) for k in range(9)]
    problem = a_problem(*jobs, zones=(a_zone(8),))
    told: list[dict[str, int]] = []
    runs = [solve(problem, budget=Budget(nodes=50), seed=4, neighbourhoods=6, tell=told.append) for _ in range(2)]
    assert runs[0] == runs[1]
    keys = [key_of(problem, plan) for plan in told]
    assert all(key_of(problem, runs[0].plan) <= key for key in keys[: len(keys) // 2])
    assert all(breaks(problem, plan) == () for plan in told)


def test_two_that_do_not_fit_together_go_one_after_the_other():
    found = solve(a_problem(a_job("a"), a_job("b", need=1)), budget=MANY)
    assert sorted(found.plan.values()) == [0, 2]
    assert [level.value for level in found.levels][:3] == [0.0, 0.0, 0.0]


def test_work_without_a_place_is_of_the_class_that_counts_least():
    jobs = [a_job(f"p{n}", need=n, latest_end=2) for n in (1, 2, 3)]
    found = solve(a_problem(*jobs, zones=(a_zone(20),)), budget=MANY)
    assert set(found.plan) == {"p1", "p2"}
    assert [level.value for level in found.levels][:3] == [0.0, 0.0, 20.0]


def test_what_was_approved_stays_unless_its_owner_consents():
    early = a_job("early", approved=0)
    hard = a_job("hard", need=1, latest_end=2)
    assert "hard" not in solve(a_problem(early, hard), budget=MANY).plan
    agreed = solve(a_problem(a_job("early", approved=0, consents=True), hard), budget=MANY)
    assert agreed.plan["hard"] == 0
    assert agreed.levels[-1].value == 1.0  # one approved outage moved
    frozen = solve(a_problem(a_job("early", approved=0, consents=True), hard, freeze_before=1), budget=MANY)
    assert frozen.plan == {"early": 0}  # it starts before the fence, so it stays though its owner would move


def test_a_bundle_shares_its_days_and_waits_are_kept():
    problem = a_problem(
        a_job("a", size_mw=1.0), a_job("b", size_mw=1.0, preferred=4), a_job("c", size_mw=1.0),
        bundles=(Bundle(first="a", second="b", offset_days=1),), before=(Before(first="b", then="c", lag_days=1),),
    )  # fmt: skip
    plan = solve(problem, budget=MANY).plan
    assert plan["b"] == plan["a"] + 1
    assert plan["c"] >= plan["b"] + 2 + 1 or "c" not in plan
    assert "c" in plan


def test_an_exclusion_keeps_two_of_three_apart_though_there_is_room():
    jobs = [a_job(name, size_mw=1.0, days=3) for name in "abc"]
    found = solve(a_problem(*jobs, at_most=(AtMost(jobs=("a", "b", "c"), most=2),)), budget=MANY)
    assert sorted(found.plan.values()) == [0, 0, 3]


def test_a_conflict_set_is_kept_apart_on_its_days_only():
    jobs = [a_job(name, size_mw=1.0) for name in "abc"]
    conflict = Conflict(jobs=("a", "b", "c"), first_day=0, end_day=2)
    found = solve(a_problem(*jobs, conflicts=(conflict,)), budget=MANY)
    assert sorted(found.plan.values()) == [0, 0, 2]  # from the third day on they may be out together
    later = Conflict(jobs=("a", "b", "c"), first_day=4, end_day=6)
    assert set(solve(a_problem(*jobs, conflicts=(later,)), budget=MANY).plan.values()) == {0}


def test_the_tail_of_forty_scenarios_is_its_worst_two_in_the_model_too():
    """The program's own value is that of the plan: a bound that stayed below would prove nothing."""
    rng = np.random.default_rng(3)
    jobs = [a_job(f"j{k}", size_mw=1.0, risk=tuple(rng.integers(0, 50, 40).astype(float))) for k in range(4)]
    problem = a_problem(*jobs, scenarios=40)
    found = solve(problem, budget=MANY)
    level = next(one for one in found.levels if one.name == "risk")
    assert level.proved
    assert level.bound == pytest.approx(values(problem, found.plan)["risk"], rel=1e-6)
    day = np.sum([j.risk for j in jobs if found.plan[j.id] == 0], axis=0)
    alone = {j.id: 0 for j in jobs if found.plan[j.id] == 0}
    worst = np.sort(day)[-2:].mean()
    assert values(problem, alone)["risk"] == pytest.approx(2 * (0.5 * day.mean() + 0.5 * worst))


def test_the_risk_is_half_mean_and_half_tail():
    """By hand: 20 scenarios, so the worst 5 % is the worst one."""
    risk = tuple(float(w) for w in range(20))
    problem = a_problem(a_job("a", days=1, risk=risk), scenarios=20)
    assert values(problem, {"a": 0})["risk"] == pytest.approx(0.5 * 9.5 + 0.5 * 19.0)


def test_the_burden_is_weighed_by_work_and_full_without_a_place():
    problem = a_problem(a_job("a", preferred=0), a_job("b", size_mw=30.0, owner="o"), a_job("c", owner="q"))
    found = burdens(problem, {"a": 4, "b": 0})
    assert found["o"] == pytest.approx((20 * 4 / 28 + 60 * 0) / 80)
    assert found["q"] == 1.0


def test_a_clash_is_told_in_words_with_its_owners():
    problem = a_problem(
        a_job("a", must=True, latest_end=2, owner="north"), a_job("b", must=True, latest_end=2, owner="south"),
        a_job("c", must=True, owner="west", size_mw=0.0),
    )  # fmt: skip
    found = solve(problem, budget=MANY)
    assert found.plan is None
    assert {tag.rule for tag in found.clash.rules} == {"placed", "headroom"}
    assert found.clash.owners == ("north", "south")
    assert "a must be placed" in found.clash.says
    assert "c must be placed" not in found.clash.says


def test_each_request_is_told_what_stands_where_it_wished():
    problem = a_problem(a_job("a", need=1), a_job("b"), resources=(Resource(id="crew", capacity=(9.0,) * 6),))
    why = {one.request: one for one in explain(problem, {"a": 0, "b": 2})}
    assert why["a"].says == "on the day wished for"
    assert "MW left in z on day 1" in why["b"].says
    assert [s for s, _ in why["b"].better] == [0, 1]
    assert why["b"].week_earlier.startswith("its own window")


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: a_problem(a_job("a"), a_job("a")), "jobs[1].id"),
        (lambda: a_problem(a_job("a", latest_end=1)), "jobs[0].days"),
        (lambda: a_problem(a_job("a", latest_end=9)), "jobs[0].earliest"),
        (lambda: a_problem(a_job("a", zone="y")), "jobs[0].zone"),
        (lambda: a_problem(a_job("a", uses=(("crane", 1.0),))), "jobs[0].uses"),
        (lambda: a_problem(a_job("a"), at_most=(AtMost(jobs=("a", "x")),)), "at_most[0]"),
        (lambda: a_problem(a_job("a"), conflicts=(Conflict(jobs=("x",), first_day=0, end_day=1),)), "conflicts[0]"),
        (lambda: a_problem(a_job("a"), before=(Before(first="a", then="a"),)), "before"),
        (lambda: a_problem(a_job("a", risk=(1.0,))), "jobs[0].risk"),
        (
            lambda: a_problem(a_job("a"), zones=(a_zone(), a_zone(1, "y", within="x"), a_zone(1, "x", within="y"))),
            "zones",
        ),
    ],
)
def test_a_season_that_contradicts_itself_is_refused_with_its_field(make, field):
    with pytest.raises(NotAProblem) as refused:
        make()
    assert refused.value.field == field


def test_an_empty_season_has_an_empty_plan():
    found = solve(a_problem(), budget=MANY)
    assert found.plan == {}
    assert all(level.value == 0.0 for level in found.levels)
