from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moms.adequacy import NotAFleet, add_unit, capacity_outage, lole_days, loss_of_load, remove_unit

from . import rts79

FLEETS = st.lists(
    st.tuples(st.integers(1, 60), st.floats(0.0, 0.44, allow_subnormal=False).filter(lambda q: q == 0 or q > 1e-6)),
    min_size=1,
    max_size=12,
)


def fleet(units) -> dict[str, Any]:
    return {"capacity_mw": np.array([float(c) for c, _ in units]), "outage_rate": np.array([q for _, q in units])}


@pytest.fixture(scope="module")
def rts():
    return capacity_outage(capacity_mw=rts79.capacity_mw(), outage_rate=rts79.outage_rate())


def test_rts79_gives_the_published_lole_and_energy(rts):
    lolp, eue = loss_of_load(table=rts, load_mw=rts79.load_mw())
    assert rts.installed_mw == 3405
    assert rts79.load_mw().sum() == pytest.approx(15_297_075, abs=1)
    assert lolp.sum() == pytest.approx(9.394175, abs=5e-7)  # literature: 9.394 h/yr
    assert eue.sum() == pytest.approx(1176.298, abs=5e-4)  # literature: 1,176 MWh/yr
    assert lole_days(table=rts, daily_peaks_mw=rts79.daily_peaks_mw()) == pytest.approx(1.368863, abs=5e-7)


def test_rts79_gives_the_loss_probability_at_the_peak_and_the_availability_quantiles(rts):
    assert loss_of_load(table=rts, load_mw=np.array([2850.0]))[0][0] == pytest.approx(0.084578, abs=5e-7)
    available = 3405 - np.arange(len(rts.probability))
    for share, mw in ((0.90, 2858), (0.95, 2758), (0.99, 2498)):
        assert available[np.flatnonzero(np.cumsum(rts.probability) >= share)[0]] == mw


def test_rts79_gives_the_weeks_with_and_without_a_400_mw_unit(rts):
    weeks = loss_of_load(table=rts, load_mw=rts79.load_mw())[0].reshape(52, -1).sum(axis=1)
    less = remove_unit(table=rts, unit=len(rts.capacity_mw) - 1)
    out = loss_of_load(table=less, load_mw=rts79.load_mw())[0].reshape(52, -1).sum(axis=1)
    assert (weeks[50], weeks[37]) == (pytest.approx(1.929049, abs=5e-7), pytest.approx(0.000937, abs=5e-7))
    assert (out[50], out[37]) == (pytest.approx(10.786820, abs=5e-7), pytest.approx(0.007716, abs=5e-7))


def test_rts79_gives_the_weekly_room_under_half_an_hour_of_lole(rts):
    expected = [170, 65, 125, 245, 120, 225, 250, 320, 510, 515, 575, 545, 605, 480, 560, 350, 470, 215, 130, 100]
    expected += [165, 290, 45, 80, 55, 150, 440, 275, 320, 100, 555, 415, 350, 540, 545, 600, 400, 630, 550, 550]
    expected += [500, 500, 350, 115, 105, 40, -1, 95, -1, -1, -1, -1]
    room = np.arange(0.0, 1000.0, 5.0)
    weeks = rts79.load_mw().reshape(52, -1)
    lole = np.array([loss_of_load(table=rts, load_mw=w[None, :] + room[:, None])[0].sum(axis=1) for w in weeks])
    fits = (lole <= 0.5).sum(axis=1)
    assert [int(5 * (n - 1)) if n else -1 for n in fits] == expected


U1, U2, U3 = (100.0, 0.1), (100.0, 0.1), (50.0, 0.2)
LOADS = np.array([120.0, 150.0, 180.0, 200.0, 90.0, 160.0])


@pytest.mark.parametrize(
    ("units", "lolp", "lolh", "eue", "days"),
    [
        ((U1, U2, U3), (0.046, 0.046, 0.19, 0.19, 0.01, 0.19), 0.672, 30.72, 0.38),
        ((U1, U2), (0.19, 0.19, 0.19, 0.19, 0.01, 0.19), 0.96, 64.8, 0.38),
        ((U2, U3), (0.28, 0.28, 1.0, 1.0, 0.1, 1.0), 3.66, 186.6, 2.0),
    ],
    ids=("all", "U3 out", "U1 out"),
)
def test_lole_is_not_subtraction(units, lolp, lolh, eue, days):
    table = capacity_outage(**fleet(units))
    by_hour, energy = loss_of_load(table=table, load_mw=LOADS)
    assert by_hour == pytest.approx(np.array(lolp), abs=1e-9)
    assert by_hour.sum() == pytest.approx(lolh, abs=1e-9)
    assert energy.sum() == pytest.approx(eue, abs=1e-9)
    peaks = LOADS.reshape(2, 3).max(axis=1)
    assert lole_days(table=table, daily_peaks_mw=peaks) == pytest.approx(days, abs=1e-9)


@given(FLEETS)
def test_the_table_agrees_with_the_product_of_spectra(units):
    table = capacity_outage(**fleet(units), step_mw=1.0)
    size = sum(c for c, _ in units) + 1
    omega = 2j * np.pi * np.arange(size) / size
    spectrum = np.prod([1 - q + q * np.exp(-omega * c) for c, q in units], axis=0)
    exact = np.fft.ifft(spectrum).real
    assert np.abs(exact[: len(table.probability)] - table.probability).max() < 1e-13
    assert np.abs(exact[len(table.probability) :]).max(initial=0.0) < 1e-13


@given(FLEETS, st.data(), st.sampled_from((1.0, 0.5, 7.0)))
@settings(max_examples=200)
def test_removing_a_unit_is_the_same_as_never_having_had_it(units, data, step):
    unit = data.draw(st.integers(0, len(units) - 1))
    table = remove_unit(table=capacity_outage(**fleet(units), step_mw=step), unit=unit)
    rebuilt = capacity_outage(**fleet(units[:unit] + units[unit + 1 :]), step_mw=step)
    size = max(len(table.probability), len(rebuilt.probability))
    one, other = (np.pad(t.probability, (0, size - len(t.probability))) for t in (table, rebuilt))
    assert np.abs(one - other).max() < 1e-13
    assert table.installed_mw == pytest.approx(rebuilt.installed_mw)


@given(FLEETS, st.integers(1, 80), st.floats(0.0, 0.99))
def test_adding_a_unit_is_the_same_as_having_had_it(units, capacity, q):
    table = add_unit(table=capacity_outage(**fleet(units), step_mw=1.0), capacity_mw=float(capacity), outage_rate=q)
    whole = capacity_outage(**fleet([*units, (capacity, q)]), step_mw=1.0)
    size = min(len(table.probability), len(whole.probability))
    assert np.abs(table.probability[:size] - whole.probability[:size]).max() < 1e-14


def test_a_unit_out_half_the_time_or_more_is_removed_by_building_again():
    table = capacity_outage(**fleet([(40, 0.9), (30, 0.5), (20, 0.1)]))
    assert remove_unit(table=table, unit=0).probability == pytest.approx(
        capacity_outage(**fleet([(30, 0.5), (20, 0.1)])).probability, abs=1e-15
    )


@given(FLEETS)
def test_a_coarse_grid_keeps_the_mean_outage(units):
    fine, coarse = (capacity_outage(**fleet(units), step_mw=step) for step in (1.0, 7.0))
    assert coarse.expected_out_mw == pytest.approx(fine.expected_out_mw, abs=1e-9)
    assert fine.expected_out_mw == pytest.approx(sum(c * q for c, q in units), abs=1e-9)


def test_the_ten_mw_grid_stays_close_to_the_exact_one_at_system_size():
    rng = np.random.default_rng(7)
    units: dict[str, Any] = {
        "capacity_mw": np.ceil(rng.gamma(1.0, 90.0, 400)),
        "outage_rate": rng.uniform(0.02, 0.12, 400),
    }
    exact, coarse = capacity_outage(**units), capacity_outage(**units, step_mw=10.0)
    spare = exact.installed_mw * np.linspace(0.05, 0.3, 50)
    lolp, eue = loss_of_load(table=coarse, load_mw=exact.installed_mw - spare)
    # A grid of 10 MW cannot tell spare capacities less than 10 MW apart, and no worse than that.
    worst, _ = loss_of_load(table=exact, load_mw=exact.installed_mw - spare + 10.0)
    best, energy = loss_of_load(table=exact, load_mw=exact.installed_mw - spare)
    low, _ = loss_of_load(table=exact, load_mw=exact.installed_mw - spare - 10.0)
    assert (lolp <= worst + 1e-4).all()
    assert (lolp >= low - 1e-4).all()
    assert lolp[best < 1e-3] == pytest.approx(best[best < 1e-3], abs=2e-5)
    assert eue == pytest.approx(energy, rel=5e-3, abs=1e-2)


def test_all_load_is_lost_when_it_exceeds_everything_installed():
    table = capacity_outage(**fleet([(100, 0.1)]))
    lolp, eue = loss_of_load(table=table, load_mw=np.array([150.0]))
    assert (lolp[0], eue[0]) == (pytest.approx(1.0), pytest.approx(60.0))  # 0.9 * 50 + 0.1 * 150


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"capacity_mw": np.array([-1.0])}, "capacity_mw"),
        ({"capacity_mw": np.array([np.nan])}, "capacity_mw"),
        ({"outage_rate": np.array([1.01])}, "outage_rate"),
        ({"outage_rate": np.array([np.nan])}, "outage_rate"),
        ({"outage_rate": np.array([0.1, 0.1])}, "outage_rate"),
        ({"step_mw": 0.0}, "step_mw"),
    ],
)
def test_a_fleet_that_makes_no_table_is_refused(change, field):
    given_fleet = {"capacity_mw": np.array([100.0]), "outage_rate": np.array([0.1])} | change
    with pytest.raises(NotAFleet) as refused:
        capacity_outage(**given_fleet)
    assert refused.value.field == field


def test_a_unit_that_is_not_in_the_table_cannot_be_removed():
    with pytest.raises(NotAFleet):
        remove_unit(table=capacity_outage(**fleet([(100, 0.1)])), unit=1)


def test_the_roy_billinton_test_system_gives_its_published_figures():
    """Billinton et al., IEEE Trans. Power Systems 4 (1989): 11 units, 185 MW, RTS-79's load shape (recalled)."""
    units = [(40, 0.02), *[(20, 0.015)] * 4, *[(5, 0.01)] * 2, *[(40, 0.03)] * 2, (20, 0.025), (10, 0.02)]
    table = capacity_outage(**fleet(units))
    lolp, eue = loss_of_load(table=table, load_mw=rts79.load_mw() * 185 / 2850)
    assert table.installed_mw == 240
    assert lolp.sum() == pytest.approx(1.0916, abs=5e-5)
    assert eue.sum() == pytest.approx(9.8614, abs=5e-5)
    days = lole_days(table=table, daily_peaks_mw=rts79.daily_peaks_mw() * 185 / 2850)
    assert days == pytest.approx(0.14695, abs=5e-6)
