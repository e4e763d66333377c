"""Traps of a probability of recall, each against a figure worked another way.

Beside these: removing c A and not c (`test_scenarios`), deconvolution near one half (`test_exact`), LOLE by
subtraction (`test_copt`, `test_exact`), rates of nought and one, no units, missing and negative load, a unit larger
than the system, leap years and clock changes of tables (`test_exact`, `tests/exchange`).
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moms.adequacy import RecallRules, Scenarios, short_share, window_recall
from moms.adequacy.chain import down_path, draws, step_probabilities
from moms.adequacy.recall import NotRecallRules

SCENARIOS, RATE, REPAIR_H = 40_000, 0.1, 200.0


def scenarios(margin_mw: np.ndarray, *, years: int = 40, zones=((0,),)) -> Scenarios:
    """Give scenarios with these margins, (P, D, S)."""
    places, days, count = margin_mw.shape
    return Scenarios(
        place=tuple(f"p{k}" for k in range(places)), zones=zones, year=np.arange(count, dtype=np.int64) % years,
        day=tuple(date(2027, 3, 1) + timedelta(days=d) for d in range(days)), seed=1,
        margin_mw=margin_mw.astype(np.float32), stress=np.ones((years, 1, days)),
    )  # fmt: skip


def one_unit(days: int) -> np.ndarray:
    """Margins that are short exactly when one unit is down, a unit that takes long to mend."""
    down = down_path(uniform=draws(seed=7, key=3, scenarios=SCENARIOS, steps=days), outage_rate=RATE,
                     repair_h=REPAIR_H, step_h=24.0)  # fmt: skip
    return np.where(down, -1.0, 1.0)[None]


@pytest.mark.parametrize("days", [1, 2, 7, 30])
def test_the_days_of_a_window_are_not_independent(days):
    """Against the chain's own matrix: down on some day is one less the chance to stay up through all of them."""
    found = window_recall(scenarios=scenarios(one_unit(days)), zones=(0,), level_mw=0.0, seed=1)
    fails, _ = (float(p) for p in step_probabilities(outage_rate=RATE, repair_h=REPAIR_H, step_h=24.0))
    exact = 1.0 - (1.0 - RATE) * (1.0 - fails) ** (days - 1)
    error = np.sqrt(exact * (1 - exact) / SCENARIOS)
    assert found.probability == pytest.approx(exact, abs=4 * error)
    as_if_independent, added = 1.0 - (1.0 - RATE) ** days, min(days * RATE, 1.0)
    if days > 1:
        assert found.probability < as_if_independent - 10 * error
        assert as_if_independent <= added


def test_the_quantile_of_the_least_margin_is_not_the_least_of_the_quantiles():
    rng = np.random.default_rng(3)
    table = rng.normal(1000.0, 300.0, (1, 14, 4000))
    found = window_recall(scenarios=scenarios(table), zones=(0,), level_mw=0.0, seed=1)
    of_days = np.quantile(table[0], 0.1, axis=1).min()
    assert found.least_mw[0.1] == pytest.approx(np.quantile(table[0].min(axis=0), 0.1), rel=1e-5)
    assert found.least_mw[0.1] < of_days - 200.0


def test_margins_of_places_are_not_added_and_the_tightest_counts():
    """Two zones that are short at different times: the quantile of their sum would hide both."""
    rng = np.random.default_rng(4)
    one = rng.normal(0.0, 100.0, (5, 4000))
    table = np.stack([100.0 + one, 100.0 - one])
    found = window_recall(scenarios=scenarios(table, zones=((0,), (0, 1))), zones=(0,), level_mw=0.0, seed=1)
    assert found.probability == pytest.approx((np.abs(one).max(axis=0) > 100.0).mean())
    assert np.quantile(table.sum(axis=0), 0.01) > 0
    only = window_recall(scenarios=scenarios(table, zones=((0,), (0, 1))), zones=(1,), level_mw=0.0, seed=1)
    assert only.place == "p1"
    assert only.probability == pytest.approx((one.max(axis=0) > 100.0).mean())


@settings(deadline=None, max_examples=60)
@given(
    table=st.integers(0, 2**32 - 1).map(lambda s: np.random.default_rng(s).normal(50, 60, (2, 6, 80))),
    level=st.floats(-200, 200), more=st.floats(0, 100), days=st.integers(1, 5),
)  # fmt: skip
def test_a_longer_window_or_a_higher_level_never_makes_recall_less_likely(table, level, more, days):
    whole, part = (scenarios(t, zones=((0,), (0,))) for t in (table, table[:, :days]))
    ask = {"zones": (0,), "seed": 1}
    found = window_recall(scenarios=part, level_mw=level, **ask)
    assert found.low <= found.probability <= found.high
    assert short_share(scenarios=part, level_mw=level, zones=(0,)) == found.probability
    assert window_recall(scenarios=whole, level_mw=level, **ask).probability >= found.probability
    assert window_recall(scenarios=part, level_mw=level + more, **ask).probability >= found.probability
    assert found.least_mw[0.01] <= found.least_mw[0.1] <= found.least_mw[0.5]


def test_weather_years_that_differ_widen_the_interval_beyond_the_binomial_one():
    """All recalls in two of forty years: scenarios of one year are not so many witnesses."""
    table = np.ones((1, 3, 4000))
    table[:, :, np.arange(4000) % 40 < 2] = -1.0
    alike = np.ones((1, 3, 4000))
    alike[:, :, :200] = -1.0
    far, near = (window_recall(scenarios=scenarios(t), zones=(0,), level_mw=0.0, seed=1) for t in (table, alike))
    assert far.probability == near.probability == 0.05
    assert far.high - far.low > 4 * (near.high - near.low)
    assert far.low == 0.0


def test_a_zone_that_counts_nowhere_and_rules_that_draw_nothing_are_refused():
    with pytest.raises(NotRecallRules):
        window_recall(scenarios=scenarios(one_unit(2)), zones=(5,), level_mw=0.0, seed=1)
    for bad in ({"weather_years": 1}, {"scenarios": 30, "weather_years": 40}, {"seed": -1}):
        with pytest.raises(NotRecallRules):
            RecallRules(**bad)
