"""The synthetic season of the bench: the same each time, planned without a breach, its optimum that of the model."""

from __future__ import annotations

import numpy as np

from moms.bench import season_rows as rows_of
from moms.bench.season_instance import season, weighted
from moms.bench.season_rows import lost
from moms.schedule._mip import Budget, Status
from moms.schedule.season import breaks, first_fit, places_found
from moms.schedule.season.solve import build


def test_a_season_is_drawn_the_same_each_time_and_has_too_little_room():
    one, two = season(requests=200, seed=3), season(requests=200, seed=3)
    assert (one.jobs, one.zones, one.resources) == (two.jobs, two.zones, two.resources)
    assert one.jobs != season(requests=200, seed=4).jobs
    assert 0.5 < len(first_fit(one)) / 200 < 1


def test_looking_for_places_breaks_nothing_and_is_never_better_than_the_proven_best():
    problem = season(requests=150, seed=0)
    plan = first_fit(problem)
    made = places_found(problem, plan, rng=np.random.default_rng(0), budget=Budget(nodes=50), tries=5)
    assert breaks(problem, made) == ()
    model = build(problem)
    for name, cost in weighted(problem).items():
        model.program.cost[model.u[name]] = cost
    best = model.program.solve(budget=Budget(nodes=500))
    assert best.status is Status.OPTIMAL
    assert best.value is not None
    assert best.value - 1e-6 <= lost(problem, made) <= lost(problem, plan)


def test_the_rows_say_why_a_figure_is_missing(monkeypatch):
    monkeypatch.setattr(rows_of, "there", lambda: False)
    rows = {row.id: row for row in rows_of.season_rows(quick=True, seconds=0.5)}
    assert rows["schedule.season.cpsat"].why == "ortools is not installed"
    assert rows["schedule.season"].why
    assert rows["schedule.season.placed"].value is not None
    assert rows["schedule.season.highs"].peer is not None or rows["schedule.season.highs"].why
    assert all(row.value is not None or row.why for row in rows.values())
