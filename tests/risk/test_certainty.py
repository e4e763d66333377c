from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy import stats

from moms.risk import (
    CAUSES,
    CLASSES,
    GOES,
    RECALL,
    Adaptive,
    Case,
    NoOutcomes,
    NotACost,
    TooFewOutcomes,
    TooLittleHistory,
    at_least,
    booking_share,
    calibration,
    fit_durations,
    fit_hazards,
    followed,
    isotonic,
    like,
    observed_over_expected,
    prior_durations,
    simulated,
    spiegelhalter,
    told,
    train,
    true_hazards,
    widening,
    widening_by_class,
    wilson,
)

COUNT = 26_000


@pytest.fixture(scope="module", params=[101, 102, 103])
def trained(request):
    rng = np.random.default_rng(request.param)
    history, truth = simulated(count=COUNT, rng=rng)
    model, card = train(history=history, source="simulated", rng=rng)
    return history, truth, model, card


def within(share, wanted, count):
    return abs(share - wanted) <= 3.5 * np.sqrt(wanted * (1 - wanted) / count)


def test_on_a_history_with_known_truth_the_held_out_probabilities_hold(trained):
    _, _, _, card = trained
    assert card.held_out >= 5000
    assert card.goes.ece <= card.goes.ece_expected + 0.01
    assert within(card.over_p50, 0.5, card.held_out_ran)
    assert within(card.over_p90, 0.1, card.held_out_ran)
    assert within(card.coverage, 0.8, card.held_out_ran)
    for cause in card.causes.values():
        assert abs(cause.observed - cause.expected) <= 3.5 * np.sqrt(cause.expected)
    assert abs(card.goes.spiegelhalter_z) < 4


def test_the_learnt_probability_of_going_ahead_is_near_the_true_one(trained):
    history, truth, model, _ = trained
    chance = model.hazards.outcomes(history)
    assert chance.sum(axis=1) == pytest.approx(np.ones(COUNT))
    assert chance.min() >= 0
    assert np.abs(chance[:, GOES] - truth.goes).mean() < 0.02
    blind = np.abs(truth.goes.mean() - truth.goes).mean()
    assert np.abs(chance[:, GOES] - truth.goes).mean() < blind / 4


def test_durations_and_owners_are_found(trained):
    _, truth, model, _ = trained
    known = model.durations
    # A class's mean and its owners' can trade a constant: what counts is their sum.
    for k in range(3):
        gap = (known.log_ratio[k] + known.owner) - (np.log(truth.median_ratio[k]) + truth.owner_duration)
        assert np.abs(gap).mean() < 0.03
    assert known.sigma == pytest.approx(truth.sigma, rel=0.1)
    assert np.corrcoef(model.hazards.owner, truth.owner_effect)[0, 1] > 0.9


def test_true_outcomes_come_as_often_as_their_true_chances():
    """The generator itself, against its own truth."""
    history, truth = simulated(count=60_000, rng=np.random.default_rng(9))
    assert (history.outcome == GOES).mean() == pytest.approx(truth.goes.mean(), abs=4 * 0.5 / np.sqrt(60_000))
    chance = true_hazards(history, truth)
    first = history.lead_days > 180
    cancelled = first & (history.bucket == 0) & (history.outcome == 1)
    assert cancelled.sum() == pytest.approx(chance[first, 0, 0].sum(), abs=4 * np.sqrt(cancelled.sum()))
    called = history.outcome == RECALL
    assert called.sum() == pytest.approx((truth.goes / (1 - history.recall) * history.recall).sum(),
                                         abs=4 * np.sqrt(called.sum()))  # fmt: skip


def test_leaving_out_what_still_runs_would_make_outages_look_short():
    history, _ = simulated(count=20_000, rng=np.random.default_rng(4))
    ran = history.part(history.outcome == GOES)
    # Looked at a random time after their start, about half are still running.
    so_far = ran.planned_h * np.random.default_rng(5).uniform(0.3, 1.6, len(ran))
    some = replace(ran, running=ran.running | (ran.actual_h > so_far), actual_h=np.minimum(ran.actual_h, so_far))
    assert 0.3 < some.running.mean() < 0.7
    taken_as_ended = replace(some, running=np.zeros(len(ran), dtype=bool))
    whole, told, fooled = (fit_durations(h).log_ratio[0] for h in (ran, some, taken_as_ended))
    assert told == pytest.approx(whole, abs=0.01)
    assert fooled < whole - 0.1


def test_the_remaining_time_of_a_running_outage_is_what_is_left_of_its_law():
    known = prior_durations()
    one = {"planned_h": np.array([100.0]), "kind": np.array([0]), "owner": np.array([99])}
    draws = 100.0 * np.exp(0.2 * np.random.default_rng(1).standard_normal(400_000))
    longer = draws[draws > 110.0]
    chance = known.longer(than_h=np.array([130.0]), gone_h=np.array([110.0]), **one)[0]
    assert chance == pytest.approx((longer > 130.0).mean(), abs=4 * np.sqrt(0.25 / len(longer)))
    assert known.longer(than_h=np.array([100.0]), gone_h=np.array([110.0]), **one)[0] == 1.0


@pytest.mark.parametrize(("kind", "chance"), [(0, 0.32), (1, 0.41), (2, 0.37), (3, 0.34)])
def test_the_priors_overrun_as_their_table_says(kind, chance):
    """Models 3.6: the probability of taking over 10 % longer."""
    found = prior_durations().overrun(booked_h=np.array([110.0]), planned_h=np.array([100.0]), kind=np.array([kind]),
                                      owner=np.array([0]))  # fmt: skip
    assert found[0] == pytest.approx(chance, abs=0.01)


def test_the_booked_quantile_costs_least():
    share = booking_share(late_cost=3.0, early_cost=1.0)
    assert share == 0.75
    known, one = prior_durations(), {"planned_h": np.array([100.0]), "kind": np.array([1]), "owner": np.array([0])}
    hours = 100.0 * np.exp(np.log(1.03) + 0.30 * np.random.default_rng(2).standard_normal(200_000))
    booked = float(known.quantile_h(share=share, **one)[0])
    cost = [np.where(hours > b, 3.0 * (hours - b), b - hours).mean() for b in (booked - 8, booked, booked + 8)]
    assert cost[1] == min(cost)
    with pytest.raises(NotACost):
        booking_share(late_cost=0.0, early_cost=0.0)


def test_too_little_history_is_refused():
    history, _ = simulated(count=150, rng=np.random.default_rng(1))
    with pytest.raises(TooLittleHistory):
        fit_hazards(history)
    with pytest.raises(TooLittleHistory):
        fit_durations(history)


def test_a_model_of_an_unknown_owner_takes_the_mean(trained):
    history, _, model, _ = trained
    stranger = replace(history.part(slice(0, 5)), owner=np.full(5, 10_000))
    assert np.isfinite(model.hazards.outcomes(stranger)).all()
    assert model.durations.centre(stranger.kind, stranger.owner) == pytest.approx(
        model.durations.log_ratio[stranger.kind]
    )


# ---------------------------------------------------------------- calibration
def sure(forecast, came, seed=1):
    return calibration(forecast=np.array(forecast, float), came=np.array(came, bool), rng=np.random.default_rng(seed))


def test_the_parts_of_brier_add_up_and_are_those_of_a_hand_worked_table():
    found = sure([0.1, 0.1, 0.1, 0.1, 0.85, 0.85], [0, 0, 0, 1, 1, 1])
    assert found.brier == pytest.approx((3 * 0.01 + 0.81 + 2 * 0.0225) / 6)
    assert found.reliability == pytest.approx((4 * (0.1 - 0.25) ** 2 + 2 * 0.15**2) / 6)
    assert found.resolution == pytest.approx((4 * 0.25**2 + 2 * 0.5**2) / 6)
    assert found.uncertainty == pytest.approx(0.25)
    assert found.within == pytest.approx(0.0, abs=1e-15)
    assert found.ece == pytest.approx((4 * 0.15 + 2 * 0.15) / 6)
    assert [b.forecasts for b in found.bins] == [4, 2]


def test_spiegelhalter_is_normal_for_true_forecasts_and_finds_false_ones():
    rng = np.random.default_rng(3)
    p = rng.beta(2, 5, 3000)
    z = [spiegelhalter(p, (rng.random(3000) < p).astype(float)) for _ in range(300)]
    assert stats.kstest(z, "norm").pvalue > 1e-3
    assert abs(sure(p, rng.random(3000) < p**0.5).spiegelhalter_z) > 4
    assert not sure(p, rng.random(3000) < p**0.5).may_be_published


def test_the_ece_of_true_forecasts_is_the_one_to_be_expected():
    rng = np.random.default_rng(5)
    p = rng.beta(2, 2, 5000)
    found = sure(p, rng.random(5000) < p)
    assert abs(found.ece - found.ece_expected) < 0.01
    assert found.ece_expected > 0.004


@pytest.mark.parametrize("bad", [([], []), ([0.5], [1, 0]), ([1.5], [1]), ([float("nan")], [1])])
def test_what_is_no_forecast_is_refused(bad):
    with pytest.raises(NoOutcomes):
        sure(*bad)


def test_wilson_bounds_solve_their_equation():
    low, high = wilson(0.3, 50)
    z = stats.norm.ppf(0.975)
    for bound in (low, high):
        assert abs(0.3 - bound) == pytest.approx(z * np.sqrt(bound * (1 - bound) / 50))


def test_observed_over_expected_has_exact_bounds():
    found = observed_over_expected(forecast=np.full(1000, 0.002), came=np.arange(1000) < 9)
    assert found.observed == 9
    assert found.expected == pytest.approx(2.0)
    assert stats.poisson.sf(8, found.low) == pytest.approx(0.005)
    assert stats.poisson.cdf(9, found.high) == pytest.approx(0.005)
    assert not found.fits
    assert observed_over_expected(forecast=np.zeros(5), came=np.zeros(5, bool)).low == 0.0


def test_isotonic_never_falls_and_keeps_the_mean():
    rng = np.random.default_rng(1)
    p = rng.random(2000)
    came = rng.random(2000) < p**2
    at, fitted = isotonic(forecast=p, came=came)
    assert (np.diff(at) >= 0).all()
    assert (np.diff(fitted) >= 0).all()
    assert fitted.mean() == pytest.approx(came.mean())
    assert np.abs(fitted - at**2).mean() < 0.05


def test_poisson_binomial_is_that_of_trying_every_outcome():
    p = [0.1, 0.5, 0.02, 0.9]
    for count in range(6):
        exact = sum(np.prod([q if hit else 1 - q for q, hit in zip(p, hits, strict=True)])
                    for hits in product((0, 1), repeat=4) if sum(hits) >= count)  # fmt: skip
        assert at_least(forecast=np.array(p), count=count) == pytest.approx(exact)


# ---------------------------------------------------------------- conformal
def test_conformal_intervals_cover_though_the_model_is_wrong():
    rng = np.random.default_rng(8)
    missed = []
    for _ in range(200):
        x = rng.random(1000)
        y = rng.standard_normal(1000) * (0.2 + 2 * x)
        low, high = np.full(1000, -0.5), np.full(1000, 0.5)
        wide = widening(low=low[:500], high=high[:500], came=y[:500], miss=0.1)
        missed.append(((y[500:] < low[500:] - wide) | (y[500:] > high[500:] + wide)).mean())
    mean, error = np.mean(missed), np.std(missed) / np.sqrt(len(missed))
    assert mean <= 0.1 + 3 * error
    assert mean >= 0.1 - 1 / 501 - 3 * error


def test_each_class_is_widened_by_itself_and_a_small_one_with_all():
    rng = np.random.default_rng(2)
    kind = ["a"] * 300 + ["b"] * 300 + ["c"] * 3
    y = rng.standard_normal(603) * np.array([1.0] * 300 + [5.0] * 300 + [1.0] * 3)
    found = widening_by_class(low=np.zeros(603), high=np.zeros(603), came=y, kind=kind, miss=0.1)
    assert found["a"] < found["c"] < found["b"]
    with pytest.raises(TooFewOutcomes):
        widening(low=np.zeros(5), high=np.zeros(5), came=np.zeros(5), miss=0.1)


def test_adaptive_intervals_miss_as_often_as_wanted_after_the_world_has_changed():
    rng = np.random.default_rng(6)
    state, missed, seen = Adaptive(wanted=0.1, aim=0.1), [], list(np.abs(rng.standard_normal(200)))
    for t in range(6000):
        y = abs(rng.standard_normal()) * (1.0 if t < 2000 else 3.0)
        wide = np.quantile(seen[-200:], 1 - state.aim) if 0 < state.aim < 1 else (np.inf if state.aim <= 0 else 0.0)
        missed.append(y > wide)
        state = state.after(missed=bool(missed[-1]))
        seen.append(y)
    assert np.mean(missed[3000:]) == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize("law", ["steady", "wider", "growing", "against"])
def test_followed_intervals_miss_as_often_as_they_may_whatever_comes(law):
    """The bound of Gibbs and Candes holds for every sequence; one made to miss is no exception."""
    rng, n = np.random.default_rng(3), 4000
    before = rng.standard_normal(400)
    by = {"steady": np.ones(n), "wider": np.where(np.arange(n) < 500, 1.0, 2.5), "growing": np.linspace(1.0, 3.0, n),
          "against": np.where(np.arange(n) // 40 % 2 == 0, 0.2, 3.0)}[law]  # fmt: skip
    scores = rng.standard_normal(n) * by
    found = followed(before=before, scores=scores, miss=0.2)
    assert abs(found.missed.mean() - 0.2) <= 1.01 / (0.01 * n) + 1e-12
    if law == "steady":
        assert abs(found.missed.mean() - 0.2) < 3.5 * np.sqrt(0.2 * 0.8 / n)
        assert abs(found.aim - 0.2) < 0.15
    if law == "wider":
        fixed = np.sort(before)[int(np.ceil(401 * 0.8)) - 1]
        assert (scores[500:] > fixed).mean() > 0.3
        assert abs(found.missed[1500:].mean() - 0.2) < 0.02


def test_nothing_before_is_refused_and_each_outcome_is_judged_before_it_is_learnt_from():
    with pytest.raises(TooFewOutcomes):
        followed(before=np.zeros(0), scores=np.ones(3), miss=0.2)
    found = followed(before=np.zeros(30), scores=np.array([5.0, 5.0]), miss=0.2)
    assert found.missed.tolist() == [True, True]
    assert followed(before=np.zeros(30), scores=np.zeros(0), miss=0.2).widening == 0.0


def test_every_cause_has_a_name():
    assert len(CAUSES) == RECALL - 1


# ---------------------------------------------------------------- made straight, and one case
def drifted(seed, *, more):
    """A history in which, in its later part, a share of those that went ahead are cancelled by their owners."""
    rng = np.random.default_rng(seed)
    history, _ = simulated(count=20_000, rng=rng)
    late = np.arange(20_000) >= 12_000
    gone = late & (history.outcome == GOES) & (rng.random(20_000) < more)
    return replace(history, outcome=np.where(gone, 1, history.outcome), bucket=np.where(gone, 4, history.bucket),
                   actual_h=np.where(gone, 0.0, history.actual_h), running=history.running & ~gone), rng  # fmt: skip


def test_where_outages_begin_to_take_longer_and_vary_more_the_interval_follows():
    """Only in what was held out: what the model learnt from and was widened by is as before."""
    rng = np.random.default_rng(31)
    history, _ = simulated(count=20_000, rng=rng)
    late = (np.arange(20_000) >= 16_000) & (history.outcome == GOES)
    shaken = history.actual_h * np.exp(0.25 + 0.25 * rng.standard_normal(20_000))
    model, card = train(history=replace(history, actual_h=np.where(late, shaken, history.actual_h)),
                        source="drifted", rng=rng)  # fmt: skip
    steady, calm = train(history=history, source="steady", rng=np.random.default_rng(31))
    assert card.coverage < 0.65
    assert card.coverage_followed > 0.76
    assert within(calm.coverage_followed, 0.8, calm.held_out_ran)
    assert all(model.widening[one] > steady.widening[one] + 0.1 for one in ("line", "thermal"))
    assert card.aims["line"] < calm.aims["line"] + 0.1
    case = Case(lead_days=30.0, kind="line", owner="", planned_h=100.0, moves=0, winter=False, recall=0.0)
    wide, narrow = (told(model=m, case=case) for m in (model, steady))
    assert wide.high_h > 1.1 * narrow.high_h


def test_probabilities_that_stopped_coming_true_are_made_straight_and_then_hold():
    history, rng = drifted(12, more=0.2)
    model, card = train(history=history, source="drifted", rng=rng)
    assert card.straightened
    crooked = calibration(forecast=np.clip(model.hazards.outcomes(history.part(slice(16_000, None)))[:, GOES], 0, 1),
                          came=history.part(slice(16_000, None)).outcome == GOES, rng=rng)  # fmt: skip
    assert crooked.ece > 0.1
    assert card.goes.ece < 0.03
    chance = model.outcomes(history)
    assert chance.sum(axis=1) == pytest.approx(np.ones(20_000))
    assert chance.min() >= 0


def test_probabilities_that_come_true_are_left_as_they_are():
    history, rng = drifted(13, more=0.0)
    model, card = train(history=history, source="steady", rng=rng)
    if calibration(forecast=model.hazards.outcomes(history.part(slice(12_000, 16_000)))[:, GOES].clip(0, 1),
                   came=history.part(slice(12_000, 16_000)).outcome == GOES, rng=rng).may_be_published:  # fmt: skip
        assert not card.straightened
        assert (model.outcomes(history) == model.hazards.outcomes(history)).all()


def test_recalls_are_counted_by_class_among_the_outages_it_came_to():
    history, rng = drifted(14, more=0.0)
    model, _ = train(history=history, source="x", rng=rng, owners=tuple(f"O{k}" for k in range(30)))
    seen = history.part(slice(0, 16_000))
    for k, name in enumerate(("line", "transformer", "thermal", "nuclear")):
        called = sum(1 for o, c in zip(seen.outcome, seen.kind, strict=True) if c == k and o == RECALL)
        came = sum(1 for o, c in zip(seen.outcome, seen.kind, strict=True) if c == k and o in {GOES, RECALL})
        assert model.recalls[name] == (called, came)


def test_one_case_is_told_as_a_row_of_a_history_and_its_owner_counts():
    history, rng = drifted(15, more=0.0)
    model, _ = train(history=history, source="x", rng=rng, owners=tuple(f"O{k}" for k in range(30)))
    row = history.part(slice(3, 4))
    case = Case(lead_days=float(row.lead_days[0]), kind=CLASSES[int(row.kind[0])], owner=f"O{row.owner[0]}",
                planned_h=float(row.planned_h[0]), moves=int(row.moves[0]), winter=bool(row.winter[0]),
                recall=float(row.recall[0]))  # fmt: skip
    found = told(model=model, case=case)
    assert found.goes == pytest.approx(model.outcomes(row)[0, GOES])
    assert found.on_time == pytest.approx(model.on_time(row)[0])
    assert found.goes + sum(found.causes.values()) == pytest.approx(1.0)
    worst = replace(case, owner=f"O{int(np.argmax(model.hazards.owner))}")
    best = replace(case, owner=f"O{int(np.argmin(model.hazards.owner))}")
    nobody = replace(case, owner="somebody else")
    assert told(model=model, case=worst).goes < told(model=model, case=nobody).goes < told(model=model, case=best).goes


def test_what_was_seen_of_as_much_is_that_of_its_tenth():
    bins = sure(np.linspace(0.01, 0.99, 400), np.linspace(0.01, 0.99, 400) > 0.5).bins
    assert like(bins=bins, said=0.55).mean_forecast == pytest.approx(0.55, abs=0.01)
    assert like(bins=bins, said=1.0) is bins[-1]
    assert like(bins=bins[:3], said=0.9) is None
