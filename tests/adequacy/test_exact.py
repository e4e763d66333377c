from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moms.adequacy import (
    Away,
    NotAFleet,
    NotALoad,
    Partial,
    System,
    Unit,
    bracket,
    capacity_outage,
    loss_of_load,
    outage_frequency,
    profile_elcc,
    remove_unit,
    spectral_difference,
    system_loss,
    unit_elcc,
)
from moms.adequacy._states import MOST_STATES

from . import by_hand, rts79

RATES = st.integers(0, 1000).map(lambda n: n / 1000)
WHOLE = st.integers(0, 80).map(float)
TENTHS = st.integers(0, 800).map(lambda n: n / 10)
ODD = st.integers(1, 10**7).map(lambda n: n / 10**5)
"""Capacities such as 71.23456: a common step of 10 W, of which a table would have millions."""


def fleets_of(capacities, most=7):
    return st.lists(st.tuples(capacities, RATES), min_size=0, max_size=most)


def units_of(fleet, area=""):
    return tuple(Unit(name=f"{area}{k}", capacity_mw=c, outage_rate=q, area=area) for k, (c, q) in enumerate(fleet))


def system(units, loads, *, area=("all",), day=None, **more):
    load = np.array(loads, dtype=float).reshape(len(area), -1)
    hours = load.shape[1]
    return System(
        units=units, area=area, load_mw=load, day=np.zeros(hours, dtype=np.int64) if day is None else day, **more
    )


def near(numbers):
    """Six digits are promised; twelve are there, and what is truly nothing must be nothing."""
    return pytest.approx(np.array(numbers), rel=1e-11, abs=1e-18)


@pytest.mark.parametrize("capacities", [WHOLE, TENTHS, ODD], ids=["whole MW", "tenths", "any"])
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_lolp_and_energy_are_those_of_trying_every_state(data, capacities):
    fleet = data.draw(fleets_of(capacities))
    total = round(sum(c for c, _ in fleet), 6)
    loads = [0.0, total, round(total * 0.5, 1), round(total * 0.9, 3), round(total + 7.5, 6), *(c for c, _ in fleet)]
    lolp, unserved = by_hand.losses([by_hand.two_state(c, q) for c, q in fleet], loads)
    found = system_loss(system=system(units_of(fleet), loads)).together
    assert found.within_h is None
    assert found.lolp == near(lolp)
    # Energy is a difference of sums as large as the fleet: relative to the load, not to itself.
    assert found.unserved_mwh == pytest.approx(np.array(unserved), rel=1e-9, abs=1e-13 * (total + 1))


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_unit_taken_out_of_the_table_was_never_in_it_whatever_its_rate(data):
    fleet = data.draw(st.lists(st.tuples(WHOLE, RATES), min_size=1, max_size=8))
    gone = data.draw(st.integers(0, len(fleet) - 1))
    table = capacity_outage(capacity_mw=[c for c, _ in fleet], outage_rate=[q for _, q in fleet])
    rest = [one for k, one in enumerate(fleet) if k != gone]
    loads = [0.0, 10.0, 55.0, *(sum(c for c, _ in rest[:k]) for k in range(len(rest) + 1))]
    lolp, _ = by_hand.losses([by_hand.two_state(c, q) for c, q in rest], loads)
    left, _ = loss_of_load(table=remove_unit(table=table, unit=gone), load_mw=np.array(loads))
    assert left == pytest.approx(np.array(lolp), rel=2e-9, abs=2e-18)


@pytest.mark.parametrize("rate", [0.0, 0.45, 0.499, 0.5, 0.501, 0.55, 0.999, 1.0])
def test_a_division_near_one_half_is_as_good_as_a_new_table(rate):
    rng = np.random.default_rng(5)
    capacity, q = np.append(rng.integers(5, 200, 60), 150.0).astype(float), np.append(rng.uniform(0, 0.2, 60), rate)
    left = remove_unit(table=capacity_outage(capacity_mw=capacity, outage_rate=q), unit=60)
    anew = capacity_outage(capacity_mw=capacity[:60], outage_rate=q[:60])
    loads = anew.installed_mw * np.linspace(0.3, 1.0, 200)
    one, other = (loss_of_load(table=t, load_mw=loads)[0] for t in (left, anew))
    assert one == pytest.approx(other, rel=2e-9, abs=2e-18)


def test_units_that_can_be_in_between_are_exact_and_can_be_taken_out():
    rate, inner = 0.05, ((40.0, 0.10), (75.5, 0.02))
    laws = [[(by_hand.exactly(m), by_hand.exactly(p)) for m, p in ((100, 0.83), (60, 0.1), (24.5, 0.02), (0, 0.05))]]
    laws += [by_hand.two_state(c, q) for c, q in ((50, 0.2), (30.5, 0.1))]
    loads = [20.0, 60.0, 110.5, 155.0, 180.5, 181.0]
    units = (Unit(name="a", capacity_mw=100.0, outage_rate=rate, partial=inner), *units_of([(50.0, 0.2), (30.5, 0.1)]))
    found = system_loss(system=system(units, loads), check=True).together
    lolp, unserved = by_hand.losses(laws, loads)
    assert found.lolp == near(lolp)
    assert found.unserved_mwh == pytest.approx(unserved, rel=1e-12)
    assert found.spectral_difference < 1e-15
    table = capacity_outage(
        capacity_mw=[100.0, 50.0, 30.5], outage_rate=[rate, 0.2, 0.1],
        partial=[Partial(unit=0, out_mw=m, probability=p) for m, p in inner],
    )  # fmt: skip
    for gone in range(3):
        left = remove_unit(table=table, unit=gone)
        lolp, _ = by_hand.losses([law for k, law in enumerate(laws) if k != gone], loads)
        assert loss_of_load(table=left, load_mw=np.array(loads))[0] == near(lolp)


def test_the_fft_finds_the_same_rts79_table_and_would_find_a_wrong_one():
    table = capacity_outage(capacity_mw=rts79.capacity_mw(), outage_rate=rts79.outage_rate())
    assert spectral_difference(table) < 1e-14
    rates = rts79.outage_rate()
    other = capacity_outage(capacity_mw=rts79.capacity_mw(), outage_rate=np.append(rates[:-1], 0.121))
    from dataclasses import replace

    assert spectral_difference(replace(other, outage_rate=rates)) > 1e-5


def test_a_fleet_too_odd_for_an_exact_table_says_so_and_brackets_the_truth():
    rng = np.random.default_rng(3)
    capacity, rate = np.round(rng.gamma(2.0, 120.0, 60), 6), rng.uniform(0.02, 0.1, 60)
    table = capacity_outage(capacity_mw=capacity, outage_rate=rate)
    assert not table.exact
    loads = table.installed_mw * np.linspace(0.7, 0.98, 40)
    # A grid of kW is another rounding of the same capacities, ten times finer or more.
    fine = capacity_outage(capacity_mw=capacity, outage_rate=rate, step_mw=0.002)
    assert fine.step_mw < table.step_mw < capacity.sum() / 1e4
    low, own, high, truth = (loss_of_load(table=t, load_mw=loads)[0] for t in (*bracket(table)[:1], table,
                                                                              bracket(table)[1], fine))  # fmt: skip
    assert (low <= truth * (1 + 1e-9)).all()
    assert (truth <= high * (1 + 1e-9)).all()
    assert own.sum() == pytest.approx(truth.sum(), rel=1e-4)
    units = tuple(Unit(name=str(k), capacity_mw=c, outage_rate=q) for k, (c, q) in
                  enumerate(zip(capacity, rate, strict=True)))  # fmt: skip
    found = system_loss(system=system(units, loads)).together
    assert found.within_h[0] <= truth.sum() <= found.within_h[1]


def test_a_tenth_of_a_megawatt_is_not_rounded_away():
    found = system_loss(system=system(units_of([(100.4, 0.1), (50.3, 0.2)]), [150.6, 150.7, 150.8])).together
    assert found.lolp == pytest.approx([0.28, 0.28, 1.0])
    assert found.step_mw == pytest.approx(0.1)


def test_three_tenths_are_served_by_three_units_of_a_tenth():
    units = units_of([(0.1, 0.0)] * 3)
    assert system_loss(system=system(units, [0.3, 0.1 + 0.2])).together.lolp.tolist() == [0.0, 0.0]


def test_no_units_lose_all_load_and_no_load_loses_nothing():
    found = system_loss(system=system((), [0.0, 10.0])).together
    assert (found.lolp.tolist(), found.unserved_mwh.tolist()) == ([0.0, 1.0], [0.0, 10.0])


def test_rates_of_nought_and_one_are_a_unit_that_always_and_never_is_there():
    found = system_loss(system=system(units_of([(100.0, 0.0), (50.0, 1.0)]), [100.0, 100.5])).together
    assert found.lolp.tolist() == [0.0, 1.0]
    assert found.unserved_mwh == pytest.approx([0.0, 0.5])


def test_a_unit_larger_than_the_rest_and_the_load_together():
    lolp, unserved = by_hand.losses([by_hand.two_state(5000, 0.3), by_hand.two_state(10, 0.1)], [8.0, 20.0, 6000.0])
    found = system_loss(system=system(units_of([(5000.0, 0.3), (10.0, 0.1)]), [8.0, 20.0, 6000.0])).together
    assert found.lolp == near(lolp)
    assert found.unserved_mwh == pytest.approx(unserved)


@pytest.mark.parametrize("bad", [float("nan"), -1.0, float("inf")])
def test_a_load_that_is_missing_or_negative_is_refused(bad):
    with pytest.raises(NotALoad) as refused:
        system(units_of([(10.0, 0.1)]), [5.0, bad])
    assert refused.value.field == "load"
    assert refused.value.fix


@pytest.mark.parametrize("percent", [-1.0, 34.0, float("nan")])
def test_an_uncertainty_that_would_make_loads_negative_is_refused(percent):
    with pytest.raises(NotAFleet, match="uncertainty"):
        system((), [1.0], uncertainty_percent=percent)


def test_days_are_those_of_their_worst_hour_and_not_of_hours_over_24():
    day = np.repeat(np.arange(366), 24)
    load = np.full(366 * 24, 50.0)
    load[59 * 24 + 7] = 120.0  # one hour of 29 February
    found = system_loss(system=system(units_of([(100.0, 0.1), (50.0, 0.2)]), load, day=day)).together
    assert found.lole_d == pytest.approx(365 * 0.02 + 0.28)
    assert found.lole_h == pytest.approx((366 * 24 - 1) * 0.02 + 0.28)


def test_maintenance_takes_the_unit_out_and_subtracts_nothing():
    """The table of bench case 3: taking U3 out for good and for some hours."""
    units = units_of([(100.0, 0.1), (100.0, 0.1), (50.0, 0.2)])
    loads, day = [120.0, 150.0, 180.0, 200.0, 90.0, 160.0], np.repeat([0, 1], 3)
    whole = system_loss(system=system(units, loads, day=day, away=(Away(unit=2, first=0, stop=6),))).together
    assert whole.lolp == pytest.approx([0.19, 0.19, 0.19, 0.19, 0.01, 0.19])
    assert (whole.lole_d, whole.lole_h, whole.eue_mwh) == pytest.approx((0.38, 0.96, 64.8))
    part = system_loss(system=system(units, loads, day=day, away=(Away(unit=2, first=0, stop=2),))).together
    assert part.lolp == pytest.approx([0.19, 0.19, 0.19, 0.19, 0.01, 0.19])
    two = [by_hand.two_state(100, 0.1)] * 2
    three = [by_hand.two_state(c, q) for c, q in ((100, 0.1), (100, 0.1), (50, 0.2))]
    assert part.eue_mwh == pytest.approx(sum(by_hand.losses(two, loads[:2])[1] + by_hand.losses(three, loads[2:])[1]))


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_overlapping_maintenance_and_derates_are_those_of_the_fleet_of_each_hour(data):
    fleet = data.draw(st.lists(st.tuples(TENTHS, RATES), min_size=1, max_size=5))
    row = st.integers(0, len(fleet) - 1)
    away = data.draw(st.lists(st.tuples(row, st.integers(0, 7), st.integers(1, 8), st.none() | TENTHS.filter(bool)),
                              max_size=5))  # fmt: skip
    loads = data.draw(st.lists(TENTHS, min_size=8, max_size=8))
    rows = tuple(Away(unit=u, first=f, stop=f + n, derate_mw=d) for u, f, n, d in away)
    found = system_loss(system=system(units_of(fleet), loads, away=rows)).together
    for hour, load in enumerate(loads):
        left = []
        for k, (c, q) in enumerate(fleet):
            gone = [d for u, f, n, d in away if u == k and f <= hour < f + n]
            taken = by_hand.exactly(c) if None in gone else sum((by_hand.exactly(d) for d in gone), by_hand.exactly(0))
            left.append(by_hand.two_state(max(by_hand.exactly(c) - taken, by_hand.exactly(0)), q))
        lolp, _ = by_hand.losses(left, [load])
        assert found.lolp[hour] == pytest.approx(lolp[0], rel=1e-11, abs=1e-18)


def test_uncertain_load_is_the_mixture_of_seven_certain_ones():
    units = units_of([(100.0, 0.1), (100.0, 0.1), (50.0, 0.2)])
    loads, day = np.array([120.0, 150.0, 180.0, 200.0, 90.0, 160.0]), np.repeat([0, 1], 3)
    found = system_loss(system=system(units, loads, day=day, uncertainty_percent=4.0)).together
    lole = eue = days = 0.0
    for k, p in zip(range(-3, 4), (0.006, 0.061, 0.242, 0.382, 0.242, 0.061, 0.006), strict=True):
        laws = [by_hand.two_state(c, q) for c, q in ((100, 0.1), (100, 0.1), (50, 0.2))]
        lolp, unserved = by_hand.losses(laws, loads * (1 + 0.04 * k))
        lole, eue = lole + p * sum(lolp), eue + p * sum(unserved)
        days += p * (max(lolp[:3]) + max(lolp[3:]))
    assert (found.lole_h, found.eue_mwh, found.lole_d) == pytest.approx((lole, eue, days), rel=1e-12)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_an_area_gets_what_the_others_spare_up_to_its_limit(data):
    mine, theirs = data.draw(fleets_of(TENTHS, most=4)), data.draw(fleets_of(TENTHS, most=4))
    loads = data.draw(st.lists(TENTHS, min_size=2, max_size=2))
    limit = data.draw(st.sampled_from((0.0, 5.0, 33.3, 500.0)))
    found = system_loss(system=system((*units_of(mine, "A"), *units_of(theirs, "B")), loads, area=("A", "B"),
                                      import_limit_mw={"A": limit}))  # fmt: skip
    own = [by_hand.two_state(c, q) for c, q in mine]
    lolp, unserved = by_hand.helped(own, loads[0], [by_hand.two_state(c, q) for c, q in theirs], loads[1], limit)
    spared = found.areas[0].spared
    assert spared.lolp[0] == pytest.approx(lolp, rel=1e-11, abs=1e-17)
    assert spared.unserved_mwh[0] == pytest.approx(unserved, rel=1e-9, abs=1e-11)
    always, alone = found.areas[0].always, found.areas[0].alone
    assert always.lolp[0] == pytest.approx(by_hand.losses(own, [max(loads[0] - limit, 0.0)])[0][0], abs=1e-15)
    assert always.lolp[0] <= spared.lolp[0] * (1 + 1e-12) + 1e-18
    assert spared.lolp[0] <= alone.lolp[0] * (1 + 1e-12) + 1e-18
    together, _ = by_hand.losses(own + [by_hand.two_state(c, q) for c, q in theirs], [sum(map(by_hand.exactly, loads))])
    assert found.together.lolp[0] == pytest.approx(together[0], rel=1e-11, abs=1e-17)


def test_the_frequency_of_each_outage_is_the_flow_between_states():
    """Against the transition rates of all 2^n states of the fleet."""
    capacity, rate, repair = (
        np.array([10.0, 20.0, 20.0, 35.0]),
        np.array([0.1, 0.05, 0.3, 0.02]),
        [8.0, 20.0, 5.0, 50.0],
    )
    table = capacity_outage(capacity_mw=capacity, outage_rate=rate)
    often = outage_frequency(table=table, repair_h=np.array(repair))
    for place, level in enumerate(table.out_mw):
        flow = 0.0
        for down in product((0, 1), repeat=4):
            p = np.prod([q if d else 1 - q for d, q in zip(down, rate, strict=True)])
            out = float(np.dot(down, capacity))
            for k in range(4):
                failing = rate[k] / repair[k] / (1 - rate[k])
                if not down[k] and out < level <= out + capacity[k]:
                    flow += p * failing
        assert often[place] == pytest.approx(flow, rel=1e-12)


def test_elcc_of_a_unit_that_never_fails_is_its_capacity_and_of_one_that_never_runs_nothing():
    units = (*units_of([(100.0, 0.1)] * 8), Unit(name="sure", capacity_mw=70.0, outage_rate=0.0),
             Unit(name="never", capacity_mw=70.0, outage_rate=1.0))  # fmt: skip
    day, load = np.arange(3), np.array([500.0, 620.0, 700.0])
    whole = system(units, load, day=day)
    assert unit_elcc(system=whole, name="sure").elcc_mw == pytest.approx(70.0, abs=2e-3)
    assert unit_elcc(system=whole, name="never").elcc_mw == pytest.approx(0.0, abs=2e-3)
    assert profile_elcc(system=whole, output_mw=np.full(3, 30.0)).elcc_mw == pytest.approx(30.0, abs=2e-3)


def days_by_hand(laws, loads, day, sure, percent):
    """Days of loss with uncertain loads and certain MW, from every state of every unit and every step of load."""
    found = 0.0
    for k, p in zip(range(-3, 4), (0.006, 0.061, 0.242, 0.382, 0.242, 0.061, 0.006), strict=True):
        scaled = [by_hand.exactly(x) * (100 + by_hand.exactly(percent) * k) / 100 - s for x, s in
                  zip(loads, map(by_hand.exactly, sure), strict=True)]  # fmt: skip
        known = list(by_hand.states(laws))
        lolp = [float(sum(q for mw, q in known if mw < load)) for load in scaled]
        found += p * sum(max(x for x, d in zip(lolp, day, strict=True) if d == one) for one in sorted(set(day)))
    return found


@pytest.mark.parametrize("more", [0.0, 15.0, 30.0, 45.0, 60.0, 75.0])
def test_elcc_of_what_is_certain_is_itself_also_where_the_load_is_not(more):
    """What is added to the load or comes off it is not scaled by the error of the load forecast."""
    units = (*units_of([(100.0, 0.1)] * 8), Unit(name="sure", capacity_mw=70.0, outage_rate=0.0))
    loads = np.array([500.0, 620.0, 700.0]) + more
    whole = system(units, loads, day=np.arange(3), uncertainty_percent=5.0)
    assert unit_elcc(system=whole, name="sure").elcc_mw == pytest.approx(70.0, abs=2e-3)
    assert profile_elcc(system=whole, output_mw=np.full(3, 30.0)).elcc_mw == pytest.approx(30.0, abs=2e-3)


@given(
    fleet=st.lists(st.tuples(st.integers(10, 60), st.integers(10, 300)), min_size=2, max_size=4),
    asked=st.tuples(st.integers(20, 60), st.integers(0, 300), st.integers(0, 300)),
    loads=st.lists(st.integers(20, 90), min_size=4, max_size=4),
    percent=st.sampled_from((0.0, 2.0, 5.0)),
)
@settings(max_examples=25, deadline=None)
def test_elcc_of_a_unit_of_many_states_under_uncertain_load_is_that_of_trying_every_state(fleet, asked, loads, percent):
    (capacity, out, half), day = asked, np.array([0, 0, 1, 1])
    many = Unit(name="many", capacity_mw=float(capacity), outage_rate=out / 1000,
                partial=((capacity / 2, half / 1000),))  # fmt: skip
    units = (*units_of([(float(c), q / 1000) for c, q in fleet]), many)
    loads = [float(x) for x in loads]
    laws = [by_hand.two_state(c, q / 1000) for c, q in fleet]
    down, between = (by_hand.exactly(n / 1000) for n in (out, half))
    law = [(by_hand.exactly(capacity), 1 - down - between), (by_hand.exactly(capacity) / 2, between),
           (by_hand.exactly(0), down)]  # fmt: skip

    def lost(laws, added):
        return days_by_hand(laws, loads, day, [-added] * 4, percent)

    held = lost(laws, 0.0)
    whole = system(units, loads, day=day, uncertainty_percent=percent)
    if held >= 2.0 - 1e-9:
        with pytest.raises(NotAFleet):
            unit_elcc(system=whole, name="many")
        return
    found = unit_elcc(system=whole, name="many")
    assert found.lole_without_d == pytest.approx(held, rel=1e-11)
    assert found.lole_with_d == pytest.approx(lost([*laws, law], 0.0), rel=1e-11, abs=1e-15)
    low, high = 0.0, 1000.0  # what may be added without it, by hand
    while high - low > 1e-5:
        middle = (low + high) / 2
        low, high = (middle, high) if lost(laws, round(middle, 7)) <= held * (1 + 1e-12) else (low, middle)
    both = low + found.elcc_mw
    assert lost([*laws, law], round(both - 3e-4, 7)) <= held * (1 + 1e-11)
    assert lost([*laws, law], round(both + 3e-4, 7)) > held * (1 + 1e-13)


def test_elcc_restores_the_days_of_loss_and_a_watt_more_would_not():
    units = tuple(Unit(name=str(k), capacity_mw=c, outage_rate=q) for k, (c, q) in
                  enumerate(zip(rts79.capacity_mw(), rts79.outage_rate(), strict=True)))  # fmt: skip
    peaks = rts79.daily_peaks_mw()
    whole = system(units, peaks, day=np.arange(len(peaks)))
    found = unit_elcc(system=whole, name="31")
    assert found.lole_with_d == pytest.approx(1.368863, abs=5e-7)
    every, less = (
        capacity_outage(capacity_mw=rts79.capacity_mw()[:n], outage_rate=rts79.outage_rate()[:n]) for n in (32, 31)
    )
    assert found.lole_without_d == pytest.approx(loss_of_load(table=less, load_mw=peaks)[0].sum(), rel=1e-12)
    # LOLE goes up in steps: load may grow a little without the unit too, and that is not its merit.
    added = np.arange(0.0, 400.0, 0.01)
    room = [
        added[
            np.searchsorted(
                [loss_of_load(table=t, load_mw=peaks + a)[0].sum() for a in added[:: 1 if k else 100]],
                found.lole_without_d * (1 + 1e-12),
                side="right",
            )
            - 1
        ]
        for k, t in ((1, less),)
    ]
    with_unit = loss_of_load(table=every, load_mw=peaks + found.elcc_mw + room[0])[0].sum()
    beyond = loss_of_load(table=every, load_mw=peaks + found.elcc_mw + room[0] + 0.03)[0].sum()
    assert with_unit <= found.lole_without_d * (1 + 1e-12) < beyond


def test_the_largest_table_stays_within_its_bound():
    table = capacity_outage(capacity_mw=[0.001, 4000.0], outage_rate=[0.1, 0.2])
    assert len(table.out_mw) <= MOST_STATES
    assert table.exact
