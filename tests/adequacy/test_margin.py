from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moms.adequacy import MarginRules, Taken, headroom_mw, margin, margin_with_request
from moms.grid import NoSuchElement
from moms.values import Window

from . import five
from .five import DAY, RULES, U1, U3, U4, U5, out

WORKED = {
    "footprint P50": 101.3,
    "footprint P90": 69.5,
    "region South P50": 74.6,
    "region South P90": 61.88,
    "zone A P50": 126.7,
    "zone A P90": 107.62,
    "zone B P50": 64.6,
    "zone B P90": 51.88,
}


def margin_of(*taken, grid=None, rules=RULES, starts=DAY):
    return margin(grid=grid or five.grid(), starts=starts, taken=taken, rules=rules)


def day_margins(result):
    return {row.name: result.of(row=k, day=0).margin_mw for k, row in enumerate(result.rows)}


def test_the_worked_example_holds_row_by_row():
    assert day_margins(margin_of()) == pytest.approx(WORKED, abs=1e-9)


def test_an_ordinary_hour_of_the_worked_example_holds():
    result = margin_of()
    assert result.margin_mw[result.row_named("footprint P50"), 3] == pytest.approx(159.1, abs=1e-9)


def test_the_binding_row_and_hour_are_named():
    (least,) = margin_of().binding()
    assert (least.row.name, least.hour) == ("zone B P90", DAY[18])
    assert least.margin_mw == pytest.approx(51.88)
    assert margin_of().least() == least


def test_a_unit_out_takes_capacity_times_one_less_its_outage_rate():
    result = margin_of(out(U3, first=18, last=19))
    expected = WORKED | {n: WORKED[n] - 147.0 for n in WORKED if "zone A" not in n}
    assert day_margins(result) == pytest.approx(expected, abs=1e-9)
    assert result.margin_mw[:, 17] == pytest.approx(margin_of().margin_mw[:, 17], abs=1e-12)


def test_a_derate_takes_its_part():
    margins = day_margins(margin_of(out(U1, derate_mw=50.0)))
    assert (margins["footprint P50"], margins["zone A P90"]) == (pytest.approx(56.3), pytest.approx(62.62))
    assert margins["zone B P90"] == pytest.approx(51.88)


def test_wind_takes_its_p10_with_it_and_no_more():
    lost = margin_of().margin_mw - margin_of(out(U4)).margin_mw
    row = margin_of().row_named("zone B P50")
    assert (lost[row, 18], lost[row, 3]) == (pytest.approx(4.8), pytest.approx(9.6))


def test_a_unit_for_emergencies_counts_neither_in_nor_out():
    assert day_margins(margin_of(out(U5))) == pytest.approx(WORKED)


def test_two_outages_of_one_unit_take_it_once_and_derates_no_more_than_it_has():
    once = day_margins(margin_of(out(U1)))
    assert day_margins(margin_of(out(U1), out(U1, first=10, last=20))) == pytest.approx(once)
    assert day_margins(margin_of(out(U1, derate_mw=150.0), out(U1, derate_mw=150.0))) == pytest.approx(once)


def test_an_hour_touched_by_an_outage_is_an_hour_without_the_unit():
    part = Window(start=DAY[18] + timedelta(minutes=45), end=DAY[18] + timedelta(minutes=50))
    touched = margin_of(Taken(unit=U3, window=part))
    assert touched.margin_mw == pytest.approx(margin_of(out(U3, first=18, last=19)).margin_mw)


def test_the_day_is_a_market_day_and_not_one_of_utc():
    starts = tuple(DAY[0] + timedelta(hours=h) for h in range(-2, 26))
    result = margin_of(starts=starts)
    assert [str(d) for d in result.day] == ["2027-07-14", "2027-07-15", "2027-07-16"]


def test_a_unit_cut_off_is_out_and_the_link_is_shown():
    cut = out(U3, cut_off_by="branch:2")
    result = margin_of(cut, out(U4))
    assert result.cut_off == (cut,)
    assert result.margin_mw == pytest.approx(margin_of(out(U3), out(U4)).margin_mw)


def test_a_unit_out_of_service_or_mothballed_counts_nothing():
    grid = five.grid(units={"in_service": np.array([False, True, True, True, True])})
    assert day_margins(margin_of(grid=grid)) == pytest.approx(day_margins(margin_of(out(U1))))


def test_a_unit_without_a_known_outage_rate_makes_the_margin_unknown():
    grid = five.grid(units={"outage_rate_known": np.array([True, True, False, True, True])})
    result = margin_of(grid=grid)
    assert not result.known
    assert result.unknown == ("1 units with 150.0 MW have no known outage rate; they count for nothing",)
    assert day_margins(result) == pytest.approx(day_margins(margin_of(out(U3))))
    assert not margin_with_request(grid=grid, starts=DAY, asked=(out(U1),), rules=RULES).known


def test_the_rate_of_a_unit_that_does_not_count_need_not_be_known():
    grid = five.grid(units={"outage_rate_known": np.array([True, True, True, True, False])})
    assert margin_of(grid=grid).known


@pytest.mark.parametrize("part", ["zones", "shapes"])
def test_a_grid_without_zones_or_hours_has_no_margin_and_says_so(part):
    result = margin_of(grid=replace(five.grid(), **{part: None}))
    assert not result.known
    assert result.least() is None
    assert result.binding() == ()


def test_a_zone_without_an_import_limit_has_no_row_and_the_result_notes_it():
    grid = five.grid(zones={"import_limit_mw": np.array([np.inf, 50.0])})
    result = margin_of(grid=grid)
    assert "zone A P50" not in day_margins(result)
    assert result.notes == ("zone A has no row: no import limit",)


def test_a_sub_region_may_join_regions():
    grid = five.grid(zones={"region_import_limit_mw": {"North+South": 7.0}})
    margins = day_margins(margin_of(grid=grid))
    assert margins["region North+South P50"] == pytest.approx(WORKED["footprint P50"] + 7.0)


def test_an_area_that_is_no_region_is_what_the_other_areas_leave():
    grid = five.grid(zones={"region_import_limit_mw": {"South": 60.0, "Midwest": 9.0}})
    margins = day_margins(margin_of(grid=grid))
    assert margins["region Midwest P50"] == pytest.approx(WORKED["zone A P50"] - 40.0 + 9.0)
    assert margins["region South P50"] == pytest.approx(WORKED["region South P50"])


def test_a_row_that_is_no_unit_is_refused():
    with pytest.raises(NoSuchElement):
        margin_of(out(5))


def test_the_days_a_request_hurts_are_those_short_with_it_and_less_than_without():
    change = margin_with_request(grid=five.grid(), starts=DAY, asked=(out(U3, first=18, last=19),), rules=RULES)
    assert [h.after.row.name for h in change.hurt] == [n for n in WORKED if "zone A" not in n]
    assert all(h.is_new for h in change.hurt)
    assert change.hurt[-1].after.margin_mw == pytest.approx(-95.12)
    assert change.cost_mw()[0, 18] == pytest.approx(147.0)


def test_a_day_already_short_is_hurt_only_in_the_rows_the_request_touches():
    book, asked = (out(U3),), (out(U1, derate_mw=10.0),)
    change = margin_with_request(grid=five.grid(), starts=DAY, taken=book, asked=asked, rules=RULES)
    assert [h.after.row.name for h in change.hurt] == ["footprint P50", "footprint P90"]
    assert not any(h.is_new for h in change.hurt)


def test_a_request_for_a_unit_already_out_hurts_nothing():
    change = margin_with_request(grid=five.grid(), starts=DAY, taken=(out(U3),), asked=(out(U3),), rules=RULES)
    assert change.hurt == ()


def test_the_room_left_in_a_zone_is_that_of_its_tightest_row():
    result = margin_of()
    assert headroom_mw(result=result, zone=1) == pytest.approx([51.88])
    assert headroom_mw(result=result, zone=0) == pytest.approx([69.5])
    assert headroom_mw(result=margin_of(out(U3)), zone=1) == pytest.approx([0.0])


TAKEN = st.lists(
    st.builds(
        lambda unit, first, length, derate: out(unit, first=first, last=first + length, derate_mw=derate),
        st.integers(0, 4),
        st.integers(0, 23),
        st.integers(1, 12),
        st.none() | st.floats(0.0, 250.0),
    ),
    max_size=6,
)


@given(TAKEN, TAKEN)
def test_taking_more_never_raises_a_margin(book, more):
    assert (margin_of(*book, *more).margin_mw <= margin_of(*book).margin_mw + 1e-9).all()


@given(TAKEN, st.integers(0, 3), st.integers(0, 23))
def test_an_outage_takes_exactly_c_times_one_less_q_from_the_rows_of_its_zone(book, unit, hour):
    book = [t for t in book if t.unit != unit]
    before, after = margin_of(*book), margin_of(*book, out(unit, first=hour, last=hour + 1))
    grid = five.grid()
    units, zone = grid.network.units, grid.network.buses.zone[grid.network.units.bus]
    p10 = grid.shapes.wind_p10[zone[unit], hour] if units.fuel[unit] == "wind" else 1.0
    expected = np.zeros_like(before.margin_mw)
    rows = [k for k, row in enumerate(before.rows) if zone[unit] in row.zones]
    expected[rows, hour] = units.p_max_mw[unit] * (1 - units.outage_rate[unit]) * p10
    assert before.margin_mw - after.margin_mw == pytest.approx(expected, abs=1e-9)


@given(TAKEN)
def test_a_days_margin_is_its_least_hour(book):
    starts = tuple(DAY[0] + timedelta(hours=h) for h in range(72))
    result = margin_of(*book, starts=starts)
    assert (result.day_margin_mw == result.margin_mw.reshape(len(result.rows), 3, 24).min(axis=2)).all()
    for r, d in np.ndindex(result.day_margin_mw.shape):
        assert result.margin_mw[r, result.day_hour[r, d]] == result.day_margin_mw[r, d]


@given(TAKEN)
def test_the_zones_add_up_to_the_footprint_but_for_their_import_limits(book):
    result = margin_of(*book, rules=MarginRules(reserve_share=0.1, reserve_mw=30.0, loads=("P50",)))
    zones = [k for k, row in enumerate(result.rows) if row.scope == "zone"]
    together = (result.margin_mw[zones] - np.array([[r.import_limit_mw] for r in result.rows])[zones]).sum(axis=0)
    assert together == pytest.approx(result.margin_mw[result.row_named("footprint P50")], abs=1e-9)


def test_a_season_of_two_hundred_outages_over_four_thousand_units_takes_well_under_half_a_second():
    rng = np.random.default_rng(1)
    count = 4000
    columns = {
        "bus": rng.integers(0, 2, count),
        "p_mw": np.zeros(count),
        "p_max_mw": rng.uniform(1, 900, count),
        "in_service": np.ones(count, dtype=bool),
        "fuel": rng.choice(["coal", "ng", "wind", "solar"], count),
        "outage_rate": rng.uniform(0, 0.1, count),
        "outage_rate_known": np.ones(count, dtype=bool),
        "picks_up": np.ones(count, dtype=bool),
        "emergency_only": np.zeros(count, dtype=bool),
        "v_set": np.ones(count),
    }
    zero = ("q_mvar", "p_min_mw", "q_max_mvar", "q_min_mvar", "cost_c2", "cost_c1", "cost_c0")
    grid = five.grid(units=columns | {name: np.zeros(count) for name in zero})
    starts = tuple(DAY[0] + timedelta(hours=h) for h in range(120 * 24))
    first = rng.integers(0, 100 * 24, 200)
    book = [
        out(int(u), first=int(f), last=int(f) + int(n))
        for u, f, n in zip(rng.integers(0, count, 200), first, rng.integers(8, 480, 200), strict=True)
    ]
    begun = time.process_time()
    margin_of(*book, grid=grid, starts=starts)
    assert time.process_time() - begun < 0.5
