from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from moms.risk import Firmness, LadderRules, Rung, Standing, budget, fits, tonight

RULES = LadderRules()
GOOD = Standing(lead_days=100, recall_high=0.01, margin_mw={0.5: 900.0, 0.1: 300.0, 0.01: 50.0}, level_mw=0.0,
                clean=True, weather_years=40)  # fmt: skip


def nights(standing, *, start, count=1):
    now = start
    for _ in range(count):
        now, _ = tonight(now=now, standing=standing, rules=RULES)
    return now


def test_an_outage_climbs_one_level_a_night_as_far_as_its_lead_allows():
    assert nights(GOOD, start=Firmness()).rung == Rung.TENTATIVE
    assert nights(GOOD, start=Firmness(), count=9).rung == Rung.FIRM
    near = replace(GOOD, lead_days=10, recall_high=0.001)
    assert nights(near, start=Firmness(), count=9).rung == Rung.GUARANTEED


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"lead_days": 181}, "181 days ahead"),
        ({"recall_high": 0.021}, "recall up to 2.10%"),
        ({"margin_mw": {0.5: 900.0, 0.1: -1.0}}, "margin P10 is -1 MW"),
        ({"margin_mw": {0.5: 900.0}}, "margin P10 is not known"),
        ({"clean": False}, "N-1 is not clean"),
        ({"clean": None}, "N-1 has not been studied"),
        ({"weather_years": 19}, "19 weather years"),
    ],
)
def test_each_rule_alone_keeps_an_outage_from_firm(change, says):
    held, why = tonight(now=Firmness(rung=Rung.TENTATIVE), standing=replace(GOOD, **change), rules=RULES)
    assert held.rung == Rung.TENTATIVE
    assert len(why) == 1
    assert why[0].startswith(says)


def test_a_bound_exceeded_a_little_never_costs_a_level_and_too_much_only_on_the_third_night():
    firm = Firmness(rung=Rung.FIRM)
    assert nights(replace(GOOD, recall_high=0.029), start=firm, count=50) == firm
    bad = replace(GOOD, recall_high=0.031)
    assert nights(bad, start=firm, count=2) == Firmness(rung=Rung.FIRM, nights_over=2)
    assert nights(bad, start=firm, count=3) == Firmness(rung=Rung.TENTATIVE)


def test_one_good_night_begins_the_count_again():
    firm, bad = Firmness(rung=Rung.FIRM), replace(GOOD, recall_high=0.031)
    now = nights(bad, start=firm, count=2)
    now = nights(GOOD, start=now)
    assert now == firm
    assert nights(bad, start=now, count=2).rung == Rung.FIRM


def test_an_unclean_study_counts_as_exceeded():
    assert nights(replace(GOOD, clean=False), start=Firmness(rung=Rung.FIRM), count=3).rung == Rung.TENTATIVE


def test_at_a_bound_the_level_does_not_flutter():
    rng = np.random.default_rng(1)
    now, levels = Firmness(rung=Rung.FIRM), []
    for _ in range(400):
        standing = replace(GOOD, recall_high=0.02 * float(np.exp(rng.normal(0, 0.15))))
        now, _ = tonight(now=now, standing=standing, rules=RULES)
        levels.append(now.rung)
    assert np.count_nonzero(np.diff(levels)) <= 2


def test_nothing_above_guaranteed_is_asked_for():
    sure = replace(GOOD, lead_days=5, recall_high=0.0005)
    assert tonight(now=Firmness(rung=Rung.GUARANTEED), standing=sure, rules=RULES) == (
        Firmness(rung=Rung.GUARANTEED),
        (),
    )
    assert fits(standing=sure, rule=RULES.of(Rung.GUARANTEED)) == ()
    assert RULES.of(Rung.REQUESTED) is None


def test_the_budget_is_the_sum_of_promises_and_acts_when_half_and_when_all_is_used():
    promises, forecast = [0.02] * 200, np.full(200, 0.01)
    early = budget(most_recall=promises, forecast=forecast, recalled=3, season_gone=0.3)
    assert early.allowed == pytest.approx(4.0)
    assert early.used == pytest.approx(0.75)
    assert early.action == "raise the buffer"
    assert budget(most_recall=promises, forecast=forecast, recalled=3, season_gone=0.6).action == "none"
    assert budget(most_recall=promises, forecast=forecast, recalled=5, season_gone=0.9).action == "freeze"
    assert budget(most_recall=[], forecast=np.zeros(0), recalled=1, season_gone=0.5).action == "freeze"


def test_the_alarm_goes_off_as_seldom_as_it_should_and_when_it_must():
    rng = np.random.default_rng(3)
    forecast = rng.beta(1, 60, 300)
    false = [
        budget(most_recall=[], forecast=forecast, recalled=int((rng.random(300) < forecast).sum()), season_gone=1).alarm
        for _ in range(400)
    ]
    assert np.mean(false) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)
    assert budget(most_recall=[], forecast=forecast, recalled=int(forecast.sum() * 3), season_gone=1).alarm
