"""Traps of planning (models 8): a quantile in a program, and a large constant that opens its bound."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from moms.schedule._mip import Budget, Program
from moms.schedule.season import solve, values
from tests.schedule.season_cases import a_job, a_problem, problems

SCENARIOS = 20
"""The worst 5 % of so many is the worst one."""


def risk_of(*risks) -> float:
    """The season's own risk of jobs that are all out on one day."""
    jobs = [a_job(f"j{k}", days=1, risk=tuple(map(float, risk))) for k, risk in enumerate(risks)]
    return values(a_problem(*jobs, scenarios=SCENARIOS), {job.id: 0 for job in jobs})["risk"]


def excess(risk, share: float) -> float:
    """The quantile above the mean, as the challenge counts it."""
    return max(np.sort(risk)[int(np.ceil(share * SCENARIOS)) - 1] - np.mean(risk), 0.0)


RISKS = st.lists(st.integers(0, 60), min_size=SCENARIOS, max_size=SCENARIOS)


@settings(deadline=None)
@given(RISKS, RISKS)
def test_the_risk_that_is_minimised_is_convex_and_no_quantile(one, other):
    """Together never worse than apart, and never below the quantile that is told afterwards."""
    both = [a + b for a, b in zip(one, other, strict=True)]
    together = risk_of(one, other)
    assert together <= risk_of(one) + risk_of(other) + 1e-9
    assert abs(together - 0.5 * (np.mean(both) + max(both))) < 1e-9
    assert together >= 0.5 * np.mean(both) + 0.5 * (np.mean(both) + excess(both, 0.95)) - 1e-9


def test_a_quantile_would_call_two_risks_together_worse_than_both_apart():
    """Why: each job is bad in one scenario of twenty, which a 95 % quantile of each does not see, and of both does."""
    one, other = [0] * SCENARIOS, [0] * SCENARIOS
    one[0] = other[1] = 100
    both = [a + b for a, b in zip(one, other, strict=True)]
    assert excess(one, 0.95) == excess(other, 0.95) == 0.0
    assert excess(both, 0.95) > 0.0
    assert risk_of(one, other) <= risk_of(one) + risk_of(other)


@settings(deadline=None, max_examples=25)
@given(problems())
def test_no_program_of_the_season_has_a_number_larger_than_its_data(problem):
    """What is switched by a choice is switched by its own size: no constant that is merely large stands for never."""
    seen: list[Program] = []
    real = Program.solve

    def watched(self, **how):
        seen.append(self)
        return real(self, **how)

    Program.solve = watched  # type: ignore[method-assign]
    try:
        solve(problem, budget=Budget(nodes=50))
    finally:
        Program.solve = real  # type: ignore[method-assign]
    assert seen
    assert any(program.value for program in seen)
    sizes = [
        1.0,
        *(job.size_mw * job.days for job in problem.jobs),
        *(r * job.days for job in problem.jobs for r in job.risk),
    ]
    sizes += [amount for job in problem.jobs for _, amount in job.uses]
    sizes += [float(problem.days), float(len(problem.jobs))]
    for program in seen:
        assert max((abs(v) for v in program.value), default=0.0) <= max(sizes) + 1e-9
