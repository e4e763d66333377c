from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy import stats

from moms.adequacy import (
    MarginRules,
    NoScenarios,
    Scenarios,
    Taken,
    Unit,
    capacity_outage,
    draw,
    joint_p,
    loss_of_load,
    margins_of,
    outage_frequency,
    recall_odds,
    running_mw,
    scenario_margins,
    simulate,
    weather_years,
)
from moms.adequacy.chain import down_path, draws, step_probabilities
from moms.adequacy.recall import clopper_pearson
from moms.adequacy.scenarios import forecast_error
from moms.adequacy.weather_years import TooFewYears
from moms.grid import shape_columns
from moms.values import Window

from . import five, rts79
from .five import U1, U2, U3

NEW_YEAR = datetime(2027, 1, 1, 5, tzinfo=UTC)
DAYS, SCENARIOS, SEED = 40, 4000, 11
STARTS = tuple(NEW_YEAR + timedelta(hours=h) for h in range(24 * DAYS))
PLAIN = MarginRules()


def warm_grid(**more):
    grid = five.grid(**more)
    hours = np.arange(8760)
    swing = 12.0 + 14.0 * np.cos(2 * np.pi * (hours / 8760 - 0.54)) + 5.0 * np.sin(2 * np.pi * hours / 24)
    return replace(grid, shapes=replace(grid.shapes, temperature_c=np.tile(swing, (3, 1))))


@pytest.fixture(scope="module")
def years():
    return weather_years(shapes=warm_grid().shapes, years=30, seed=5)


def matrix(years, *taken, scenarios=SCENARIOS, seed=SEED, grid=None):
    return scenario_margins(grid=grid or warm_grid(), starts=STARTS, taken=taken, rules=PLAIN, years=years,
                            scenarios=scenarios, seed=seed)  # fmt: skip


def away(unit, first, last, **more):
    return Taken(unit=unit, window=Window(start=STARTS[24 * first], end=STARTS[24 * last]), **more)


def test_a_scenario_is_the_same_in_any_batch_and_can_be_made_again():
    whole = draws(seed=3, key=9, scenarios=50, steps=13)
    for k in (0, 1, 17, 49):
        assert (draws(seed=3, key=9, first=k, scenarios=1, steps=13)[:, 0] == whole[:, k]).all()
    assert not (draws(seed=3, key=10, scenarios=50, steps=13) == whole).any(axis=0).all()
    assert not (draws(seed=4, key=9, scenarios=50, steps=13) == whole).any(axis=0).all()


def test_a_units_path_fails_and_mends_as_often_as_it_should():
    q, repair, step = 0.1, 40.0, 24.0
    down = down_path(
        uniform=draws(seed=1, key=2, scenarios=5000, steps=60), outage_rate=q, repair_h=repair, step_h=step
    )
    n = down.size
    assert down.mean() == pytest.approx(q, abs=5 * np.sqrt(q * (1 - q) / n * 4))
    assert down[0].mean() == pytest.approx(q, abs=4 * np.sqrt(q * (1 - q) / 5000))
    # Against the exponential of the generator matrix.
    from scipy.linalg import expm

    a, b = q / (1 - q) / repair, 1 / repair
    p = expm(np.array([[-a, a], [b, -b]]) * step)
    fails, mends = step_probabilities(outage_rate=q, repair_h=repair, step_h=step)
    assert [float(fails), float(mends)] == pytest.approx([p[0, 1], p[1, 0]])
    up_before = ~down[:-1]
    assert down[1:][up_before].mean() == pytest.approx(p[0, 1], abs=5 * np.sqrt(p[0, 1] / up_before.sum()))


def test_the_matrix_loses_load_as_often_as_the_exact_table(years):
    """Given a scenario's weather and forecast error its load is certain, and the table gives the chance exactly."""
    mild = replace(years, temperature_c=np.full_like(years.temperature_c, 15.0))
    found = matrix(mild, away(U2, 5, 15))
    error = forecast_error(scenarios=SCENARIOS, days=DAYS, seed=SEED)
    rates, caps = np.array([0.10, 0.05, 0.02]), np.array([200.0, 100.0, 150.0])
    hours = np.arange(24 * DAYS)
    wind = 100.0 * 0.96 * mild.wind[:, 1, hours]
    load = 150.0 * mild.load[:, 0, hours] + 100.0 * mild.load[:, 1, hours] - wind
    peak = load.reshape(30, DAYS, 24).max(axis=2)[found.year].T * (1.0 + error) - 5.0
    expected = np.zeros((DAYS, SCENARIOS))
    for days, keep in ((slice(5, 15), [0, 2]), (slice(0, 5), [0, 1, 2]), (slice(15, DAYS), [0, 1, 2])):
        table = capacity_outage(capacity_mw=caps[keep], outage_rate=rates[keep])
        expected[days] = loss_of_load(table=table, load_mw=peak[days])[0]
    lost = found.margin_mw[found.place.index("footprint")] < 0
    assert 0.02 < expected.mean() < 0.9
    gap = lost.sum(axis=0) - expected.sum(axis=0)
    z = gap.mean() / (gap.std() / np.sqrt(SCENARIOS))
    assert abs(z) < 4.0


def test_quantiles_are_those_of_the_scenarios(years):
    found = matrix(years, scenarios=300)
    p10, p50, p90 = found.quantiles_mw()[0]
    assert (p10 <= p50).all()
    assert (p50 <= p90).all()
    assert p10[3] == pytest.approx(np.quantile(found.margin_mw[0, 3], 0.1), rel=1e-6)


def brute(found, zone, running, days, level):
    """Count, start by start and scenario by scenario."""
    hits = []
    for start in range(len(found.day) - days + 1):
        count = 0
        for s in range(len(found.year)):
            worst = min(
                found.margin_mw[p, d, s] - running[d, s]
                for p, zones in enumerate(found.zones) if zone in zones for d in range(start, start + days)
            )  # fmt: skip
            count += worst < level
        hits.append(count / len(found.year))
    return hits


@pytest.mark.parametrize("days", [1, 2, 3, 7, 40, 41])
def test_recall_of_every_start_is_that_of_counting(years, days):
    found = matrix(years, scenarios=61)
    running = running_mw(grid=warm_grid(), scenarios=found, unit=U3)
    odds = recall_odds(scenarios=found, zone=1, running_mw=running, days=days, level_mw=12.5)
    assert odds.probability.tolist() == pytest.approx(brute(found, 1, running, days, np.float32(12.5)))
    sizes = np.bincount(found.year)
    assert sizes @ odds.by_year / 61 == pytest.approx(odds.probability)


def test_a_unit_that_is_down_anyway_takes_nothing(years):
    """Removing c A and not c: its own failures are in the matrix already."""
    found = matrix(years)
    running = running_mw(grid=warm_grid(), scenarios=found, unit=U1)
    assert set(np.unique(running).tolist()) == {0.0, 200.0}
    without = matrix(years, away(U1, 0, 39))
    assert found.margin_mw[0, :39] - running[:39] == pytest.approx(without.margin_mw[0, :39], abs=1e-3)


def whole(years, *taken):
    there = years.at(shape_columns(shapes=warm_grid().shapes, starts=STARTS))
    return draw(grid=warm_grid(), starts=STARTS, taken=taken, years=there, scenarios=200, seed=SEED)


@pytest.mark.parametrize("span", [(0, DAYS), (7, 19), (39, 40)])
def test_a_book_that_changed_after_the_draw_is_made_good_as_if_drawn_anew(years, span):
    old = (away(U1, 3, 12), away(3, 5, 9), away(U3, 0, 20, derate_mw=70.0))
    new = (away(U2, 8, 15), away(U3, 4, 30, derate_mw=20.0), away(3, 0, 39))
    starts = STARTS[24 * span[0] : 24 * span[1]]
    there = years.at(shape_columns(shapes=warm_grid().shapes, starts=starts))
    found = margins_of(grid=warm_grid(), drawn=whole(years, *old), starts=starts, taken=new, rules=PLAIN, years=there)
    again = matrix(years, *new, scenarios=200)
    assert found.margin_mw == pytest.approx(again.margin_mw[:, span[0] : span[1]], abs=1e-3)
    assert found.day == again.day[span[0] : span[1]]
    ran = [running_mw(grid=warm_grid(), scenarios=one, unit=U1) for one in (found, again)]
    assert (ran[0] == ran[1][span[0] : span[1]]).all()


def test_only_the_places_that_count_a_zone_are_given(years):
    there = years.at(shape_columns(shapes=warm_grid().shapes, starts=STARTS))
    given = {"grid": warm_grid(), "drawn": whole(years), "starts": STARTS, "taken": (), "rules": PLAIN, "years": there}
    every, some = margins_of(**given), margins_of(**given, touching=(1,))
    assert set(some.place) < set(every.place)
    assert all(1 in zones for zones in some.zones)
    for p, place in enumerate(some.place):
        assert (some.margin_mw[p] == every.margin_mw[every.place.index(place)]).all()


def test_days_that_were_not_drawn_are_refused(years):
    starts = tuple(STARTS[0] + timedelta(hours=h) for h in range(24 * (DAYS - 1), 24 * (DAYS + 1)))
    there = years.at(shape_columns(shapes=warm_grid().shapes, starts=starts))
    with pytest.raises(NoScenarios):
        margins_of(grid=warm_grid(), drawn=whole(years), starts=starts, taken=(), rules=PLAIN, years=there)


def test_weather_at_some_hours_is_that_of_the_whole_years(years):
    columns = np.array([5, 8759, 300, 300, 4000])
    some = weather_years(shapes=warm_grid().shapes, years=30, seed=5, columns=columns)
    for name in ("load", "wind", "solar", "temperature_c"):
        assert (getattr(some, name) == getattr(years, name)[:, :, columns]).all()


def test_the_forecast_errs_more_the_further_it_reaches():
    near, far = (forecast_error(scenarios=20_000, days=3, seed=4, lead_days=lead) for lead in (0, 60))
    sigma = 0.04 * np.sqrt(1 - np.exp(-(np.arange(3) + 1.0) / 4.0))
    assert near.std(axis=1) == pytest.approx(sigma, rel=0.03)
    assert far.std(axis=1) == pytest.approx(np.full(3, 0.04), rel=0.03)


def test_wind_in_the_book_gives_nothing(years):
    lost = matrix(years, scenarios=60).margin_mw - matrix(years, away(3, 0, 10), scenarios=60).margin_mw
    assert lost[:, 10:].max() == pytest.approx(0.0, abs=1e-4)
    assert lost[0, :10].max() > 10.0


def test_exact_bounds_hold_the_binomial_tail():
    low, high = clopper_pearson(np.array([0.0, 1.0, 20.0, 400.0]), 400)
    assert (low[0], high[3]) == (0.0, 1.0)
    for k, bounds in ((1, (low[1], high[1])), (20, (low[2], high[2]))):
        assert stats.binom.sf(k - 1, 400, bounds[0]) == pytest.approx(0.025)
        assert stats.binom.cdf(k, 400, bounds[1]) == pytest.approx(0.025)


def test_an_interval_is_wide_where_weather_years_differ(years):
    found = matrix(years, scenarios=600)
    differ = replace(found, margin_mw=np.where(found.year < 3, -1.0, 1.0)[None, None, :].repeat(DAYS, 1).astype("f4"),
                     place=("all",), zones=((0, 1),))  # fmt: skip
    odds = recall_odds(scenarios=differ, zone=0, running_mw=np.zeros((DAYS, 600), "f4"), days=5)
    low, high = odds.interval(seed=1)
    assert odds.probability == pytest.approx(np.full(DAYS - 4, 0.1))
    binomial = clopper_pearson(np.array([60.0]), 600)
    assert low[0] < binomial[0][0]
    assert high[0] > binomial[1][0] + 0.05


def test_weather_years_are_seeded_and_the_first_is_the_grids_own():
    shapes = warm_grid().shapes
    one, same, other = (weather_years(shapes=shapes, years=30, seed=s) for s in (5, 5, 6))
    assert (one.load == same.load).all()
    assert (one.load[1:] != other.load[1:]).any()
    assert (one.load[0] == shapes.load[:-1]).all()
    anomaly = one.temperature_c[1:].mean(axis=(1, 2)) - shapes.temperature_c.mean()
    assert np.abs(anomaly).max() < 2.0
    # Warm hours of summer carry more load than the grid's own year has there.
    hot = one.temperature_c[4, 0] > shapes.temperature_c[0] + 3
    hot &= one.temperature_c[4, 0] > 25
    assert (one.load[4, 0][hot] > shapes.load[0][hot]).all()
    with pytest.raises(TooFewYears):
        weather_years(shapes=shapes, years=1, seed=1)


def test_what_has_no_scenarios_is_refused(years):
    with pytest.raises(NoScenarios):
        matrix(years, grid=replace(warm_grid(), shapes=None))
    with pytest.raises(NoScenarios):
        matrix(years, scenarios=5)
    with pytest.raises(NoScenarios):
        running_mw(grid=warm_grid(), scenarios=matrix(years, scenarios=30), unit=3)


def test_a_window_longer_than_the_matrix_has_no_start(years):
    found = matrix(years, scenarios=30)
    odds = recall_odds(scenarios=found, zone=0, running_mw=np.zeros((DAYS, 30), "f4"), days=DAYS + 1)
    assert isinstance(found, Scenarios)
    assert odds.probability.shape == (0,)


SMALL = tuple(
    Unit(name=str(c), capacity_mw=c, outage_rate=q, mttr_h=r)
    for c, q, r in ((100, 0.1, 30), (80, 0.15, 20), (80.5, 0.08, 50), (50, 0.2, 10))
)


def test_monte_carlo_agrees_with_the_exact_hours_of_loss():
    load = np.tile(140.0 + 60.0 * np.sin(np.arange(24) / 24 * 2 * np.pi), 60)
    period = np.arange(len(load)) // 120
    found = simulate(units=SMALL, load_mw=load, period=period, years=1500, seed=21)
    table = capacity_outage(capacity_mw=[u.capacity_mw for u in SMALL], outage_rate=[u.outage_rate for u in SMALL])
    lolp, eue = loss_of_load(table=table, load_mw=load)
    exact = np.bincount(period, weights=lolp)
    assert joint_p(simulated=found, exact_h=exact) > 1e-4
    assert joint_p(simulated=found, exact_h=exact * 1.1) < 1e-4
    assert found.energy_mwh.mean() == pytest.approx(eue.sum(), abs=4 * found.energy_mwh.std() / np.sqrt(1500))


def test_monte_carlo_in_small_steps_finds_the_exact_frequency():
    """Steps of 3 minutes miss few of the failures that are mended at once."""
    load, step = np.full(2400, 200.0), 0.05
    found = simulate(units=SMALL, load_mw=load, period=np.zeros(2400, dtype=np.int64), years=2000, seed=4, step_h=step)
    table = capacity_outage(capacity_mw=[u.capacity_mw for u in SMALL], outage_rate=[u.outage_rate for u in SMALL])
    often = outage_frequency(table=table, repair_h=np.array([u.mttr_h for u in SMALL], dtype=float))
    first = int(np.searchsorted(table.out_mw, table.installed_mw - 200.0, side="right"))
    exact = often[first] * 2400 * step
    assert found.losses.mean() == pytest.approx(exact, abs=4 * found.losses.std() / np.sqrt(2000) + 0.01 * exact)


@pytest.mark.long
def test_monte_carlo_agrees_with_rts79_on_fresh_seeds(long_seed, cases):
    repair = {12: 60, 20: 50, 50: 20, 76: 40, 100: 50, 155: 40, 197: 50, 350: 100, 400: 150}
    fleet = zip(rts79.capacity_mw(), rts79.outage_rate(), strict=True)
    units = [Unit(name=str(k), capacity_mw=c, outage_rate=q, mttr_h=repair[int(c)]) for k, (c, q) in enumerate(fleet)]
    load, week = rts79.load_mw(), np.arange(8736) // 168
    table = capacity_outage(capacity_mw=rts79.capacity_mw(), outage_rate=rts79.outage_rate())
    exact = np.bincount(week, weights=loss_of_load(table=table, load_mw=load)[0])
    for fresh in range(3):
        found = simulate(units=units, load_mw=load, period=week, years=3000, seed=1000 + 3 * long_seed + fresh)
        assert joint_p(simulated=found, exact_h=exact) > 1e-4
        cases.append(3000)
