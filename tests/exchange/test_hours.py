"""Hours files: what they scale, what is refused with its line, and that nothing is left to the slack."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moms.exchange.hours import BadHours, CannotBalance, base_point, parse_hours, read_hours
from moms.exchange.matpower import parse_case, read_case
from moms.grid.topology import component_of
from tests.exchange.casefiles import EVERYTHING, FIVE_BUSES, wheel_data

FIVE = parse_case(FIVE_BUSES.encode(), name="five")
ALL = parse_case(EVERYTHING.encode(), name="all")


def test_an_hour_at_scale_one_is_the_file_s_own_dispatch_and_nothing_moves():
    points = parse_hours("hour,scale\n0,1.0\n", grid=FIVE)
    assert points.hours.label == ("0",)
    assert points.hours.start is None
    assert points.hours.load_mw[:, 0].tolist() == [0, 70, 0, 170, 70]
    assert points.hours.unit_mw[:, 0].tolist() == [310]
    assert points.moved_mw.tolist() == [0]


def test_scale_multiplies_load_and_generation_alike():
    points = parse_hours("hour,scale\n0,0.5\n1,1.2\n", grid=FIVE)
    np.testing.assert_allclose(points.hours.load_mw.sum(axis=0), [155, 372])
    np.testing.assert_allclose(points.hours.unit_mw[0], [155, 372])
    assert points.moved_mw.max() < 1e-9


def test_an_area_or_a_bus_is_scaled_on_top_and_the_units_take_it_up():
    points = parse_hours("hour,scale,area:1,bus:5\n7,1,0.5,\n8,1,,2\n", grid=FIVE)
    np.testing.assert_allclose(points.hours.load_mw[:, 0], [0, 35, 0, 85, 70])
    np.testing.assert_allclose(points.hours.load_mw[:, 1], [0, 70, 0, 170, 140])
    np.testing.assert_allclose(points.hours.unit_mw[0], [190, 380])
    np.testing.assert_allclose(points.moved_mw, [120, 70])


def test_a_unit_set_in_mw_stays_and_the_others_balance():
    points = parse_hours("hour,scale,gen:2\n0,1,30\n", grid=ALL)
    assert points.hours.unit_mw[1, 0] == 30
    assert abs(points.hours.injection_mw(ALL.network).sum()) < 1e-9


def test_the_balance_upwards_is_in_proportion_to_headroom_of_units_that_pick_up_first():
    text = FIVE_BUSES.replace("400 0;", "400 0;\n 4 0 0 9 -9 1 100 1 30 0;\n 5 -20 0 0 0 1 100 1 0 -20;")
    grid = parse_case(text.encode(), name="t")
    points = parse_hours("hour,scale\n0,1\n", grid=grid)
    # 20 MW are short; headrooms are 90 and 30, and a dispatchable load is not moved
    np.testing.assert_allclose(points.hours.unit_mw[:, 0], [310 + 15, 5, -20])
    assert points.moved_mw[0] == pytest.approx(20)


def test_the_balance_downwards_is_in_proportion_to_what_stands_above_pmin():
    text = FIVE_BUSES.replace("400 0;", "400 250;\n 4 40 0 9 -9 1 100 1 60 20;")
    points = parse_hours("hour,scale\n0,1\n", grid=parse_case(text.encode(), name="t"))
    np.testing.assert_allclose(points.hours.unit_mw[:, 0], [310 - 30, 40 - 10])
    assert points.below_min.tolist() == [0]


def test_units_go_below_pmin_only_when_nothing_else_is_left_and_are_counted():
    text = FIVE_BUSES.replace("400 0;", "400 300;")
    points = parse_hours("hour,scale,bus:4\n0,1,0\n", grid=parse_case(text.encode(), name="t"))
    assert points.hours.unit_mw[0, 0] == pytest.approx(140)
    assert points.below_min.tolist() == [1]


def test_an_hour_the_units_cannot_meet_is_refused():
    with pytest.raises(CannotBalance, match=r"hour 3: the island of bus 1 is 110\.000 MW short"):
        parse_hours("hour,scale,bus:4\n3,1,2.1764705882352942\n", grid=FIVE)


def test_each_island_is_balanced_by_its_own_units():
    cut = FIVE_BUSES.replace(" 5 1 70 ", " 5 3 70 ").replace("400 0;", "400 0;\n 5 50 0 9 -9 1 100 1 90 0;")
    for row in (" 1 5 ", " 4 5 ", " 2 5 "):
        start = cut.index(row)
        cut = cut[:start] + cut[start:].replace("1 -360 360;", "0 -360 360;", 1)
    grid = parse_case(cut.encode(), name="two")
    points = base_point(grid)
    np.testing.assert_allclose(points.hours.unit_mw[:, 0], [240, 70])
    left = points.hours.injection_mw(grid.network)[:, 0]
    part = component_of(grid.network)
    np.testing.assert_allclose(np.bincount(part, weights=left), 0, atol=1e-9)


def test_instants_are_read_with_their_offset_and_give_the_season():
    points = parse_hours("hour,scale\n2027-01-01T00:00-05:00,1\n2027-07-01T05:00Z,1\n", grid=FIVE)
    assert points.hours.start == (datetime(2027, 1, 1, 5, tzinfo=UTC), datetime(2027, 7, 1, 5, tzinfo=UTC))
    assert points.hours.label == ("2027-01-01T05:00Z", "2027-07-01T05:00Z")
    assert [s.name for s in points.hours.season] == ["WINTER", "SUMMER"]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", 1, "empty"),
        ("hour,scale\n", 1, "no hour"),
        ("hour,load\n0,1\n", 1, "no column scale"),
        ("time,scale\n0,1\n", 1, "no column hour"),
        ("hour,scale,wind\n0,1,1\n", 1, "'wind' is unknown"),
        ("hour,scale,scale\n0,1,1\n", 1, "stands twice"),
        ("hour,scale,bus:99\n0,1,1\n", 1, "no bus:99"),
        ("hour,scale,area:99\n0,1,1\n", 1, "no area:99"),
        ("hour,scale,gen:9\n0,1,1\n", 1, "no gen:9"),
        ("hour,scale,gen:4\n0,1,1\n", 1, "out of service"),
        ("hour,scale,bus:40\n0,1,1\n", 1, "isolated"),
        ("hour,scale\n0,1\n\n1\n", 4, "1 cells"),
        ("hour,scale\n0,1\n1,x\n", 3, "'x', not a number"),
        ("hour,scale\n0,\n", 2, "not a number"),
        ("hour,scale\n0,nan\n", 2, "not a number"),
        ("hour,scale\n0,1e999\n", 2, "too large"),
        ("hour,scale\n0,-1\n", 2, "below 0"),
        ("hour,scale\n0,1\n0,1\n", 3, "stands twice, first on line 2"),
        ("hour,scale\nnoon,1\n", 2, "neither a whole number"),
        ("hour,scale\n2027-03-01T05:00,1\n", 2, "no offset"),
        ("hour,scale\n0,1\n2027-03-01T05:00Z,1\n", 3, "some hours"),
        ("hour,scale\n2027-03-01T05:00Z,1\n1,1\n", 3, "some hours"),
        ("hour,scale,gen:1\n0,1,300\n", 2, "outside 20 to 200"),
        ('hour,scale\n"0,1\n', None, "not CSV"),
        ("\0", None, "not a text file"),
    ],
)
def test_a_bad_hours_file_is_refused_with_its_line(text, line, says):
    with pytest.raises(BadHours, match=says) as refusal:
        parse_hours(text, grid=ALL)
    assert refusal.value.line == line


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadHours, match=r"no\.csv cannot be opened"):
        read_hours(tmp_path / "no.csv", grid=FIVE)


@given(scale=st.floats(0.0, 1.6), bus=st.floats(0.0, 1.5), mw=st.floats(10, 80))
def test_whatever_is_asked_nothing_is_left_to_the_slack_and_no_unit_passes_its_limit_for_it(scale, bus, mw):
    try:
        points = parse_hours(f"hour,scale,bus:20,gen:2\n0,{scale},{bus},{mw}\n", grid=ALL)
    except CannotBalance:
        return
    left = points.hours.injection_mw(ALL.network)
    assert abs(left.sum()) < 1e-6
    asked = np.array([110 * scale, mw, -10 * scale, 0.0])
    moved = points.hours.unit_mw[:, 0] - asked
    assert points.moved_mw[0] == pytest.approx(np.abs(moved).sum(), abs=1e-9)
    up = moved > 1e-9
    assert np.all(points.hours.unit_mw[up, 0] <= ALL.network.units.p_max_mw[up] + 1e-9)
    assert moved[1] == 0
    assert moved[2] == 0


@pytest.mark.parametrize("name", ["case24_ieee_rts", "case118", "case_ACTIVSg200", "case_RTS_GMLC", "case3375wp"])
def test_published_dispatches_which_hold_ac_losses_are_balanced_exactly(name, must_have):
    folder = wheel_data()
    must_have(folder is not None, "the package matpower")
    assert folder is not None
    grid = read_case(folder / f"{name}.m")
    points = base_point(grid)
    assert abs(points.hours.injection_mw(grid.network).sum()) < 1e-6
    given = np.where(grid.network.units.in_service, grid.network.units.p_mw, 0.0)
    gap = given.sum() - grid.network.buses.load_mw.sum() - grid.network.buses.shunt_mw.sum()
    assert points.moved_mw[0] == pytest.approx(abs(gap), rel=1e-6, abs=1e-6)  # not a MW more than the gap
